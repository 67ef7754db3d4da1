package sms

import (
	"fmt"
	"iter"
)

// Window is a run of civil days in a zone, first and last both inside. Only NewWindow makes one, so a window is never
// reversed; the zero Window is the single day 1970-01-01 in UTC and stands for nothing.
type Window struct {
	first, last Day
	zone        Zone
}

// NewWindow gives the window from first to last, both inside. A reversed range is an error.
func NewWindow(first, last Day, zone Zone) (Window, error) {
	if last < first {
		return Window{}, fmt.Errorf("window %s/%s is reversed: the first day must not be after the last", first, last)
	}
	return Window{first: first, last: last, zone: zone}, nil
}

// OneDay gives the window of a single day.
func OneDay(d Day, zone Zone) Window { return Window{first: d, last: d, zone: zone} }

// First gives the first day of the window.
func (w Window) First() Day { return w.first }

// Last gives the last day of the window.
func (w Window) Last() Day { return w.last }

// Zone gives the zone in which the window's days are counted.
func (w Window) Zone() Zone { return w.zone }

// Len gives the number of days, at least 1.
func (w Window) Len() int { return int(w.last-w.first) + 1 }

// With gives the window with the day that follows it; ok is false for any other day.
func (w Window) With(d Day) (longer Window, ok bool) {
	if d != w.last+1 {
		return w, false
	}
	w.last = d
	return w, true
}

// Contains says whether the day lies in the window.
func (w Window) Contains(d Day) bool { return w.first <= d && d <= w.last }

// Days yields every day of the window, oldest first.
func (w Window) Days() iter.Seq[Day] {
	return func(yield func(Day) bool) {
		for d := w.first; d <= w.last; d++ {
			if !yield(d) {
				return
			}
		}
	}
}

// Halves cuts the window in two; ok is false for a single day, which cannot be cut.
func (w Window) Halves() (older, newer Window, ok bool) {
	if w.first == w.last {
		return w, w, false
	}
	middle := w.first + (w.last-w.first)/2
	return Window{w.first, middle, w.zone}, Window{middle + 1, w.last, w.zone}, true
}

// Chunks cuts the window into windows of at most days days each, oldest first. days must be at least 1.
func (w Window) Chunks(days int) []Window {
	var chunks []Window
	for first := w.first; first <= w.last; first += Day(days) {
		chunks = append(chunks, Window{first, min(first+Day(days)-1, w.last), w.zone})
	}
	return chunks
}

// String gives the window as 2026-01-01/2026-03-31.
func (w Window) String() string { return w.first.String() + "/" + w.last.String() }
