package cases

import (
	"context"
	"errors"
	"strings"
	"time"

	"smsetl/internal/db"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/queue"
)

// daily makes each day a window of its own. No schedule ticks: what a tick plans depends on when it comes.
func daily(config string) string {
	config, _, _ = strings.Cut(config, "schedules:")
	return strings.ReplaceAll(config, "    sms_key:", "    chunk_days: 1\n    sms_key:")
}

// detached is a backfill that is handed to the queue, and worked by a server.
func detached() *Scenario {
	s := engageLab("backfill detached", "three days handed to the queue as three windows, and loaded by a server that then stops", nil)
	s.config = daily
	s.do = func(ctx context.Context, w *World) (bool, error) { return detach(ctx, w, false) }
	return s
}

// cancelled is the same, and cancelled as soon as something of it was done.
func cancelled() *Scenario {
	s := engageLab("backfill cancelled", "the same, cancelled after its first window; then the rest is loaded", nil)
	s.config = daily
	s.do = func(ctx context.Context, w *World) (bool, error) { return detach(ctx, w, true) }
	s.after = loading(plan.Request{})
	return s
}

// The waits of a server are for hours; here they are for a second.
var hurried = queue.Options{Every: time.Second, Grace: 5 * time.Second, Version: "torture"}

// detach hands a backfill to the queue, serves until none is under way, and stops.
func detach(ctx context.Context, w *World, isCancelled bool) (isDone bool, err error) {
	p, err := w.Open(ctx)
	if err != nil {
		return false, err
	}
	defer p.Close()
	handed, err := p.Detach(ctx, plan.Request{})
	if err != nil {
		return false, err
	}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	setup, err := p.Setup(ctx, nobody{}, nil)
	if err != nil {
		return false, err
	}
	setup.Loader = stepping{setup.Loader, w.steps}
	go func() { served <- queue.NewServer(p.Queue, nil, hurried).Run(serving, setup) }()
	waited := p.await(ctx, handed.RunID, isCancelled, served)
	stop()
	if waited != nil {
		return false, waited
	}
	if err := <-served; err != nil {
		return false, err
	}
	return p.isOK(ctx, handed)
}

// await waits until no backfill is under way, or the server ended by itself. A question that fails is asked again.
func (p *Program) await(ctx context.Context, runID int64, isCancelled bool, served chan error) error {
	for {
		select {
		case err := <-served:
			served <- nil
			if err == nil {
				err = errors.New("the server stopped by itself")
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		b, err := pipeline.ReadBackfills(ctx, p.Warehouse, 10, p.Now())
		if err != nil {
			continue
		}
		if isCancelled && runID > 0 && p.hasBegun(ctx, b) {
			if _, err := p.Queue.Cancel(ctx, runID); err == nil {
				isCancelled = false
			}
		}
		if !b.IsUnderWay() {
			return nil
		}
	}
}

func (p *Program) hasBegun(ctx context.Context, b pipeline.Backfills) bool {
	n, err := one[int64](ctx, p.Warehouse.DB, "SELECT count(*) FROM etl.load")
	return err == nil && (n > 0 || !b.IsUnderWay())
}

// isOK says whether the backfill ended well, and is written down so.
func (p *Program) isOK(ctx context.Context, handed pipeline.Detached) (bool, error) {
	if handed.RunID == 0 {
		return true, nil // nothing was due
	}
	outcome, err := db.One[struct{ Outcome string }](ctx, p.Warehouse.DB, "SELECT coalesce(outcome, '') AS outcome FROM etl.run WHERE run_id = $1", handed.RunID)
	return outcome.Outcome == "ok", err
}
