package tencent

import (
	"context"
	"errors"

	"smsetl/extract"
	"smsetl/sms"
)

// timesError is of a question that the vendor does not answer for its times. refused is its answer.
type timesError struct {
	error

	refused sms.Payload
}

func (e *timesError) Unwrap() error { return e.error }

// stretch calls do for the window, in parts when it is longer than one call may be about. Where the vendor refuses the
// times of a part, do is called for each part of the rest that is answered, and what is beyond is given to emit.
func (f *fetch) stretch(ctx context.Context, w sms.Window, do func(context.Context, sms.Window) error) error {
	if most := f.Longest.Of(MaxDays); w.Len() > most {
		for _, part := range w.Chunks(most) {
			if err := f.stretch(ctx, part, do); err != nil {
				return err
			}
		}
		return nil
	}
	err := do(ctx, w)
	times, ok := errors.AsType[*timesError](err)
	if !ok {
		return err
	}
	// What is refused of a part is refused of everything from its first day on.
	dataset, rest := times.refused.Dataset, extract.Between(times.refused.Window.First(), w.Last(), w)
	x, err := f.Search(rest, false, times.refused, times,
		func(emit func(sms.Payload) error, part sms.Window) (sms.Payload, bool, error) {
			asking := *f
			asking.Emit = emit
			p, _, err := asking.askDays(ctx, dataset, part)
			if refused, ok := errors.AsType[*timesError](err); ok {
				return refused.refused, false, nil
			}
			if err != nil {
				return sms.Payload{}, false, err
			}
			return sms.Payload{}, true, asking.KeepSearched(p)
		})
	if err == nil && x.IsLong {
		err = f.stretch(ctx, x.Left, do)
	} else if err == nil {
		err = f.Leave(x.Left, x.Refused)
	}
	if err != nil || x.IsNone {
		return err
	}
	return f.stretch(ctx, x.Taken, do)
}
