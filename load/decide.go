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

// outcome is what becomes of the rows of a day.
type outcome int

const (
	believed outcome = iota
	quarantined
	superseded
	frozen
	ignored    // no evidence about the day: its line stays, and is known to be looked at
	unproven   // nothing was ever stored, and the vendor has nothing
	forgotten  // the vendor keeps the day no longer, and so has nothing for it
	incomplete // files cover some of its hours only
)

// decision is the decision on one day of a scope.
type decision struct {
	outcome outcome
	reason  string
	// suspect is the fingerprint of each dataset's rows on a held day, and since when an answer like it has been known. A
	// day that was believed because it was repeated keeps them as long as the answer stays the same.
	suspect map[sms.Dataset]int64
	since   time.Time
	// isUnproven says that the day, if it settles without messages, is not known to have had none.
	isUnproven bool
}

// suspectSince gives since when an answer like the believed one has been known and was held; zero when it was not.
func (v *decision) suspectSince() time.Time {
	if v.suspect == nil {
		return time.Time{}
	}
	return v.since
}

// decide decides on every day of a scope, from what the answer says, what the ledger holds and what the rules make of both.
func (p *put) decide(ctx context.Context, tx pgx.Tx) error {
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
	if decisions.WantsSums && p.options.CanSum && p.decider.isNew() {
		return ErrWantsSums
	}
	p.decisions = make([]decision, p.window.Len())
	for i := range e.Days {
		p.decisions[i] = p.decider.decide(p, e.Days[i].Day, &decisions.Days[i])
	}
	if !p.decider.isNew() {
		return nil
	}
	p.staging.Batch.Findings = slices.Concat(p.staging.Batch.Findings, decisions.Findings)
	return p.learn(ctx, tx, &decisions)
}

// decider says what becomes of a day of an answer: of a new one, or of one that is replayed.
type decider interface {
	// decide says what becomes of the rows of a day. by is what the rules say of a new answer.
	decide(p *put, day sms.Day, by *sms.Decision) decision
	// line gives the line of a believed day. line says what a new answer makes of it; old is nil for none.
	line(p *put, old *ledgerLine, line ledgerLine, day sms.Day) ledgerLine
	// isNew says that the answer is a new one, which shows how the vendor answers.
	isNew() bool
}

// newAnswer decides about answers that have just come.
type newAnswer struct{}

func (newAnswer) isNew() bool { return true }

func (newAnswer) line(_ *put, _ *ledgerLine, line ledgerLine, _ sms.Day) ledgerLine { return line }

func (newAnswer) decide(p *put, day sms.Day, by *sms.Decision) decision {
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		switch {
		case c == nil:
		case c.State == sms.Frozen:
			return decision{outcome: frozen}
		case c.LoadID > p.loadID && c.State != sms.Failed && p.options.Count == nil:
			return decision{outcome: superseded}
		}
	}
	if reason, isPartial := p.staging.Batch.Partial[day]; isPartial {
		return decision{outcome: incomplete, reason: reason}
	}
	v := decision{reason: by.Reason, since: by.Since, isUnproven: by.IsUnproven}
	switch by.Outcome {
	case sms.Believe:
		if by.Reason != "" {
			v.suspect = p.fingerprints(day)
		}
	case sms.Hold:
		v.outcome, v.suspect = quarantined, p.fingerprints(day)
	case sms.Ignore:
		v.outcome = ignored
	case sms.Unprovable:
		v.outcome = unproven
	case sms.Forgotten:
		v.outcome = forgotten
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
		if c == nil || c.Suspect == nil {
			h.Repeats = false
			continue
		}
		h.Repeats = h.Repeats && *c.Suspect == p.staging.Fingerprint(p.partOf(dataset), day)
		if c.SuspectAt.After(h.Since) { // the youngest of the datasets' answers counts
			h.Since = c.SuspectAt
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
	standing := sms.DayState{State: sms.Missing}
	switch {
	case old != nil:
		standing.State = old.State
	case day >= p.window.Zone().Today(p.options.Now):
		standing.State = sms.NotDue
	}
	next, err := standing.After(event)
	if err != nil {
		return "", fmt.Errorf("%s of %s: %w", dataset, day, err)
	}
	return next.State, nil
}
