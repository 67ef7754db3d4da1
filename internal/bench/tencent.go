package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		r.tencent = append(r.tencent, used)
	}
	return nil
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
	p := pace{profile: string(profile), days: tencentDays, breaches: vendor.Breaches(), wall: ran.wall}
	for _, rate := range vendor.Rates(time.Time{}) {
		p.calls += rate.Calls
		p.share = max(p.share, rate.PerSecond()/10)
		p.peak = max(p.peak, rate.Peak)
	}
	sayf("%-40s %d calls, %.1f %% of the limit, %d breaches", fmt.Sprintf("Tencent, %s application, %d days", profile, p.days), p.calls, p.share*100, p.breaches)
	return p, nil
}
