package load_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/internal/dev/pgtest"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/queue"
	"smsetl/sms"
)

// Every role may take any advisory lock and keep it. Nothing waits for one: a stranger here has those that the program took
// before its turns were rows.
func TestDoorAdvisoryLocks(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	conn := analyst(t, wh)
	if _, err := conn.Exec(t.Context(), `
		SELECT pg_advisory_lock(x'736d7300'::int + part, account) FROM generate_series(0, 2) AS part, generate_series(0, 5) AS account
		UNION ALL
		SELECT pg_advisory_lock(x'736d7310'::int, 0)
		UNION ALL
		SELECT pg_advisory_lock(hashtextextended('smsetl ' || what, 0)) FROM unnest(ARRAY['planning', 'pausing', 'notice', 'drop_dir s']) AS what`); err != nil {
		t.Fatal(err)
	}
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answerOf(s, 10))
	if days, err := ledger.Freeze(t.Context(), wh.DB, s, ana("a dispute", "01-21 09:00")); err != nil || days != 1 {
		t.Error(days, err)
	}
	if _, err := check.New(wh.DB).Check(t.Context(), at("01-20 20:00"), check.Options{}); err != nil {
		t.Error(err)
	}
	if _, err := check.New(wh.DB).ClaimNotices(t.Context(), at("01-20 20:00"), check.Wrong); err != nil {
		t.Error(err)
	}
	q, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Pause(t.Context(), "s", "ana", "a test"); err != nil {
		t.Error(err)
	}
	if is, err := q.Resume(t.Context(), "s"); err != nil || !is {
		t.Error(is, err)
	}
	if _, windows, err := q.Send(t.Context(), queue.Run{Command: "backfill", Now: time.Now()}, false,
		func(context.Context) ([]queue.Item, error) { return []queue.Item{{Source: "s", Scope: s}}, nil }); err != nil || windows != 1 {
		t.Error(windows, err)
	}
	if is, err := messages.InDropDir(t.Context(), wh.DB, "s", func() error { return nil }); err != nil || !is {
		t.Error(is, err)
	}
}

// Nor can a stranger take the turns that are rows, see who has them, or lock what they stand in.
func TestDoorTurns(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	conn := analyst(t, wh)
	if _, err := conn.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`SELECT FROM etl.turn`, `SELECT FROM etl.turn FOR SHARE`, `INSERT INTO etl.turn (name) VALUES ('planning')`, `UPDATE etl.turn SET backend = 1`,
		`DO 'BEGIN LOCK TABLE etl.turn IN ACCESS SHARE MODE; END'`, `DO 'BEGIN LOCK TABLE etl.migrating IN ACCESS SHARE MODE; END'`,
		`DO 'BEGIN LOCK TABLE sms.dim_account IN ROW SHARE MODE; END'`, `SELECT FROM etl.worker`, `SELECT FROM sms.dim_account FOR KEY SHARE`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Error("an analyst may:", statement)
		}
	}
}

// One program at a time has a watched folder, and the next one gets it as soon as the first is done with it or is no more.
func TestTurnAtADropDir(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	in := func(do func() error) bool {
		t.Helper()
		is, err := messages.InDropDir(t.Context(), wh.DB, "s", do)
		if err != nil {
			t.Error(err)
		}
		return is
	}
	nothing := func() error { return nil }
	if !in(func() error {
		if in(nothing) {
			t.Error("two programs have the turn")
		}
		return nil
	}) || !in(nothing) {
		t.Error("nobody had the turn, and it was not to be had")
	}
	died := in(func() error {
		_, err := wh.Pool().Exec(t.Context(), `SELECT pg_terminate_backend(backend, 5000) FROM etl.turn WHERE backend IS NOT NULL`)
		if !in(nothing) {
			t.Error("the program that had the turn is no more, and the turn is not to be had")
		}
		return err
	})
	if !died || !in(nothing) {
		t.Error("the turn was not to be had at the end")
	}
}

// analyst is somebody who may log in and read what analysts read.
func analyst(t *testing.T, wh *load.Warehouse) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.As(t, wh.Pool().Config().ConnString(), "sms_analyst"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close(context.Background())
	})
	return conn
}
