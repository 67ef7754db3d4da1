package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

const tencentDays = 250

// tencent loads a busy and a quiet application at the vendor's rate, from a vendor that takes 80 to 160 ms for an answer,
// and reads the used share of the limit off the vendor's own count.
func (b *bench) tencent(ctx context.Context, r *report) error {
	for _, profile := range []traffic.Profile{traffic.Busy, traffic.Quiet} {
		if err := b.fresh(ctx); err != nil {
			return err
		}
		used, err := b.tencentApp(ctx, profile)
		if err != nil {
			return err
		}
		r.add(used)
	}
	if err := b.fresh(ctx); err != nil {
		return err
	}
	used, err := b.tencentShared(ctx)
	r.add(used)
	return err
}

func (b *bench) tencentApp(ctx context.Context, profile traffic.Profile) (pace, error) {
	vendor := sandbox.New(sandbox.Options{
		Days: tencentDays, Latency: 80 * time.Millisecond, Jitter: 80 * time.Millisecond, Users: []sandbox.User{},
		Secrets: []sandbox.Secret{{Source: "app", ID: "AKIDbench", Key: "bench", Apps: []sandbox.App{{ID: "1400000001", Profile: profile}}}},
	})
	addresses, stop, err := vendor.Listen(ctx)
	if err != nil {
		return pace{}, err
	}
	defer stop()
	// A probe asks one call after the other; what is measured is how well many windows use the limit.
	config := strings.ReplaceAll(vendor.SchedulesYAML(addresses), "    secret_id:", "    probe: off\n    secret_id:")
	if err := os.WriteFile(filepath.Join(b.dir, "tencent.yaml"), []byte(config), 0o644); err != nil {
		return pace{}, err
	}
	ran, err := b.etl(ctx, "backfill", "--config", "tencent.yaml")
	if err != nil {
		return pace{}, err
	}
	p := paceOf(vendor)
	p.profile, p.days, p.wall = string(profile), tencentDays, ran.wall
	return p, nil
}

// tencentShared is the same by eight processes at once, which work windows of four busy applications.
func (b *bench) tencentShared(ctx context.Context) (pace, error) {
	const processes, days = 8, 90
	busy := func(id string) sandbox.App { return sandbox.App{ID: id, Profile: traffic.Busy} }
	vendor := sandbox.New(sandbox.Options{
		Days: days, Latency: 80 * time.Millisecond, Jitter: 80 * time.Millisecond, Users: []sandbox.User{},
		Secrets: []sandbox.Secret{{
			Source: "apps", ID: "AKIDbench", Key: "bench",
			Apps: []sandbox.App{busy("1400000001"), busy("1400000002"), busy("1400000003"), busy("1400000004")},
		}},
	})
	addresses, stop, err := vendor.Listen(ctx)
	if err != nil {
		return pace{}, err
	}
	defer stop()
	// Small windows, so that every process finds work, and no probe of the vendor before the first of them.
	config := strings.ReplaceAll(vendor.SchedulesYAML(addresses), "    secret_id:", "    chunk_days: 2\n    probe: \"off\"\n    secret_id:")
	if err := os.WriteFile(filepath.Join(b.dir, "shared.yaml"), []byte(config), 0o644); err != nil {
		return pace{}, err
	}
	started := time.Now()
	var all sync.WaitGroup
	errs := make([]error, processes)
	for i := range processes {
		all.Go(func() { _, errs[i] = b.etl(ctx, "run", "--config", "shared.yaml") })
	}
	all.Wait()
	p := paceOf(vendor)
	p.profile, p.days, p.wall = fmt.Sprintf("4 busy, %d processes", processes), days, time.Since(started)
	return p, errors.Join(errs...)
}

func (r *report) add(p pace) {
	r.tencent = append(r.tencent, p)
	sayf("%-40s %d calls, %.1f %% of the limit, %d breaches", fmt.Sprintf("Tencent, %s, %d days", p.profile, p.days), p.calls, p.share*100, p.breaches)
}

// paceOf reads off the vendor how its limit was used, by the action that was called most.
func paceOf(vendor *sandbox.Sandbox) pace {
	p := pace{breaches: vendor.Breaches()}
	for _, rate := range vendor.Rates(time.Time{}) {
		p.calls += rate.Calls
		p.share = max(p.share, rate.PerSecond()/10)
		p.peak = max(p.peak, rate.Peak)
	}
	return p
}
