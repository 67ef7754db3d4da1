package load_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/sms"
)

// Loads that were stopped say nothing about the vendor; one that came through ends the failing.
func TestFailingSources(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	expected := []ledger.Expectation{
		{Source: "a", Account: marketing, Dataset: sms.StatsDay, First: day("01-05"), Last: day("01-06")},
		{Source: "a", Account: marketing, Dataset: sms.SendFailed, First: day("01-05"), Last: day("01-06")},
		{Source: "b", Account: app, Dataset: sms.SendStatus, First: day("01-05"), Last: day("01-06")},
	}
	failing := func() map[string]string {
		t.Helper()
		all, err := ledger.ReadStatus(t.Context(), wh.DB, expected)
		if err != nil {
			t.Fatal(err)
		}
		return ledger.FailingSources(all)
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
			return wh.Fail(t.Context(), id, batchOf(answer{Scope: s}), "source denied", time.Now())
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
	put(t, wh, answer{Scope: failures, Zeros: 1})
	check("one came through", map[string]string{})
}
