//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/long"
)

// A run whose worker was taken for dead stops, and goes on as another one: what it had begun is done once, and nothing is left over.
func TestRunGoesOnAsAnotherWorker(t *testing.T) {
	t.Parallel()
	options := quick(long.Or(30, 60))
	options.Latency = 40 * time.Millisecond
	w := newWorld(t, options)
	w.shortWindows()
	type end struct {
		code   int
		stderr string
	}
	ended := make(chan end, 1)
	go func() {
		code, _, stderr := w.etl("run", at(today)...)
		ended <- end{code, stderr}
	}()
	for lost := 0; lost < 2; {
		select {
		case e := <-ended:
			t.Fatalf("it ended before its session was cut: exit %d\n%s", e.code, e.stderr)
		case <-time.After(50 * time.Millisecond):
		}
		lost += w.loseWorker()
	}
	e := <-ended
	if e.code != exitOK {
		t.Fatalf("exit %d\n%s", e.code, e.stderr)
	}
	if n := w.number("SELECT count(DISTINCT name) FROM river.river_job, unnest(attempted_by) AS name"); n < 2 {
		t.Errorf("%d workers, want another one for the lost session", n)
	}
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	w.noLeftovers()
}

// loseWorker ends the session of a worker that works on something, as when the network breaks, and gives how many that were. The
// worker is taken for dead as RescueDead does it, which the worker would mostly be faster than.
func (w *world) loseWorker() int {
	w.t.Helper()
	if w.number("SELECT count(*) FROM river.river_job WHERE kind = 'window' AND state = 'running'") == 0 {
		return 0
	}
	return int(w.number(`
		WITH lost AS (
		    DELETE FROM etl.worker
		    WHERE client_id IN (SELECT attempted_by[array_length(attempted_by, 1)] FROM river.river_job WHERE state = 'running')
		    RETURNING backend
		)
		SELECT count(pg_terminate_backend(backend, 5000)) FROM lost`))
}

// A server does the same: it goes on without being started again.
func TestServeGoesOnAsAnotherWorker(t *testing.T) {
	t.Parallel()
	options := quick(long.Or(30, 60))
	options.Latency = 40 * time.Millisecond
	w := newWorld(t, options)
	w.shortWindows()
	s := w.serve()
	w.until("the session cut", func() bool { return w.loseWorker() > 0 })
	w.until("the first run", func() bool { return w.number("SELECT count(*) FROM etl.run WHERE detached") > 0 })
	w.untilNone("every window loaded", openWindows)
	w.untilNone("the runs ended", openRuns)
	if n := w.number("SELECT count(DISTINCT name) FROM river.river_job, unnest(attempted_by) AS name"); n < 2 {
		t.Errorf("%d workers, want another one for the lost session", n)
	}
	if !strings.Contains(s.log(), "going on as another worker") {
		t.Error("the log does not tell of it")
	}
	s.end(exitOK)
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	w.noLeftovers()
}
