package transform

import (
	"bytes"
	"fmt"
	"slices"

	"smsetl/sms"
)

// maxNewReasons bounds the failure reasons that no table knows: an answer with more of them is of another kind, and
// would fill the reason dimension with rubbish.
const maxNewReasons = 100

// failures makes the facts of a row of process_failed or send_failed: one for each reason that is not zero.
func (a *engageLabAnswer) failures(g *sms.Grain) error {
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

func (a *engageLabAnswer) failure(g *sms.Grain, reason *sms.Reason, messages sms.Count) {
	if messages == sms.Reported(0) {
		return
	}
	a.Failures = grow(a.Failures, a.before.failures, a.done, a.payload.Body.Size)
	a.Failures = append(a.Failures, sms.Failure{Grain: *g, Reason: reason, Messages: messages})
}

// unknownReason makes a fact of a field that no table knows, if it looks like a count: a vendor that counts something
// new in these datasets counts a new reason.
func (a *engageLabAnswer) unknownReason(m member, g *sms.Grain) error {
	reason := a.newReasons[string(m.name)]
	messages, why := count(m.value)
	switch {
	case !canBeReason(m.name), why != "":
		a.unknownField(m)
		return nil
	case reason == nil && !messages.IsReported():
		a.nulls[string(m.name)] = true
		a.unknownField(m)
		return nil
	case reason == nil && len(a.newReasons) == maxNewReasons:
		return malformed("it has more than %d fields that nobody knows, want %d reasons",
			maxNewReasons, a.row.layout.counts)
	case reason == nil:
		reason = &sms.Reason{Code: string(m.name), Stage: a.row.layout.reasons[0].Stage, Category: sms.Unmapped}
		a.newReasons[reason.Code] = reason
		a.isStale = a.isStale || a.nulls[reason.Code]
	}
	a.notes.add(unmapped, reason.Code, a.day, func() string {
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
	return !isOther && len(field) > 0 && len(field) <= maxKey && !slices.Contains(field, 0) &&
		!bytes.HasSuffix(field, []byte("_percent")) && !bytes.HasSuffix(field, []byte("_id"))
}

// notReasons are the fields of stats_day: counts of all failures, not of one reason.
var notReasons = engageLabLayouts[sms.StatsDay].index
