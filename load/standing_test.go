package load_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/belief"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/read"
	"smsetl/sms"
)

// What metrics and notices say of the days is what the planner and `etl status` say of them, for any ledger.
func TestStandingAgreesWithThePlanner(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	ctx := context.Background()
	now := at("01-20 12:00")
	var account int32
	if err := wh.Pool().QueryRow(ctx, `SELECT account_key FROM sms.dim_account`).Scan(&account); err != nil {
		t.Fatal(err)
	}
	states := []string{"", "provisional", "final", "empty", "failed", "quarantined", "lost", "frozen"}
	rapid.Check(t, func(t *rapid.T) {
		source := plan.Source{
			Name: "test", Vendor: sms.EngageLab, Zone: marketing.Zone, HistoryStart: day("01-05"), AccountIDs: []string{marketing.ID},
			Settings: belief.Settings{RetentionDays: rapid.SampledFrom([]int{0, 3, 10, 400}).Draw(t, "retention")},
		}
		if _, err := wh.Pool().Exec(ctx, `DELETE FROM etl.coverage`); err != nil {
			t.Fatal(err)
		}
		for d := day("01-01"); d <= day("01-20"); d++ {
			state := rapid.SampledFrom(states).Draw(t, d.String())
			loaded := state == "provisional" || state == "final" || state == "empty" || state == "frozen" && rapid.Bool().Draw(t, "loaded")
			rows := 0
			if loaded && state != "empty" && rapid.Bool().Draw(t, "rows") {
				rows = 1
			}
			if state == "" {
				continue
			}
			if _, err := wh.Pool().Exec(ctx, `
				WITH l AS (
				    INSERT INTO etl.load (account_key, datasets, window_from, window_to, zone, started_at)
				    SELECT account_key, '{stats_day}', $2, $2, zone, now() FROM sms.dim_account
				    RETURNING load_id
				)
				INSERT INTO etl.coverage (account_key, dataset, date_key, state, was_state, was_reason, load_id, since, loaded_at, confirmed_at, row_count)
				SELECT $1, 'stats_day', $2, $3, CASE WHEN $3 = 'frozen' THEN 'missing' END, CASE WHEN $3 = 'frozen' THEN '' END,
				       CASE WHEN $4 OR $3 NOT IN ('lost', 'frozen') THEN load_id END, now(), CASE WHEN $4 THEN now() END, CASE WHEN $4 THEN now() END, $5 FROM l`,
				account, d.UTC(), state, loaded, rows); err != nil {
				t.Fatal(err)
			}
		}
		coverage, err := read.New(wh.DB, time.Now).Coverage(ctx, source.Accounts(), day("01-01"), day("01-20"))
		if err != nil {
			t.Fatal(err)
		}
		want := read.Status{Days: map[sms.State]int{}}
		var days []sms.DayStatus
		for _, d := range plan.Expected(source, coverage, now) {
			if d.Dataset != sms.StatsDay || d.State == sms.NotDue {
				continue
			}
			days = append(days, d)
			want.Days[d.State]++
			if d.IsLoaded() || d.State == sms.Frozen && !d.ConfirmedAt.IsZero() {
				want.Newest = max(want.Newest, d.Day)
			}
		}
		if upTo, ok := plan.LoadedUpTo(days); ok {
			want.CompleteTo = upTo
		}
		e := read.Expectation{Source: "test", Account: marketing, Dataset: sms.StatsDay, First: source.First(now), Last: source.Yesterday(now)}
		if source.RetentionDays > 0 {
			e.KeptFrom = source.Zone.Today(now) - sms.Day(source.RetentionDays)
		}
		all, err := read.New(wh.DB, time.Now).Status(ctx, []read.Expectation{e})
		if err != nil {
			t.Fatal(err)
		}
		got := read.Status{Days: all[0].Days, Newest: all[0].Newest, CompleteTo: all[0].CompleteTo}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sms.Zone{})); diff != "" {
			t.Fatalf("standing (-planner +ledger):\n%s", diff)
		}
		var open int
		for _, o := range all[0].Open {
			if len(o.Days) != want.Days[o.State] {
				t.Fatalf("%d open days are %s, want %d", len(o.Days), o.State, want.Days[o.State])
			}
			open += len(o.Days)
		}
		if open != want.Days[sms.Missing]+want.Days[sms.Failed]+want.Days[sms.Quarantined] {
			t.Fatalf("%d open days of %v", open, want.Days)
		}
	})
}

// Loads that were stopped say nothing about the vendor; one that came through ends the failing.
func TestFailingSources(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	expected := []read.Expectation{
		{Source: "a", Account: marketing, Dataset: sms.StatsDay, First: day("01-05"), Last: day("01-06")},
		{Source: "a", Account: marketing, Dataset: sms.SendFailed, First: day("01-05"), Last: day("01-06")},
		{Source: "b", Account: app, Dataset: sms.SendStatus, First: day("01-05"), Last: day("01-06")},
	}
	failing := func() map[string]string {
		t.Helper()
		all, err := read.New(wh.DB, time.Now).Status(t.Context(), expected)
		if err != nil {
			t.Fatal(err)
		}
		return read.FailingSources(all)
	}
	end := func(s sms.Scope, how func(id int64) error) {
		t.Helper()
		id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: time.Now()})
		if err == nil {
			err = how(id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fails := func(s sms.Scope) {
		t.Helper()
		end(s, func(id int64) error {
			return wh.Fail(t.Context(), id, sms.Batch{Scope: s}, "source denied", time.Now())
		})
	}
	check := func(what string, want map[string]string) {
		t.Helper()
		if diff := cmp.Diff(want, failing()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	stats, failures := scope(marketing, "01-05", sms.StatsDay), scope(marketing, "01-05", sms.SendFailed)
	check("nothing was asked", map[string]string{})
	fails(stats)
	check("one of two was asked", map[string]string{})
	fails(failures)
	check("both fail", map[string]string{"a": "source denied"})
	end(failures, func(id int64) error { return wh.Interrupt(t.Context(), id, "the program was stopped") })
	check("one was stopped", map[string]string{"a": "source denied"})
	end(stats, func(int64) error { return nil })
	check("one runs", map[string]string{"a": "source denied"})
	put(t, wh, sms.Batch{Scope: failures, Zeros: 1})
	check("one came through", map[string]string{})
}
