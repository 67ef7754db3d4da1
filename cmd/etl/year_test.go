package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/long"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/sms"
)

// newYear is the first morning of the year that is lived through: 03:00 in +08:00. The year is over by now, so that its times
// and the machine's can be told apart.
var newYear = time.Date(2025, 1, 1, 3, 0, 0, 0, today.Location())

// before is how many days of history there are on that morning.
const before = 30

// happening is something that the vendors do in the year. Days are counted from newYear, 0 is the first.
type happening struct {
	what     string
	kind     sandbox.RestatementKind
	vendor   string // "" for both
	from, to int    // the days it is about
	told     int    // the day on whose morning it begins to be told
	until    time.Duration
	template string
	share    float64
}

// round is what happens in four months. A year has it three times, a plain run of the tests once.
var round = []happening{
	{what: "a settled row is gone", kind: sandbox.VanishedRow, vendor: sandbox.EngageLab, from: 22, to: 22, told: 37, template: "100050"},
	{what: "failures that were deliveries", kind: sandbox.LateDeliveries, from: 31, to: 32, told: 34, share: 0.5},
	{what: "a restatement 20 days late", kind: sandbox.LateDeliveries, from: 40, to: 41, told: 60, share: 0.3},
	{what: "a young row is gone", kind: sandbox.VanishedRow, vendor: sandbox.EngageLab, from: 46, to: 47, told: 49, template: "100020"},
	{what: "a quiet holiday", kind: sandbox.QuietDay, from: 54, to: 54, told: -before},
	{what: "an outage that answers empty for three days", kind: sandbox.EmptyAnswer, from: -before, to: 1000, told: 74, until: 72 * time.Hour},
	{what: "known days doubled for an hour", kind: sandbox.DoubledAnswer, from: 86, to: 87, told: 89, until: time.Hour},
	{what: "a reason has another name for some days", kind: sandbox.RenamedReason, vendor: sandbox.EngageLab, from: 93, to: 95, told: 94},
	{what: "a new day doubled", kind: sandbox.DoubledAnswer, from: 100, to: 100, told: 101, until: 24 * time.Hour},
}

// What a renamed reason is called before and after.
const (
	oldReason = "power_off"
	newReason = "switched_off"
)

func (h happening) moved(by int) happening {
	if h.kind != sandbox.EmptyAnswer {
		h.from, h.to = h.from+by, h.to+by
	}
	if h.kind != sandbox.QuietDay {
		h.told += by
	}
	return h
}

func (h happening) isLie() bool {
	return h.kind == sandbox.EmptyAnswer || h.kind == sandbox.DoubledAnswer
}

func (h happening) at() time.Time { return newYear.AddDate(0, 0, h.told) }

// isTold says whether a day is told that way at a moment.
func (h happening) isTold(day sms.Day, at time.Time) bool {
	return yearDay(h.from) <= day && day <= yearDay(h.to) && !at.Before(h.at()) && (h.until == 0 || at.Before(h.at().Add(h.until)))
}

func (h happening) restatement() sandbox.Restatement {
	r := sandbox.Restatement{
		Kind: h.kind, Vendor: h.vendor, From: yearDay(h.from).String(), To: yearDay(h.to).String(), Template: h.template, At: h.at(), Share: h.share,
	}
	if h.kind == sandbox.RenamedReason {
		r.Reason, r.NewReason = oldReason, newReason
	}
	if h.until != 0 {
		r.Until = h.at().Add(h.until)
	}
	return r
}

// yearDay gives the n-th day since newYear.
func yearDay(n int) sms.Day { return sms.Date(2025, time.January, 1) + sms.Day(n) }

// year is a world that is lived through day by day.
type year struct {
	*world
	happenings []happening
	reader     *reader
	doubted    map[ledgerLineOf]bool // lines that were quarantined at some time, as the ledger says
}

// ledgerLineOf names a line of the ledger.
type ledgerLineOf struct {
	account string
	dataset sms.Dataset
	day     sms.Day
}

func newYearWorld(t *testing.T, rounds int) *year {
	t.Helper()
	w := newWorld(t, sandbox.Options{
		Seed: 7, First: yearDay(-before).String(), Now: func() time.Time { return newYear }, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
		Users: []sandbox.User{{Source: "engagelab", SMSUser: "harbor", Key: "sandbox-key", Profile: traffic.Wide, Templates: 12}},
		Secrets: []sandbox.Secret{{
			Source: "tencent", ID: "AKIDsandbox", Key: "sandbox-secret", Apps: []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}},
		}},
	})
	y := &year{world: w, doubted: map[ledgerLineOf]bool{}}
	for n := range rounds {
		for _, h := range round {
			y.happenings = append(y.happenings, h.moved(n*120))
		}
	}
	var restatements []sandbox.Restatement
	for _, h := range y.happenings {
		restatements = append(restatements, h.restatement())
	}
	if err := w.vendors.Restate(restatements...); err != nil {
		t.Fatal(err)
	}
	y.reader = newReader(w, y.happenings)
	y.prepareDumps()
	return y
}

// A year of mornings, with everything that vendors do to numbers: at the end of every day the warehouse is what the vendors
// said last and believably, every lie is known as one, nothing honest is stuck, and what was reported on any day can still be
// asked for. At last all of it is built again without anybody to ask.
func TestYear(t *testing.T) {
	long.Skip(t, "lives through 116 days, in which everything happens once, or 365 with -long=whole")
	t.Parallel()
	days, rounds := 116, 1
	if long.IsWhole() {
		days, rounds = 365, 3
	}
	y := newYearWorld(t, rounds)
	for n := range days {
		if n%30 == 2 {
			y.exec(`ANALYZE`) // a database that lives for a year is looked at by autovacuum
		}
		y.live(n)
		if t.Failed() {
			t.Fatalf("on day %d, %s", n, yearDay(n))
		}
	}
	y.exec(`ANALYZE`)
	y.isWhole(days)
	y.liesAreKnown()
	y.changesAreKept()
	y.comparesDumps()
	y.replays(days)
}

// live is one day: a run in the morning, one two hours later when something waits to be confirmed, and a check.
func (y *year) live(n int) {
	y.t.Helper()
	now := newYear.AddDate(0, 0, n)
	y.runs(n, now)
	if y.number("SELECT count(*) FROM etl.coverage WHERE state = 'quarantined'") > 0 || n%7 == 0 {
		now = now.Add(2 * time.Hour)
		y.runs(n, now)
	}
	if n%7 == 0 || y.isBusy(now) {
		if code, out, errs := y.etl("check", at(now)...); code != exitOK && code != exitQuality {
			y.t.Fatalf("check on %s: exit %d\n%s\n%s", now, code, out, errs)
		}
		// A finding tells of the days that show it now, so what is told is noted when it is.
		y.exec(`INSERT INTO year_finding SELECT a.account, f.check_name, f.day, f.last_day FROM etl.finding AS f JOIN sms.dim_account AS a USING (account_key) WHERE f.closed_at IS NULL`)
	}
	y.eachDayHasOneState(now)
	y.changesAreSeen(now)
	y.dump(n, now)
}

// isBusy says whether a lie is told, or was yesterday.
func (y *year) isBusy(now time.Time) bool {
	for _, h := range y.happenings {
		if h.isLie() && !now.Before(h.at()) && now.Before(h.at().Add(h.until).AddDate(0, 0, 1)) {
			return true
		}
	}
	return false
}

// runs is one run, after which the warehouse is what its reader believes.
func (y *year) runs(n int, now time.Time) {
	y.t.Helper()
	y.vendors.SetNow(now)
	// The hours between two runs pass for the pace too, which is kept in the machine's time.
	y.exec(`UPDATE etl.pace SET next_slot_at = next_slot_at - interval '1 hour'`)
	begun := time.Now()
	if code, out, errs := y.etl("run", at(now)...); code != exitOK && code != exitPartial {
		y.t.Fatalf("run on day %d: exit %d\n%s\n%s", n, code, out, errs)
	}
	y.turnBack(now.Sub(begun), begun.Add(-time.Hour))
	y.reader.read(now)
	for _, line := range y.lines(`SELECT concat_ws(' ', a.account, c.dataset, c.date_key) FROM etl.coverage AS c JOIN sms.dim_account AS a USING (account_key) WHERE c.state = 'quarantined'`) {
		l := parseLine(y.t, line)
		y.doubted[l] = true
		if !y.reader.explains(l.day, now) {
			y.t.Errorf("%s is quarantined on %s, and nothing speaks against it", line, now)
		}
	}
	since := yearDay(-before)
	if n%30 != 0 {
		since = yearDay(n - 60) // no sweep reaches farther
	}
	for _, d := range y.differs(since) {
		y.t.Errorf("after the run of %s: %s", now, d)
	}
}

// turnBack moves what the machine's time says of the last run into the year, in the order in which it happened.
func (y *year) turnBack(by time.Duration, since time.Time) {
	y.t.Helper()
	for _, column := range []string{"load.loaded_at", "coverage.loaded_at", "coverage.confirmed_at"} {
		table, name, _ := strings.Cut(column, ".")
		y.exec(fmt.Sprintf(`UPDATE etl.%s SET %s = %[2]s + $1::interval WHERE %[2]s > $2`, table, name), by, since)
	}
}

func parseLine(t *testing.T, text string) ledgerLineOf {
	t.Helper()
	f := strings.Fields(text)
	day, err := sms.ParseDay(f[2])
	if err != nil {
		t.Fatal(err)
	}
	return ledgerLineOf{f[0], sms.Dataset(f[1]), day}
}

// eachDayHasOneState looks for days without a state, with two, in a bad one, or open for too long.
func (y *year) eachDayHasOneState(now time.Time) {
	y.t.Helper()
	y.exec(`SELECT set_config('etl.now', $1, false)`, now.Format(time.RFC3339))
	days := int64(yearDay(0)-yearDay(-before)) + int64(now.Sub(newYear)/(24*time.Hour))
	if n := y.number(`SELECT count(*) FROM (SELECT DISTINCT account, dataset, send_date FROM sms.coverage_daily WHERE state IN ('provisional', 'final', 'empty', 'quarantined')) AS d`); n != 5*days {
		y.t.Errorf("%d days of 5 datasets have a state that is no gap, want %d", n, 5*days)
	}
	if n := y.number(`SELECT count(*) FROM sms.coverage_daily WHERE state <> 'not_due'`); n != 5*days {
		y.t.Errorf("%d states for %d days", n, 5*days)
	}
	stuck := y.lines(`
		SELECT concat_ws(' ', account, dataset, send_date, state, since)
		FROM sms.coverage_daily
		WHERE state IN ('provisional', 'quarantined')
		  AND send_date < $1::date - 4
		  AND since < $2::timestamptz - interval '6 days'`, now.Format(time.DateOnly), now)
	for _, line := range stuck {
		y.t.Errorf("%s is stuck", line)
	}
}

// changesAreSeen insists that what was told of a settled day eight days ago has been looked at.
func (y *year) changesAreSeen(now time.Time) {
	y.t.Helper()
	for _, h := range y.happenings {
		if h.isLie() || now.Before(h.at().AddDate(0, 0, 8)) || now.After(h.at().AddDate(0, 0, 9)) {
			continue
		}
		for d := yearDay(h.from); d <= yearDay(h.to); d++ {
			if differ := y.reader.differsFromTruth(d, now); differ != "" {
				y.t.Errorf("%s: %s is not known after 8 days: %s", h.what, d, differ)
			}
		}
	}
}

func (w *world) lines(query string, arguments ...any) []string {
	w.t.Helper()
	var all []string
	if err := w.conn.QueryRow(context.Background(), `SELECT coalesce(array_agg(x), '{}') FROM (`+query+`) AS q (x)`, arguments...).Scan(&all); err != nil {
		w.t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	return all
}
