package temper

import (
	"slices"
	"time"
)

// Options are what a world is made of.
type Options struct {
	Seed    uint64
	First   Day // day 0 of the story
	Tempers []Temper
	Tencent bool // tells as Tencent does: day sums, zeros in place of silence
}

// World is one account of one vendor. Safe for use by many goroutines.
type World struct {
	seed    uint64
	first   Day
	tempers []Temper
	tencent bool
	n       nature
}

// New makes a world.
func New(o Options) *World {
	w := &World{seed: o.Seed, first: o.First, tempers: slices.Clone(o.Tempers), tencent: o.Tencent}
	w.n = nature{volume: 1, sendFailing: 1, procFailing: 1}
	for _, t := range o.Tempers {
		t.apply(&w.n)
	}
	return w
}

// Sums are the numbers of one day, added up.
type Sums struct {
	Requested     int64
	ProcessFailed int64
	Delivered     int64
	SendFailed    int64
	Pending       int64 // below 0 where receipts are counted on the day on which they come
	Billed        int64

	ProcessReasons int64 // the failures that the failure calls tell, before the hand-over
	SendReasons    int64 // and after it

	Templates [len(Templates)]int64 // messages requested, by template
}

// Form is how a dataset answers for a day.
type Form int

// The forms of an answer.
const (
	Reported Form = iota // numbers
	Silent               // no row: nothing was sent, or the vendor does not say
	Null                 // rows whose numbers are null
	Refused              // an error for every window that holds the day
)

// Answer is what one dataset says of a day. The datasets of a day that are told alike have the same Sums: of them, each dataset reports
// its own part. All are 0 where the form is Null or Refused.
type Answer struct {
	Form Form
	Sums
}

// Observation is what a vendor says of a day at a moment.
type Observation struct {
	Stats   Answer // EngageLab's stats_day, Tencent's SendStatusStatistics
	Process Answer // EngageLab's process_failed
	Send    Answer // EngageLab's send_failed, Tencent's CallbackStatusStatistics
	Check   Answer // EngageLab's aggregate_by=1, Tencent's sums of wide windows: what a check sum says of the day

	IsLie     bool // some of it is not what the vendor holds
	IsOld     bool // it is what the vendor held a day ago, and so it was a day ago: a vendor that is always late tells the same
	IsUnknown bool // the vendor has forgotten the day, or does not tell of it yet
	IsDenied  bool // the credentials are refused at this moment
}

// Truth gives what the vendor holds of a day: what was sent, as far as it is known at the moment, less what was withdrawn. What the
// vendor has forgotten, it has not withdrawn.
func (w *World) Truth(d Day, at time.Time) Sums {
	m := momentOf(at)
	var r rows
	w.hold(d, m, &r)
	return w.sum(d, rendering{asked: m, halves: 2}, &r)
}

// Rows gives the rows of Truth, in the order of the vendor.
func (w *World) Rows(d Day, at time.Time) []Row {
	var r rows
	w.hold(d, momentOf(at), &r)
	return slices.Clone(r.list())
}

// Observe gives what the vendor says of a day when it is asked at a moment.
func (w *World) Observe(d Day, at time.Time) Observation {
	m := momentOf(at)
	lie := w.n.outage.at(m, w.first)
	t := w.observationWith(d, m, lie)
	if lie != NoLie {
		right := w.observationWith(d, m, NoLie)
		if w.n.outage.rowsOnly {
			t.Process, t.Send, t.Check = right.Process, right.Send, right.Check
		}
		t.IsLie = t != right
		t.IsOld = w.n.outage.isOld(m, w.first)
	}
	t.IsUnknown = w.isForgotten(d, m) || w.isWithheld(d, m)
	t.IsDenied = w.isRevoked(m)
	return t
}

// observationWith gives the datasets of a day that are told with one lie.
func (w *World) observationWith(d Day, m moment, lie Lie) Observation {
	var r rows
	said := w.say(d, m, lie, &r)
	all := Answer{Form: said.form}
	if said.form != Null {
		all.Sums = w.sum(d, said, &r)
	}
	t := Observation{Stats: all, Process: all, Send: all, Check: all}
	isZeros := r.n > 0 && all.Requested == 0 // rows of zeros, which the failure calls have too
	if said.form == Reported && !w.tencent && !isZeros {
		if all.ProcessReasons == 0 {
			t.Process.Form = Silent
		}
		if all.SendReasons == 0 {
			t.Send.Form = Silent
		}
	}
	return t
}

// rendering is how the rows of a day are told.
type rendering struct {
	form     Form
	asked    moment // as of which they are told
	halves   int64  // how many halves of each number; 2 is honest
	isAbsent bool   // the day is told as if nothing had been sent
}

// say gives the rows that the vendor tells of a day with a lie.
func (w *World) say(d Day, m moment, lie Lie, r *rows) rendering {
	r.n = 0
	s := rendering{asked: m, halves: 2}
	if lie == Stale {
		s.asked -= secondsADay
	}
	isForgotten := w.isForgotten(d, m)
	switch {
	case isForgotten && w.n.forgotten == Refusing:
		s.form, s.isAbsent = Refused, true
		return s
	case isForgotten && w.n.forgotten == Silently:
		lie = Empty
	case isForgotten:
		lie = Zeros
	}
	s.isAbsent = lie == Empty || w.isWithheld(d, s.asked) || lie == Stale && d >= s.asked.day()
	if !s.isAbsent {
		w.hold(d, s.asked, r)
	}
	switch {
	case lie == Nulls && (r.n > 0 || w.tencent):
		s.form = Null
		return s
	case lie == Zeros, lie == Half, lie == Double:
		s.halves = map[Lie]int64{Half: 1, Double: 4}[lie]
		for i := range r.list() {
			r.all[i].scale(s.halves, 2)
		}
	}
	s.form = w.formOf(r)
	return s
}

// formOf gives the form of rows of numbers. Tencent always tells a number.
func (w *World) formOf(r *rows) Form {
	if r.n == 0 && !w.tencent {
		return Silent
	}
	return Reported
}

func (w *World) isForgotten(d Day, m moment) bool {
	return w.n.keeps > 0 && int(m.day()-d) > w.n.keeps
}

// isWithheld says whether the day is not told of yet.
func (w *World) isWithheld(d Day, m moment) bool {
	return w.n.untilNoon && int64(m) < (int64(d)+1)*secondsADay+secondsADay/2
}

// revokedFrom is the time of day at which credentials are refused and taken again: between two runs of a morning.
const revokedFrom = 3*3600 + 1800

func (w *World) isRevoked(m moment) bool {
	n := int64(w.n.manners.revoked)
	if n == 0 {
		return false
	}
	since := int64(m) - (int64(w.first)+n-2)*secondsADay - revokedFrom
	return since >= 0 && since%(n*secondsADay) < 2*secondsADay
}

// sum adds up the rows of a day.
func (w *World) sum(d Day, said rendering, r *rows) Sums {
	total := w.total(d, said, r)
	s := Sums{
		Requested: total.Targets, ProcessFailed: total.ProcessFailed(), Delivered: total.Delivered, SendFailed: total.SendFailed(),
		Pending: total.Waiting, Billed: total.Billed,
	}
	for i := range r.list() {
		s.Templates[r.all[i].Template-Templates[0]] += r.all[i].Targets
	}
	if !w.n.noReasons {
		s.ProcessReasons, s.SendReasons = s.ProcessFailed, s.SendFailed
	}
	return s
}

// total adds up the rows of a day, in one row.
func (w *World) total(d Day, said rendering, r *rows) Row {
	var total Row
	for i := range r.list() {
		total.add(&r.all[i])
	}
	if w.n.byReceipt && !said.isAbsent {
		w.byReceipt(d, said, &total)
	}
	return total
}

// byReceipt counts receipts on the day on which they came, whenever their messages were sent.
func (w *World) byReceipt(d Day, said rendering, total *Row) {
	total.Delivered, total.Send = 0, [len(SendReasons)]int64{}
	begin, end := moment(int64(d)*secondsADay), min(said.asked, moment(int64(d+1)*secondsADay))
	var r rows
	for sent := d - SettleHours/24; sent <= d; sent++ {
		for _, edge := range []struct {
			at   moment
			sign int64
		}{{end, 1}, {begin, -1}} {
			w.hold(sent, edge.at, &r)
			for i := range r.list() {
				total.Delivered += edge.sign * r.all[i].Delivered
				for k, n := range r.all[i].Send {
					total.Send[k] += edge.sign * n
				}
			}
		}
	}
	total.Delivered = total.Delivered * said.halves / 2
	for k := range total.Send {
		total.Send[k] = total.Send[k] * said.halves / 2
	}
	total.Waiting = total.Targets - total.ProcessFailed() - total.Delivered - total.SendFailed()
}

// Tempers gives the temperaments of the world.
func (w *World) Tempers() []Temper { return slices.Clone(w.tempers) }

// First gives day 0 of the story.
func (w *World) First() Day { return w.first }
