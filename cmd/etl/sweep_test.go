package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"smsetl/sandbox"
	"smsetl/vendors"
)

// age puts what the machine's clock says of the last run eight days before today, in the order in which it happened, so that a
// sweep is due. The machine's clock itself must not matter: it is later than today, and later every day.
func (w *world) age() {
	w.t.Helper()
	var by time.Duration
	if err := w.conn.QueryRow(context.Background(), "SELECT max(loaded_at) - $1 FROM etl.load", today.AddDate(0, 0, -8)).Scan(&by); err != nil {
		w.t.Fatal(err)
	}
	for _, query := range []string{
		"UPDATE etl.coverage SET confirmed_at = confirmed_at - $1::interval, checked_at = checked_at - $1::interval",
		"UPDATE etl.load SET loaded_at = loaded_at - $1::interval",
	} {
		if _, err := w.conn.Exec(context.Background(), query, by); err != nil {
			w.t.Fatal(err)
		}
	}
}

const (
	surveys = "(SELECT load_id FROM etl.fetch WHERE refused LIKE '%what is stored%')"
	// ofSurveys counts answers of a window of settled days.
	ofSurveys = "SELECT count(*) FROM etl.fetch WHERE load_id IN " + surveys
)

// A sweep of days that have not changed costs one call of each statistic for a window, and writes nothing to facts.
func TestSweepOfUnchangedDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitOK, "run", at(today)...)
	w.age()
	before, loads := w.tuples(), w.number("SELECT max(load_id) FROM etl.load")
	w.must(exitOK, "run", at(today)...)
	if written := w.tuples() - before; written != 0 {
		t.Errorf("%d tuples were written to facts and dimensions, want none", written)
	}
	// 32 settled days of the last 35, in windows that end where the calendar's chunks do.
	windows := w.number("SELECT count(*) FROM etl.load WHERE load_id IN " + surveys)
	if days := w.number("SELECT sum(window_to - window_from + 1) FROM etl.load WHERE load_id IN " + surveys); windows == 0 || days != 2*32 {
		t.Fatalf("%d windows of %d days were swept, want 32 days of 2 applications", windows, days)
	}
	if n := w.number(ofSurveys); n != 2*windows {
		t.Errorf("%d calls for %d windows, want one of each statistic", n, windows)
	}
	if n := w.number("SELECT count(*) FROM etl.load WHERE load_id IN " + surveys + " AND (outcome <> 'unchanged' OR received <> unchanged OR received = 0)"); n != 0 {
		t.Errorf("%d sweeps do not say that all is as it was", n)
	}
	// EngageLab answers a window in one call of each dataset.
	if n := w.number("SELECT count(*) FROM etl.load AS l WHERE load_id > " + strconv.FormatInt(loads, 10) + ` AND 'stats_day' = ANY (datasets)
		AND (SELECT count(*) FROM etl.fetch AS f WHERE f.load_id = l.load_id) <> 3`); n != 0 {
		t.Errorf("%d windows of EngageLab took more than a call of each dataset", n)
	}
	// Looked at is looked at: the next sweep is a week later.
	loads = w.number("SELECT max(load_id) FROM etl.load")
	w.must(exitOK, "run", at(today)...)
	if n := w.number("SELECT count(*) FROM etl.load WHERE window_from < '2026-11-16' AND load_id > " + strconv.FormatInt(loads, 10)); n != 0 {
		t.Errorf("%d windows were swept again at once", n)
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"replay", "--database", w.url, "--from", w.vendors.First(), "--to", "2026-11-21", "-o", "json"},
		environment{vendors: vendors.All, lookup: func(string) (string, bool) { return "", false }, read: os.ReadFile}, &out, &errs)
	var replayed struct {
		Days, Updated, Inserted, Removed int64
		Left                             []json.RawMessage
	}
	if err := json.Unmarshal(out.Bytes(), &replayed); err != nil || code != exitOK {
		t.Fatalf("exit %d: %v %s", code, err, errs.String())
	}
	if replayed.Days == 0 || replayed.Updated+replayed.Inserted+replayed.Removed != 0 || len(replayed.Left) != 0 {
		t.Errorf("swept days cannot be replayed:\n%s", out.String())
	}
}

// A change that comes twenty days late is found with few calls, loaded, and lands in the history.
func TestSweepFindsALateRestatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitOK, "run", at(today)...)
	w.age()
	if err := w.vendors.Restate(sandbox.Restatement{
		Kind: sandbox.LateDeliveries, Vendor: sandbox.Tencent, Account: "1400006874", From: "2026-11-02", To: "2026-11-02", Share: 0.3,
	}); err != nil {
		t.Fatal(err)
	}
	w.must(exitOK, "run", at(today)...)
	if !w.equalsTruth() {
		t.Error("the late change is not in the warehouse")
	}
	if n := w.number("SELECT count(DISTINCT send_date) FROM sms.restatements"); n != 1 {
		t.Errorf("%d days are restated, want 1", n)
	}
	if n := w.number("SELECT count(*) FROM sms.restatements WHERE send_date = '2026-11-02' AND account = '1400006874'"); n == 0 {
		t.Error("the history does not hold the change")
	}
	// Only receipts changed, so what was sent is asked for once a window.
	windows := w.number("SELECT count(*) FROM etl.load WHERE load_id IN " + surveys)
	for action, most := range map[string]int64{"SendStatusStatistics": windows, "CallbackStatusStatistics": windows + 10} {
		if n := w.number(ofSurveys + " AND action = '" + action + "'"); n > most {
			t.Errorf("%d calls of %s, want at most %d", n, action, most)
		}
	}
}

// A vendor who suddenly has nothing is not believed by a sweep either.
func TestSweepDoubtsALie(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(40))
	w.must(exitOK, "run", at(today)...)
	w.age()
	later := today.Add(2 * time.Hour)
	if err := w.vendors.Restate(sandbox.Restatement{
		Kind: sandbox.EmptyAnswer, Vendor: sandbox.Tencent, From: "2026-10-20", To: "2026-11-10", Until: today.Add(time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	w.must(exitOK, "run", at(today)...)
	if !w.equalsTruth() {
		t.Error("the lie has replaced what was stored")
	}
	if n := w.number("SELECT count(*) FROM etl.coverage WHERE state = 'quarantined'"); n < 2*22 {
		t.Errorf("%d days are quarantined, want 22 of 2 datasets at least", n)
	}
	w.vendors.SetNow(later)
	w.must(exitOK, "run", at(later)...)
	if n := w.number("SELECT count(*) FROM etl.coverage WHERE state = 'quarantined'"); n != 0 {
		t.Errorf("%d days stay quarantined after a good answer", n)
	}
}
