package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
)

// open gives a new warehouse and its queue.
func open(t *testing.T) (*load.Warehouse, *queue.Queue) {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	q, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return wh, q
}

// dump gives what a query finds, one line for each row.
func dump(t *testing.T, d db.Querier, query string) string {
	t.Helper()
	return strings.Join(pgtest.Rows(t.Context(), t, d, query), "\n")
}

func same(t *testing.T, what, got string, want ...string) {
	t.Helper()
	if want := strings.Join(want, "\n"); got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

func TestRescueDead(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	alive, err := q.RegisterWorker(t.Context(), "alive")
	if err != nil {
		t.Fatal(err)
	}
	_, err = wh.Pool().Exec(t.Context(), `
		INSERT INTO river.river_job (id, state, attempt, max_attempts, attempted_at, attempted_by, kind, args)
		VALUES (1, 'running',   1, 1, now(), '{dead,alive}', 'window', '{}'),
		       (2, 'running',   3, 3, now(), '{alive,dead}', 'window', '{}'),
		       (3, 'running',   1, 3, now(), '{dead}',       'window', '{}'),
		       (4, 'available', 0, 3, NULL,  '{}',           'window', '{}'),
		       (5, 'running',   1, 3, now(), NULL,           'window', '{}')`)
	if err != nil {
		t.Fatal(err)
	}
	account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
	scope := sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(sms.Date(2026, 1, 5), account.Zone)}
	if _, err := wh.Begin(t.Context(), load.Start{Source: "test", Scope: scope, JobID: 2, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if n, err := q.RescueDead(t.Context()); n != 3 || err != nil {
		t.Errorf("rescued %d, %v; want 3", n, err)
	}
	jobs := `SELECT id, state::text, attempt, max_attempts, coalesce(array_length(errors, 1), 0) FROM river.river_job ORDER BY id`
	same(t, "jobs", dump(t, wh.Pool(), jobs), "1 running 1 1 0", "2 available 3 4 1", "3 available 1 3 1", "4 available 0 3 0", "5 available 1 3 1")
	same(t, "the dead worker's load", dump(t, wh.Pool(), `SELECT outcome, reason FROM etl.load`), "failed the worker died")
	same(t, "workers", dump(t, wh.Pool(), `SELECT client_id FROM etl.worker`), "alive")
	if n, err := q.RescueDead(t.Context()); n != 0 || err != nil {
		t.Errorf("rescued %d again, %v", n, err)
	}

	alive.Release()
	same(t, "workers", dump(t, wh.Pool(), `SELECT count(*) FROM etl.worker`), "0")
	if n, err := q.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d after the worker left, %v", n, err)
	}
}

// A load that its program could not end is ended a day later, whether a job stands for it or not.
func TestEndLost(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	scope := sms.Scope{Account: sms.Account{Vendor: sms.EngageLab, ID: "marketing"}, Datasets: []sms.Dataset{sms.StatsDay}}
	scope.Window = sms.OneDay(sms.Date(2026, 1, 5), scope.Account.Zone)
	for _, start := range []load.Start{
		{Now: time.Now().Add(-25 * time.Hour)}, {Now: time.Now().Add(-23 * time.Hour)}, {Now: time.Now().Add(-25 * time.Hour), JobID: 7},
	} {
		start.Source, start.Scope = "test", scope
		if _, err := wh.Begin(t.Context(), start); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := q.EndLost(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "loads", dump(t, wh.Pool(), `SELECT outcome, called_off, reason FROM etl.load ORDER BY load_id`),
		"failed true nobody ended it", "running false -", "failed true nobody ended it")
}

// running puts a job into the queue that the worker works on.
func running(t *testing.T, wh *load.Warehouse, worker string) {
	t.Helper()
	_, err := wh.Pool().Exec(t.Context(), `
		INSERT INTO river.river_job (state, attempt, max_attempts, attempted_by, kind, args)
		VALUES ('running', 1, 3, ARRAY[$1], 'window', '{}')`, worker)
	if err != nil {
		t.Fatal(err)
	}
}

// cut ends the session of every worker of the database.
func cut(t *testing.T, wh *load.Warehouse) {
	t.Helper()
	if _, err := wh.Pool().Exec(t.Context(), `
		SELECT pg_terminate_backend(backend, 5000) FROM etl.worker`); err != nil {
		t.Fatal(err)
	}
}

// A worker whose process dies leaves its line, and no session.
func TestWorkerLosesItsSession(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	worker, err := q.RegisterWorker(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Release()
	running(t, wh, "w")
	if n, err := q.RescueDead(t.Context()); n != 0 || err != nil {
		t.Errorf("rescued %d from a living worker, %v", n, err)
	}
	cut(t, wh)
	if n, err := q.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d, %v; want 1", n, err)
	}
	same(t, "workers", dump(t, wh.Pool(), `SELECT count(*) FROM etl.worker`), "0")

	// When it looks, it finds that it was taken for dead.
	if err := worker.Keep(t.Context()); !errors.Is(err, queue.ErrDeclaredDead) {
		t.Errorf("%v, want %v", err, queue.ErrDeclaredDead)
	}
}

// A worker that notices before anybody else goes on under its name.
func TestWorkerOpensItsSessionAgain(t *testing.T) {
	t.Parallel()
	wh, q := open(t)
	worker, err := q.RegisterWorker(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	kept := make(chan error, 1)
	go func() { kept <- worker.Keep(ctx) }()
	running(t, wh, "w")
	holds := `SELECT backend FROM etl.worker WHERE etl.lives(backend, role, session)`
	before := dump(t, wh.Pool(), holds)
	for range 3 {
		cut(t, wh)
		for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if now := dump(t, wh.Pool(), holds); now != "" && now != before {
				before = now
				break
			}
			if time.Now().After(until) {
				t.Fatal("no new session for 10 s")
			}
		}
		if n, err := q.RescueDead(t.Context()); n != 0 || err != nil {
			t.Errorf("rescued %d from a worker that has a session again, %v", n, err)
		}
	}
	stop()
	if err := <-kept; err != nil {
		t.Errorf("%v at the end", err)
	}
	worker.Release()
	same(t, "workers", dump(t, wh.Pool(), `SELECT count(*) FROM etl.worker`), "0")
	if n, err := q.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d after the worker left, %v", n, err)
	}
}
