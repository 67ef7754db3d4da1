package load

import (
	"fmt"
	"time"

	"smsetl/sms"
)

// Guard says when a day's answer is not believed at first. The zero Guard means the defaults, DefaultGuard.
type Guard struct {
	// ShrinkRatio: a day with less than this share of the stored messages is not believed at first. 0 never doubts.
	ShrinkRatio float64
	// MinMessages: days with fewer stored messages are believed whatever happens to them.
	MinMessages int64
	// ConfirmAfter: a second answer that says the same at least this much later is believed.
	ConfirmAfter time.Duration
}

// DefaultGuard doubts a day that lost half of at least 100 messages until an equal answer an hour later.
var DefaultGuard = Guard{ShrinkRatio: 0.5, MinMessages: 100, ConfirmAfter: time.Hour}

// fate is what becomes of the rows of a day.
type fate int

const (
	believed fate = iota
	quarantined
	superseded
	frozen
)

// verdict is the decision on one day of a scope.
type verdict struct {
	fate   fate
	reason string
	// suspect is the fingerprint of each dataset's rows on a doubted day, and since when an equal answer has been known. A
	// day that was believed because it was confirmed keeps them, so that the same answer is not doubted again.
	suspect map[sms.Dataset]int64
	since   time.Time
}

// judge decides on every day of a scope, from what the answer says and what the ledger holds.
func (p *put) judge() {
	p.verdicts = make([]verdict, p.window.Len())
	for day := range p.window.Days() {
		p.verdicts[day-p.window.First()] = p.judgeDay(day)
	}
}

func (p *put) judgeDay(day sms.Day) verdict {
	if p.again != nil {
		return p.judgeAgain(day)
	}
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		switch {
		case c == nil:
		case c.state == sms.Frozen:
			return verdict{fate: frozen}
		case c.loadID > p.loadID && c.state != sms.Failed:
			return verdict{fate: superseded}
		}
	}
	doubt := p.doubt(day)
	if doubt == "" {
		return verdict{}
	}
	v := verdict{fate: quarantined, suspect: map[sms.Dataset]int64{}, since: p.options.Now}
	confirmed := true
	var first time.Time // when the youngest of the datasets' equal answers was first seen
	for _, dataset := range p.scope.Datasets {
		v.suspect[dataset] = p.tally.fingerprint(p.partOf(dataset), day)
		c := p.ledger[lineKey{dataset, day}]
		if c == nil || c.suspect == nil || *c.suspect != v.suspect[dataset] {
			confirmed = false
			continue
		}
		if c.suspectAt.After(first) {
			first = *c.suspectAt
		}
	}
	if confirmed {
		v.since = first
		if p.options.Now.Sub(first) >= p.guard.ConfirmAfter {
			v.fate = believed
			return v
		}
	}
	v.reason = fmt.Sprintf("%s; believed when an answer after %s says the same", doubt, v.since.Add(p.guard.ConfirmAfter).UTC().Format(time.RFC3339))
	return v
}

// doubt says why the answer for a day is not to be believed at once; empty when it is.
func (p *put) doubt(day sms.Day) string {
	if p.tally.isSilent() && !p.holdsNothing(day) {
		return "the whole answer holds no row"
	}
	if p.unreadable > 0 {
		return fmt.Sprintf("%d rows of the answer cannot be read", p.unreadable)
	}
	for _, dataset := range p.scope.Datasets {
		part := p.partOf(dataset)
		said := p.tally.days[part][day-p.window.First()]
		if said.lacks {
			return fmt.Sprintf("the answer of %s lacks numbers that the vendor normally gives", dataset)
		}
		c := p.ledger[lineKey{dataset, day}]
		if c == nil || c.messages == nil || *c.messages < p.guard.MinMessages {
			continue
		}
		vanished := said.rows == 0 && c.rows > 0
		if vanished || float64(said.messages.total) < p.guard.ShrinkRatio*float64(*c.messages) {
			return fmt.Sprintf("%s has %d messages where %d are stored", dataset, said.messages.total, *c.messages)
		}
	}
	return ""
}

// holdsNothing says that an answer was believed before which left the day without rows: one more silent answer is no news.
func (p *put) holdsNothing(day sms.Day) bool {
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		if c == nil || c.confirmedAt == nil || c.rows > 0 {
			return false
		}
	}
	return true
}

// believing says what it means for a day that its answer is believed: it may still change while it is younger than the
// settle window or has messages pending, then it is settled, with nothing in it when no dataset of the scope has a row.
func (p *put) believing(day sms.Day, pending, rows int64) sms.Event {
	age := int(p.window.Zone().Today(p.options.Now) - day)
	switch {
	case age < p.options.SettleDays || pending > 0:
		return sms.Settling
	case rows > 0:
		return sms.Settled
	default:
		return sms.Nothing
	}
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
