package main

import (
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/pgtest"
)

// asOf gives what a question answers, as of a time.
func (w *world) asOf(at time.Time, query string) string {
	w.t.Helper()
	if _, err := w.conn.Exec(w.t.Context(), `SELECT set_config('etl.now', $1, false)`, at.Format(time.RFC3339)); err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(pgtest.Rows(w.t.Context(), w.t, w.conn, query), "\n")
}

// A run asks once a day for prepaid packages, and the warehouse says how long they last; they are a finding before they end.
func TestPackages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(190))
	asked := func() (n int) {
		for _, a := range w.vendors.Arrivals() {
			if a.Action == "SmsPackagesStatistics" {
				n++
			}
		}
		return n
	}
	w.must(exitOK, "run", at(today)...)
	w.must(exitOK, "run", at(today)...)
	if n := asked(); n != 2 {
		t.Errorf("asked %d times, want once for each application", n)
	}
	told := w.vendors.Packages("1400006874", today)
	if n := w.number(`SELECT sum(used) FROM sms.package_status WHERE account = '1400006874'`); len(told) != 3 || n != told[1].Used+told[2].Used {
		t.Errorf("used %d of %+v", n, told)
	}
	if got := w.asOf(today, `
		SELECT concat_ws(' ', package_id, is_gift, amount, unused = amount - used, is_in_force, told_on,
		                 account_unused = (SELECT sum(unused) FROM sms.package_status AS o WHERE o.account = p.account),
		                 daily_use = (SELECT sum(billed_segments) / 14 FROM sms.account_daily AS d WHERE d.account = p.account AND d.send_date > '2026-11-07'),
		                 lasts_days = floor(least(account_unused / daily_use, extract(epoch FROM (SELECT max(ends_at) FROM sms.package_status) - etl.moment()) / 86400)))
		FROM sms.package_status AS p WHERE account = '1400006874' ORDER BY package_id`); got != `1001 f 12000000 t t 2026-11-22 t t t
1002 f 12000000 t t 2026-11-22 t t t
9 t 1000 t t 2026-11-22 t t t` {
		t.Error(got)
	}
	if out := w.must(exitOK, "check", at(today)...); strings.Contains(out, "package_ends") {
		t.Error(out)
	}
	if _, err := w.conn.Exec(t.Context(), `UPDATE sms.package_daily SET used = amount - 100000 WHERE package_id <> '9'`); err != nil {
		t.Fatal(err)
	}
	if out := w.must(exitQuality, "check", at(today)...); !strings.Contains(out, "package_ends tencent/1400006874 packages: 2026-11-22: 201000 prepaid segments are left, which last ") {
		t.Error(out)
	}
	if _, err := w.conn.Exec(t.Context(), `UPDATE sms.package_daily SET used = NULL WHERE package_id = '1001'`); err != nil {
		t.Fatal(err)
	}
	if got := w.asOf(today, `SELECT DISTINCT coalesce(account_unused::text, '-') FROM sms.package_status WHERE account = '1400006874'`); got != "-" {
		t.Errorf("a package that does not tell its use: %s", got)
	}
}

// A secret without the right to ask fails no run. It is asked once a week, which the report says, and the log says it when it is new.
func TestNoRightToAskForPackages(t *testing.T) {
	t.Parallel()
	options := quick(3)
	options.Tencent.NoPackages = true
	w := newWorld(t, options)
	for _, run := range []struct{ day, logged, noted int }{{0, 2, 2}, {0, 0, 0}, {6, 0, 0}, {7, 0, 2}} {
		now := today.AddDate(0, 0, run.day)
		w.vendors.SetNow(now)
		code, out, errs := w.etl("run", at(now)...)
		logged, noted := strings.Count(errs, "prepaid packages are not known"), strings.Count(out, "Note: prepaid packages are not known: tencent/")
		if code != exitOK || logged != run.logged || noted != run.noted {
			t.Errorf("%+v: exit %d, logged %d times, noted %d times\n%s%s", run, code, logged, noted, out, errs)
		}
	}
	if n := w.number(`SELECT count(*) FROM etl.package_answer WHERE reason LIKE '%RequestPermissionDeny%' AND again_on = '2026-12-06'`); n != 2 {
		t.Errorf("%d accounts with a reason", n)
	}
}
