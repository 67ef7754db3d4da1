package tencent

import (
	"smsetl/extract"
	"smsetl/sms"
)

// outcome is what the answers over a span say.
type outcome int

const (
	quiet   outcome = iota // every sum is 0: every day of the span is a day of zeros
	active                 // a single day with something in it
	several                // something in it, over more than one day: to be asked again in parts
)

// scan goes over the days of a stretch so that calls follow the active days. It asks for the whole first: a quiet
// stretch is known after one question. Otherwise it goes by day, because the neighbours of an active day are mostly
// active, and on quiet days makes its steps wider, as wide as the quiet is old; a step too wide is halved until the
// active day is found. A stretch active every day so costs one question more than it has days.
type scan struct {
	next, last sms.Day
	zone       sms.Zone
	isBegun    bool
	quietDays  int     // quiet days before next, without a break
	bound      sms.Day // when isBounded, a day in next..bound is active
	isBounded  bool
}

// restful is how many quiet days in a row make the steps wider: more than a weekend, which is over before that pays.
const restful = 3

func newScan(w sms.Window) *scan {
	return &scan{next: w.First(), last: w.Last(), zone: w.Zone()}
}

// isDone says whether every day has been resolved.
func (s *scan) isDone() bool { return s.next > s.last }

// span gives what to ask for next.
func (s *scan) span() sms.Window {
	switch {
	case !s.isBegun:
		return s.to(s.last)
	case s.isBounded:
		older, _, _ := s.to(s.bound).Halves() // the single day itself when there is nothing to halve
		return older
	case s.quietDays >= restful:
		return s.to(min(s.next+sms.Day(s.quietDays)-1, s.last))
	default:
		return s.to(s.next)
	}
}

func (s *scan) to(last sms.Day) sms.Window {
	return extract.Between(s.next, last, sms.OneDay(last, s.zone))
}

// saw tells what the answers over the span said.
func (s *scan) saw(span sms.Window, o outcome) {
	isFirst := !s.isBegun
	s.isBegun = true
	if o == several {
		// Of the first question's answer nothing follows but to go by day: a busy application is the rule.
		s.isBounded, s.bound = !isFirst, span.Last()
		return
	}
	s.next = span.Last() + 1
	if o == active {
		s.quietDays, s.isBounded = 0, false
		return
	}
	s.quietDays += span.Len()
	// All quiet up to the bound: the numbers have changed since it was set.
	s.isBounded = s.isBounded && s.next <= s.bound
}
