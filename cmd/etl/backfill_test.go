package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/cmd/etl/show"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/pipeline"
)

// The main promise: what the vendors know is what analysts see, to the last message, and asking again writes nothing.
func TestBackfillEqualsTheVendorsTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(long.Or(60, 400)))
	first, yesterday := w.vendors.First(), today.AddDate(0, 0, -1).Format(time.DateOnly)
	all := append(at(today), "--from", first, "--to", yesterday)
	w.must(exitOK, "backfill", all...)
	if !w.equalsTruth() {
		t.Fatal("the warehouse differs from the vendors' truth")
	}
	before := w.tuples()
	if before == 0 {
		t.Fatal("nothing was written, so idempotence would mean nothing")
	}
	var report pipeline.Report
	if err := readJSON(w.must(exitOK, "backfill", append(all, "--refetch", "-o", "json")...), &report); err != nil {
		t.Fatal(err)
	}
	if written := w.tuples() - before; written != 0 {
		t.Errorf("the second backfill wrote %d tuples to facts and dimensions, want 0", written)
	}
	if report.Inserted+report.Updated+report.Removed != 0 || report.Unchanged == 0 {
		t.Errorf("the second backfill reports %+v, want only unchanged rows", report.Totals)
	}
	if out := w.must(exitOK, "plan", append(at(today), "-o", "json")...); strings.Contains(out, `"missing"`) {
		t.Errorf("days are missing after a whole backfill: %s", out)
	}
	if drifted := w.number("SELECT count(*) FROM etl.load WHERE outcome NOT IN ('loaded', 'unchanged', 'probed')"); drifted != 0 {
		t.Errorf("%d loads did not end well", drifted)
	}
}

func TestRunTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitOK, "run", at(today)...)
	before := w.tuples()
	w.must(exitOK, "run", at(today)...)
	if written := w.tuples() - before; written != 0 {
		t.Errorf("the second run wrote %d tuples, want 0", written)
	}
	if !w.equalsTruth() {
		t.Error("the warehouse differs from the truth")
	}
	w.must(exitOK, "status", at(today)...)
}

func TestStatusKnowsEveryDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitPartial, "status", at(today)...)
	w.must(exitOK, "run", at(today)...)
	var report pipeline.Status
	if err := readJSON(w.must(exitOK, "status", append(at(today), "-o", "json")...), &report); err != nil {
		t.Fatal(err)
	}
	yesterday := today.AddDate(0, 0, -1).Format(time.DateOnly)
	for _, a := range report.Accounts {
		if a.LoadedUpTo != yesterday || len(a.Gaps) != 0 || a.Expected != 40 {
			t.Errorf("%s %s: loaded up to %s of %d days with gaps %v, want %s of 40 and none", a.Account, a.Dataset, a.LoadedUpTo, a.Expected, a.Gaps, yesterday)
		}
		if a.States["provisional"] == 0 || a.States["final"]+a.States["empty"]+a.States["provisional"]+a.States["unverified"] != 40 {
			t.Errorf("%s %s: states %v do not add up to 40 days", a.Account, a.Dataset, a.States)
		}
	}
	// A later run on the same clock finds settled what has settled in the meantime.
	w.must(exitOK, "plan", at(today)...)
}

func TestDryRunAsksNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	out := w.must(exitOK, "backfill", append(at(today), "--from", "2026-11-01", "--to", "2026-11-10", "--dry-run", "-o", "json")...)
	var plan show.Plan
	if err := readJSON(out, &plan); err != nil {
		t.Fatal(err)
	}
	if len(plan.Windows) == 0 || plan.Calls == 0 {
		t.Errorf("the plan is empty: %s", out)
	}
	if n := len(w.vendors.Counters().Calls); n != 0 {
		t.Errorf("a dry run made calls: %+v", w.vendors.Counters().Calls)
	}
	if n := w.number("SELECT count(*) FROM etl.load"); n != 0 {
		t.Errorf("a dry run began %d loads", n)
	}
}

// A run that is told to stop leaves no day failed, no load running and no job behind, and the next one goes on.
func TestInterruptedRunResumes(t *testing.T) {
	t.Parallel()
	options := quick(60)
	options.Latency = 30 * time.Millisecond
	w := newWorld(t, options)
	signal, cancel := context.WithCancel(context.Background())
	defer cancel()
	began, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer began.Close(context.Background())
	go func() { // the run is stopped when its first loads have begun
		defer cancel()
		for n := 0; n < 2; time.Sleep(10 * time.Millisecond) {
			if err := began.QueryRow(signal, "SELECT count(*) FROM etl.load").Scan(&n); err != nil {
				return
			}
		}
	}()
	code, _, stderr := w.etlUntil(signal, "run", at(today)...)
	if code != exitPartial || !strings.Contains(stderr, "run the same command again") {
		t.Fatalf("exit %d, want %d and advice: %s", code, exitPartial, stderr)
	}
	if n := w.number("SELECT count(*) FROM etl.load"); n == 0 {
		t.Fatal("nothing had begun, so the test proves nothing")
	}
	for what, query := range map[string]string{
		"failed days":     "SELECT count(*) FROM etl.coverage WHERE state = 'failed'",
		"running loads":   "SELECT count(*) FROM etl.load WHERE outcome = 'running'",
		"unfinished jobs": "SELECT count(*) FROM river.river_job WHERE finalized_at IS NULL",
	} {
		if n := w.number(query); n != 0 {
			t.Errorf("%d %s after the interrupt", n, what)
		}
	}
	w.must(exitOK, "run", at(today)...)
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
}

// Programs that start together on a database that is still empty wait for the one that makes the schema.
func TestProgramsStartTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	w.url = pgtest.Empty(t)
	var programs sync.WaitGroup
	for range long.Or(4, 8) {
		programs.Go(func() {
			if code, _, stderr := w.etl("plan", at(today)...); code != exitOK {
				t.Errorf("exit %d: %s", code, stderr)
			}
		})
	}
	programs.Wait()
}
