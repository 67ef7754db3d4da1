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

// findLate looks for an answer that may be an old one: yesterday has no messages in it, where the day before was told of in time
// and such days are usual. What it says of other young days is what they may have been a day ago. A vendor that is a day late
// every day is not waited for: its day before yesterday was missing as well.
func (d *decider) findLate() {
	i := len(d.e.Days) - 1
	if i < 1 || d.age(i) != 1 || d.outage {
		return
	}
	youngest, before := &d.e.Days[i], &d.e.Days[i-1]
	if youngest.Said.Messages() > 0 || youngest.Stored.Messages() > 0 || before.Stored.Messages() == 0 || before.Held != nil {
		return
	}
	if median, _, known := d.baseline(i); known && median >= max(d.MinMessages, 1) {
		d.late = fmt.Sprintf("the answer has nothing for %s, where %d messages a day are usual: it may be yesterday's answer", youngest.Day, median)
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
	isFirst  bool // nothing is known of whether the calls ever agree
}

// cross compares the day with the vendor's own sums, and the failures by reason with their totals. A vendor whose calls never agree
// says nothing by disagreeing; a sum confirms the totals and not the reasons.
func (d *decider) cross(i int) cross {
	sums, reasons := d.crossSums(d.e.Days[i].Day), cross{}
	if d.e.IsIndependent {
		reasons = d.crossReasons(i)
	}
	switch {
	case sums.against != "":
		return sums
	case reasons.against != "":
		return reasons
	}
	return cross{confirms: sums.confirms || reasons.confirms}
}

func (d *decider) crossSums(day sms.Day) cross {
	for _, s := range d.e.Sums {
		said, whole := d.sumUp(s.Window)
		switch {
		case !whole || !s.Window.Contains(day):
		case said == s.Requested:
			return cross{confirms: true}
		default:
			return cross{against: fmt.Sprintf("the vendor's own sum over %s is %d, and the rows add up to %d", s.Window, s.Requested, said)}
		}
	}
	return cross{}
}

func (d *decider) crossReasons(i int) cross {
	agrees, differs := agreement(&d.e.Days[i].Said)
	switch record := d.record(i); {
	case agrees:
		return cross{confirms: true}
	case differs == "":
		return cross{}
	case record.isGood():
		return cross{against: differs}
	case record.isUnknown() && d.isMute():
		return cross{against: differs + ", and none on any other day", isFirst: true}
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
	for _, pair := range stages(n) {
		reasons, isCounted := pair.reason.Value()
		if !isCounted || !pair.total.IsReported() && reasons == 0 {
			continue
		}
		total := pair.total.Or(0)
		failed += total
		if total != reasons {
			return false, pair.differs()
		}
	}
	return failed > 0, ""
}

// stage is how many messages failed in one, by the totals and by reason.
type stage struct {
	what          string
	total, reason sms.Count
}

func stages(n *sms.Numbers) [2]stage {
	return [2]stage{{"refused", n.ProcessingFailed, n.Processing}, {"failed", n.SendFailed, n.Sending}}
}

func (s stage) differs() string {
	return fmt.Sprintf("%d messages %s by the totals, and %d by reason", s.total.Or(0), s.what, s.reason.Or(0))
}

// contradiction says which numbers of a day cannot all be true; empty when they may be. What is pending may have failed between two
// calls.
func contradiction(n *sms.Numbers) string {
	for _, s := range stages(n) {
		total, isTold := s.total.Value()
		reasons, isCounted := s.reason.Value()
		if isTold && isCounted && max(total-reasons, reasons-total) > n.Pending.Or(0) {
			return s.differs()
		}
	}
	results, handedOn := n.Delivered.Or(0)+n.SendFailed.Or(0), n.Requested.Or(0)-n.ProcessingFailed.Or(0)
	if n.Requested.IsReported() && results > handedOn {
		return fmt.Sprintf("%d results of %d messages that were handed on", results, handedOn)
	}
	return ""
}

// record is on how many days failures by reason could be compared with the totals, and on how many they added up to them.
type record struct{ compared, agreed int }

func (r *record) add(n *sms.Numbers) {
	agrees, differs := agreement(n)
	if agrees || differs != "" {
		r.compared++
	}
	if agrees {
		r.agreed++
	}
}

func (r record) isGood() bool    { return r.agreed >= 3 && 5*r.agreed >= 4*r.compared }
func (r record) isUnknown() bool { return r.compared < 3 }

// record looks at what is stored of the days before the window and in it, or, where these say little, at the other days of the
// answer too.
func (d *decider) record(but int) (r record) {
	for i := range d.e.Before {
		r.add(&d.e.Before[i].Numbers)
	}
	for i := range d.e.Days {
		if d.e.Days[i].IsStored {
			r.add(&d.e.Days[i].Stored)
		}
	}
	before := r
	for i := range d.e.Days {
		if i != but && before.isUnknown() {
			r.add(&d.e.Days[i].Said)
		}
	}
	if before.isUnknown() && !r.isGood() {
		return before
	}
	return r
}

// isMute says that an answer for days of which nothing is stored has no failure by reason at one stage, though the totals have some:
// the failure calls may never tell anything, or just now.
func (d *decider) isMute() bool {
	var totals, reasons [2]int64
	for i := range d.e.Days {
		day := &d.e.Days[i]
		if day.IsStored {
			return false
		}
		totals[0] += day.Said.ProcessingFailed.Or(0)
		totals[1] += day.Said.SendFailed.Or(0)
		reasons[0] += day.Said.Processing.Or(0)
		reasons[1] += day.Said.Sending.Or(0)
	}
	return totals[0] > 0 && reasons[0] == 0 || totals[1] > 0 && reasons[1] == 0
}
