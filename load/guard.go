package load

import (
	"fmt"
	"time"

	"smsetl/sms"
)

// Thresholds say when the size of an answer for a day is not believed at first.
type Thresholds struct {
	// ShrinkRatio: a day with less than this share of the stored messages is not believed at first, nor is a delivery day that
	// never held any with less than a fifth of this share of what is usual, when nothing lately was like it. 0 never doubts.
	ShrinkRatio float64
	// MinMessages: days where fewer messages are stored, or usual, are believed whatever happens to them.
	MinMessages int64
	// GrowRatio: a day with at least this multiple of the stored messages is not believed at first, because no day that is over
	// doubles. Failures do grow until the day is final, while receipts come in. 0 never doubts.
	GrowRatio float64
}

// Guard says when a day's answer is not believed at first. The zero Guard means the defaults, DefaultGuard.
type Guard struct {
	Thresholds
	// Datasets are the thresholds of those datasets that differ.
	Datasets map[sms.Dataset]Thresholds
	// ConfirmAfter: a second answer that says the same at least this much later is believed.
	ConfirmAfter time.Duration
}

// DefaultGuard doubts a day that lost half of at least 100 messages, or got nearly as many again, until an equal answer an
// hour later.
var DefaultGuard = Guard{Thresholds: Thresholds{ShrinkRatio: 0.5, MinMessages: 100, GrowRatio: 1.8}, ConfirmAfter: time.Hour}

func (g Guard) isZero() bool {
	return g.Thresholds == Thresholds{} && g.Datasets == nil && g.ConfirmAfter == 0
}

func (g Guard) of(dataset sms.Dataset) Thresholds {
	if t, differs := g.Datasets[dataset]; differs {
		return t
	}
	return g.Thresholds
}

// tiny is the part of ShrinkRatio under which a first answer is doubted. It is compared with other days, which differ for
// many honest reasons.
const tiny = 0.2

// doubt is why an answer for a day is not to be believed at once; the zero doubt is none.
type doubt struct {
	reason string
	// size says that only the number of messages is in doubt: an answer that tells the same number agrees, though receipts
	// have come in since.
	size bool
	// evidence says that the warehouse holds, or is used to, something else. A vendor that says nothing where nothing is
	// known contradicts nobody.
	evidence bool
}

// doubt says what speaks against the answer for a day.
func (p *put) doubt(day sms.Day) doubt {
	if p.unreadable > 0 {
		return doubt{reason: fmt.Sprintf("%d rows of the answer cannot be read", p.unreadable), evidence: true}
	}
	if p.imported != nil && p.imported.unread[day] != "" {
		return doubt{reason: p.imported.unread[day], evidence: true}
	}
	holds := false
	for _, dataset := range p.scope.Datasets {
		// A file has the columns that it has: one without a number is no slip of the vendor's.
		if p.tally.days[p.partOf(dataset)][day-p.window.First()].lacks && !p.scope.Account.Vendor.IsImported() {
			return doubt{reason: fmt.Sprintf("the answer of %s lacks numbers that the vendor normally gives", dataset), evidence: true}
		}
		c := p.ledger[lineKey{dataset, day}]
		holds = holds || c != nil && c.rows > 0
	}
	for _, dataset := range p.scope.Datasets {
		if reason := p.doubtSize(dataset, day); reason != "" {
			return doubt{reason: reason, size: true, evidence: true}
		}
	}
	if p.tally.isSilent() && !p.holdsNothing(day) {
		return doubt{reason: "the whole answer holds no row", size: true, evidence: holds}
	}
	return doubt{}
}

// doubtSize says what is wrong with the number of messages of a dataset's day; empty when nothing is.
func (p *put) doubtSize(dataset sms.Dataset, day sms.Day) string {
	part, limits := p.partOf(dataset), p.guard.of(dataset)
	said := &p.tally.days[part][day-p.window.First()]
	c := p.ledger[lineKey{dataset, day}]
	if c == nil || c.confirmedAt == nil {
		return p.doubtFirst(dataset, day)
	}
	if c.messages == nil || *c.messages < limits.MinMessages {
		return ""
	}
	stored := float64(*c.messages)
	vanished := said.rows == 0 && c.rows > 0 && limits.ShrinkRatio > 0
	shrunk := float64(said.messages.total) < limits.ShrinkRatio*stored
	grows := part != delivery && c.state != sms.Final // failures come in late
	grown := !grows && limits.GrowRatio > 0 && float64(said.messages.total) >= limits.GrowRatio*stored
	if vanished || shrunk || grown {
		return fmt.Sprintf("%s has %d messages where %d are stored", dataset, said.messages.total, *c.messages)
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

// forgets says that the answer has nothing for a day that the vendor keeps no longer, which is no news of the day.
func (p *put) forgets(day sms.Day) bool {
	age := int(p.window.Zone().Today(p.options.Now) - day)
	kept := p.options.RetentionDays == 0 || age <= p.options.RetentionDays
	lost := false
	for _, dataset := range p.scope.Datasets {
		if p.tally.days[p.partOf(dataset)][day-p.window.First()].rows > 0 {
			return false
		}
		c := p.ledger[lineKey{dataset, day}]
		lost = lost || c != nil && c.state == sms.Lost
	}
	return lost || !kept
}
