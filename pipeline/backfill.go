package pipeline

import (
	"context"
	"slices"
	"time"

	"smsetl/load"
	"smsetl/plan"
	"smsetl/queue"
)

// Detached is a backfill that was handed to the queue.
type Detached struct {
	RunID    int64 `json:"run_id"` // 0 when nothing is due
	Windows  int   `json:"windows"`
	IsServed bool  `json:"-"` // some `etl serve` works the queue at the moment
}

// Detach hands the windows of a backfill to the queue.
func (p *Pipeline) Detach(ctx context.Context, ask plan.Request) (d Detached, err error) {
	if err := p.Register(ctx); err != nil {
		return d, err
	}
	d.RunID, d.Windows, err = p.Queue.Send(ctx, p.Command("backfill", ask.String()), false, func(ctx context.Context) ([]queue.Item, error) {
		items, err := p.Plan(ctx, ask)
		return queueItems(ask, items, queue.PriorityDetached), err
	})
	if err != nil {
		return d, err
	}
	d.IsServed, err = queue.Read(p.Warehouse.Pool()).HasLeader(ctx)
	return d, err
}

// Backfills is how far detached backfills are.
type Backfills struct {
	Backfills []queue.Backfill `json:"backfills"`
	Parked    []queue.Parked   `json:"parked"` // jobs of the last 30 days that no worker could do
}

// ReadBackfills reads those under way, and the last that ended.
func ReadBackfills(ctx context.Context, warehouse *load.Warehouse, ended int, now time.Time) (b Backfills, err error) {
	if b.Backfills, err = queue.Read(warehouse.Pool()).Backfills(ctx, ended, now); err != nil {
		return b, err
	}
	b.Parked, err = parked(ctx, warehouse, now)
	return b, err
}

// IsUnderWay reports whether one of them has not ended.
func (b *Backfills) IsUnderWay() bool {
	return slices.ContainsFunc(b.Backfills, func(b queue.Backfill) bool { return b.EndedAt == nil })
}
