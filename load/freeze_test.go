package load_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"smsetl/internal/db"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/star"
	"smsetl/sms"
)

const lines = `
	SELECT to_char(date_key, 'DD'), dataset, state, reason, was_state, was_reason, row_count, load_id, since
	FROM etl.coverage ORDER BY date_key, dataset`

func ana(reason, when string) ledger.Operator {
	return ledger.Operator{Who: "ana", Reason: reason, Now: at(when)}
}

// A frozen day is left alone by everything, and afterwards it is what it was: a day that was missing has no line again.
func TestFreeze(t *testing.T) {
	t.Parallel()
	wh := open(t, app)
	pair := []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
	s := scope(app, "01-05..01-06", pair...)
	good := answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "", 1000), row("01-06", "", 1000)}}
	put(t, wh, good)
	small := good
	small.Deliveries = []sms.Delivery{row("01-05", "", 1000), row("01-06", "", 10)}
	put(t, wh, small, now("01-20 13:00")) // 06 is quarantined
	id, err := wh.Begin(t.Context(), load.Start{Scope: scope(app, "01-07", pair...), Now: at("01-20 13:00")})
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.Fail(t.Context(), id, batchOf(answer{Scope: scope(app, "01-07", pair...)}), "503", at("01-20 13:00")); err != nil {
		t.Fatal(err)
	}
	before := dump(t, wh, strings.Replace(lines, ", since", "", 1))

	all := scope(app, "01-05..01-08", pair...)
	days, err := ledger.Freeze(t.Context(), wh.DB, all, ana("the vendor counts twice", "01-21 09:00"))
	if err != nil || days != 4 {
		t.Fatal(days, err)
	}
	since := "2026-01-21 09:00:00.000000"
	want := []string{
		"05 callback_status frozen ana: the vendor counts twice final  0 2 " + since,
		"05 send_status frozen ana: the vendor counts twice final  1 2 " + since,
	}
	frozen := dump(t, wh, lines)
	same(t, "the first day", strings.Join(strings.Split(frozen, "\n")[:2], "\n"), want...)
	if !strings.Contains(frozen, "08 send_status frozen ana: the vendor counts twice missing  0 - "+since) {
		t.Errorf("a day that was missing:\n%s", frozen)
	}
	if days, err := ledger.Freeze(t.Context(), wh.DB, all, ana("again", "01-22 09:00")); err != nil || days != 0 {
		t.Error("frozen twice:", days, err)
	}

	// Loads hold their rows, failures and the passing of time change nothing.
	changed := answer{Scope: all, Deliveries: []sms.Delivery{row("01-05", "", 1001), row("01-08", "", 7)}}
	if r := put(t, wh, changed, now("01-22 10:00")); len(r.Frozen) != 4 || r.Held != 2 || r.Updated+r.Inserted+r.Removed != 0 {
		t.Errorf("%+v", r)
	}
	if id, err = wh.Begin(t.Context(), load.Start{Scope: all, Now: at("01-22 11:00")}); err == nil {
		err = wh.Fail(t.Context(), id, batchOf(answer{Scope: all}), "504", at("01-22 11:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	forgotten := []ledger.Expectation{
		{Account: app, Dataset: sms.SendStatus, First: day("01-05"), Last: day("01-09"), RetentionDays: 1}, // all but the last
	}
	if n, err := ledger.Expire(t.Context(), wh.DB, forgotten); n != 0 || err != nil {
		t.Error("a frozen day is lost:", n, err)
	}
	same(t, "frozen days", dump(t, wh, lines), strings.Split(frozen, "\n")...)

	if days, err := ledger.Unfreeze(t.Context(), wh.DB, all, ana("mended", "01-23 09:00")); err != nil || days != 4 {
		t.Error(days, err)
	}
	same(t, "days afterwards", dump(t, wh, strings.Replace(lines, ", since", "", 1)), strings.Split(before, "\n")...)
	same(t, "since", dump(t, wh, `SELECT DISTINCT since FROM etl.coverage`), "2026-01-23 09:00:00.000000")
	same(t, "the log", dump(t, wh, `SELECT operation, datasets, window_from, window_to, days, who, reason, done_at FROM etl.operation ORDER BY operation_id`),
		"freeze [send_status callback_status] 2026-01-05 2026-01-08 4 ana the vendor counts twice 2026-01-21 09:00:00.000000",
		"unfreeze [send_status callback_status] 2026-01-05 2026-01-08 4 ana mended 2026-01-23 09:00:00.000000")
	if days, err := ledger.Unfreeze(t.Context(), wh.DB, all, ana("again", "01-23 09:00")); err != nil || days != 0 {
		t.Error("thawed twice:", days, err)
	}

	// It goes on where it was: the quarantined answer is confirmed.
	put(t, wh, small, now("01-23 13:00"))
	same(t, "06", dump(t, wh, `SELECT DISTINCT state FROM etl.coverage WHERE date_key = '2026-01-06'`), "final")
	verify(t, wh)
}

func TestFreezeRefuses(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	if _, err := ledger.Freeze(t.Context(), wh.DB, scope(app, "01-05", sms.SendStatus), ana("r", "01-21 09:00")); !errors.Is(err, load.ErrUnknownAccount) {
		t.Error("got", err)
	}
	if _, err := ledger.Freeze(t.Context(), wh.DB, scope(marketing, "01-05", sms.SendStatus), ana("r", "01-21 09:00")); err == nil {
		t.Error("another vendor's dataset was taken")
	}
}

// A freeze waits for the load under way: the load has read the ledger before, and would write its lines over the freeze.
func TestFreezeWaitsForALoad(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := wh.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if err := db.Turn(t.Context(), tx, db.LoadTurn(star.Delivery, 1)); err != nil { // as a load of the account's delivery rows
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := ledger.Freeze(t.Context(), wh.DB, s, ana("r", "01-21 09:00"))
		done <- err
	}()
	for dump(t, wh, waiting) != "1" {
		select {
		case err := <-done:
			t.Fatal("the freeze did not wait:", err)
		default:
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r, err := wh.Put(t.Context(), id, batchOf(answerOf(s, 10)), load.PutOptions{Now: at("01-20 12:00")}, nil)
	if err != nil || len(r.Frozen) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// The database lets a line change its state as package sms does, and nothing else, whoever writes.
func TestLedgerGuard(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	var want []string
	for _, from := range sms.States() {
		for _, event := range sms.Events() {
			to, err := sms.DayState{State: from}.After(event)
			hasLine := from != sms.Missing && from != sms.NotDue && to.State != sms.Missing
			if err == nil && to.State != from && event != sms.Unfreeze && hasLine {
				want = append(want, string(from)+" "+string(to.State))
			}
		}
	}
	slices.Sort(want)
	same(t, "changes", dump(t, wh, `SELECT state_from, state_to FROM etl.day_change ORDER BY state_from, state_to`), want...)

	put(t, wh, answerOf(scope(marketing, "01-05", sms.StatsDay), 10))
	set := func(state, was string) error {
		var old *string
		if was != "" {
			old = &was
		}
		_, err := wh.Pool().Exec(t.Context(), `
			UPDATE etl.coverage
			SET state = $1, was_state = $2::text, was_reason = CASE WHEN $2::text IS NOT NULL THEN '' END, attempts = attempts + 1`, state, old)
		return err
	}
	for _, step := range []struct {
		state, was string
		refused    bool
	}{
		{"failed", "", true},
		{"lost", "", true},
		{"final", "", false},
		{"quarantined", "", false},
		{"lost", "", true},
		{"frozen", "", true},
		{"frozen", "quarantined", false},
		{"frozen", "quarantined", true}, // not even a try is counted
		{"final", "", true},
		{"quarantined", "", false},
		{"provisional", "", false},
	} {
		err := set(step.state, step.was)
		var pg *pgconn.PgError
		if refused := errors.As(err, &pg) && pg.Code == "23514"; refused != step.refused || err != nil && !refused {
			t.Errorf("%v: %v", step, err)
		}
	}
}

// Whatever is done to a day, in whatever order, the ledger says what the machine of package sms says.
func TestLedgerIsTheMachine(t *testing.T) {
	t.Parallel()
	wh := open(t)
	ctx, accounts := t.Context(), 0
	guard := func(o *load.PutOptions) { o.Rules = rules(4) }
	rapid.Check(t, func(t *rapid.T) {
		accounts++
		account := sms.Account{Vendor: sms.EngageLab, ID: fmt.Sprint("account", accounts), Zone: east}
		if err := wh.Account(ctx, "test", account); err != nil {
			t.Fatal(err)
		}
		s := scope(account, "01-05", sms.StatsDay)
		want := sms.DayState{State: sms.Missing}
		messages := int64(1000)
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			event := rapid.SampledFrom([]sms.Event{
				sms.Settling, sms.Settled, sms.Suspected, sms.TryFail, sms.Expire, sms.Recall, sms.Freeze, sms.Unfreeze,
			}).Draw(t, "event")
			if event == sms.Suspected && (messages == 0 || want.State == sms.Frozen) {
				continue
			}
			next, possible := want.After(event)
			var err error
			when := "01-20 12:00"
			switch event {
			case sms.Settling, sms.Settled:
				if event == sms.Settling {
					when = "01-06 12:00"
				}
				messages++
				_, err = tryPut(ctx, wh, answerOf(s, messages), now(when), guard)
				if want.State == sms.Frozen {
					possible, next = nil, want // the rows are held
				}
			case sms.Suspected:
				b := answerOf(s, messages)
				b.Rejects = []sms.Reject{{Reason: "no number"}}
				b.Deliveries[0].Requested = sms.Reported(messages + int64(i) + 7)
				_, err = tryPut(ctx, wh, b, now(when), guard)
			case sms.TryFail:
				var id int64
				if id, err = wh.Begin(ctx, load.Start{Scope: s, Now: at(when)}); err == nil {
					err = wh.Fail(ctx, id, batchOf(answer{Scope: s}), "503", at(when))
				}
			case sms.Expire, sms.Recall:
				expected := ledger.Expectation{
					Account: account, Dataset: sms.StatsDay, First: day("01-05"), Last: day("01-06"),
					RetentionDays: map[sms.Event]int{sms.Expire: 1, sms.Recall: 90}[event],
				}
				_, err = ledger.Expire(ctx, wh.DB, []ledger.Expectation{expected})
				if want.State == sms.Provisional && event == sms.Expire {
					next, possible = want.After(sms.Settled) // it has rows
				}
				if possible != nil {
					possible, next = nil, want // it is left alone
				}
			case sms.Freeze:
				_, err = ledger.Freeze(ctx, wh.DB, s, ana("r", when))
				if possible != nil {
					possible, next = nil, want
				}
			default:
				_, err = ledger.Unfreeze(ctx, wh.DB, s, ana("r", when))
				if possible != nil {
					possible, next = nil, want
				}
			}
			if err != nil || possible != nil {
				t.Fatalf("%s of %v: %v, %v", event, want, err, possible)
			}
			want = next
			got := dumpWith(ctx, t, wh, `
				SELECT c.state, coalesce(c.was_state, '')
				FROM etl.coverage AS c JOIN sms.dim_account AS a USING (account_key) WHERE a.account = $1`, account.ID)
			line := string(want.State) + " " + string(want.Was)
			if want.State == sms.Missing {
				line = ""
			}
			if got != line {
				t.Fatalf("after %s the ledger says %q, want %q", event, got, line)
			}
		}
	})
}
