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
func (e *engageLab) failures(g *sms.Grain) error {
	before := len(e.Failures)
	for i, reason := range e.layout.reasons {
		e.failure(g, reason, e.counts[firstCount+i])
	}
	for _, m := range e.row.unknown {
		if err := e.unknownReason(m, g); err != nil {
			return err
		}
	}
	if len(e.Failures) == before {
		e.Zeros++
	}
	return nil
}

func (e *engageLab) failure(g *sms.Grain, reason *sms.Reason, messages sms.Count) {
	if messages == sms.Reported(0) {
		return
	}
	e.Failures = grow(e.Failures, e.before.failures, e.stream.done, e.payload.Body.Size)
	e.Failures = append(e.Failures, sms.Failure{Grain: *g, Reason: reason, Messages: messages})
}

// unknownReason makes a fact of a field that no table knows, if it looks like a count: a vendor that counts something
// new in these datasets counts a new reason.
func (e *engageLab) unknownReason(m member, g *sms.Grain) error {
	if !canBeReason(m.name) {
		e.unknownField(m, g)
		return nil
	}
	reason := e.newReasons[string(m.name)]
	messages, why := count(m.value)
	switch {
	case why != "":
		e.unknownField(m, g)
		return nil
	case reason == nil && !messages.IsReported():
		e.nulls[string(m.name)] = true
		e.unknownField(m, g)
		return nil
	case reason == nil && len(e.newReasons) == maxNewReasons:
		return malformed("it has more than %d fields that nobody knows, want %d reasons", maxNewReasons, e.layout.counts)
	case reason == nil:
		reason = &sms.Reason{Code: string(m.name), Stage: e.layout.reasons[0].Stage, Category: sms.Unmapped}
		e.newReasons[reason.Code] = reason
	}
	e.notes.add(unmapped, reason.Code, g.Day, func() string {
		return fmt.Sprintf("%s counts a reason %q that has no category: %s messages on %s",
			e.payload.Dataset, reason.Code, messages, g.Day)
	})
	e.failure(g, reason, messages)
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
