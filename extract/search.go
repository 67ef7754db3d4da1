package extract

import (
	"errors"
	"sync/atomic"

	"go.uber.org/zap"

	"smsetl/sms"
)

// searched is the Refused of an answer ForSearch. What is to be understood of its days is in other answers.
const searched = "asked to find the first day that the vendor answers for; not loaded"

// frontier finds the smallest first day for which the vendor takes a window that ends with w's last day, when it is
// known to refuse w. ok is false when it refuses even the last day alone. It rests on one thing: of two windows with
// the same end, the vendor does not refuse the shorter one and take the longer.
//
// The last day is asked for first: where nothing is taken, nothing else is worth a call. With nextFirst the window
// without its first day goes before it, for a limit that may count one day less than ours. About 9 calls for 90 days.
func frontier(w sms.Window, nextFirst bool, taken func(sms.Window) (bool, error)) (first sms.Day, ok bool, err error) {
	refused, taking := w.First(), w.Last()+1
	try := func(day sms.Day) error {
		isTaken, err := taken(Between(day, w.Last(), w))
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

// Longest is how many days a vendor takes in one call, as far as that was found to be fewer than its pages say. The
// zero Longest knows of no such limit. Safe for use by many goroutines.
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

// Extent is what a search finds out about a window that the vendor refuses.
type Extent struct {
	Taken   sms.Window  // what the vendor answers for, unless IsNone
	Left    sms.Window  // what comes before that
	IsLong  bool        // Left is to be asked for by itself: the window was only too long. Otherwise Left is beyond
	IsNone  bool        // all of the window is beyond, and Left is all of it
	Refused sms.Payload // the answer that says what is beyond
}

// Search finds out why the vendor refuses a window: it may be too long, or reach back behind what is kept, and nobody
// says which. It finds the youngest part that is taken, and asks for the day before it by itself: if that is taken, the
// window was too long, and if not, it and what comes before it are beyond. When nothing is taken it asks for yesterday:
// if that is taken, all of the window is beyond; otherwise something else is wrong with the question, and the error is
// cause.
//
// refused is the answer to the whole window. ask asks for a part, and gives what was answered to emit.
func (f *Fetch) Search(w sms.Window, nextFirst bool, refused sms.Payload, cause error,
	ask func(emit func(sms.Payload) error, part sms.Window) (refused sms.Payload, isTaken bool, err error),
) (Extent, error) {
	f.Log(refused.Dataset, w).Info("window refused: looking for the first day that is answered", zap.Error(cause))
	first, ok, err := frontier(w, nextFirst, func(tail sms.Window) (bool, error) {
		_, isTaken, err := ask(f.Emit, tail)
		return isTaken, err
	})
	if err != nil {
		return Extent{}, err
	}
	if !ok {
		if w.Last() >= f.Yesterday() {
			return Extent{}, cause
		}
		nobody := func(sms.Payload) error { return nil } // it is not about the days of the scope
		_, isTaken, err := ask(nobody, sms.OneDay(f.Yesterday(), w.Zone()))
		switch {
		case err != nil && !errors.Is(err, sms.ErrRefused):
			return Extent{}, err
		case !isTaken:
			return Extent{}, cause
		}
		return Extent{Left: w, IsNone: true, Refused: refused}, nil
	}
	x := Extent{Taken: Between(first, w.Last(), w), Left: Between(w.First(), first-1, w)}
	if x.Refused, x.IsLong, err = ask(f.Emit, sms.OneDay(first-1, w.Zone())); err != nil {
		return Extent{}, err
	}
	if x.IsLong {
		f.Longest.Learn(x.Taken.Len())
		f.Log(refused.Dataset, x.Taken).Info("the vendor takes fewer days in one call", zap.Int("days", x.Taken.Len()))
	}
	return x, nil
}

// KeepSearched gives to Emit an answer that was asked for only to find the first day that the vendor answers for.
func (f *Fetch) KeepSearched(p sms.Payload) error {
	p.Purpose, p.Refused = sms.ForSearch, searched
	return f.Keep(p)
}

// Leave gives up on days that the vendor does not answer for any more, as the refused answer says.
func (f *Fetch) Leave(days sms.Window, refused sms.Payload) error {
	f.Log(refused.Dataset, days).Info("these days lie before what the vendor keeps",
		zap.String("refused", refused.Refused))
	refused.Window, refused.Beyond = days, true
	return f.Keep(refused)
}
