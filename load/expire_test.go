package load_test

import (
	"testing"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/sms"
)

func TestExpire(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err == nil {
		err = wh.Fail(t.Context(), id, batchOf(answer{Scope: s}), "503", at("01-20 12:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	young := func(o *load.PutOptions) { o.Rules = rules(90) }
	put(t, wh, answerOf(scope(marketing, "01-07", sms.StatsDay), 10), young)
	put(t, wh, answerOf(scope(marketing, "01-08", sms.StatsDay))) // quarantined
	put(t, wh, answerOf(scope(marketing, "01-09", sms.StatsDay), 10))
	// keeping makes the vendor keep so many days back, as seen on that day.
	keeping := func(today string, retentionDays int) []ledger.Expectation {
		return []ledger.Expectation{{
			Source: "test", Account: marketing, Dataset: sms.StatsDay, First: day("01-05"), Last: day(today) - 1,
			RetentionDays: retentionDays,
		}}
	}
	mark := func(want int, expected []ledger.Expectation) {
		t.Helper()
		if n, err := ledger.Expire(t.Context(), wh.DB, expected); n != want || err != nil {
			t.Errorf("%d lines changed, want %d (%v)", n, want, err)
		}
	}
	all := keeping("01-21", 11) // the 10th and later
	mark(3, all)
	mark(0, all)
	states := `SELECT to_char(date_key, 'DD'), state, split_part(reason, ';', 1), row_count, load_id, to_char(since, 'MM-DD HH24:MI') FROM etl.coverage ORDER BY 1`
	same(t, "ledger", dump(t, wh, states),
		"05 lost not loaded within the 11 days that the vendor keeps: 503 0 1 01-16 16:00",
		"06 lost not loaded within the 11 days that the vendor keeps 0 - 01-17 16:00",
		"07 final  1 2 01-18 16:00",
		"08 quarantined the whole answer is empty, and it is the first one 0 3 01-20 12:00",
		"09 final  1 4 01-20 12:00")
	verify(t, wh)

	// Only what is lost comes back.
	mark(1, keeping("01-22", 16))
	same(t, "recalled", dump(t, wh, `SELECT to_char(date_key, 'DD'), state FROM etl.coverage ORDER BY 1`),
		"05 lost", "07 final", "08 quarantined", "09 final")

	// A vendor that has forgotten a day says nothing, which is no news, whatever it says twice; numbers are.
	forgets := func(o *load.PutOptions) { o.Rules = forgetful(5) }
	for _, when := range []string{"01-23 12:00", "01-23 14:00"} {
		r := put(t, wh, answer{Scope: scope(marketing, "01-05..01-07", sms.StatsDay)}, now(when), forgets)
		if r.Removed != 0 || len(r.Quarantined) != 0 {
			t.Errorf("%+v", r)
		}
	}
	same(t, "after its silence", dump(t, wh, `SELECT to_char(date_key, 'DD'), state, row_count FROM etl.coverage ORDER BY 1`),
		"05 lost 0", "07 final 1", "08 quarantined 0", "09 final 1")
	put(t, wh, answerOf(scope(marketing, "01-05", sms.StatsDay), 3), now("01-24 12:00"), forgets)
	same(t, "alive again", dump(t, wh, `SELECT state, reason, row_count FROM etl.coverage WHERE date_key = '2026-01-05'`), "final  1")
	verify(t, wh)
}

func TestExpect(t *testing.T) {
	t.Parallel()
	wh := open(t)
	expect := func(all ...ledger.Expected) {
		t.Helper()
		for _, e := range all {
			if err := wh.Account(t.Context(), e.Source, e.Account); err != nil {
				t.Fatal(err)
			}
		}
		if err := ledger.Expect(t.Context(), wh.DB, all); err != nil {
			t.Fatal(err)
		}
	}
	one := ledger.Expected{Source: "one", Account: marketing, HistoryStart: day("01-05"), HistoryDays: 365, SettleDays: 4}
	two := ledger.Expected{Source: "two", Account: app, HistoryDays: 30, SettleDays: 0, RetentionDays: 60}
	other := two
	other.Account.ID = "1400099999"
	rows := `
		SELECT a.source, a.account, e.history_start, e.history_days, e.settle_days, e.retention_days
		FROM etl.expectation AS e JOIN sms.dim_account AS a USING (account_key) ORDER BY 1, 2`
	expect(one, two, other)
	same(t, "expected", dump(t, wh, rows), "one marketing 2026-01-05 - 4 -", "two 1400006874 - 30 0 60", "two 1400099999 - 30 0 60")
	before := dump(t, wh, `SELECT ctid::text, xmin::text FROM etl.expectation ORDER BY account_key`)
	expect(one, two, other)
	if after := dump(t, wh, `SELECT ctid::text, xmin::text FROM etl.expectation ORDER BY account_key`); after != before {
		t.Error("the same was written again")
	}
	// An account that its source has no more is expected no more; of other sources this configuration says nothing.
	two.HistoryStart, two.RetentionDays = day("01-01"), 0
	expect(two)
	same(t, "expected afterwards", dump(t, wh, rows), "one marketing 2026-01-05 - 4 -", "two 1400006874 2026-01-01 - 0 -")
	expect()
	same(t, "expected by nobody", dump(t, wh, `SELECT count(*) FROM etl.expectation`), "2")
}
