package engagelab

import (
	"bytes"
	"fmt"
	"slices"

	"smsetl/sms"
	"smsetl/transform"
)

// eachRow makes facts of the row, or rejects it.
func (a *answer) eachRow() error {
	a.day = 0
	if a.row.raw[0] != '{' {
		a.rejectf(transform.RejectedRow, "row", "the row is %s, want an object", transform.Kind(a.row.raw))
		return nil
	}
	g, ok := a.grain()
	if !ok || !a.readCounts() {
		return nil
	}
	switch {
	case a.IsBeyond(g.Day, g.Day):
		a.Note(beyondRow, string(a.payload.Dataset), g.Day, func() string {
			return fmt.Sprintf("%s has rows of %s, for which another call of the vendor gives no answer any more: "+
				"they are left out", a.payload.Dataset, g.Day)
		})
	case a.found != nil:
		a.found(transform.Place{
			Payload: a.payload.Body.Hash, Dataset: a.payload.Dataset, Grain: g,
			Position: a.rows - 1, Offset: a.done - int64(len(a.row.raw)), Row: a.row.raw,
		})
	case a.row.layout.reasons == nil:
		a.delivery(&g)
	default:
		return a.failures(&g)
	}
	return nil
}

// rejectf rejects the row. It gives false, for the caller to return.
func (a *answer) rejectf(c transform.Check, subject, format string, args ...any) bool {
	reason, position := fmt.Sprintf(format, args...), a.rows-1
	if c == strayRow && a.stray == "" {
		a.stray = fmt.Sprintf("row %d: %s", position, reason)
	}
	a.Reject(sms.Reject{Payload: a.payload.Body.Hash, Position: position, Foreign: c == foreignRow, Reason: reason}, a.row.raw)
	a.Note(c, subject, a.day, func() string {
		return fmt.Sprintf("row %d of answer %s was rejected: %s", position, a.payload.Body.Hash.Short(), reason)
	})
	return false
}

// readCounts reads the row's counts; false when it is rejected.
func (a *answer) readCounts() bool {
	for i := firstCount; i < firstCount+a.row.layout.counts; i++ {
		value := a.row.values[i]
		c, why := transform.Count(value)
		a.counts[i] = c
		if c.IsReported() {
			continue
		}
		field := a.row.layout.fields[i]
		switch {
		case why != "":
			return a.rejectf(transform.RejectedRow, field, "%s is %s: %s", field, transform.Excerpt(value), why)
		case value == nil:
			a.missing(field)
		default:
			a.Note(mildForSent(transform.NullCount, field), field, a.day, func() string {
				return fmt.Sprintf("%s is null on %s: stored as not reported", field, a.day)
			})
		}
	}
	return true
}

func (a *answer) missing(field string) {
	a.Note(mildForSent(transform.MissingField, field), field, a.day, func() string {
		return fmt.Sprintf("%s has no field %s on %s", a.payload.Dataset, field, a.day)
	})
}

// mildForSent gives the check at the severity that it has for the field: nothing is derived from `sent`.
func mildForSent(c transform.Check, field string) transform.Check {
	if field == "sent" {
		c.Severity = sms.Info
	}
	return c
}

// delivery makes the fact of a row of stats_day.
func (a *answer) delivery(g *sms.Grain) {
	m := a.measures()
	a.checkSent(&m)
	a.checkShares(&m)
	for _, field := range a.row.unknown {
		a.unknownField(field)
	}
	a.Deliveries = grow(a.Deliveries, len(a.before.Deliveries), a.done, a.payload.Body.Size)
	a.AddDelivery(g, &m)
}

func (a *answer) unknownField(m member) {
	a.Note(transform.UnknownField, transform.Subject(m.name), a.day, func() string {
		return fmt.Sprintf("%s has a field %q, on %s: %s", a.payload.Dataset, transform.Cut(m.name, transform.MaxKey), a.day, transform.Excerpt(m.value))
	})
}

// maxNewReasons bounds the failure reasons that no table knows: an answer with more of them is of another kind, and
// would fill the reason dimension with rubbish.
const maxNewReasons = 100

// failures makes the facts of a row of process_failed or send_failed: one for each reason that is not zero.
func (a *answer) failures(g *sms.Grain) error {
	before := len(a.Failures)
	for i, reason := range a.row.layout.reasons {
		a.failure(g, reason, a.counts[firstCount+i])
	}
	for _, m := range a.row.unknown {
		if err := a.unknownReason(m, g); err != nil {
			return err
		}
	}
	if len(a.Failures) == before {
		a.Zeros++
	}
	return nil
}

func (a *answer) failure(g *sms.Grain, reason *sms.Reason, messages sms.Count) {
	if messages == sms.Reported(0) {
		return
	}
	a.Failures = grow(a.Failures, len(a.before.Failures), a.done, a.payload.Body.Size)
	a.AddFailure(g, reason, messages)
}

// unknownReason makes a fact of a field that no table knows, if it looks like a count: a vendor that counts something
// new in these datasets counts a new reason.
func (a *answer) unknownReason(m member, g *sms.Grain) error {
	stage := a.row.layout.reasons[0].Stage
	field := newField{stage, string(m.name)}
	reason := a.newReasons[field]
	messages, why := transform.Count(m.value)
	switch {
	case !canBeReason(m.name), why != "":
		a.unknownField(m)
		return nil
	case reason == nil && !messages.IsReported():
		a.nulls[field] = true
		a.unknownField(m)
		return nil
	case reason == nil && len(a.newReasons) == maxNewReasons:
		return transform.Malformed("it has more than %d fields that nobody knows, want %d reasons",
			maxNewReasons, a.row.layout.counts)
	case reason == nil:
		reason = &sms.Reason{Code: string(m.name), Stage: stage, Category: sms.Unmapped}
		a.newReasons[field] = reason
		a.isStale = a.isStale || a.nulls[field]
	}
	a.Note(transform.UnmappedReason, reason.Code, a.day, func() string {
		return fmt.Sprintf("%s counts a reason %q that has no category: %s messages on %s",
			a.payload.Dataset, reason.Code, messages, a.day)
	})
	a.failure(g, reason, messages)
	return nil
}

// canBeReason says whether a field that no table knows may be the code of a failure reason: not the name of something
// else that these answers could well hold, and a name that the warehouse can store.
func canBeReason(field []byte) bool {
	_, isOther := notReasons[string(field)]
	return !isOther && len(field) > 0 && len(field) <= transform.MaxKey && !slices.Contains(field, 0) &&
		!bytes.HasSuffix(field, []byte("_percent")) && !bytes.HasSuffix(field, []byte("_id"))
}

// notReasons are the fields of stats_day: counts of all failures, not of one reason.
var notReasons = layouts[sms.StatsDay].index

// grow makes room for the facts still to come, guessed from those that the answer's first done bytes gave. Doubling
// instead would hold up to twice the memory.
func grow[T any](list []T, before int, done, size int64) []T {
	if len(list) < cap(list) {
		return list
	}
	const least, most = 512, 1 << 20
	guess := float64(least)
	if done > 0 {
		guess = 1.03 * float64(len(list)-before) / float64(done) * float64(size-done)
	}
	return slices.Grow(list, int(min(max(guess, least), most)))
}
