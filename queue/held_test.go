package queue

import (
	"testing"
	"time"

	"smsetl/internal/dev/pgtest"
)

// A window that the database gave to a worker is sent back when it never came: the answer was lost on its way. One that is worked, or
// was until just now, one that was given away a moment ago and one of another worker are left alone.
func TestRescueUnheard(t *testing.T) {
	t.Parallel()
	wh, q := opened(t)
	_, err := wh.Pool().Exec(t.Context(), `
		INSERT INTO river.river_job (id, state, attempt, max_attempts, attempted_at, attempted_by, kind, args)
		SELECT id, 'running', 1, 3, now() - ago, ARRAY[worker], 'window', '{}'
		FROM (VALUES (1, interval '1 minute', 'me'), (2, '1 minute', 'me'), (3, '1 minute', 'me'), (4, '1 second', 'me'), (5, '1 minute', 'other'))
		     AS j (id, ago, worker)`)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{queue: q, id: "me", options: Options{}.withDefaults()}
	e.held.begin(2)
	e.held.begin(3)
	e.held.end(3)
	for range 2 {
		if err := e.rescueUnheard(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Holds(t, wh.Pool(), "jobs", `SELECT id, state::text, max_attempts, errors[1] ->> 'error' FROM river.river_job ORDER BY id`,
		"1 available 3 it never reached its worker", "2 running 3 -", "3 running 3 -", "4 running 3 -", "5 running 3 -")
	e.held.jobs[3] = time.Now().Add(-time.Minute)
	if e.held.has(3) || !e.held.has(2) {
		t.Error("a window that ended a minute ago is held, or one under way is not")
	}
}
