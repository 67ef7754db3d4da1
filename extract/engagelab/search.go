package engagelab

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// search goes on from a window that the vendor refused, for its length or because it reaches back behind what is kept: nobody
// tells which. It finds the youngest part that is taken, and then asks for the day before it by itself. If that is taken, the
// window was too long and the rest of it is asked for like any other; if not, the rest lies beyond what the vendor keeps.
// refused is the answer to the window and cause its error.
func (f *fetch) search(ctx context.Context, q question, refused sms.Payload, cause error) error {
	f.log(q, q.window).Info("window refused: looking for the first day that is answered", zap.Error(cause))
	var best *sms.Payload // the answer to the longest window so far; nil when it is too large
	first, ok, err := extract.Frontier(q.window, q.window.Len() == MaxDays, func(tail sms.Window) (bool, error) {
		p, err := f.put(ctx, q.over(tail))
		switch {
		case errors.Is(err, errWindow):
			return false, nil
		case err != nil && !errors.Is(err, extract.ErrTooLarge):
			return false, err
		}
		if best != nil {
			best.Refused = extract.Looked
			if err := f.keep(*best); err != nil {
				return false, err
			}
		}
		if best = &p; err != nil {
			best = nil
		}
		return true, nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return f.control(ctx, q, refused, cause)
	}
	taken := between(first, q.window.Last(), q.window)
	if best != nil {
		err = f.keep(*best)
	} else {
		err = f.window(ctx, q.over(taken))
	}
	if err != nil {
		return err
	}
	return f.before(ctx, q, taken)
}

// before asks for the day before what is taken, and treats the rest of the window according to what the vendor says of it.
func (f *fetch) before(ctx context.Context, q question, taken sms.Window) error {
	day := taken.First() - 1
	p, err := f.put(ctx, q.over(sms.OneDay(day, q.window.Zone())))
	switch {
	case errors.Is(err, errWindow):
		return f.leave(q, day, p)
	case err != nil:
		return err
	}
	f.longest.Learn(taken.Len())
	f.log(q, taken).Info("the vendor takes fewer days in one call", zap.Int("days", f.longest.Of(MaxDays)))
	if err := f.keep(p); err != nil || day == q.window.First() {
		return err
	}
	return f.window(ctx, q.over(between(q.window.First(), day-1, q.window)))
}

// control asks for yesterday when nothing of the window is taken: if that is, the window is too old; if not, something else is
// wrong with the question.
func (f *fetch) control(ctx context.Context, q question, refused sms.Payload, cause error) error {
	yesterday := f.yesterday()
	if q.window.Last() == yesterday {
		return cause
	}
	quiet := *f
	quiet.emit = func(sms.Payload) error { return nil } // not about the days of the scope
	_, err := quiet.put(ctx, q.over(sms.OneDay(yesterday, q.window.Zone())))
	switch {
	case err == nil, errors.Is(err, extract.ErrTooLarge):
		return f.leave(q, q.window.Last(), refused)
	case errors.Is(err, sms.ErrRefused):
		return cause
	default:
		return err
	}
}

// leave gives up on the days up to the last one, which the vendor does not answer for any more. The other calls of this fetch
// start behind it.
func (f *fetch) leave(q question, last sms.Day, refused sms.Payload) error {
	days := between(q.first(), last, q.window)
	f.log(q, days).Info("these days lie before what the vendor keeps", zap.String("refused", refused.Refused))
	f.answered = max(f.answered, last+1)
	refused.Window, refused.Beyond = days, true
	return f.keep(refused)
}

func (f *fetch) log(q question, w sms.Window) *zap.Logger {
	return f.logger.With(zap.String("account", f.account.ID), zap.String("dataset", string(q.dataset)),
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
