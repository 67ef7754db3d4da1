package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

// pacing is a measurement of how a vendor's limit is used.
type pacing struct {
	name      string
	profile   traffic.Profile
	apps      int
	days      int
	keys      string // of schedules.yaml
	processes int
	busy      int // other processes that want a processor
}

// tencent loads applications at the vendor's rate, from a vendor that takes 80 to 160 ms for an answer, and reads the used share of the
// limit off the vendor's own count.
func (b *bench) tencent(ctx context.Context, r *report) error {
	r.addf("\n## Tencent's limit of 10 calls in any second, per action\n\nThe vendor answers after 80 to 160 ms, counts the calls itself, and tells" +
		" the share between its first call and its last.\n\n" +
		"| application | days | calls | used share of the limit | most calls in a sliding second | breaches | seconds |\n|---|---|---|---|---|---|---|\n")
	// A probe asks one call after the other; what is measured is how well many windows use the limit.
	const alone = "    probe: \"off\"\n"
	for _, p := range []pacing{
		{name: "busy", profile: traffic.Busy, apps: 1, days: b.tencentDays, keys: alone, processes: 1},
		{name: "quiet", profile: traffic.Quiet, apps: 1, days: b.tencentDays, keys: alone, processes: 1},
		{name: "busy, at load 8", profile: traffic.Busy, apps: 1, days: b.tencentDays, keys: alone, processes: 1, busy: 8},
		// Small windows, so that every process finds work.
		{name: "4 busy, 8 processes", profile: traffic.Busy, apps: 4, days: b.sharedDays, keys: alone + "    chunk_days: 2\n", processes: 8},
	} {
		if err := b.pace(ctx, p, r); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) pace(ctx context.Context, p pacing, r *report) error {
	if err := b.fresh(ctx, ""); err != nil {
		return err
	}
	secret := sandbox.Secret{Source: "apps", ID: "AKIDbench", Key: "bench"}
	for i := range p.apps {
		secret.Apps = append(secret.Apps, sandbox.App{ID: fmt.Sprint(1400000001 + i), Profile: p.profile})
	}
	vendor := sandbox.New(sandbox.Options{
		Days: p.days, Latency: 80 * time.Millisecond, Jitter: 80 * time.Millisecond, Users: []sandbox.User{}, Secrets: []sandbox.Secret{secret},
	})
	addresses, stop, err := vendor.Listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	config := strings.ReplaceAll(vendor.SchedulesYAML(addresses), "    secret_id:", p.keys+"    secret_id:")
	if err := os.WriteFile(filepath.Join(b.dir, "tencent.yaml"), []byte(config), 0o644); err != nil {
		return err
	}
	rest, err := occupy(ctx, p.busy)
	defer rest()
	if err != nil {
		return err
	}
	started := time.Now()
	var all sync.WaitGroup
	errs := make([]error, p.processes)
	for i := range p.processes {
		all.Go(func() { _, errs[i] = b.run(b.etl(ctx, "run", "--config", "tencent.yaml")) })
	}
	all.Wait()
	took, calls, share, most := time.Since(started), 0, 0.0, 0
	for _, rate := range vendor.Rates(time.Time{}) {
		calls, share, most = calls+rate.Calls, max(share, rate.PerSecond()/10*100), max(most, rate.Peak)
	}
	sayf("Tencent, %s: %d calls, %.1f %% of the limit, %d breaches", p.name, calls, share, vendor.Breaches())
	r.addf("| %s | %d | %d | %.1f %% | %d | %d | %.1f |\n", p.name, p.days, calls, share, most, vendor.Breaches(), took.Seconds())
	r.atLeast("Tencent, "+p.name+": share of the limit", "%.1f %%", 94, share)
	r.atMost("Tencent, "+p.name+": breaches", "%.0f", 0, float64(vendor.Breaches()))
	return errors.Join(errs...)
}

// occupy keeps so many processes running until they are let go.
func occupy(ctx context.Context, n int) (letGo func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var all []*exec.Cmd
	letGo = func() {
		cancel()
		for _, cmd := range all {
			_ = cmd.Wait() // it was killed
		}
	}
	for range n {
		cmd := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			return letGo, err
		}
		all = append(all, cmd)
	}
	return letGo, nil
}
