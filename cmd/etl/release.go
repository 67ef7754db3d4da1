package main

import (
	"context"
	"errors"
	"fmt"

	"smsetl/job"
	"smsetl/ledger"
	"smsetl/load/raw"
	"smsetl/plan"
	"smsetl/sms"
)

type releaseCommand struct {
	decisionFlags
}

// Run believes quarantined answers: they are loaded as they were kept, and nobody is asked.
func (c *releaseCommand) Run(s *session) error {
	p, items, by, err := c.prepare(s)
	if err != nil {
		return err
	}
	held, err := p.quarantined(s.ctx, items)
	if err != nil {
		return err
	}
	report := newDecisionReport("release", by)
	if len(held) == 0 {
		return c.show(s, report)
	}
	runID, err := startRun(s.ctx, p.warehouse, "release", fmt.Sprintf("--from %s --to %s", c.From, c.To), by.Now)
	if err != nil {
		return err
	}
	var left int // days whose answer cannot be loaded
	for _, h := range held {
		days, detail, releaseErr := p.release(s.ctx, h, runID, by)
		if errors.Is(releaseErr, raw.ErrPruned) || errors.Is(releaseErr, sms.ErrMalformed) {
			left += h.scope.Window.Len()
			fmt.Fprintf(s.stderr, "%s is not released: %v\n", h.scope, releaseErr)
			continue
		}
		if err = releaseErr; err != nil {
			break
		}
		if days > 0 {
			report.add(h.source, h.scope, days, detail)
		}
	}
	if err = errors.Join(err, endRun(s.ctx, p.warehouse, runID, outcome(left > 0, err), p.now())); err != nil {
		return err
	}
	if err := c.show(s, report); err != nil {
		return err
	}
	if left > 0 {
		return exit{code: exitPartial}
	}
	return nil
}

// heldAnswer is one answer with neighbouring days that it put into quarantine.
type heldAnswer struct {
	source string
	scope  sms.Scope
	loadID int64
}

// quarantined gives what is in quarantine within the items, oldest first for each.
func (p *pipeline) quarantined(ctx context.Context, items []plan.Item) ([]heldAnswer, error) {
	var all []heldAnswer
	for _, item := range items {
		w := item.Scope.Window
		lines, err := ledger.Lines(ctx, p.warehouse.DB, []sms.Account{item.Scope.Account}, w.First(), w.Last())
		if err != nil {
			return nil, err
		}
		for _, d := range lines {
			// The datasets of a group are quarantined together: the first of them is enough.
			if d.Dataset != item.Scope.Datasets[0] || d.State != sms.Quarantined {
				continue
			}
			if last := len(all) - 1; last >= 0 && all[last].takes(item, d) {
				continue
			}
			scope := item.Scope
			scope.Window = sms.OneDay(d.Day, w.Zone())
			all = append(all, heldAnswer{item.Source, scope, d.LoadID})
		}
	}
	return all, nil
}

// takes adds a day to the days that it follows, when the same answer is to blame.
func (h *heldAnswer) takes(item plan.Item, d sms.DayStatus) bool {
	longer, isNext := h.scope.Window.With(d.Day)
	isSame := h.source == item.Source && h.scope.Account == d.Account && h.scope.Datasets[0] == d.Dataset && h.loadID == d.LoadID
	if isNext && isSame {
		h.scope.Window = longer
	}
	return isNext && isSame
}

// release loads one held answer and records who decided it.
func (p *pipeline) release(
	ctx context.Context, h heldAnswer, runID int64, by ledger.Operator,
) (days int, detail string, err error) {
	release := job.Release{
		RunID: runID, LoadID: h.loadID, Days: h.scope.Window, Now: by.Now,
		Mapping: job.CurrentMapping(p.session.env.vendors.Readers()),
	}
	if source, isKnown := p.config.Source(h.source); isKnown {
		release.Rules = rules(source)
	}
	rebuilt, err := release.Run(ctx, p.warehouse)
	if err != nil {
		return 0, "", err
	}
	days = h.scope.Window.Len() - len(rebuilt.Superseded) - len(rebuilt.Frozen)
	detail = fmt.Sprintf("%s inserted, %s updated, %s removed", plural(rebuilt.Inserted, "row"), number(rebuilt.Updated), number(rebuilt.Removed))
	return days, detail, ledger.LogRelease(ctx, p.warehouse.DB, h.scope, days, rebuilt.LoadID, by)
}
