package engagelab

import (
	"context"
	"errors"

	"smsetl/extract"
	"smsetl/sms"
)

// search goes on from a window that the vendor refused, for its length or because it reaches back behind what is kept.
func (f *fetch) search(ctx context.Context, q question, refused sms.Payload, cause error) error {
	// The answers to the longest window so far and to the day before it; nil when they are too large.
	var best, before *sms.Payload
	x, err := f.Search(q.window, q.window.Len() == MaxDays, refused, cause,
		func(emit func(sms.Payload) error, part sms.Window) (sms.Payload, bool, error) {
			asking := *f
			asking.Emit = emit
			p, err := asking.put(ctx, q.over(part))
			isTooLarge := errors.Is(err, extract.ErrTooLarge)
			switch {
			case errors.Is(err, errWindow):
				return p, false, nil
			case err != nil && !isTooLarge:
				return p, false, err
			}
			answer := &p
			if isTooLarge {
				answer = nil
			}
			if part.Last() != q.window.Last() {
				before = answer
				return p, true, nil
			}
			superseded := best
			best = answer
			if superseded == nil {
				return p, true, nil
			}
			return p, true, f.KeepSearched(*superseded)
		})
	switch {
	case err != nil:
		return err
	case x.IsNone:
		return f.leave(q, x)
	}
	if err := f.keepOr(ctx, best, q.over(x.Taken)); err != nil {
		return err
	}
	if !x.IsLong {
		return f.leave(q, x)
	}
	day := sms.OneDay(x.Left.Last(), q.window.Zone())
	if err := f.keepOr(ctx, before, q.over(day)); err != nil || x.Left.Len() == 1 {
		return err
	}
	return f.window(ctx, q.over(extract.Between(x.Left.First(), x.Left.Last()-1, q.window)))
}

// keepOr keeps an answer, or asks in parts when it was too large.
func (f *fetch) keepOr(ctx context.Context, answer *sms.Payload, q question) error {
	if answer != nil {
		return f.Keep(*answer)
	}
	return f.window(ctx, q)
}

// leave gives up on the days before what the vendor answers for, and on what comes before the window. The other calls
// of this fetch start behind them.
func (f *fetch) leave(q question, x extract.Extent) error {
	last := x.Left.Last()
	f.answered = max(f.answered, last+1)
	return f.Leave(extract.Between(q.first(), last, q.window), x.Refused)
}
