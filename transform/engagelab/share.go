package engagelab

import (
	"fmt"
	"math"
	"strconv"

	"smsetl/sms"
	"smsetl/transform"
)

// shareReadings are the ways to read a percentage of the vendor. Its pages state neither the unit, 0-100 or 0-1, nor
// whether results are shares of targets or of what was handed on, so each answer is read as most of its rows fit.
var shareReadings = [...]struct {
	words string
	unit  float64
	of    int // index of what it is a share of: 0 targets, 1 accepted
}{
	{"0-100 of targets", 100, 0},
	{"0-1 of targets", 1, 0},
	{"0-100 of accepted", 100, 1},
	{"0-1 of accepted", 1, 1},
}

// shareFit counts how the rows of one answer fit the readings of one percentage.
type shareFit struct {
	rows    int64 // with a percentage and something to take it of
	fits    [len(shareReadings)]int64
	misfits [len(shareReadings)]misfitRows
}

// misfitRows are the rows that do not fit one reading.
type misfitRows struct {
	first, last sms.Day
	example     string
}

// checkShares compares a row's percentages with each reading. Which one holds is known at the end of the answer, see
// noteShares.
func (a *answer) checkShares(m *sms.Measures) {
	wholes := [2]int64{m.Requested.Or(0), m.Accepted.Or(0)}
	if wholes[0] == 0 {
		return
	}
	l := a.row.layout
	for i, of := range l.shares {
		value := a.row.values[firstCount+l.counts+i]
		part, ok := a.counts[of].Value()
		if !ok || value == nil || transform.IsNull(value) {
			continue
		}
		fit := &a.shares[i]
		fit.rows++
		p, step, ok := percentage(value)
		ratios := [2]float64{float64(part) / float64(wholes[0]), float64(part) / float64(wholes[1])}
		for r := range shareReadings {
			reading := &shareReadings[r]
			if ok && isShare(p, step, ratios[reading.of], reading.unit) {
				fit.fits[r]++
				continue
			}
			misfits := &fit.misfits[r]
			if misfits.example == "" {
				misfits.first, misfits.example = a.day, fmt.Sprintf("%s, while %d of %d messages is %.2f %%",
					transform.Excerpt(value), part, wholes[reading.of], 100*float64(part)/float64(wholes[reading.of]))
			}
			misfits.first, misfits.last = min(misfits.first, a.day), max(misfits.last, a.day)
		}
	}
}

// isShare says whether p is the ratio in the unit, up to one unit of its last digit. Nothing is a share of nothing.
func isShare(p, step, ratio, unit float64) bool {
	const slack = 1e-9
	off := p - unit*ratio
	return max(off, -off) <= min(step, unit/100)+slack
}

// noteShares notes the percentages of the answer that do not fit the reading which most rows fit. A reading that does
// not fit half of the rows proves nothing.
func (a *answer) noteShares() {
	l := a.row.layout
	for i, fit := range a.shares {
		best := 0
		for r, fits := range fit.fits {
			if fits > fit.fits[best] {
				best = r
			}
		}
		if fit.fits[best] == fit.rows {
			continue
		}
		c, field, misfits := vendorPercent, l.fields[firstCount+l.counts+i], fit.misfits[best]
		if 2*fit.fits[best] < fit.rows {
			c.Severity = sms.Info
		}
		a.NoteRows(c, field, misfits.first, misfits.last, fit.rows-fit.fits[best], func() string {
			return fmt.Sprintf("%s is %s: %d of %d rows fit the reading %s, which fits most",
				field, misfits.example, fit.fits[best], fit.rows, shareReadings[best].words)
		})
	}
}

// percentage reads a percentage, and the size of one unit of its last digit: 60.47 has a step of 0.01.
func percentage(value []byte) (p, step float64, ok bool) {
	s := transform.Text(value)
	var n, point int64
	for i, c := range s {
		switch {
		case c == '.' && point == 0 && i > 0:
			point = int64(len(s) - i - 1)
		case c >= '0' && c <= '9' && len(s) <= 16:
			n = n*10 + int64(c-'0')
		default:
			p, err := strconv.ParseFloat(string(s), 64)
			return p, 0.01, err == nil && !math.IsNaN(p) && !math.IsInf(p, 0)
		}
	}
	scale := tens[point]
	return float64(n) / scale, 1 / scale, len(s) > 0
}

var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
