package serve

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/ingest"
	"smsetl/notify"
	"smsetl/pipeline"
	"smsetl/queue"
)

// Tasks lists the maintenance that the leading `etl serve` does now and then. Each can run twice at once.
func (v *Process) Tasks() []queue.Task {
	names := &pipeline.NameTask{}
	return []queue.Task{
		{Name: "reports", Every: v.o.ReportsEvery, Do: func(ctx context.Context) error { return ingest.CountReports(ctx, v.pipeline()) }},
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
func (v *Process) check(ctx context.Context, quick bool) error {
	_, err := v.pipeline().Check(ctx, check.Options{Quick: quick})
	return err
}

func (v *Process) pruneRaw(ctx context.Context) error {
	pruned, _, err := v.pipeline().PruneRaw(ctx, false)
	if pruned.Answers > 0 {
		v.world.Log.Info("old raw answers thrown away", zap.Int64("answers", pruned.Answers), zap.Int64("bytes", pruned.Packed))
	}
	return err
}

// notify sends notifications of what is wrong, where the configuration in force says where to.
func (v *Process) notify(ctx context.Context) error {
	p := v.pipeline()
	places := notify.NewPlaces(p.Config.Notify.Webhook.Reveal(), p.Config.Notify.Services.Reveal())
	if places.Webhook == "" && len(places.Services) == 0 {
		return nil
	}
	n, err := notify.New(check.New(p.Warehouse.DB), places, notify.Options{Expected: p.Expectations}, p.Log)
	if err != nil {
		return err
	}
	return n.Evaluate(ctx, p.Now())
}
