package load_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

// comparables let cmp compare counts and zones, which have no exported fields.
var comparables = cmpopts.EquateComparable(sms.Count{}, sms.Zone{})

// rebuild builds the days of the batch again from the answers of a load, as the last believed ones unless told otherwise.
func rebuild(t testing.TB, wh *load.Warehouse, batch answer, change ...func(*load.Replay)) load.Replayed {
	t.Helper()
	r := load.Replay{Batch: batchOf(batch), Examples: 10}
	for _, b := range bases(t.Context(), t, wh, batch.Scope) {
		r.AnsweredBy, r.BelievedAt = b.AnsweredBy, b.BelievedAt
	}
	for _, c := range change {
		c(&r)
	}
	rebuilt, err := wh.Replay(t.Context(), r, load.PutOptions{Now: at("01-20 12:00"), Rules: rules(4), TransformVersion: 2})
	if err != nil {
		t.Fatal(err)
	}
	return rebuilt
}

func bases(ctx context.Context, t interface{ Fatal(arguments ...any) }, wh *load.Warehouse, s sms.Scope) []raw.Basis {
	all, err := raw.Bases(ctx, wh.DB, raw.Selection{
		From: s.Window.First(), To: s.Window.Last(), Accounts: []string{s.Account.ID}, Datasets: s.Datasets,
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everything is all that a load may write but for its own line and the version of the code.
const everything = `
	SELECT dataset, date_key, state, reason, pending, messages, row_count, digest, load_id, loaded_at, confirmed_at, since, attempts,
	       suspect_checksum, suspect_at
	FROM etl.coverage
	ORDER BY account_key, dataset, date_key`

// With the same numbers a rebuild writes nothing but its own line and the version.
func TestRebuildOfTheSameWritesNothing(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	delivery := answer{Scope: scope(marketing, "01-05..01-18", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-18", "b", 10)}}
	failed := answer{Scope: scope(marketing, "01-05..01-07", sms.SendFailed), Failures: []sms.Failure{failure("01-05", "a", busy, 1)}}
	put(t, wh, delivery)
	put(t, wh, failed)
	before := dump(t, wh, tuples) + dump(t, wh, everything)
	for _, batch := range []answer{delivery, failed} {
		r := rebuild(t, wh, batch)
		want := load.Replayed{Result: load.Result{LoadID: r.LoadID, LoadedAt: r.LoadedAt, Outcome: load.Unchanged, Counts: load.Counts{Received: batch.Received(), Unchanged: batch.Received()}}}
		if d := cmp.Diff(want, r, comparables); d != "" {
			t.Error("(-want +got):\n", d)
		}
	}
	if d := cmp.Diff(before, dump(t, wh, tuples)+dump(t, wh, everything)); d != "" {
		t.Error("something was touched (-before +after):\n", d)
	}
	same(t, "loads", dump(t, wh, `SELECT load_id, origin, raw_of, outcome, transform_version FROM etl.load ORDER BY 1`),
		"1 vendor - loaded 1", "2 vendor - loaded 1", "3 replay 1 unchanged 2", "4 replay 2 unchanged 2")
	same(t, "versions", dump(t, wh, `SELECT DISTINCT transform_version FROM etl.coverage`), "2")
	verify(t, wh)

	// And the vendor's same bytes, read by the code of the rebuild, are known at once.
	before = dump(t, wh, tuples)
	put(t, wh, delivery, content("answer"), func(o *load.PutOptions) { o.TransformVersion = 2 })
	r := put(t, wh, answer{Scope: delivery.Scope}, content("answer"), func(o *load.PutOptions) { o.TransformVersion = 2 })
	if r.Outcome != load.Unchanged {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff(before, dump(t, wh, tuples)); d != "" {
		t.Error(d)
	}
}

// What a rebuild changes is told before it is written, is the same then, is marked as ours, and leaves all that only a
// vendor can change as it is: a day stays provisional or quarantined, and is confirmed when it was.
func TestRebuildOfOtherNumbers(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-14..01-18", sms.StatsDay) // final until the 15th
	told := answer{Scope: s, Deliveries: []sms.Delivery{row("01-14", "a", 10), row("01-15", "a", 200), row("01-17", "a", 10), row("01-17", "b", 20), row("01-18", "a", 10)}}
	put(t, wh, told)
	put(t, wh, answer{Scope: scope(marketing, "01-15", sms.StatsDay), Deliveries: []sms.Delivery{row("01-15", "a", 1)}}) // not believed
	same(t, "ledger", dump(t, wh, `SELECT to_char(date_key, 'DD'), state, load_id FROM etl.coverage ORDER BY 1`),
		"14 final 1", "15 quarantined 2", "16 empty 1", "17 provisional 1", "18 provisional 1")

	means := told
	means.Deliveries = []sms.Delivery{row("01-15", "a", 240), row("01-16", "new", 5), row("01-17", "a", 10), row("01-17", "b", 25), row("01-18", "a", 10)}
	nothing := dump(t, wh, committed) + dump(t, wh, everything)
	dry := rebuild(t, wh, means, func(r *load.Replay) { r.DryRun = true })
	if d := cmp.Diff(nothing, dump(t, wh, committed)+dump(t, wh, everything)); d != "" {
		t.Error("a dry run wrote (-before +after):\n", d)
	}
	same(t, "loads after a dry run", dump(t, wh, `SELECT count(*) FROM etl.load`), "2")
	since := dump(t, wh, `SELECT date_key, confirmed_at, load_id, attempts, suspect_checksum, suspect_at, reason FROM etl.coverage ORDER BY 1`)

	wet := rebuild(t, wh, means)
	if d := cmp.Diff(dry.Change, wet.Change, comparables); d != "" {
		t.Error("the dry run told something else (-dry +done):\n", d)
	}
	n := sms.Reported
	if d := cmp.Diff([]sms.Day{day("01-14"), day("01-15"), day("01-16"), day("01-17")}, wet.Change.Days); d != "" {
		t.Error(d)
	}
	for _, m := range wet.Change.Measures {
		want := map[string]load.MeasureChange{
			"requested": {Measure: "requested", Rows: 4, Old: n(230), New: n(270)},
			"pending":   {Measure: "pending", Rows: 2, Old: n(0), New: n(0)},
		}[m.Measure]
		if d := cmp.Diff(want, m, comparables); d != "" && want.Measure != "" {
			t.Error("(-want +got):\n", d)
		}
	}
	if e := wet.Change.Examples[0]; e.Day != day("01-15") || e.Old != n(200) || e.New != n(240) || e.Change != "updated" || e.Template != "a" {
		t.Errorf("the first example is %+v", e)
	}
	if r := wet.Result; r.Inserted != 1 || r.Updated != 2 || r.Removed != 1 || r.Unchanged != 2 || r.Held != 0 {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff(since, dump(t, wh, `SELECT date_key, confirmed_at, load_id, attempts, suspect_checksum, suspect_at, reason FROM etl.coverage ORDER BY 1`)); d != "" {
		t.Error("what only a vendor can change changed (-before +after):\n", d)
	}
	same(t, "ledger after the rebuild", dump(t, wh, `SELECT to_char(date_key, 'DD'), state, row_count, messages FROM etl.coverage ORDER BY 1`),
		"14 empty 0 -", "15 quarantined 1 240", "16 final 1 5", "17 provisional 2 35", "18 provisional 1 10")
	same(t, "who", dump(t, wh, `SELECT DISTINCT change, origin FROM etl.delivery_history AS h JOIN etl.load AS l ON l.load_id = h.replaced_by ORDER BY 1`),
		"added replay", "removed replay", "updated replay")
	verify(t, wh)
}

// A vendor's answer that is under way is newer than what a rebuild reads, and wins whichever comes first.
func TestRebuildLosesToTheVendor(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"the rebuild", "the vendor"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			s := scope(marketing, "01-05..01-06", sms.StatsDay)
			old := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10)}}
			put(t, wh, old)
			basis := bases(t.Context(), t, wh, s)[0]
			id, err := wh.Begin(t.Context(), load.Start{Scope: scope(marketing, "01-06", sms.StatsDay), Now: at("01-20 12:00")})
			if err != nil {
				t.Fatal(err)
			}
			news := answer{Scope: scope(marketing, "01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-06", "a", 60)}}
			vendor := func() {
				r, err := wh.Put(t.Context(), id, batchOf(news), load.PutOptions{Now: at("01-20 12:00"), Rules: rules(4), TransformVersion: 1}, nil)
				if err != nil || len(r.Superseded) != 0 {
					t.Errorf("the vendor's answer was held back: %+v, %v", r, err)
				}
			}
			again := old
			again.Deliveries = []sms.Delivery{row("01-05", "a", 50), row("01-06", "a", 50)}
			if first == "the vendor" {
				vendor()
			}
			r := rebuild(t, wh, again, func(r *load.Replay) { r.AnsweredBy, r.BelievedAt = basis.AnsweredBy, basis.BelievedAt })
			if first == "the rebuild" {
				vendor()
			} else if d := cmp.Diff([]sms.Day{day("01-06")}, r.Superseded); d != "" || r.Held != 1 {
				t.Errorf("held %d, superseded (-want +got):\n%s", r.Held, d)
			}
			same(t, "facts", dump(t, wh, `SELECT send_date, requested FROM sms.delivery_daily ORDER BY 1`), "2026-01-05 50", "2026-01-06 60")
			verify(t, wh)
		})
	}
}

// An operator's release believes the answer that was doubted, as the vendor's, and nothing asks for a third one.
func TestRelease(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 200), row("01-06", "a", 200)}})
	less := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 2), row("01-06", "a", 200)}}
	doubted := put(t, wh, less)
	release := func(r *load.Replay) {
		r.Release, r.AnsweredBy = true, doubted.LoadID
		r.Batch = batchOf(answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: less.Deliveries[:1]})
	}
	r := rebuild(t, wh, less, release)
	if r.Updated != 1 || len(r.Anomalies) != 1 {
		t.Errorf("%+v", r)
	}
	same(t, "ledger", dump(t, wh, `SELECT to_char(c.date_key, 'DD'), c.state, c.messages, c.load_id, l.load_id, l.origin, l.raw_of, c.attempts, c.reason
		FROM etl.coverage AS c JOIN etl.load AS l ON l.loaded_at = c.confirmed_at ORDER BY 1`),
		"05 final 2 2 3 vendor 2 0 ", "06 final 200 2 2 vendor - 0 ")
	if b := bases(t.Context(), t, wh, scope(marketing, "01-05", sms.StatsDay)); len(b) != 1 || b[0].AnsweredBy != doubted.LoadID {
		t.Errorf("a released day rests on %+v, want the answer that was released", b)
	}
	again := rebuild(t, wh, less, release)
	if d := cmp.Diff([]sms.Day{day("01-05")}, again.Superseded); d != "" {
		t.Error("released twice:", d)
	}
	if r := put(t, wh, less); r.Outcome != load.Unchanged || len(r.Quarantined) != 0 {
		t.Errorf("the released answer was doubted again: %+v", r)
	}
	verify(t, wh)
}

// What the rows rest on is told day by day, whatever was doubted, failed or released since.
func TestBases(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	put(t, wh, answer{Scope: scope(marketing, "01-05..01-08", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 200), row("01-06", "a", 200), row("01-08", "a", 200)}})
	put(t, wh, answer{Scope: scope(marketing, "01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-06", "a", 201)}})
	put(t, wh, answer{Scope: scope(marketing, "01-08", sms.StatsDay), Deliveries: []sms.Delivery{row("01-08", "a", 1)}}) // doubted
	put(t, wh, answer{Scope: scope(app, "01-05..01-06", sms.SendStatus, sms.CallbackStatus), Zeros: 1}, func(o *load.PutOptions) { o.Rules = gullible{rules(4)} })
	failed := scope(marketing, "01-07", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: failed, Now: at("01-20 12:00")})
	if err == nil {
		err = wh.Fail(t.Context(), id, batchOf(answer{Scope: failed}), "no", at("01-20 12:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	rebuild(t, wh, answer{Scope: scope(marketing, "01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-06", "a", 202)}})
	all, err := raw.Bases(t.Context(), wh.DB, raw.Selection{From: day("01-01"), To: day("01-31")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range all {
		got = append(got, b.Scope.String()+" "+string(rune('0'+b.AnsweredBy)))
	}
	if d := cmp.Diff([]string{
		"engagelab/marketing stats_day 2026-01-05/2026-01-05 1",
		"engagelab/marketing stats_day 2026-01-06/2026-01-06 2",
		"engagelab/marketing stats_day 2026-01-07/2026-01-08 1",
		"tencent/1400006874 send_status+callback_status 2026-01-05/2026-01-06 4",
	}, got); d != "" {
		t.Error("(-want +got):\n", d)
	}
	for name, c := range map[string]struct {
		s    raw.Selection
		want int
	}{
		"an account":     {raw.Selection{Accounts: []string{app.ID}}, 1},
		"a vendor":       {raw.Selection{Vendors: []sms.Vendor{sms.EngageLab}}, 3},
		"a dataset":      {raw.Selection{Datasets: []sms.Dataset{sms.CallbackStatus}}, 1},
		"another source": {raw.Selection{Sources: []string{"other"}}, 0},
		"older code":     {raw.Selection{OtherVersion: 2}, 3},
	} {
		c.s.From, c.s.To = day("01-01"), day("01-31")
		if all, err := raw.Bases(t.Context(), wh.DB, c.s); err != nil || len(all) != c.want {
			t.Errorf("%s: %d, %v; want %d", name, len(all), err, c.want)
		}
	}
}

// A frozen day is left alone, as an operator said.
func TestRebuildLeavesFrozenDaysAlone(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10)}})
	if _, err := wh.Pool().Exec(t.Context(), `UPDATE etl.coverage SET state = 'frozen', was_state = state, was_reason = '' WHERE date_key = '2026-01-05'`); err != nil {
		t.Fatal(err)
	}
	r := rebuild(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 11), row("01-06", "a", 11)}})
	if d := cmp.Diff([]sms.Day{day("01-05")}, r.Frozen); d != "" || r.Held != 1 || r.Updated != 1 {
		t.Errorf("%+v", r)
	}
	same(t, "facts", dump(t, wh, deliveries), "2026-01-05 a 10 9 0.900 frozen", "2026-01-06 a 11 10 0.909 final")
}
