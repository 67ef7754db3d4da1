package main

import (
	"strings"
	"testing"

	"smsetl/pipeline"
	"smsetl/sandbox"
	"smsetl/sms"
)

var firstDays = []string{"--from", "2026-11-01", "--to", "2026-11-02", "--account", "harbor_service"}

// decide runs an operator's command and gives its report.
func (w *world) decide(operation string, arguments ...string) (report pipeline.Decided) {
	w.t.Helper()
	all := append(append(at(today), firstDays...), "--reason", "the vendor says so", "--who", "ana", "-o", "json")
	if err := readJSON(w.must(exitOK, operation, append(all, arguments...)...), &report); err != nil {
		w.t.Fatal(err)
	}
	return report
}

// A vendor doubles two settled days. They are held back until an operator who knows better releases them, from the answers
// as they were kept.
func TestRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitOK, "run", at(today)...)
	const requested = `SELECT sum(requested)::bigint FROM sms.delivery_daily WHERE account = 'harbor_service' AND send_date BETWEEN '2026-11-01' AND '2026-11-02'`
	const failed = `SELECT sum(messages)::bigint FROM sms.failure_daily WHERE account = 'harbor_service' AND send_date BETWEEN '2026-11-01' AND '2026-11-02'`
	before, failedBefore := w.number(requested), w.number(failed)
	if err := w.vendors.Restate(sandbox.Restatement{Kind: sandbox.DoubledAnswer, Account: "harbor_service", From: "2026-11-01", To: "2026-11-02"}); err != nil {
		t.Fatal(err)
	}
	w.must(exitOK, "backfill", append(append(at(today), firstDays...), "--refetch")...)
	w.must(exitQuality, "status", at(today)...)
	if w.number(requested) != before || w.number(failed) != failedBefore {
		t.Fatal("a doubled answer was believed")
	}
	w.vendors.ResetCounters()
	report := w.decide("release")
	if report.Days != 2 || len(report.Scopes) != 1 || report.Scopes[0].From != sms.Date(2026, 11, 1) || report.Scopes[0].To != sms.Date(2026, 11, 2) {
		t.Errorf("%+v", report)
	}
	if calls := w.vendors.Counters().Calls; len(calls) > 0 {
		t.Errorf("a release asked: %+v", calls)
	}
	if w.number(requested) != 2*before || w.number(failed) != 2*failedBefore {
		t.Errorf("%d messages after the release, %d before", w.number(requested), before)
	}
	if n := w.number(`
		SELECT count(*) FROM etl.operation AS o JOIN etl.load AS l USING (load_id) JOIN etl.run AS r USING (run_id)
		WHERE o.operation = 'release' AND o.who = 'ana' AND o.days = 2 AND r.command = 'release' AND r.outcome = 'ok'`); n != 1 {
		t.Errorf("%d releases are logged, want 1", n)
	}
	w.must(exitOK, "status", at(today)...)
	if again := w.decide("release"); again.Days != 0 {
		t.Errorf("released twice: %+v", again)
	}
	// The same answer is not doubted again.
	w.must(exitOK, "backfill", append(append(at(today), firstDays...), "--refetch")...)
}

// Frozen days are asked for by nobody and are no gap, and afterwards they are what they were.
func TestFreezeAndUnfreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	for _, want := range []int{2, 0} { // the database has not heard of the account yet
		if report := w.decide("freeze"); report.Days != want {
			t.Errorf("%+v, want %d days", report, want)
		}
	}
	w.must(exitOK, "run", at(today)...)
	const states = `SELECT count(*) FROM sms.coverage_daily WHERE account = 'harbor_service' AND send_date BETWEEN '2026-11-01' AND '2026-11-02' AND state = `
	if n := w.number(states + `'frozen'`); n != 6 {
		t.Errorf("%d lines are frozen", n)
	}
	if text := w.must(exitOK, "status", at(today)...); strings.Contains(text, "2026-11-01") {
		t.Errorf("frozen days are a gap:\n%s", text)
	}
	if report := w.decide("unfreeze", "--dataset", "stats_day"); report.Days != 2 {
		t.Errorf("%+v", report)
	}
	w.must(exitPartial, "status", at(today)...)
	w.must(exitOK, "run", at(today)...)
	if n := w.number(states + `'final'`); n != 6 { // a dataset stands for those that describe the same messages
		t.Errorf("%d lines are final", n)
	}
	w.decide("unfreeze")
	w.must(exitOK, "run", at(today)...)
	if !w.equalsTruth() {
		t.Error("the warehouse differs from the truth")
	}
	text := w.must(exitOK, "unfreeze", append(append(at(today), firstDays...), "--reason", "again")...)
	if text != "There is nothing to unfreeze.\n" {
		t.Errorf("%q", text)
	}
}

func TestFreezeRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	for want, arguments := range map[string][]string{
		"missing flags":                     {"--from", "2026-11-01", "--to", "2026-11-02"},
		"--reason: say why":                 {"--from", "2026-11-01", "--to", "2026-11-02", "--reason", " "},
		"is reversed":                       {"--from", "2026-11-03", "--to", "2026-11-02", "--reason", "r"},
		"2026-11-22 is not over yet":        {"--from", "2026-11-03", "--to", "2026-11-22", "--reason", "r"},
		`no account "harbour_service"`:      {"--from", "2026-11-01", "--to", "2026-11-02", "--reason", "r", "--account", "harbour_service"},
		`--from: "2026-11-31" is not a day`: {"--from", "2026-11-31", "--to", "2026-11-02", "--reason", "r"},
	} {
		for _, command := range []string{"freeze", "unfreeze", "release"} {
			code, _, stderr := w.etl(command, append(at(today), arguments...)...)
			if code != exitUsage || !strings.Contains(stderr, want) {
				t.Errorf("%s %v: exit %d, %q, want %q", command, arguments, code, stderr, want)
			}
		}
	}
}
