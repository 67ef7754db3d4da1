package tencent

import "smsetl/sms"

// outcome is what the answers over a span say.
type outcome int

const (
	quiet   outcome = iota // every sum is 0: every day of the span is a day of zeros
	active                 // a single day with something in it
	several                // something in it, over more than one day: to be asked again in parts
)

// walk goes over the days of a stretch so that calls follow the active days. It asks for the whole first: a quiet stretch is
// known after one question. Otherwise it goes by day, because the neighbours of an active day are mostly active, and on quiet
// days makes its steps wider, as wide as the quiet is old; a step too wide is halved until the active day is found. A stretch
// active every day so costs one question more than it has days.
type walk struct {
	next, last sms.Day
	zone       sms.Zone
	isBegun    bool
	quietDays  int     // quiet days before next, without a break
	bound      sms.Day // when isBounded, a day in next..bound is active
	isBounded  bool
}

// restful is how many quiet days in a row make the steps wider: more than a weekend, which is over before that pays.
const restful = 3

func newWalk(w sms.Window) *walk {
	return &walk{next: w.First(), last: w.Last(), zone: w.Zone()}
}

// isDone says whether every day has been resolved.
func (w *walk) isDone() bool { return w.next > w.last }

// span gives what to ask for next.
func (w *walk) span() sms.Window {
	switch {
	case !w.isBegun:
		return w.to(w.last)
	case w.isBounded:
		older, _, _ := w.to(w.bound).Halves() // the single day itself when there is nothing to halve
		return older
	case w.quietDays >= restful:
		return w.to(min(w.next+sms.Day(w.quietDays)-1, w.last))
	default:
		return w.to(w.next)
	}
}

func (w *walk) to(last sms.Day) sms.Window {
	span, err := sms.NewWindow(w.next, last, w.zone)
	if err != nil {
		panic(err) // next is never after last or bound
	}
	return span
}

// saw tells what the answers over the span said.
func (w *walk) saw(span sms.Window, o outcome) {
	isFirst := !w.isBegun
	w.isBegun = true
	if o == several {
		// Of the first question's answer nothing follows but to go by day: a busy application is the rule.
		w.isBounded, w.bound = !isFirst, span.Last()
		return
	}
	w.next = span.Last() + 1
	if o == active {
		w.quietDays, w.isBounded = 0, false
		return
	}
	w.quietDays += span.Len()
	// All quiet up to the bound: the numbers have changed since it was set.
	w.isBounded = w.isBounded && w.next <= w.bound
}
