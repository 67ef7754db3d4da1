package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/ingest"
	"smsetl/pipeline"
	"smsetl/queue"
)

// tasks lists the maintenance that the leading `etl serve` does now and then. Each can run twice at once. v.pipeline() gives the
// configuration in force.
func (v *serving) tasks(reportsEvery time.Duration) []queue.Task {
	names := &pipeline.NameTask{}
	return []queue.Task{
		{Name: "reports", Every: reportsEvery, Do: func(ctx context.Context) error { return ingest.CountReports(ctx, v.pipeline()) }},
		{Name: "reports_age", Every: time.Hour, Do: func(ctx context.Context) error { return ingest.PruneReports(ctx, v.pipeline()) }},
		{Name: "lost", Every: 10 * time.Minute, Do: func(ctx context.Context) error { return v.pipeline().MarkLost(ctx) }},
		{Name: "raw", Every: time.Hour, Do: v.pruneRaw},
		{Name: "names", Every: 24 * time.Hour, Do: func(ctx context.Context) error { return names.Do(ctx, v.pipeline()) }},
		{Name: "check", Every: 15 * time.Minute, Do: func(ctx context.Context) error { return v.check(ctx, true) }},
		{Name: "check_facts", Every: 6 * time.Hour, Do: func(ctx context.Context) error { return v.check(ctx, false) }},
		{Name: "packages", Every: 24 * time.Hour, Do: func(ctx context.Context) error {
			_, err := v.pipeline().Packages(ctx)
			return err
		}},
		{Name: "notify", Every: time.Minute, Do: v.notify},
	}
}

// check runs the checks of every account, quick ones alone or all of them; people read the findings in their own time.
func (v *serving) check(ctx context.Context, quick bool) error {
	_, err := v.pipeline().Check(ctx, check.Options{Quick: quick})
	return err
}

func (v *serving) pruneRaw(ctx context.Context) error {
	pruned, _, err := v.pipeline().PruneRaw(ctx, false)
	if pruned.Answers > 0 {
		v.session.log.Info("old raw answers thrown away", zap.Int64("answers", pruned.Answers), zap.Int64("bytes", pruned.Packed))
	}
	return err
}
