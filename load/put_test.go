package load_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/load"
	"smsetl/sms"
)

const deliveries = `
	SELECT send_date, template, requested, delivered, round(delivery_rate, 3)::text, day_state
	FROM sms.delivery_daily
	ORDER BY send_date, template`

func TestPutReplacesTheWindow(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-07", sms.StatsDay)

	first := put(t, wh, sms.Batch{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", 20), row("01-06", "a", 30)}})
	want := load.Result{LoadID: first.LoadID, LoadedAt: first.LoadedAt, Outcome: load.Loaded, Received: 3, Inserted: 3}
	if d := cmp.Diff(want, first); d != "" {
		t.Error("first load (-want +got):\n", d)
	}

	// b vanishes on the 5th, a changes on the 6th, c comes late on the 7th.
	second := put(t, wh, sms.Batch{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 31), row("01-07", "c", 5)}})
	want = load.Result{LoadID: second.LoadID, LoadedAt: second.LoadedAt, Outcome: load.Loaded, Received: 3, Inserted: 1, Updated: 1, Unchanged: 1, Removed: 1}
	if d := cmp.Diff(want, second); d != "" {
		t.Error("second load (-want +got):\n", d)
	}
	if d := cmp.Diff("2026-01-05 a 10 9 0.900 final\n"+
		"2026-01-06 a 31 28 0.903 final\n"+
		"2026-01-07 c 5 5 1.000 final", dump(t, wh, deliveries)); d != "" {
		t.Error("facts (-want +got):\n", d)
	}
	if mismatches, err := wh.Verify(t.Context()); err != nil || len(mismatches) > 0 {
		t.Error("ledger and facts differ:", mismatches, err)
	}
}
