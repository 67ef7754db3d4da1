package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"smsetl/internal/db"
	"smsetl/internal/dev/torture/cases"
	"smsetl/sandbox"
)

// perSecond is Tencent's limit of an action, as its pages say it.
const perSecond = 10

// backfills lets processes of the program ask for the same days in many ways at once, while two servers work what is handed over.
func backfills(ctx context.Context, t *turn) (err error) {
	address, drop, err := t.stage.Fresh(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	dir, err := os.MkdirTemp("", "flood")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	box := sandbox.New(sandbox.Options{Seed: t.seed, Days: 60, Now: func() time.Time { return today }})
	addresses, stop, err := box.Listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	f := &fleet{turn: t, program: filepath.Join(dir, "etl"), config: filepath.Join(dir, "schedules.yaml"), database: address + "&pool_max_conns=3", codes: map[string]int{}}
	config, _, _ := strings.Cut(box.SchedulesYAML(addresses), "schedules:")
	build := exec.CommandContext(ctx, "go", "build", "-o", f.program, "smsetl/cmd/etl")
	build.Stderr = os.Stderr
	if err := errors.Join(os.WriteFile(f.config, []byte(config), 0o600), build.Run()); err != nil {
		return err
	}
	if f.db, err = db.Open(ctx, address, db.Options{Application: "flood", MaxConns: 4}); err != nil {
		return err
	}
	defer f.db.Close()
	var serving sync.WaitGroup
	servers, end := context.WithCancel(ctx)
	defer end()
	for range 2 {
		serving.Go(func() { f.etl(servers, "serve", "--listen", "none", "--rescue-every", "1s") })
	}
	err = t.each(ctx, 16, func(_ int, dice *rand.Rand) error { return f.backfill(ctx, dice) })
	err = errors.Join(err, f.drain(ctx))
	end()
	serving.Wait()
	var names []string
	for _, code := range slices.Sorted(maps.Keys(f.codes)) {
		names = append(names, fmt.Sprintf("%d × %s", f.codes[code], code))
	}
	t.notef("%s", strings.Join(names, ", "))
	return errors.Join(err, f.judge(ctx, box))
}

// fleet is the processes of a warehouse.
type fleet struct {
	turn                      *turn
	program, config, database string
	db                        *db.DB
	mu                        sync.Mutex
	codes                     map[string]int // how commands ended
}

// etl runs the program, until it ends or is told to stop.
func (f *fleet) etl(ctx context.Context, command string, arguments ...string) {
	all := append([]string{command, "--config", f.config}, arguments...)
	if command == "cancel" {
		all = append([]string{command}, arguments...)
	} else {
		all = append(all, "--now", today.Format(time.RFC3339))
	}
	cmd := exec.CommandContext(ctx, f.program, all...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "DATABASE_URL="+f.database)
	if err := cmd.Start(); err != nil {
		f.turn.wrongf("%v: %v", all, err)
		return
	}
	// The vendor answers from this process, and must not take calls for later than they are because others have its processor.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, cmd.Process.Pid, 15)
	_ = cmd.Wait() // the code says how it went
	code := cmd.ProcessState.ExitCode()
	f.mu.Lock()
	f.codes[fmt.Sprintf("%s exit %d", command, code)]++
	f.mu.Unlock()
	isStopped := ctx.Err() != nil
	if said := out.String(); strings.Contains(said, "panic") || code != 0 && code != 3 && !isStopped {
		f.turn.wrongf("%v: exit %d: %.600s", all, code, said)
	}
}

// backfill is one of them; one of four also cancels a run, which may be anybody's.
func (f *fleet) backfill(ctx context.Context, dice *rand.Rand) error {
	first := today.AddDate(0, 0, -1-dice.IntN(60))
	last := first.AddDate(0, 0, min(dice.IntN(8), int(today.Sub(first).Hours()/24)-1))
	arguments := []string{"--from", first.Format(time.DateOnly), "--to", last.Format(time.DateOnly)}
	arguments = append(arguments, pick(dice, nil, []string{"--vendor", "tencent"}, []string{"--vendor", "engagelab"}, []string{"--account", "1400006874"}, []string{"--source", "engagelab-offers"})...)
	if dice.IntN(3) == 0 {
		arguments = append(arguments, "--refetch")
	}
	if dice.IntN(4) == 0 {
		arguments = append(arguments, "--newest")
	}
	mine, stop := context.WithCancel(ctx)
	defer stop()
	switch dice.IntN(6) {
	case 0, 1:
		arguments = append(arguments, "--detach")
	case 2:
		defer time.AfterFunc(time.Duration(dice.IntN(2000))*time.Millisecond, stop).Stop()
	}
	f.etl(mine, "backfill", arguments...)
	if dice.IntN(4) > 0 {
		return nil
	}
	runs, err := db.All[struct{ Run string }](ctx, f.db, "SELECT run_id::text AS run FROM etl.run WHERE ended_at IS NULL AND command = 'backfill' ORDER BY random() LIMIT 1")
	for _, r := range runs {
		f.etl(ctx, "cancel", r.Run)
	}
	return err
}

// drain waits until the servers have worked everything.
func (f *fleet) drain(ctx context.Context) error {
	for until := time.Now().Add(5 * time.Minute); time.Now().Before(until); {
		open, err := db.One[struct{ N int64 }](ctx, f.db, "SELECT count(*) AS n FROM etl.run_window WHERE ended_at IS NULL")
		if err != nil || open.N == 0 {
			return err
		}
		if err := db.Pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	f.turn.wrongf("the queue is not empty after 5 minutes")
	return nil
}

// judge looks at what is left, and after a last backfill at everything.
func (f *fleet) judge(ctx context.Context, box *sandbox.Sandbox) error {
	left, err := cases.Leftovers(ctx, f.db)
	runs, runsErr := db.All[struct{ Line string }](ctx, f.db, "SELECT format('run %s of %s does not end', run_id, arguments) AS line FROM etl.run WHERE ended_at IS NULL")
	for _, r := range runs {
		left = append(left, r.Line)
	}
	f.etl(ctx, "backfill", "--from", box.First(), "--to", today.AddDate(0, 0, -1).Format(time.DateOnly))
	truth, truthErr := box.Truth(box.First(), today.AddDate(0, 0, -1).Format(time.DateOnly), today)
	untrue, untrueErr := cases.Untrue(ctx, f.db)
	differ, differErr := cases.Differences(ctx, f.db, truth.Deliveries, truth.Failures, today)
	for _, w := range slices.Concat(left, untrue, differ) {
		f.turn.wrongf("%.600s", w)
	}
	if n := box.Breaches(); n > 0 {
		f.turn.wrongf("%d calls came above Tencent's limit", n)
	}
	for _, r := range box.Rates(time.Time{}) {
		if r.Vendor == sandbox.Tencent {
			f.turn.notef("%s: %d calls, %.0f %% of the limit used, at most %d in a second, %d above it", r.Action, r.Calls, 100*r.PerSecond()/perSecond, r.Peak, box.Breaches())
		}
	}
	return errors.Join(err, runsErr, truthErr, untrueErr, differErr)
}
