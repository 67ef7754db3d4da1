package job

import (
	"context"
	"fmt"

	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// Basis gives what the facts of days are counted from.
func (m Mapping) Basis(ctx context.Context, account sms.Account, o *messages.Observations) *transform.MessageBasis {
	return &transform.MessageBasis{
		Account:  account,
		Listened: o.Listened,
		Payloads: func(day sms.Day, each func(*sms.Payload, bool) error) error {
			return o.Payloads(ctx, account.Zone, day, each)
		},
		Reports: func(ids []string, each func(*sms.Payload) error) error { return o.Reports(ctx, ids, each) },
		Read: func(rows transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error) {
			reading, err := m.Messages(rows, p, each)
			if err != nil {
				err = fmt.Errorf("%w: %w", errAnswers, err)
			}
			return reading, err
		},
	}
}

// counting gives how an import counts the days of a scope. Where the files are of several zones, the days beside them
// are read as well: messages may have been of these before.
func counting(scope sms.Scope) func(context.Context, *messages.Observations) (messages.Counted, error) {
	return func(ctx context.Context, o *messages.Observations) (messages.Counted, error) {
		days, zones := daysIn(scope.Window), map[sms.Zone]bool{}
		err := o.Forms(ctx, func(p *sms.Payload) error {
			zone, err := huawei.FormZone(p)
			zones[zone] = true
			return err
		})
		if err != nil {
			return messages.Counted{}, err
		}
		if len(zones) > 1 {
			days = append(append([]sms.Day{scope.Window.First() - 1}, days...), scope.Window.Last()+1)
		}
		c, err := CurrentMapping(nil).Basis(ctx, scope.Account, o).Count(days, scope.Window.Contains)
		if err != nil {
			return messages.Counted{}, err
		}
		return messages.Counted{
			Facts: c.Facts, Findings: foundOn(c.Findings, scope.Window), Rows: c.Rows,
			Messages: c.New, Changed: c.Changed,
		}, nil
	}
}

// countMessages counts the days of a scope from what is kept about their messages, as far as it was known by a moment.
func (m Mapping) countMessages(ctx context.Context, wh *load.Warehouse, scope sms.Scope, of messages.Observed) (sms.Batch, error) {
	batch := sms.Batch{Scope: scope, Zeros: int64(scope.Window.Len())}
	of.Account, of.First, of.Last = scope.Account, scope.Window.First(), scope.Window.Last()
	err := messages.Observe(ctx, wh.DB, of, func(ctx context.Context, o *messages.Observations) error {
		c, err := m.Basis(ctx, scope.Account, o).Count(daysIn(scope.Window), scope.Window.Contains)
		if err == nil {
			batch.Rows, batch.Findings, batch.Rejects = c.Facts, c.Findings, c.Rejects
		}
		return err
	})
	return batch, err
}

func daysIn(w sms.Window) (days []sms.Day) {
	for day := range w.Days() {
		days = append(days, day)
	}
	return days
}

// foundOn gives what was found on days of a window, or on none that is known.
func foundOn(findings []sms.Finding, w sms.Window) (all []sms.Finding) {
	for _, f := range findings {
		if f.Day == 0 || f.Day <= w.Last() && f.LastDay >= w.First() {
			all = append(all, f)
		}
	}
	return all
}
