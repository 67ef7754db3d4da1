package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/ledger"
	"smsetl/queue"
)

// tasks lists the maintenance that the leading `etl serve` does now and then. Each can run twice at once. v.pipeline() gives the
// configuration in force.
func (v *serving) tasks(reportsEvery time.Duration) []queue.Task {
	return []queue.Task{
		{Name: "reports", Every: reportsEvery, Do: func(ctx context.Context) error { return v.pipeline().countReports(ctx) }},
		{Name: "reports_age", Every: time.Hour, Do: func(ctx context.Context) error { return v.pipeline().pruneReports(ctx) }},
		{Name: "lost", Every: 10 * time.Minute, Do: func(ctx context.Context) error { return v.pipeline().markLost(ctx) }},
		{Name: "raw", Every: time.Hour, Do: func(ctx context.Context) error { return v.pipeline().pruneRaw(ctx) }},
		{Name: "check", Every: 15 * time.Minute, Do: func(ctx context.Context) error { return v.pipeline().checkAll(ctx, true) }},
		{Name: "check_facts", Every: 6 * time.Hour, Do: func(ctx context.Context) error { return v.pipeline().checkAll(ctx, false) }},
		{Name: "notify", Every: time.Minute, Do: v.notify},
	}
}

// markLost writes into the ledger which days their vendors keep no longer. Plans and reports know it without: this is for
// those who read the ledger itself.
func (p *pipeline) markLost(ctx context.Context) error {
	for _, source := range p.config.Sources {
		changed, err := ledger.Expire(ctx, p.warehouse.DB, expectations(source, p.now()))
		if err != nil {
			return err
		}
		if changed > 0 {
			p.session.log.Warn("days that the vendor keeps no longer", zap.String("source", source.Name), zap.Int("days", changed))
		}
	}
	return nil
}
