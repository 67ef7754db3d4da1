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
	Told    Form = iota // numbers
	Silent              // no row: nothing was sent, or the vendor does not say
	Null                // rows whose numbers are null
	Refused             // an error for every window that holds the day
)

// Answer is what one dataset says of a day. Of Sums it fills what the dataset reports.
type Answer struct {
	Form Form
	Sums
}

// Telling is what a vendor says of a day at a moment.
type Telling struct {
	Stats   Answer // EngageLab's stats_day, Tencent's SendStatusStatistics
	Process Answer // EngageLab's process_failed
	Send    Answer // EngageLab's send_failed, Tencent's CallbackStatusStatistics
	Check   Answer // EngageLab's aggregate_by=1, Tencent's sums of wide windows: what a check sum says of the day

	IsLie     bool // some of it is not what the vendor holds
	IsUnknown bool // the vendor has forgotten the day, or does not tell of it yet
	IsDenied  bool // the credentials are refused at this moment
}

// Truth gives what the vendor holds of a day: what was sent, as far as it is known at the moment, less what was withdrawn. What the
// vendor has forgotten, it has not withdrawn.
func (w *World) Truth(d Day, at time.Time) Sums {
	m := momentOf(at)
	var r rows
	w.hold(d, m, &r)
	return w.sum(d, m, &r)
}

// Rows gives the rows of Truth, in the order of the vendor.
func (w *World) Rows(d Day, at time.Time) []Row {
	var r rows
	w.hold(d, momentOf(at), &r)
	return slices.Clone(r.list())
}

// Tell gives what the vendor says of a day when it is asked at a moment.
func (w *World) Tell(d Day, at time.Time) Telling {
	m := momentOf(at)
	lie := w.n.outage.at(m, w.first)
	t := w.tellingWith(d, m, lie)
	if lie != NoLie {
		right := w.tellingWith(d, m, NoLie)
		if w.n.outage.rowsOnly {
			t.Process, t.Send, t.Check = right.Process, right.Send, right.Check
		}
		t.IsLie = t != right
	}
	t.IsUnknown = w.isForgotten(d, m) || w.isWithheld(d, m)
	t.IsDenied = w.isRevoked(m)
	return t
}

// tellingWith gives the datasets of a day that are told with one lie.
func (w *World) tellingWith(d Day, m moment, lie Lie) Telling {
	var r rows
	form := w.say(d, m, lie, &r)
	all := Answer{Form: form, Sums: w.sum(d, m, &r)}
	t := Telling{Stats: all, Process: all, Send: all, Check: all}
	isZeros := r.n > 0 && all.Requested == 0 // rows of zeros, which the failure calls have too
	if form == Told && !w.tencent && !isZeros {
		if all.ProcessReasons == 0 {
			t.Process.Form = Silent
		}
		if all.SendReasons == 0 {
			t.Send.Form = Silent
		}
	}
	return t
}

// say gives the rows that the vendor tells of a day with a lie.
func (w *World) say(d Day, m moment, lie Lie, r *rows) Form {
	r.n = 0
	asked := m
	if lie == Stale {
		asked -= secondsADay
	}
	if w.isForgotten(d, m) && w.n.forgotten == Refusing {
		return Refused
	}
	if w.isWithheld(d, asked) || lie == Stale && d >= asked.day() {
		return w.formOf(r)
	}
	w.hold(d, asked, r)
	if w.isForgotten(d, m) {
		if lie = Zeros; w.n.forgotten == Silently {
			lie = Empty
		}
	}
	switch lie {
	case Empty:
		r.n = 0
	case Nulls:
		if r.n > 0 || w.tencent {
			return Null
		}
	case Zeros, Half, Double:
		up := map[Lie]int64{Half: 1, Double: 4}[lie]
		for i := range r.list() {
			r.all[i].scale(up, 2)
		}
	}
	return w.formOf(r)
}

// formOf gives the form of rows of numbers. Tencent always tells a number.
func (w *World) formOf(r *rows) Form {
	if r.n == 0 && !w.tencent {
		return Silent
	}
	return Told
}

func (w *World) isForgotten(d Day, m moment) bool {
	return w.n.keeps > 0 && int(m.day()-d) > w.n.keeps
}

// isWithheld says whether the day is not told of yet.
func (w *World) isWithheld(d Day, m moment) bool {
	return w.n.untilNoon && int64(m) < (int64(d)+1)*secondsADay+secondsADay/2
}

func (w *World) isRevoked(m moment) bool {
	n := w.n.manners.revoked
	return n > 0 && modulo(int(m.day()-w.first), n) >= n-2
}

// sum adds up the rows of a day.
func (w *World) sum(d Day, m moment, r *rows) Sums {
	var s Sums
	for i := range r.list() {
		row := &r.all[i]
		s.Requested += row.Targets
		s.ProcessFailed += row.ProcessFailed()
		s.Delivered += row.Delivered
		s.SendFailed += row.SendFailed()
		s.Pending += row.Waiting
		s.Billed += row.Billed
		s.Templates[row.Template-Templates[0]] += row.Targets
	}
	if w.n.byReceipt {
		w.byReceipt(d, m, &s)
	}
	if !w.n.noReasons || w.tencent {
		s.ProcessReasons, s.SendReasons = s.ProcessFailed, s.SendFailed
	}
	return s
}

// byReceipt counts receipts on the day on which they came, whenever their messages were sent.
func (w *World) byReceipt(d Day, m moment, s *Sums) {
	s.Delivered, s.SendFailed = 0, 0
	begin, end := moment(int64(d)*secondsADay), min(m, moment(int64(d+1)*secondsADay))
	var r rows
	for sent := d - SettleHours/24; sent <= d; sent++ {
		for _, edge := range []struct {
			at   moment
			sign int64
		}{{end, 1}, {begin, -1}} {
			w.hold(sent, edge.at, &r)
			for i := range r.list() {
				s.Delivered += edge.sign * r.all[i].Delivered
				s.SendFailed += edge.sign * r.all[i].SendFailed()
			}
		}
	}
	s.Pending = s.Requested - s.ProcessFailed - s.Delivered - s.SendFailed
}

// Tempers gives the temperaments of the world.
func (w *World) Tempers() []Temper { return slices.Clone(w.tempers) }

// First gives day 0 of the story.
func (w *World) First() Day { return w.first }
