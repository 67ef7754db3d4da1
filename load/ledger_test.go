package load_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/check"
	"smsetl/internal/pack"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/queue"
	"smsetl/sms"
)

func TestFail(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10)}})
	put(t, wh, answer{Scope: scope(marketing, "01-06", sms.StatsDay)}) // quarantined
	s := scope(marketing, "01-05..01-07", sms.StatsDay)
	fail := func(reason string) {
		t.Helper()
		id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
		if err == nil {
			err = wh.Fail(t.Context(), id, batchOf(answer{Scope: s, Rejects: []sms.Reject{{Reason: "r"}}}), reason, at("01-20 12:30"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fail("503")
	fail("504")
	same(t, "ledger", dump(t, wh, `SELECT to_char(date_key, 'DD'), state, split_part(reason, ';', 1), attempts, row_count, load_id FROM etl.coverage ORDER BY 1`),
		"05 final 504 2 1 1",
		"06 quarantined the whole answer is empty, and it is the first one 3 0 2",
		"07 failed 504 2 0 4")
	same(t, "loads", dump(t, wh, `SELECT outcome, reason, rejected, loaded_at FROM etl.load WHERE load_id > 2 ORDER BY load_id`), "failed 503 1 -", "failed 504 1 -")

	// A good answer forgets it.
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-06", "a", 10), row("01-07", "a", 10)}})
	same(t, "ledger afterwards", dump(t, wh, `SELECT DISTINCT state, reason, attempts FROM etl.coverage`), "final  0")
	verify(t, wh)

	// What has been put stays put.
	if err := wh.Fail(t.Context(), 1, batchOf(answer{Scope: s}), "too late", at("01-20 12:30")); err != nil {
		t.Error(err)
	}
	same(t, "the first load", dump(t, wh, `SELECT outcome FROM etl.load WHERE load_id = 1`), "loaded")
}

// A failed try has said nothing about the rows, so it fences nobody off.
func TestFailedTryIsNoFence(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	start := load.Start{Scope: s, Now: at("01-20 12:00")}
	slow, err := wh.Begin(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := wh.Begin(t.Context(), start)
	if err == nil {
		err = wh.Fail(t.Context(), quick, batchOf(answer{Scope: s}), "503", at("01-20 12:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := wh.Put(t.Context(), slow, batchOf(answerOf(s, 10)), load.PutOptions{Now: at("01-20 12:00")}, nil)
	if err != nil || r.Inserted != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	same(t, "ledger", dump(t, wh, ledgerLines), "stats_day 2026-01-05 final 1 0 0")
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	batch := answer{Scope: scope(marketing, "01-05..01-06", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10)}}
	batch.Deliveries[0].Pending = sms.Reported(2)
	r, again := put(t, wh, batch), put(t, wh, batch)
	put(t, wh, answer{Scope: scope(app, "01-05", sms.SendStatus, sms.CallbackStatus), Deliveries: []sms.Delivery{row("01-05", "", 10)}})
	got, err := ledger.Lines(t.Context(), wh.DB, []sms.Account{marketing}, day("01-01"), day("01-31"))
	if err != nil {
		t.Fatal(err)
	}
	since := at("01-20 12:00")
	want := []sms.DayStatus{
		{Account: marketing, Dataset: sms.StatsDay, Day: day("01-05"), State: sms.Provisional, Pending: sms.Reported(2), Rows: 1, LoadID: again.LoadID, LoadedAt: r.LoadedAt, ConfirmedAt: again.LoadedAt, CheckedAt: since, Since: since},
		{Account: marketing, Dataset: sms.StatsDay, Day: day("01-06"), State: sms.Empty, LoadID: again.LoadID, LoadedAt: r.LoadedAt, ConfirmedAt: again.LoadedAt, CheckedAt: since, Since: since},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(sms.Zone{}, sms.Count{}), cmpopts.EquateApproxTime(0)); d != "" {
		t.Error("(-want +got):\n", d)
	}
	if got, err := ledger.Lines(t.Context(), wh.DB, []sms.Account{marketing}, day("01-06"), day("01-06")); err != nil || len(got) != 1 {
		t.Error("one day:", got, err)
	}
	if got, err := ledger.Lines(t.Context(), wh.DB, nil, day("01-01"), day("01-31")); err != nil || len(got) != 0 {
		t.Error("no account:", got, err)
	}
}

func TestAccountZone(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	moved := marketing
	moved.Zone = zone("+07:00")
	// An account of which nothing was ever believed may be put right, also when days were asked for in vain.
	asked, err := wh.Begin(t.Context(), load.Start{Scope: scope(marketing, "01-05", sms.StatsDay), Now: at("01-20 12:00")})
	if err == nil {
		err = wh.Fail(t.Context(), asked, batchOf(answer{Scope: scope(marketing, "01-05", sms.StatsDay)}), "in vain", at("01-20 12:00"))
	}
	if err := errors.Join(err, wh.Account(t.Context(), "test", moved), wh.Account(t.Context(), "test", marketing)); err != nil {
		t.Error("an empty account cannot move:", err)
	}
	put(t, wh, answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: []sms.Delivery{row("01-05", "a", 10)}})
	if err := wh.Account(t.Context(), "test", moved); !errors.Is(err, load.ErrZone) {
		t.Error("got", err)
	}
	if _, err := wh.Begin(t.Context(), load.Start{Source: "test", Scope: scope(moved, "01-05", sms.StatsDay), Now: at("01-20 12:00")}); !errors.Is(err, load.ErrZone) {
		t.Error("got", err)
	}
	elsewhere := scope(marketing, "01-05", sms.StatsDay)
	elsewhere.Window = sms.OneDay(day("01-05"), moved.Zone)
	if _, err := wh.Begin(t.Context(), load.Start{Scope: elsewhere, Now: at("01-20 12:00")}); !errors.Is(err, load.ErrZone) {
		t.Error("got", err)
	}
	if err := wh.Account(t.Context(), "renamed", marketing); err != nil {
		t.Error(err)
	}
	same(t, "account", dump(t, wh, `SELECT account, zone, source FROM sms.dim_account`), "marketing +08:00 renamed")
	if _, err := wh.Begin(t.Context(), load.Start{Scope: scope(app, "01-05", sms.SendStatus), Now: at("01-20 12:00")}); !errors.Is(err, load.ErrUnknownAccount) {
		t.Error("got", err)
	}
	if _, err := wh.Begin(t.Context(), load.Start{Scope: scope(marketing, "01-05", sms.SendStatus), Now: at("01-20 12:00")}); err == nil {
		t.Error("another vendor's dataset was taken")
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	runID, err := queue.StartRun(t.Context(), wh.Pool(), queue.Run{Command: "backfill", Arguments: "--from 2026-01-05", Version: "1", Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	id, err := wh.Begin(t.Context(), load.Start{RunID: runID, Scope: s, JobID: 7, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	answer := sms.Payload{
		Account: marketing, Dataset: sms.StatsDay, Window: s.Window, FetchedAt: at("01-20 12:00"), Status: 200, RequestID: "rid",
		Request: sms.Request{Method: "GET", URL: "https://h/v1/stats_day?start_date=2026-01-05"}, Body: pack.Bytes([]byte(`{"result":[]}`)),
	}
	refused := answer
	refused.Status, refused.Refused, refused.Body = 502, "not JSON\x00", sms.Body{}
	lines := `SELECT ctid::text, xmin::text FROM etl.raw`
	var before string
	for i, p := range []sms.Payload{answer, answer, refused} {
		if err := raw.Keep(t.Context(), wh.DB, id, p); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			before = dump(t, wh, lines)
		}
	}
	if d := cmp.Diff(before, dump(t, wh, lines)); d != "" {
		t.Error("an identical answer was written again:\n", d)
	}
	same(t, "answers", dump(t, wh, `SELECT dataset, status, request_id, refused, octet_length(hash), window_from, fetched_at FROM etl.fetch ORDER BY fetch_id`),
		"stats_day 200 rid  32 2026-01-05 2026-01-20 12:00:00.000000",
		"stats_day 200 rid  32 2026-01-05 2026-01-20 12:00:00.000000",
		"stats_day 502 rid not JSON\uFFFD - 2026-01-05 2026-01-20 12:00:00.000000")
	var packed []byte
	var size int64
	if err := wh.Pool().QueryRow(t.Context(), `SELECT packed, size FROM etl.raw`).Scan(&packed, &size); err != nil {
		t.Fatal(err)
	}
	bytes, err := pack.Unpack(sms.Body{Packed: packed, Size: size, Hash: answer.Body.Hash})
	if err != nil || string(bytes) != `{"result":[]}` {
		t.Error(string(bytes), err)
	}
	if err := queue.EndRun(t.Context(), wh.Pool(), runID, "ok", at("01-20 12:05")); err != nil {
		t.Error(err)
	}
	same(t, "run", dump(t, wh, `SELECT r.command, r.arguments, r.outcome, l.river_job_id FROM etl.run AS r JOIN etl.load AS l USING (run_id)`),
		"backfill --from 2026-01-05 ok 7")
}

func TestVerifySeesWhatWasDoneByHand(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", 20), row("01-06", "a", 30)}})
	for name, hand := range map[string]string{
		"numbers that outweigh each other": `UPDATE sms.fact_delivery_daily SET delivered = delivered - 1, pending = pending - 1, send_failed = send_failed + 2 WHERE requested = 10`,
		"-1 for NULL":                      `UPDATE sms.fact_delivery_daily SET vendor_sent = coalesce(vendor_sent, -1), pending = coalesce(pending, -1), billed_segments = CASE WHEN billed_segments IS NULL THEN -1 END WHERE requested = 10`,
		"a number":                         `UPDATE sms.fact_delivery_daily SET pending = pending + 1 WHERE requested = 10`,
		"NULL for zero":                    `UPDATE sms.fact_delivery_daily SET pending = NULL WHERE requested = 10`,
		"two measures swapped":             `UPDATE sms.fact_delivery_daily SET delivered = send_failed, send_failed = delivered WHERE requested = 10`,
		"two rows swapped":                 `UPDATE sms.fact_delivery_daily SET requested = 30 - requested WHERE date_key = '2026-01-05'`,
		"a row gone":                       `DELETE FROM sms.fact_delivery_daily WHERE requested = 10`,
		"another country on it":            `UPDATE sms.fact_delivery_daily SET country_key = -1 WHERE requested = 10`,
		"another label on the row":         `UPDATE sms.fact_delivery_daily SET label_key = -1 WHERE requested = 10`,
		"a row where there is none":        `INSERT INTO sms.fact_delivery_daily SELECT '2026-01-09', account_key, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1, load_id, NULL, -1 FROM sms.fact_delivery_daily LIMIT 1`,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			tx, err := wh.Pool().Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(ctx)
			if _, err := tx.Exec(ctx, hand); err != nil {
				t.Fatal(err)
			}
			differ, err := check.Ledger(ctx, tx, []int32{1}, 0)
			if err != nil || len(differ) != 1 {
				t.Errorf("%v differ, want one day (%v)", differ, err)
			}
		})
	}
	verify(t, wh)
	if _, err := wh.Pool().Exec(t.Context(), `DELETE FROM sms.fact_delivery_daily WHERE requested = 30`); err != nil {
		t.Fatal(err)
	}
	same(t, "mismatches", mismatches(t, wh), "stats_day 2026-01-06 1 0")
}
