package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// Rules decide what an answer is worth, from evidence that a load has gathered. Package belief has them.
type Rules interface {
	// Decide gives a decision for each day. It is asked again where it wants evidence that can be had.
	Decide(evidence *sms.Evidence) sms.Decisions
	// Settle says what a believed answer means for its day: sms.Settling, Settled, Nothing or Unproven.
	Settle(settlement sms.Settlement) sms.Event
}

// trusting are the rules of who needs none: an answer is believed as it is, and settles its days.
type trusting struct{}

func (trusting) Decide(e *sms.Evidence) sms.Decisions {
	return sms.Decisions{Days: slices.Repeat([]sms.Decision{{Outcome: sms.Believe}}, len(e.Days))}
}

func (trusting) Settle(s sms.Settlement) sms.Event {
	if s.Rows == 0 {
		return sms.Nothing
	}
	return sms.Settled
}

// ErrWantsSums takes a Put back whose answer surprises, and that could be decided better with the vendor's own sums over its
// window: ask for them, and put the same batch again with PutOptions.Sums.
var ErrWantsSums = errors.New("the vendor's own sums are wanted")

// fate is what becomes of the rows of a day.
type fate int

const (
	believed fate = iota
	quarantined
	superseded
	frozen
	ignored    // no evidence about the day: its line stays, and is known to be looked at
	unproven   // nothing was ever stored, and the vendor has nothing
	forgotten  // the vendor keeps the day no longer, and so has nothing for it
	incomplete // files cover some of its hours only
)

// verdict is the decision on one day of a scope.
type verdict struct {
	fate   fate
	reason string
	// suspect is the fingerprint of each dataset's rows on a held day, and since when an answer like it has been known. A
	// day that was believed because it was repeated keeps them as long as the answer stays the same.
	suspect map[sms.Dataset]int64
	since   time.Time
	// isUnproven says that the day, if it settles without messages, is not known to have had none.
	isUnproven bool
}

// doubtedAt gives since when an answer like the believed one has been known and was held; zero when it was not.
func (v *verdict) doubtedAt() time.Time {
	if v.suspect == nil {
		return time.Time{}
	}
	return v.since
}

// judge decides on every day of a scope, from what the answer says, what the ledger holds and what the rules make of both.
func (p *put) judge(ctx context.Context, tx pgx.Tx) error {
	e, err := p.evidence(ctx, tx)
	if err != nil {
		return fmt.Errorf("gathering evidence: %w", err)
	}
	decisions := p.options.Rules.Decide(e)
	if decisions.WantsKeys {
		if e.Keys, err = p.compareKeys(ctx, tx); err != nil {
			return fmt.Errorf("comparing keys: %w", err)
		}
		decisions = p.options.Rules.Decide(e)
	}
	if decisions.WantsSums && p.options.CanSum && p.again == nil {
		return ErrWantsSums
	}
	p.verdicts = make([]verdict, p.window.Len())
	for i := range e.Days {
		p.verdicts[i] = p.judgeDay(e.Days[i].Day, &decisions.Days[i])
	}
	if p.again != nil {
		return nil
	}
	p.staging.Batch.Findings = slices.Concat(p.staging.Batch.Findings, decisions.Findings)
	return p.learn(ctx, tx, &decisions)
}

func (p *put) judgeDay(day sms.Day, decision *sms.Decision) verdict {
	if p.again != nil {
		return p.judgeAgain(day, decision)
	}
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		switch {
		case c == nil:
		case c.state == sms.Frozen:
			return verdict{fate: frozen}
		case c.loadID > p.loadID && c.state != sms.Failed && p.options.Count == nil:
			return verdict{fate: superseded}
		}
	}
	if reason, isPartial := p.staging.Batch.Partial[day]; isPartial {
		return verdict{fate: incomplete, reason: reason}
	}
	v := verdict{reason: decision.Reason, since: decision.Since, isUnproven: decision.IsUnproven}
	switch decision.Outcome {
	case sms.Believe:
		if decision.Reason != "" {
			v.suspect = p.fingerprints(day)
		}
	case sms.Hold:
		v.fate, v.suspect = quarantined, p.fingerprints(day)
	case sms.Ignore:
		v.fate = ignored
	case sms.Unprovable:
		v.fate = unproven
	case sms.Forgotten:
		v.fate = forgotten
	}
	return v
}

// fingerprints gives what an answer for a day is known by: the messages that it has, whatever became of them since.
func (p *put) fingerprints(day sms.Day) map[sms.Dataset]int64 {
	all := map[sms.Dataset]int64{}
	for _, dataset := range p.scope.Datasets {
		all[dataset] = p.staging.Fingerprint(p.partOf(dataset), day)
	}
	return all
}

// held gives what is known of an answer that was held for a day; nil when none is.
func (p *put) held(day sms.Day) *sms.Held {
	h := sms.Held{Repeats: true}
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		if c == nil || c.suspect == nil {
			h.Repeats = false
			continue
		}
		h.Repeats = h.Repeats && *c.suspect == p.staging.Fingerprint(p.partOf(dataset), day)
		if c.suspectAt.After(h.Since) { // the youngest of the datasets' answers counts
			h.Since = *c.suspectAt
		}
	}
	if h.Since.IsZero() {
		return nil
	}
	return &h
}

// settling asks the rules what believing an answer means for its day.
func (p *put) settling(s sms.Settlement) sms.Event {
	s.Today, s.Now = p.window.Zone().Today(p.options.Now), p.options.Now
	return p.options.Rules.Settle(s)
}

// step gives the state of a line after an event. A forbidden one is a mistake of this program, and the load ends with it.
func (p *put) step(old *ledgerLine, dataset sms.Dataset, day sms.Day, event sms.Event) (sms.State, error) {
	standing := sms.Standing{State: sms.Missing}
	switch {
	case old != nil:
		standing.State = old.state
	case day >= p.window.Zone().Today(p.options.Now):
		standing.State = sms.NotDue
	}
	next, err := standing.After(event)
	if err != nil {
		return "", fmt.Errorf("%s of %s: %w", dataset, day, err)
	}
	return next.State, nil
}
