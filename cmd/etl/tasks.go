package main

import (
	"context"
	"time"

	"smsetl/queue"
)

// tasks lists the maintenance that one `etl serve` of all does now and then, whichever leads. Each must bear to be done twice at once. v.pipeline()
// gives the configuration in force.
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
