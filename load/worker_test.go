package load_test

import (
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

func TestRescueDead(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	release, err := wh.RegisterWorker(t.Context(), "alive")
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
	if _, err := wh.Begin(t.Context(), load.Start{Scope: scope(marketing, "01-05", sms.StatsDay), JobID: 2, Now: at("01-20 12:00")}); err != nil {
		t.Fatal(err)
	}
	if n, err := wh.RescueDead(t.Context()); n != 3 || err != nil {
		t.Errorf("rescued %d, %v; want 3", n, err)
	}
	jobs := `SELECT id, state::text, attempt, max_attempts, coalesce(array_length(errors, 1), 0) FROM river.river_job ORDER BY id`
	same(t, "jobs", dump(t, wh, jobs), "1 running 1 1 0", "2 available 3 4 1", "3 available 1 3 1", "4 available 0 3 0", "5 available 1 3 1")
	same(t, "the dead worker's load", dump(t, wh, `SELECT outcome, reason FROM etl.load`), "failed the worker died")
	same(t, "workers", dump(t, wh, `SELECT client_id FROM etl.worker`), "alive")
	if n, err := wh.RescueDead(t.Context()); n != 0 || err != nil {
		t.Errorf("rescued %d again, %v", n, err)
	}

	release()
	same(t, "workers", dump(t, wh, `SELECT count(*) FROM etl.worker`), "0")
	if n, err := wh.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d after the worker left, %v", n, err)
	}
}

// A worker whose process dies leaves its line, and no lock.
func TestWorkerLosesItsSession(t *testing.T) {
	t.Parallel()
	wh := open(t)
	release, err := wh.RegisterWorker(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := wh.Pool().Exec(t.Context(), `INSERT INTO river.river_job (state, attempt, max_attempts, attempted_by, kind, args) VALUES ('running', 1, 3, '{w}', 'window', '{}')`); err != nil {
		t.Fatal(err)
	}
	if n, err := wh.RescueDead(t.Context()); n != 0 || err != nil {
		t.Errorf("rescued %d from a living worker, %v", n, err)
	}
	if _, err := wh.Pool().Exec(t.Context(), `
		SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	if n, err := wh.RescueDead(t.Context()); n != 1 || err != nil {
		t.Errorf("rescued %d, %v; want 1", n, err)
	}
	same(t, "workers", dump(t, wh, `SELECT count(*) FROM etl.worker`), "0")
}
