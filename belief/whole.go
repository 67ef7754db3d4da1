package belief

import (
	"fmt"

	"smsetl/sms"
)

// findScale looks for an answer that changes the volume of most of the days that it can be compared on. Corrections are about
// some days; an answer that halves or doubles everything is broken, however well its parts fit each other.
func (d *decider) findScale() {
	if d.outage {
		return
	}
	least := d.comparable()
	var days, down, up, settled int
	for i := range d.e.Days {
		day := &d.e.Days[i]
		said, stored := day.Said.Messages(), day.Stored.Messages()
		if i < d.frontier || stored < least || day.IsBeyond {
			continue
		}
		days++
		if d.isSettled(i) {
			settled++
		}
		if d.isShrunk(said, stored) {
			down++
		}
		if d.isGrown(said, stored) {
			up++
		}
	}
	switch {
	case isMost(down, days, 2):
		d.scaled = d.shrinking(down, days)
	case isMost(up, days, 3) || settled > 1 && isMost(up, days, 2):
		d.scaled = fmt.Sprintf("the answer has at least %.3g times the stored messages on %d of the %d days that can be compared", d.GrowRatio, up, days)
	}
}

// manyDays is how many days are compared whatever their size: chance does not move all of them alike.
const manyDays = 7

// comparable gives the least messages that a stored day must have to be compared.
func (d *decider) comparable() int64 {
	stored := 0
	for i := range d.e.Days {
		if d.e.Days[i].Stored.Messages() > 0 {
			stored++
		}
	}
	if stored >= manyDays {
		return 1
	}
	return max(d.MinMessages, 1)
}

// isMost says that at least so many days, and nine in ten of all, are alike.
func isMost(n, of, least int) bool { return n >= least && 10*n >= 9*of }

// shrinking says what is wrong with an answer that lost messages on most days; empty when templates or labels that are gone
// as a whole explain it while all others are as they were.
func (d *decider) shrinking(down, days int) string {
	if d.e.Keys == nil {
		d.wants.WantsKeys = true
	} else if k := d.e.Keys; k.Kept > 0 && k.Gone > 0 && 20*k.Now >= 19*k.Kept {
		return ""
	}
	return fmt.Sprintf("the answer has at most %.3g times the stored messages on %d of the %d days that can be compared", d.ShrinkRatio, down, days)
}

// cross is what the vendor's other answers say about the numbers of a day.
type cross struct {
	confirms bool
	against  string
}

// cross compares the day with the vendor's own sums, and the failures by reason with their totals. A vendor whose calls never agree
// says nothing by disagreeing.
func (d *decider) cross(i int) cross {
	day := &d.e.Days[i]
	for _, s := range d.e.Sums {
		if !s.Window.Contains(day.Day) {
			continue
		}
		said, whole := d.sumUp(s.Window)
		switch {
		case !whole:
		case said == s.Requested:
			return cross{confirms: true}
		default:
			return cross{against: fmt.Sprintf("the vendor's own sum over %s is %d, and the rows add up to %d", s.Window, s.Requested, said)}
		}
	}
	if !d.e.IsIndependent {
		return cross{}
	}
	agrees, differs := agreement(&day.Said)
	if agrees {
		return cross{confirms: true}
	}
	if differs != "" && d.usuallyAgrees(i) {
		return cross{against: differs}
	}
	return cross{}
}

// sumUp adds up what the answer says of a window; whole is false when the answer does not cover it.
func (d *decider) sumUp(w sms.Window) (said int64, whole bool) {
	days := 0
	for i := range d.e.Days {
		if w.Contains(d.e.Days[i].Day) {
			said += d.e.Days[i].Said.Messages()
			days++
		}
	}
	return said, days == w.Len()
}

// agreement compares failures by reason with the totals of one day. A day without failures says nothing.
func agreement(n *sms.Numbers) (agrees bool, differs string) {
	failed := int64(0)
	for _, pair := range []struct {
		what          string
		total, reason sms.Count
	}{{"refused", n.ProcessingFailed, n.Processing}, {"failed", n.SendFailed, n.Sending}} {
		total, known := pair.total.Value()
		reasons, counted := pair.reason.Value()
		if !known || !counted {
			continue
		}
		failed += total
		if total != reasons {
			return false, fmt.Sprintf("%d messages %s by the totals, and %d by reason", total, pair.what, reasons)
		}
	}
	return failed > 0, ""
}

// usuallyAgrees says that failures by reason add up to the totals on most other days: of those before the window, or, where these
// say little, of the answer.
func (d *decider) usuallyAgrees(but int) bool {
	compared, agreed := 0, 0
	count := func(n *sms.Numbers) {
		agrees, differs := agreement(n)
		if agrees || differs != "" {
			compared++
		}
		if agrees {
			agreed++
		}
	}
	for i := range d.e.Before {
		count(&d.e.Before[i].Numbers)
	}
	for i := range d.e.Days {
		if i != but && compared < 3 {
			count(&d.e.Days[i].Said)
		}
	}
	return agreed >= 3 && 5*agreed >= 4*compared
}
