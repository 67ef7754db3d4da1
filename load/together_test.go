package load_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load"
	"smsetl/load/star"
	"smsetl/sms"
)

// A line of the ledger is there when its rows are and not a moment later: whoever completes the load sees both, and nobody else
// sees either. A program that ends between two commits would leave rows that the ledger does not know.
func TestLedgerCommitsWithTheFacts(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	const lines = `SELECT (SELECT count(*) FROM sms.fact_delivery_daily), (SELECT count(*) FROM etl.coverage WHERE state = 'final' AND row_count = 1)`
	_, err = wh.Put(t.Context(), id, batchOf(answerOf(s, 10)), load.PutOptions{Now: at("01-20 12:00")}, func(ctx context.Context, tx pgx.Tx) error {
		same(t, "what others see before the end", dumpWith(ctx, t, wh, lines), "0 0")
		var rows, days int
		if err := tx.QueryRow(ctx, lines).Scan(&rows, &days); err != nil || rows != 1 || days != 1 {
			t.Errorf("the transaction has %d rows and %d days in the ledger, want one of each (%v)", rows, days, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what others see after it", dump(t, wh, lines), "1 1")
}

// The lock comes before the ledger is read: a load that waited for another one sees what that one left, and gives way to it.
func TestLedgerIsReadUnderTheLock(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answerOf(s, 10))
	start := load.Start{Scope: s, Now: at("01-20 12:00")}
	slow, err := wh.Begin(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := wh.Begin(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	other, err := wh.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Turn(t.Context(), other, db.LoadTurn(star.Delivery, 1)); err != nil {
		t.Fatal(err)
	}
	results := make(chan load.Result, 1)
	go func() {
		r, err := wh.Put(t.Context(), slow, batchOf(answerOf(s, 11)), load.PutOptions{Now: at("01-20 12:00")}, nil)
		if err != nil {
			t.Error(err)
		}
		results <- r
	}()
	for dump(t, wh, waiting) != "1" {
		time.Sleep(time.Millisecond)
	}
	if _, err := other.Exec(t.Context(), `UPDATE etl.coverage SET load_id = $1`, quick); err != nil {
		t.Fatal(err)
	}
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := <-results; r.Outcome != load.Superseded || len(r.Superseded) != 1 {
		t.Errorf("the load went on by what it had read before it waited: %+v", r)
	}
}

// waiting counts sessions of this database that wait for somebody's turn to end.
const waiting = `
	SELECT count(*) FROM pg_stat_activity
	WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO etl.turn%'`

// New names are written in one order, whatever order answers have them in: a load that waits for somebody's name holds those
// before it and none behind it, so that no two loads wait for each other.
func TestNamesAreWrittenInOneOrder(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	const add = `INSERT INTO sms.dim_template (account_key, code) SELECT account_key, $1 FROM sms.dim_account`
	other, err := wh.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), add, "m"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := tryPut(t.Context(), wh, answer{Scope: scope(marketing, "01-05", sms.StatsDay), Deliveries: []sms.Delivery{
			row("01-05", "z", 1), row("01-05", "m", 2), row("01-05", "a", 3),
		}})
		done <- err
	}()
	for dump(t, wh, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "1" {
		time.Sleep(time.Millisecond)
	}
	for name, isHeld := range map[string]bool{"a": true, "z": false} {
		err := pgx.BeginFunc(t.Context(), wh.Pool(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SET LOCAL lock_timeout = '100ms'`); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), add, name); err != nil {
				return err
			}
			return errNotKept
		})
		if errors.Is(err, errNotKept) == isHeld {
			t.Errorf("the load waits for m and holds %q: %t, want %t (%v)", name, !isHeld, isHeld, err)
		}
	}
	if err := errors.Join(other.Rollback(t.Context()), <-done); err != nil {
		t.Error(err)
	}
	verify(t, wh)
}

// errNotKept takes a transaction back.
var errNotKept = errors.New("not to be kept")
