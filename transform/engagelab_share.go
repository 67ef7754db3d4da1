package transform

import (
	"fmt"

	"smsetl/sms"
)

// shareOf says which count each percentage of stats_day is a share of, in the order of the layout.
var shareOf = [...]int{fieldProcessFailed, fieldDelivered, fieldSendFailed, fieldWaitResult}

// shareReadings are the ways to read a percentage of the vendor. Its pages state neither the unit, 0-100 or 0-1, nor whether
// results are shares of targets or of what was handed on, so each answer tells by what most of its rows fit.
var shareReadings = [...]struct {
	words string
	unit  float64
	of    int
}{
	{"0-100 of targets", 100, ofTargets},
	{"0-1 of targets", 1, ofTargets},
	{"0-100 of accepted", 100, ofAccepted},
	{"0-1 of accepted", 1, ofAccepted},
}

// What a percentage is a share of.
const (
	ofTargets = iota
	ofAccepted
)

// shareTally is what the rows of one answer say of one percentage.
type shareTally struct {
	rows    int64 // with a percentage and something to take it of
	fits    [len(shareReadings)]int64
	misfits [len(shareReadings)]misfits
}

// misfits are the rows that do not fit one reading.
type misfits struct {
	first, last sms.Day
	value       string // the percentage of the first of them
	part, whole int64  // and the counts beside it
}

// checkShares takes a row's percentages down. What they should be is known at the end of the answer, see noteShares.
func (e *engageLab) checkShares(g *sms.Grain, m *sms.Measures) {
	targets, accepted := m.Requested.Or(0), m.Accepted.Or(0)
	if targets == 0 {
		return
	}
	for i, of := range shareOf {
		value := e.row.values[firstShare+i]
		n, ok := e.counts[of].Value()
		if !ok || value == nil || isNull(value) {
			continue
		}
		tally := &e.shares[i]
		tally.rows++
		p, step, ok := share(value)
		ratios := [2]float64{ofTargets: float64(n) / float64(targets), ofAccepted: float64(n) / float64(accepted)}
		for r := range shareReadings {
			reading := &shareReadings[r]
			if ok && isShare(p, step, ratios[reading.of], reading.unit) {
				tally.fits[r]++
				continue
			}
			tally.misfits[r].add(g.Day, value, n, [2]int64{targets, accepted}[reading.of])
		}
	}
}

func (m *misfits) add(day sms.Day, value []byte, part, whole int64) {
	if m.value == "" {
		*m = misfits{first: day, last: day, value: excerpt(value), part: part, whole: whole}
	}
	m.first, m.last = min(m.first, day), max(m.last, day)
}

// isShare says whether p is the ratio in the unit, up to one unit of its last digit. Nothing is a share of nothing.
func isShare(p, step, ratio, unit float64) bool {
	const slack = 1e-9
	off := p - unit*ratio
	return max(off, -off) <= min(step, unit/100)+slack
}

// noteShares compares the percentages of the answer with its counts: those that do not fit the reading which most rows fit.
// A reading that does not fit half of the rows is none.
func (e *engageLab) noteShares() {
	for i := range e.shares {
		tally := &e.shares[i]
		best := 0
		for r, fits := range tally.fits {
			if fits > tally.fits[best] {
				best = r
			}
		}
		left := tally.rows - tally.fits[best]
		if left == 0 {
			continue
		}
		c, field, odd := percent, e.layout.fields[firstShare+i], tally.misfits[best]
		if 2*tally.fits[best] < tally.rows {
			c.severity = sms.Info
		}
		e.notes.addRows(c, field, odd.first, odd.last, left, func() string {
			return fmt.Sprintf("%s is %s, while %d of %d messages is %.2f %%: %d of %d rows fit the reading %s, which fits most",
				field, odd.value, odd.part, odd.whole, 100*float64(odd.part)/float64(odd.whole), tally.fits[best], tally.rows, shareReadings[best].words)
		})
	}
	e.shares = [len(shareOf)]shareTally{}
}

// addRows notes that several rows showed something, from the first day to the last.
func (n *notes) addRows(c check, subject string, first, last sms.Day, rows int64, detail func() string) {
	n.add(c, subject, first, detail)
	for i := range n.list {
		if f := &n.list[i]; f.Check == c.name && f.Subject == subject {
			f.Rows += rows - 1
			f.LastDay = max(f.LastDay, last)
			if rank[f.Severity] < rank[c.severity] {
				f.Severity = c.severity
			}
		}
	}
}

// rank orders the severities.
var rank = map[sms.Severity]int{sms.Info: 1, sms.Warning: 2, sms.Error: 3}
