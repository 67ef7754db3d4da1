package extract

import (
	"sync/atomic"

	"smsetl/sms"
)

// Looked is the Refused of an answer that was asked for to find the first day that the vendor answers for. What is to be
// understood of its days is in other answers.
const Looked = "asked to find the first day that the vendor answers for; not loaded"

// Frontier finds the smallest first day for which the vendor takes a window that ends with w's last day, when it is known to refuse
// w. ok is false when it refuses even the last day alone. It rests on one thing: of two windows with the same end, the vendor does
// not refuse the shorter one and take the longer.
//
// The last day is asked for first: where nothing is taken, nothing else is worth a call. With nextFirst the window without its
// first day goes before it, for a limit that may count one day less than ours. About 9 calls for 90 days.
func Frontier(w sms.Window, nextFirst bool, taken func(sms.Window) (bool, error)) (first sms.Day, ok bool, err error) {
	refused, taking := w.First(), w.Last()+1
	try := func(day sms.Day) error {
		tail, err := sms.NewWindow(day, w.Last(), w.Zone())
		if err != nil {
			panic(err) // day lies between first and last
		}
		isTaken, err := taken(tail)
		if isTaken {
			taking = day
		} else {
			refused = day
		}
		return err
	}
	if nextFirst && w.Len() > 2 {
		if err := try(w.First() + 1); err != nil {
			return 0, false, err
		}
	}
	if taking > w.Last() && refused < w.Last() {
		if err := try(w.Last()); err != nil {
			return 0, false, err
		}
		if taking > w.Last() {
			return 0, false, nil
		}
	}
	for taking-refused > 1 {
		if err := try(refused + (taking-refused)/2); err != nil {
			return 0, false, err
		}
	}
	return taking, taking <= w.Last(), nil
}

// Longest is how many days a vendor takes in one call, as far as that was found to be fewer than its pages say. The zero Longest
// knows of no such limit. Safe for use by many goroutines.
type Longest struct{ days atomic.Int32 }

// Of gives the longest window of one call, where most is the limit of the vendor's pages.
func (l *Longest) Of(most int) int {
	if days := int(l.days.Load()); days > 0 {
		return min(days, most)
	}
	return most
}

// Learn notes that a window of one day more than these was refused for its length.
func (l *Longest) Learn(days int) {
	for {
		old := l.days.Load()
		if old > 0 && int(old) <= days || l.days.CompareAndSwap(old, int32(days)) {
			return
		}
	}
}
