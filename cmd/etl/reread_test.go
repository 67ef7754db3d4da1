package main

import (
	"strings"
	"testing"

	"smsetl/pipeline"
	"smsetl/sandbox"
)

// Days that are loaded are read once more with a key that the vendor refuses. Their numbers stand, so the ledger holds nothing
// open; what was asked for is not done all the same, and the exit code and the report say so.
func TestAFailedRereadIsNotDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	w.set("probe", "off")
	again := append(at(today), "--vendor", "tencent", "--from", "2026-11-03", "--to", "2026-11-12", "--refetch")
	w.must(exitOK, "backfill", again...)
	before := w.tuples()
	w.swap("secret_key: ", "secret_key: no-longer-")

	out := w.must(exitPartial, "backfill", append(again, "-o", "json")...)
	var report pipeline.Report
	if err := readJSON(out, &report); err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, f := range report.Failures {
		account, _, _ := strings.Cut(f.Scope, " ")
		failed[account] = true
		if f.Source != "tencent-main" || !strings.Contains(f.Scope, "2026-11-") || !strings.Contains(f.Reason, "AuthFailure") {
			t.Errorf("%+v does not say what failed and why", f)
		}
	}
	if !failed["tencent/1400006874"] || !failed["tencent/1400012345"] {
		t.Errorf("the report names windows of %v, want those of both applications", failed)
	}
	if len(report.Open) > 0 || len(report.Paused) > 0 {
		t.Errorf("open %v and paused %v, which would be told without the failures", report.Open, report.Paused)
	}
	if out := w.must(exitPartial, "backfill", again...); !strings.Contains(out, "FAILED; days loaded before keep their numbers") ||
		!strings.Contains(out, "tencent/1400006874") {
		t.Errorf("the failed windows are not named:\n%s", out)
	}
	if n := w.tuples() - before; n != 0 {
		t.Errorf("%d tuples were written for answers that never came", n)
	}
	if n := w.number("SELECT count(*) FROM etl.coverage WHERE state NOT IN ('final', 'empty', 'provisional', 'unverified')"); n != 0 {
		t.Errorf("%d days are no longer loaded", n)
	}
}

// The vendors answer, and nothing of what they say can be taken: that is not done either.
func TestARereadWhoseAnswersAreAllRefusedIsNotDone(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{sandbox.TrailingJunk, sandbox.HTMLUnder200} {
		w := newWorld(t, quick(10))
		w.set("probe", "off")
		again := append(at(today), "--from", "2026-11-12", "--to", "2026-11-14", "--refetch", "-o", "json")
		w.must(exitOK, "backfill", again...)
		before := w.tuples()
		w.vendors.SetFaults(sandbox.Faults{Seed: 1, Chance: map[sandbox.Fault]float64{fault: 1}})
		var report pipeline.Report
		if err := readJSON(w.must(exitPartial, "backfill", again...), &report); err != nil {
			t.Fatal(err)
		}
		if len(report.Failures) == 0 || len(report.Failures) != report.Windows {
			t.Errorf("%s: %d of %d windows failed, want all", fault, len(report.Failures), report.Windows)
		}
		if n := w.tuples() - before; n != 0 {
			t.Errorf("%s: %d tuples were written", fault, n)
		}
	}
}
