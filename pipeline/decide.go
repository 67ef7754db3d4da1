package pipeline

import (
	"context"
	"errors"
	"fmt"

	"smsetl/internal/db"
	"smsetl/internal/english"
	"smsetl/job"
	"smsetl/ledger"
	"smsetl/load/raw"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sms"
)

// Decided is what a decision of a person changed: of freeze, unfreeze or release.
type Decided struct {
	Operation string         `json:"operation"`
	Who       string         `json:"who"`
	Reason    string         `json:"reason"`
	Days      int            `json:"days"` // of one group of datasets of one account each
	Scopes    []DecidedScope `json:"scopes"`
	// Left are quarantined days whose answer cannot be loaded, in words.
	Left []string `json:"-"`
}

// DecidedScope is what a decision changed of one account and group of datasets.
type DecidedScope struct {
	Scope
	Detail string `json:"detail,omitempty"`
}

// Scope is a part of a source. Days may be fewer than those from From to To.
type Scope struct {
	Source   string        `json:"source"`
	Account  sms.Account   `json:",embed"`
	Datasets []sms.Dataset `json:"datasets"`
	From     sms.Day       `json:"from"`
	To       sms.Day       `json:"to"`
	Days     int           `json:"days"`
}

// NewScope gives so many days of a scope of a source.
func NewScope(source string, s sms.Scope, days int) Scope {
	return Scope{source, s.Account, s.Datasets, s.Window.First(), s.Window.Last(), days}
}

func newDecided(operation string, by ledger.Operator) Decided {
	return Decided{Operation: operation, Who: by.Who, Reason: by.Reason}
}

func (d *Decided) add(source string, scope sms.Scope, days int, detail string) {
	if days > 0 {
		d.Days += days
		d.Scopes = append(d.Scopes, DecidedScope{NewScope(source, scope, days), detail})
	}
}

// Decision does one thing to a scope, and gives how many days it changed.
type Decision func(context.Context, *db.DB, sms.Scope, ledger.Operator) (int, error)

// Decide does one thing to every scope.
func (p *Pipeline) Decide(ctx context.Context, operation string, do Decision, items []plan.Item, by ledger.Operator) (d Decided, err error) {
	if err := p.Register(ctx); err != nil {
		return d, err
	}
	d = newDecided(operation, by)
	for _, item := range items {
		days, err := do(ctx, p.Warehouse.DB, item.Scope, by)
		if err != nil {
			return d, err
		}
		d.add(item.Source, item.Scope, days, "")
	}
	return d, nil
}

// Release believes the quarantined answers within the items: they are loaded as they were kept, and nobody is asked.
func (p *Pipeline) Release(ctx context.Context, arguments string, items []plan.Item, by ledger.Operator) (Decided, error) {
	d := newDecided("release", by)
	held, err := p.quarantined(ctx, items)
	if err != nil || len(held) == 0 {
		return d, err
	}
	err = queue.Record(ctx, p.Warehouse.Pool(), p.Command("release", arguments), p.Now, func(runID int64) (bool, error) {
		for _, h := range held {
			days, detail, err := p.release(ctx, h, runID, by)
			switch {
			case errors.Is(err, raw.ErrPruned), errors.Is(err, sms.ErrMalformed):
				d.Left = append(d.Left, fmt.Sprintf("%s is not released: %v", h.scope, err))
			case err != nil:
				return len(d.Left) > 0, err
			default:
				d.add(h.source, h.scope, days, detail)
			}
		}
		return len(d.Left) > 0, nil
	})
	return d, err
}

// heldAnswer is one answer with neighbouring days that it put into quarantine.
type heldAnswer struct {
	source string
	scope  sms.Scope
	loadID int64
}

// quarantined gives what is in quarantine within the items, oldest first for each.
func (p *Pipeline) quarantined(ctx context.Context, items []plan.Item) ([]heldAnswer, error) {
	var all []heldAnswer
	for _, item := range items {
		w := item.Scope.Window
		lines, err := ledger.Lines(ctx, p.Warehouse.DB, []sms.Account{item.Scope.Account}, w.First(), w.Last())
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
func (p *Pipeline) release(ctx context.Context, h heldAnswer, runID int64, by ledger.Operator) (days int, detail string, err error) {
	release := job.Release{RunID: runID, LoadID: h.loadID, Days: h.scope.Window, Now: by.Now, Mapping: job.CurrentMapping(p.Vendors.Readers())}
	if source, isKnown := p.Config.Source(h.source); isKnown {
		release.Rules = source.Rules()
	}
	rebuilt, err := release.Run(ctx, p.Warehouse)
	if err != nil {
		return 0, "", err
	}
	days = h.scope.Window.Len() - len(rebuilt.Superseded) - len(rebuilt.Frozen)
	detail = fmt.Sprintf("%s inserted, %s updated, %s removed", english.Plural(rebuilt.Inserted, "row"), english.Number(rebuilt.Updated), english.Number(rebuilt.Removed))
	return days, detail, ledger.LogRelease(ctx, p.Warehouse.DB, h.scope, days, rebuilt.LoadID, by)
}
