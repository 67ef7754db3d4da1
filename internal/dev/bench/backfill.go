package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

// exportedPerDay is how many messages the days of Huawei have in a full backfill.
const exportedPerDay = 400

// backfill fills an empty warehouse with years of five accounts of three vendors that have no limits, and says what bounds it.
func (b *bench) backfill(ctx context.Context, r *report) error {
	if err := b.fresh(ctx, ""); err != nil {
		return err
	}
	vendors := sandbox.New(sandbox.Options{
		Days: b.backfillDays, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
		Secrets: []sandbox.Secret{{
			Source: "tencent", ID: "AKIDbench", Key: "bench",
			Apps: []sandbox.App{{ID: "1400000001", Profile: traffic.Busy}, {ID: "1400000002", Profile: traffic.Quiet}},
		}},
	})
	addresses, stop, err := vendors.Listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	config, _, _ := strings.Cut(vendors.SchedulesYAML(addresses), "schedules:\n")
	config = strings.ReplaceAll(config, "    base_url:", "    max_requests_per_second: 1000\n    base_url:")
	if err := os.WriteFile(filepath.Join(b.dir, "backfill.yaml"), []byte(config), 0o644); err != nil {
		return err
	}
	files, err := b.exports(b.backfillDays, exportedPerDay, io.Discard)
	if err != nil {
		return err
	}
	r.addf("\n## A full backfill\n\n%d days of two users of EngageLab, two applications of Tencent and one of Huawei, from the sandbox without limits; Huawei's by\n"+
		"%d files of %d messages. Once.\n\n| part | seconds | product's processors | server's | vendors' | idle or others' | bound by | peak memory, MiB |\n|---|---|---|---|---|---|---|---|\n",
		b.backfillDays, len(files), exportedPerDay)
	for _, part := range []struct {
		name      string
		arguments []string
	}{
		{"etl backfill", []string{"backfill", "--config", "backfill.yaml"}},
		{"etl import huawei", append(slices.Clone(importing), files...)},
	} {
		own := ownTime()
		awaited, err := b.watchWaits(ctx)
		if err != nil {
			return err
		}
		s, err := b.path(ctx, part.name, b.etl(ctx, part.arguments...))
		waits := awaited()
		if err != nil {
			return err
		}
		all := s.wall.Seconds() * float64(runtime.NumCPU()) / 100
		product, server, played := s.client.Seconds()/all, s.server.Seconds()/all, (ownTime()-own).Seconds()/all
		idle := max(0, 100-product-server-played)
		bound := "waiting: " + waits
		if most := max(product, server, played); idle < 20 {
			bound = "the processors, most of them for " + map[float64]string{product: "the product", server: "the server", played: "the vendors"}[most]
		}
		r.addf("| %s | %.1f | %.0f %% | %.0f %% | %.0f %% | %.0f %% | %s | %.0f |\n", part.name, s.wall.Seconds(), product, server, played, idle, bound, mib(s.memory))
		r.targets = append(r.targets, target{
			fmt.Sprintf("full backfill of %d days: %s", b.backfillDays, part.name), "shown",
			fmt.Sprintf("%.1f s, bound by %s", s.wall.Seconds(), bound), "shown",
		})
	}
	deliveries, err := b.scalar(ctx, "SELECT count(*) FROM sms.fact_delivery_daily")
	if err != nil {
		return err
	}
	failures, err := b.scalar(ctx, "SELECT count(*) FROM sms.fact_failure_daily")
	if err != nil {
		return err
	}
	r.addf("\nIt stored %d delivery and %d failure rows.\n", deliveries, failures)
	return b.pages(ctx, r, shown{what: "the full backfill", config: "backfill.yaml"})
}

// watchWaits looks every 20 ms at what the database's sessions are doing. It is ended by asking what they did most of the time.
func (b *bench) watchWaits(ctx context.Context) (most func() string, err error) {
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	counts, all := map[string]int{}, 0
	var watching sync.WaitGroup
	watching.Go(func() {
		defer conn.Close(context.WithoutCancel(ctx))
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			rows, err := conn.Query(ctx, `
				SELECT coalesce('the database waits for ' || wait_event, 'the database works')
				FROM   pg_stat_activity
				WHERE  datname = current_database()
				  AND  backend_type = 'client backend'
				  AND  state = 'active'
				  AND  pid <> pg_backend_pid()`)
			if err != nil {
				return // ended
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err == nil && len(found) == 0 {
				found = []string{"nothing is asked of the database"}
			}
			for _, one := range found {
				counts[one]++
				all++
			}
		}
	})
	return func() string {
		cancel()
		watching.Wait()
		names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] })
		if len(names) == 0 {
			return "unknown"
		}
		return fmt.Sprintf("%s in %d %% of looks", names[0], counts[names[0]]*100/all)
	}, nil
}

// ownTime is the processor time of this process, which plays the vendors.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
