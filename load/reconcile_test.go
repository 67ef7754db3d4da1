package load_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/ledger"
	"smsetl/load"
	"smsetl/sms"
)

var both = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}

// tencentDay is a day of an application.
func tencentDay(d string, requested, blacklisted int64) answer {
	n := sms.Reported
	g := sms.Grain{Day: day(d), Template: sms.NotReported, Label: sms.NotReported, MessageType: sms.NotReported, Country: sms.NotReported}
	b := answer{Scope: scope(app, d, both...), Deliveries: []sms.Delivery{{Grain: g, Measures: sms.Measures{
		Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(requested - blacklisted), SendFailed: n(blacklisted),
		Pending: n(0), BilledSegments: n(requested),
	}}}}
	if blacklisted > 0 {
		b.Failures = []sms.Failure{{Grain: g, Reason: &sms.Reason{Code: "BlackListCount", Stage: sms.Sending, Category: sms.BlockedOptOut}, Messages: n(blacklisted)}}
	}
	return b
}

func TestStored(t *testing.T) {
	t.Parallel()
	wh := open(t, app)
	put(t, wh, tencentDay("01-05", 50, 3))
	put(t, wh, tencentDay("01-06", 0, 0))
	stored, err := wh.Stored(t.Context(), scope(app, "01-05..01-07", both...))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, d := range stored {
		got += fmt.Sprintln(d.Day, d.IsLoaded, d.Sums.Requested, d.Sums.Delivered, d.Sums.Failures, d.Sums.VendorSent)
	}
	if want := "2026-01-05 true 50 47 map[BlackListCount:3] not reported\n2026-01-06 true 0 0 map[] not reported\n2026-01-07 false 0 0 map[] 0\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A survey moves nothing but the time at which its days were looked at, and only of days that nobody decided about since.
func TestEndSurvey(t *testing.T) {
	t.Parallel()
	wh := open(t, app)
	for _, d := range []string{"01-05", "01-06", "01-07"} {
		put(t, wh, tencentDay(d, 50, 3))
	}
	window := scope(app, "01-05..01-08", both...)
	id, err := wh.Begin(t.Context(), load.Start{Scope: window, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	put(t, wh, tencentDay("01-06", 51, 3)) // while the survey was under way
	lines := `SELECT date_key, dataset, state, load_id, row_count, digest, loaded_at, confirmed_at, since, attempts, xmin::text FROM etl.coverage WHERE checked_at < '2026-12-01' ORDER BY 1, 2`
	untouched := dump(t, wh, `SELECT date_key, requested, load_id, xmin::text FROM sms.fact_delivery_daily ORDER BY 1`)
	days := []sms.Day{day("01-05"), day("01-06"), day("01-07"), day("01-08")}
	if _, err := wh.EndReconcile(t.Context(), id, window, days, at("01-20 12:00"), func(context.Context, pgx.Tx) error { return errors.New("no") }); err == nil {
		t.Fatal("the completion's error is lost")
	}
	result, err := wh.EndReconcile(t.Context(), id, window, days, at("12-24 12:00"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != load.Unchanged || result.Received != result.Unchanged || result.Unchanged == 0 {
		t.Errorf("%+v", result)
	}
	same(t, "looked at", dump(t, wh, `SELECT date_key, count(*), min(checked_at) FROM etl.coverage WHERE checked_at > '2026-12-01' GROUP BY 1 ORDER BY 1`),
		"2026-01-05 2 2026-12-24 12:00:00.000000", "2026-01-07 2 2026-12-24 12:00:00.000000")
	if got := dump(t, wh, `SELECT date_key, requested, load_id, xmin::text FROM sms.fact_delivery_daily ORDER BY 1`); got != untouched {
		t.Errorf("facts were touched: %s", got)
	}
	if got := dump(t, wh, lines); got == "" {
		t.Error("every line was touched")
	}
	if _, err := wh.EndReconcile(t.Context(), id, window, days, at("01-20 13:00"), nil); !errors.Is(err, load.ErrFinished) {
		t.Errorf("ended twice: %v", err)
	}
	checked, err := ledger.Lines(t.Context(), wh.DB, []sms.Account{app}, day("01-05"), day("01-05"))
	if err != nil || len(checked) != 2 || !checked[0].CheckedAt.Equal(at("12-24 12:00")) {
		t.Errorf("%+v %v", checked, err)
	}
	verify(t, wh)
}

// The last verdict counts; its findings close with it.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	wh := open(t, app)
	if _, known, err := wh.ProbeResult(t.Context(), app); known || err != nil {
		t.Fatal(known, err)
	}
	probe := func(v sms.ProbeResult, findings ...sms.Finding) {
		t.Helper()
		s := scope(app, "01-01..01-19", sms.SendStatus)
		id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: v.AskedAt})
		if err == nil {
			err = wh.EndProbe(t.Context(), id, s, v, findings, v.AskedAt)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.EndProbe(t.Context(), id, s, v, nil, v.AskedAt); !errors.Is(err, load.ErrFinished) {
			t.Errorf("ended twice: %v", err)
		}
	}
	finding := func(check string) sms.Finding {
		return sms.Finding{Check: check, Subject: "configuration", Severity: sms.Error, Detail: "why", Rows: 1}
	}
	open := `SELECT check_name, closed_at IS NULL FROM etl.finding ORDER BY 1`
	probe(sms.ProbeResult{AskedAt: at("01-20 12:00"), EndHour: "exclusive", Evidence: []string{"a"}}, finding(load.Contradiction), finding("probe_open"))
	put(t, wh, tencentDay("01-05", 50, 3))
	same(t, "findings", dump(t, wh, open), "probe_contradiction true", "probe_open true")
	if err := wh.CloseContradiction(t.Context(), app, at("01-20 13:00")); err != nil {
		t.Fatal(err)
	}
	same(t, "findings", dump(t, wh, open), "probe_contradiction false", "probe_open true")
	probe(sms.ProbeResult{AskedAt: at("01-20 14:00"), Day: day("01-05"), Calls: 33, EndHour: "inclusive", HoursIn: "+08:00", Today: "told", Evidence: []string{"b", "c"}})
	same(t, "findings", dump(t, wh, open), "probe_contradiction false", "probe_open false")
	v, known, err := wh.ProbeResult(t.Context(), app)
	if err != nil || !known || fmt.Sprint(v.EndHour, v.HoursIn, v.Today, v.Day, v.Calls, v.Evidence, v.AskedAt.Equal(at("01-20 14:00"))) != "inclusive+08:00told2026-01-05 33 [b c] true" {
		t.Errorf("%+v %v %v", v, known, err)
	}
}
