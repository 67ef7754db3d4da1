package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/cmd/etl/show"
	"smsetl/internal/dev/lived"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/vendors"
)

// alone runs a command that is given the database and nothing else: no configuration, no variable, no vendor.
func (w *world) alone(ctx context.Context, arguments ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := environment{
		vendors: vendors.All,
		lookup:  func(name string) (string, bool) { return w.url, name == "DATABASE_URL" },
		read: func(path string) ([]byte, error) {
			return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		},
	}
	code = run(ctx, arguments, env, &out, &errs)
	return code, out.String(), errs.String()
}

// livedThrough is a world that was loaded day by day while its vendors corrected themselves, lied and forgot.
func livedThrough(t *testing.T, days int) *world {
	t.Helper()
	days = long.Or(3, days)
	in := func(url string) *world {
		w := newWorldIn(t, url, quick(60))
		if err := w.vendors.Restate(lived.Restatements(today)...); err != nil {
			t.Fatal(err)
		}
		return w
	}
	return in(pgtest.Prepared(t, fmt.Sprint("lived through ", days), func(url string) {
		w := in(url)
		w.live(days)
		w.conn.Close(t.Context())
	}))
}

// live lets a world live through so many days until today.
func (w *world) live(days int) {
	w.t.Helper()
	for back := days; back >= 0; back-- {
		now := today.AddDate(0, 0, -back)
		w.vendors.SetNow(now)
		if code, out, errs := w.etl("run", at(now)...); code != exitOK && code != exitPartial {
			w.t.Fatalf("run on %s: exit %d\n%s\n%s", now, code, out, errs)
		}
	}
	w.must(exitOK, "backfill", append(at(today), "--from", "2026-10-25", "--to", "2026-11-21", "--refetch")...)
	for what, query := range map[string]string{
		"quarantined day": `SELECT count(*) FROM etl.coverage WHERE state = 'quarantined'`,
		"replaced image":  `SELECT count(*) FROM etl.delivery_history WHERE change = 'updated'`,
		"removed row":     `SELECT count(*) FROM etl.delivery_history WHERE change = 'removed'`,
		"unmapped reason": `SELECT count(*) FROM sms.failure_daily WHERE category = 'unmapped'`,
		"load that was overtaken on a part of its days": `
			SELECT count(*) FROM (SELECT answered_by, dataset, count(*) AS days FROM etl.believed_day GROUP BY 1, 2) AS b
			JOIN etl.load AS l ON l.load_id = b.answered_by WHERE b.days <= l.window_to - l.window_from`,
	} {
		if w.number(query) == 0 {
			w.t.Fatalf("the history has no %s, so a replay would prove little", what)
		}
	}
}

// kept are all tables that a replay must leave as they are when the mapping is, with the columns that it may write left out.
var kept = map[string]string{
	"sms.fact_delivery_daily": "", "sms.fact_failure_daily": "", "sms.delivery_by_day": "", "sms.delivery_by_month_template": "", "sms.delivery_by_month_label": "", "sms.failure_by_day": "", "sms.delivery_time_by_day": "",
	"etl.delivery_by_day_history": "",
	"etl.delivery_history":        "", "etl.failure_history": "", "etl.reason_history": "", "sms.dim_failure_reason": "", "sms.dim_template": "",
	"etl.coverage": "transform_version",
}

func (w *world) exec(query string, arguments ...any) {
	w.t.Helper()
	if _, err := w.conn.Exec(context.Background(), query, arguments...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

func (w *world) remember() {
	w.t.Helper()
	for table := range kept {
		w.exec(`CREATE TABLE before_` + strings.ReplaceAll(table, ".", "_") + ` AS SELECT * FROM ` + table)
	}
}

// changed lists what is not as it was remembered, both ways.
func (w *world) changed() []string {
	w.t.Helper()
	var all []string
	for table, without := range kept {
		before := `before_` + strings.ReplaceAll(table, ".", "_")
		rows, err := w.conn.Query(context.Background(), strings.NewReplacer("AFTER", table, "BEFORE", before, "WITHOUT", without).Replace(`
			(SELECT 'only after, AFTER: ' || x::text FROM (SELECT to_jsonb(a) - 'WITHOUT' FROM AFTER AS a EXCEPT ALL SELECT to_jsonb(b) - 'WITHOUT' FROM BEFORE AS b) AS x)
			UNION ALL
			(SELECT 'only before, AFTER: ' || x::text FROM (SELECT to_jsonb(b) - 'WITHOUT' FROM BEFORE AS b EXCEPT ALL SELECT to_jsonb(a) - 'WITHOUT' FROM AFTER AS a) AS x)`))
		if err != nil {
			w.t.Fatal(err)
		}
		differ, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, differ...)
	}
	return all[:min(len(all), 10)]
}

// The whole history is built again with no configuration, no credential and no vendor: not a row differs, not a tuple is
// written, and the same when it is stopped in the middle and started again.
func TestReplayFromWhatWasKept(t *testing.T) {
	t.Parallel()
	w := livedThrough(t, 6)
	if err := os.Remove(w.config); err != nil {
		t.Fatal(err)
	}
	w.remember()
	before, calls := w.tuples(), w.vendors.Counters()
	ctx, stop := context.WithCancel(context.Background())
	wh, err := load.Open(ctx, w.url, load.Options{Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	half := job.Replay{Mapping: job.CurrentMapping(vendors.All.Readers()), Now: today, Select: raw.Selection{From: sms.Date(2026, 9, 1), To: sms.Date(2026, 11, 30)}, Watch: func(int, int) { stop() }}
	if _, err := half.Run(ctx, wh); err == nil {
		t.Error("a replay that was told to stop went on")
	}
	code, out, errs := w.alone(context.Background(), "replay", "--from", "2026-09-01", "--to", "2026-11-30", "-o", "json")
	if code != exitOK {
		t.Fatalf("exit %d\n%s\n%s", code, out, errs)
	}
	var r show.Replayed
	if err := readJSON(out, &r); err != nil {
		t.Fatal(err)
	}
	days := w.number(`SELECT count(DISTINCT (b.account_key, b.datasets, b.date_key)) FROM etl.believed_day AS b`)
	if int64(r.Days) != days || r.Inserted+r.Updated+r.Removed+r.Held != 0 || r.Unchanged == 0 || r.Changed != 0 || len(r.Left)+len(r.Overtaken) != 0 {
		t.Errorf("%d days of %d: %s", r.Days, days, out)
	}
	if written := w.tuples() - before; written != 0 {
		t.Errorf("%d tuples were written, want 0", written)
	}
	if differ := w.changed(); len(differ) > 0 {
		t.Errorf("what is stored has changed:\n%s", strings.Join(differ, "\n"))
	}
	if d := cmp.Diff(calls, w.vendors.Counters()); d != "" {
		t.Errorf("somebody was asked (-before +after):\n%s", d)
	}
	if n := w.number(`SELECT count(*) FROM etl.load WHERE origin = 'replay' AND (outcome <> 'unchanged' OR raw_of IS NULL)`); n != 0 {
		t.Errorf("%d loads of the replay are something else than unchanged", n)
	}
}

// other is the mapping of this program with two changes: all that EngageLab was asked to send was accepted, and numbers that
// are no more are the carrier's doing.
func other() job.Mapping {
	return job.Mapping{Version: transform.Version + 1, Batch: func(scope sms.Scope, payloads []sms.Payload) (sms.Batch, error) {
		b, err := vendors.All.Readers().Batch(scope, payloads)
		for i := range b.Deliveries {
			if m := b.Measures(&b.Deliveries[i]); scope.Account.Vendor == sms.EngageLab {
				m.Accepted = m.Requested
				b.SetMeasures(&b.Deliveries[i], &m)
			}
		}
		for i, r := range b.Reasons {
			if r.Code == "empty" {
				b.Reasons[i] = &sms.Reason{Code: r.Code, Stage: r.Stage, Category: sms.CarrierNetwork}
			}
		}
		return b, err
	}}
}

// Another mapping tells exactly what it changes before it does so, changes exactly that, and the history says that it was us.
func TestReplayWithAnotherMapping(t *testing.T) {
	t.Parallel()
	w := livedThrough(t, 3)
	wh, err := load.Open(t.Context(), w.url, load.Options{Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	const engageLab = ` FROM sms.fact_delivery_daily AS f JOIN sms.dim_account AS a USING (account_key) JOIN sms.dim_vendor AS v USING (vendor_key) WHERE v.vendor = 'engagelab'`
	const differs = ` AND accepted IS DISTINCT FROM requested`
	rows, days := w.number(`SELECT count(*)`+engageLab+differs), w.number(`SELECT count(DISTINCT (account_key, date_key))`+engageLab+differs)
	accepted, requested := w.number(`SELECT sum(accepted)`+engageLab+differs), w.number(`SELECT sum(requested)`+engageLab+differs)
	empty := w.number(`SELECT count(*) FROM sms.failure_daily WHERE reason = 'empty'`)
	if rows == 0 || empty == 0 {
		t.Fatal("nothing failed before the hand-over, or after it: the mapping would change nothing")
	}
	categories := w.number(`SELECT count(*) FROM sms.failure_daily_as_of(now()) WHERE reason = 'empty' AND category = 'invalid_number'`)
	var then time.Time
	if err := w.conn.QueryRow(t.Context(), `SELECT max(loaded_at) FROM etl.load`).Scan(&then); err != nil {
		t.Fatal(err)
	}
	w.exec(`CREATE TABLE then_delivery AS SELECT * FROM sms.delivery_daily_as_of($1)`, then)
	states := `SELECT string_agg(concat_ws(' ', account_key, dataset, date_key, state, load_id, confirmed_at, attempts), E'\n' ORDER BY account_key, dataset, date_key) FROM etl.coverage`
	before := w.text(states)
	replay := job.Replay{Mapping: other(), Now: today, Examples: 5, DryRun: true, Select: raw.Selection{From: sms.Date(2026, 9, 1), To: sms.Date(2026, 11, 30)}}

	w.remember()
	dry, err := replay.Run(t.Context(), wh)
	if err != nil {
		t.Fatal(err)
	}
	if differ := w.changed(); len(differ) > 0 || w.number(`SELECT count(*) FROM etl.load WHERE origin = 'replay'`) != 0 {
		t.Fatalf("a dry run wrote:\n%s", strings.Join(differ, "\n"))
	}
	want := []load.MeasureChange{
		{Measure: "accepted", Rows: rows, Old: sms.Reported(accepted), New: sms.Reported(requested)},
	}
	counts := cmp.AllowUnexported(sms.Count{}, sms.Zone{}, sms.Window{})
	if d := cmp.Diff(want, dry.Measures, counts); d != "" {
		t.Errorf("measures (-want +got):\n%s", d)
	}
	if dry.Updated != rows || dry.Inserted+dry.Removed != 0 || int64(len(dry.Change.Days)) != days || len(dry.Examples) != 5 || len(dry.Left) != 0 {
		t.Errorf("%+v", dry)
	}
	if c := dry.Categories; len(c) != 1 || c[0].Code != "empty" || c[0].Old != sms.InvalidNumber || c[0].New != sms.CarrierNetwork {
		t.Errorf("categories %+v", c)
	}

	replay.DryRun = false
	wet, err := replay.Run(t.Context(), wh)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(dry, wet, counts); d != "" {
		t.Errorf("what was written is not what was told (-told +written):\n%s", d)
	}
	for query, want := range map[string]int64{
		`SELECT count(*)` + engageLab + differs:                                                                                                              0,
		`SELECT count(*) FROM sms.failure_daily WHERE reason = 'empty' AND category = 'carrier_network'`:                                                     empty,
		`SELECT count(*) FROM sms.restatements WHERE cause = 'our_mapping'`:                                                                                  rows,
		`SELECT count(*) FROM sms.restatements AS r JOIN etl.load AS l USING (load_id) WHERE (l.origin = 'replay') <> (cause = 'our_mapping')`:               0,
		`SELECT count(*) FROM sms.failure_daily_as_of('` + then.Format(time.RFC3339Nano) + `') WHERE reason = 'empty' AND category = 'invalid_number'`:       categories,
		`SELECT count(*) FROM (SELECT * FROM then_delivery EXCEPT ALL SELECT * FROM sms.delivery_daily_as_of('` + then.Format(time.RFC3339Nano) + `')) AS x`: 0,
	} {
		if got := w.number(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if d := cmp.Diff(before, w.text(states)); d != "" {
		t.Errorf("the ledger says something else of days that no vendor spoke of (-before +after):\n%s", d)
	}

	// Only what older code understood is left to do: nothing. And today's code brings it all back.
	replay.Select.OtherVersion = transform.Version + 1
	if again, err := replay.Run(t.Context(), wh); err != nil || again.Windows != 0 {
		t.Errorf("%d windows once more, %v", again.Windows, err)
	}
	code, out, errs := w.alone(t.Context(), "replay", "--from", "2026-09-01", "--to", "2026-11-30", "--outdated", "--dry-run")
	if code != exitOK || !strings.Contains(out, "accepted") || !strings.Contains(out, "carrier_network") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs = w.alone(t.Context(), "replay", "--from", "2026-09-01", "--to", "2026-11-30"); code != exitOK {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	w.exec(`UPDATE before_sms_fact_delivery_daily SET load_id = 0, restated_at = NULL`)
	if n := w.number(`SELECT count(*) FROM (SELECT account_key, date_key, template_key, label_key, message_type_key, requested, accepted FROM before_sms_fact_delivery_daily
		EXCEPT ALL SELECT account_key, date_key, template_key, label_key, message_type_key, requested, accepted FROM sms.fact_delivery_daily) AS x`); n != 0 {
		t.Errorf("%d rows did not come back", n)
	}
}

func (w *world) text(query string) string {
	w.t.Helper()
	var s string
	if err := w.conn.QueryRow(context.Background(), query).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return s
}

// A day whose answer is gone is told, and what is stored stays.
func TestReplayWithoutTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	w.etl("run", at(today)...)
	w.exec(`UPDATE etl.raw SET packed = NULL, pruned_at = now() WHERE hash IN (SELECT hash FROM etl.fetch WHERE dataset = 'stats_day')`)
	w.remember()
	code, out, errs := w.alone(t.Context(), "replay", "--from", "2026-11-01", "--to", "2026-11-21", "--vendor", "engagelab")
	if code != exitQuality || !strings.Contains(out, "stats_day+process_failed+send_failed 2026-11-02/2026-11-21") || !strings.Contains(out, "thrown away") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if differ := w.changed(); len(differ) > 0 {
		t.Error(differ)
	}
}

func TestReplayRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w := &world{t: t}
	for want, arguments := range map[string][]string{
		"--from 2026-02-01 is after --to 2026-01-01": {"--from", "2026-02-01", "--to", "2026-01-01"},
		`--from: "yesterday" is not a day`:           {"--from", "yesterday", "--to", "2026-01-01"},
		"missing flags: --to=DAY":                    {"--from", "2026-01-01"},
		"--examples -1":                              {"--from", "2026-01-01", "--to", "2026-01-01", "--examples=-1"},
	} {
		code, _, errs := w.alone(t.Context(), append([]string{"replay"}, arguments...)...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %s; want %q", arguments, code, errs, want)
		}
	}
}
