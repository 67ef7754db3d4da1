package load

import (
	"fmt"
	"slices"
	"time"

	"smsetl/sms"
)

// fate is what becomes of the rows of a day.
type fate int

const (
	believed fate = iota
	quarantined
	superseded
	frozen
	forgotten  // the vendor keeps the day no longer, and so has nothing for it
	incomplete // files cover some of its hours only
)

// verdict is the decision on one day of a scope.
type verdict struct {
	fate   fate
	reason string
	// suspect is the fingerprint of each dataset's rows on a doubted day, and since when an equal answer has been known. A
	// day that was believed against evidence, because it was confirmed, keeps them as long as the answer stays the same.
	suspect map[sms.Dataset]int64
	since   time.Time
}

// doubtedAt gives since when an answer like the believed one has been known and was doubted; nil when it was not.
func (v *verdict) doubtedAt() *time.Time {
	if v.suspect == nil {
		return nil
	}
	return &v.since
}

// judge decides on every day of a scope, from what the answer says and what the ledger holds.
func (p *put) judge() {
	p.verdicts = make([]verdict, p.window.Len())
	for day := range p.window.Days() {
		p.verdicts[day-p.window.First()] = p.judgeDay(day)
	}
	p.tally.batch.Findings = slices.Concat(p.tally.batch.Findings, p.overruled())
}

// overruled gives a finding for each day that is believed against evidence, only because its answer came twice: a vendor can
// be wrong twice.
func (p *put) overruled() []sms.Finding {
	var found []sms.Finding
	for i, v := range p.verdicts {
		if v.fate != believed || v.suspect == nil {
			continue
		}
		day := p.window.First() + sms.Day(i)
		f := sms.Finding{Check: "doubt_overruled", Severity: sms.Warning, Day: day, LastDay: day}
		f.Detail = fmt.Sprintf("%s; believed, because a second answer said the same", v.reason)
		for part := range parts {
			f.Rows += p.tally.days[part][i].rows
		}
		for _, dataset := range p.scope.Datasets {
			f.Subject = fmt.Sprintf("%s %s", dataset, day)
			found = append(found, f)
		}
	}
	return found
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
		case c.loadID > p.loadID && c.state != sms.Failed && p.imported == nil:
			return verdict{fate: superseded}
		}
	}
	if p.imported != nil {
		if v, ok := p.imported.judge(day); ok {
			return v
		}
	}
	if p.forgets(day) {
		return verdict{fate: forgotten}
	}
	doubt := p.doubt(day)
	if doubt.reason == "" {
		return p.remember(day)
	}
	suspect, first, confirmed := p.suspected(day, doubt.size)
	v := verdict{fate: quarantined, suspect: suspect, since: p.options.Now}
	if confirmed {
		v.since = first
		if p.options.Now.Sub(first) >= p.guard.ConfirmAfter {
			v.fate, v.reason = believed, doubt.reason
			if !doubt.evidence {
				v.suspect, v.reason = nil, ""
			}
			return v
		}
	}
	v.reason = fmt.Sprintf("%s; believed when an answer after %s says the same", doubt.reason, v.since.Add(p.guard.ConfirmAfter).UTC().Format(time.RFC3339))
	return v
}

// suspected gives the fingerprints of the answer for a day, and whether the day's lines know an answer like it, since first.
func (p *put) suspected(day sms.Day, size bool) (suspect map[sms.Dataset]int64, first time.Time, known bool) {
	suspect, known = map[sms.Dataset]int64{}, true
	for _, dataset := range p.scope.Datasets {
		suspect[dataset] = p.tally.fingerprint(p.partOf(dataset), day, size)
		c := p.ledger[lineKey{dataset, day}]
		if c == nil || c.suspect == nil || *c.suspect != suspect[dataset] {
			known = false
			continue
		}
		if c.suspectAt.After(first) { // the youngest of the datasets' equal answers counts
			first = *c.suspectAt
		}
	}
	return suspect, first, known
}

// remember is the verdict on an answer that nothing speaks against. When it is the one that was believed only because it
// came twice, that stays known.
func (p *put) remember(day sms.Day) verdict {
	for _, dataset := range p.scope.Datasets {
		if c := p.ledger[lineKey{dataset, day}]; c == nil || c.suspect == nil || !isLoaded(c.state) {
			return verdict{}
		}
	}
	for _, size := range []bool{true, false} {
		if suspect, first, known := p.suspected(day, size); known {
			return verdict{suspect: suspect, since: first, reason: "an answer like this was doubted"}
		}
	}
	return verdict{}
}

// believing says what it means for a day that its answer is believed: it may still change while it is younger than the
// settle window or has messages pending, then it is settled, with nothing in it when no dataset of the scope has a row.
// doubtedAt is when an answer like this was first doubted, nil when none was: the day may change as long again from then
// on, because a vendor that is broken for days says the same wrong thing every day.
func (p *put) believing(day sms.Day, pending, rows int64, doubtedAt *time.Time) sms.Event {
	age := int(p.window.Zone().Today(p.options.Now) - day)
	switch {
	case age < p.options.SettleDays || pending > 0:
		return sms.Settling
	case doubtedAt != nil && p.options.Now.Before(doubtedAt.AddDate(0, 0, p.options.SettleDays)):
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
