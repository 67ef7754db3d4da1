package tencent

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// timesError is of a dataset that the vendor does not answer for over a span, for its times.
type timesError struct {
	error

	dataset sms.Dataset
	refused sms.Payload
}

func (e *timesError) Unwrap() error { return e.error }

// extent is what a search says of a window whose times the vendor refused.
type extent struct {
	taken  sms.Window // what it answers for, unless isNone
	left   sms.Window // what comes before that
	isLong bool       // left is to be asked for by itself: the window was only too long; otherwise left is beyond
	isNone bool       // all of the window is beyond
}

// frontier finds out why the vendor refuses the window for its times: it may be too long, or reach back behind what is kept. It finds
// the youngest part that is taken, and asks for the day before it by itself. Days beyond are told to emit. The error is cause when
// something else is wrong with the question.
func (f *fetch) frontier(ctx context.Context, w sms.Window, cause *timesError) (extent, error) {
	f.log(w, cause.dataset).Info("window refused for its times: looking for the first day that is answered", zap.Error(cause))
	first, ok, err := extract.Frontier(w, false, func(tail sms.Window) (bool, error) {
		_, isTaken, err := f.isTaken(ctx, cause.dataset, tail)
		return isTaken, err
	})
	switch {
	case err != nil:
		return extent{}, err
	case !ok:
		return f.control(ctx, w, cause)
	}
	x := extent{taken: between(first, w.Last(), w), left: between(w.First(), first-1, w)}
	refused, isTaken, err := f.isTaken(ctx, cause.dataset, sms.OneDay(first-1, w.Zone()))
	if err != nil {
		return extent{}, err
	}
	if !isTaken {
		return x, f.leave(x.left, refused)
	}
	x.isLong = true
	f.longest.Learn(x.taken.Len())
	f.log(x.taken, cause.dataset).Info("the vendor takes fewer days in one call", zap.Int("days", f.longest.Of(MaxDays)))
	return x, nil
}

// around goes on from a window whose times the vendor refused: do is called for each part of it that is answered.
func (f *fetch) around(ctx context.Context, w sms.Window, cause *timesError, do func(context.Context, sms.Window) error) error {
	x, err := f.frontier(ctx, w, cause)
	if err != nil || x.isNone {
		return err
	}
	if x.isLong {
		if err := do(ctx, x.left); err != nil {
			return err
		}
	}
	return do(ctx, x.taken)
}

// isTaken asks whether the vendor takes the times of a span. refused is its answer when it does not.
func (f *fetch) isTaken(ctx context.Context, dataset sms.Dataset, span sms.Window) (refused sms.Payload, isTaken bool, err error) {
	p, _, err := f.askDays(ctx, dataset, span)
	if times, ok := errors.AsType[*timesError](err); ok {
		return times.refused, false, nil
	}
	if err != nil {
		return sms.Payload{}, false, err
	}
	return sms.Payload{}, true, f.keep(extract.Looked, p)
}

// control asks for yesterday when nothing of the window is taken: if that is, the window is too old.
func (f *fetch) control(ctx context.Context, w sms.Window, cause *timesError) (extent, error) {
	yesterday := f.account.Zone.Today(f.now()) - 1
	if w.Last() >= yesterday {
		return extent{}, cause
	}
	quiet := *f
	quiet.emit = func(sms.Payload) error { return nil } // not about the days of the scope
	_, isTaken, err := quiet.isTaken(ctx, cause.dataset, sms.OneDay(yesterday, w.Zone()))
	switch {
	case err != nil && !errors.Is(err, sms.ErrRefused):
		return extent{}, err
	case !isTaken:
		return extent{}, cause
	}
	return extent{isNone: true}, f.leave(w, cause.refused)
}

// leave gives up on days that the vendor does not answer for any more.
func (f *fetch) leave(days sms.Window, refused sms.Payload) error {
	f.log(days, refused.Dataset).Info("these days lie before what the vendor keeps", zap.String("refused", refused.Refused))
	why := refused.Refused
	refused.Window, refused.Beyond = days, true
	return f.keep(why, refused)
}

func (f *fetch) log(w sms.Window, dataset sms.Dataset) *zap.Logger {
	return f.logger.With(zap.String("account", f.account.ID), zap.String("dataset", string(dataset)),
		zap.Stringer("window_from", w.First()), zap.Stringer("window_to", w.Last()))
}

// between gives the window from first to last in the zone of another one.
func between(first, last sms.Day, of sms.Window) sms.Window {
	w, err := sms.NewWindow(first, last, of.Zone())
	if err != nil {
		panic(err) // every caller has first before last
	}
	return w
}
