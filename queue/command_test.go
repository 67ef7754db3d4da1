package queue

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/sms"
)

// tiny loads a window by writing nothing but that it is loaded.
type tiny struct {
	warehouse *load.Warehouse
	isSettled bool // the ledger holds the days already
}

// Sources gives the one that there is.
func (tiny) Sources() map[string]int { return map[string]int{"main": 1} }

// Load ends the window, in the load's transaction where there is one.
func (l tiny) Load(ctx context.Context, try *Try) error {
	if l.isSettled {
		return try.AlreadyDone(ctx)
	}
	loadID, err := l.warehouse.Begin(ctx, load.Start{RunID: try.RunID, Source: try.Source, Scope: try.Scope, JobID: try.JobID, Now: time.Now()})
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, l.warehouse.Pool(), func(tx pgx.Tx) error { return try.Complete(ctx, tx, loadID) })
}

// Failed gives up at once.
func (tiny) Failed(*Try, error) bool { return true }

// opened is the queue of a warehouse of its own.
func opened(t *testing.T) (*load.Warehouse, *Queue) {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	q, err := New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return wh, q
}

// queued is a command's run that has queued the first n days of a year, and its jobs.
func queued(t *testing.T, q *Queue, n int) (runID int64, jobs []int64) {
	t.Helper()
	account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
	var items []Item
	for i := range n {
		window := sms.OneDay(sms.Date(2026, 1, 5)+sms.Day(i), account.Zone)
		items = append(items, Item{Source: "main", Scope: sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: window}})
	}
	runID, err := StartRun(t.Context(), q.pool, Run{Command: "run", Now: time.Now()})
	if err == nil {
		err = q.alone(t.Context(), planning, "planning", func(tx pgx.Tx) (err error) {
			jobs, err = q.insert(t.Context(), tx, items, runID, false)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return runID, jobs
}

// A command hears of its loads from those who load, without an event of River and without a look at the table.
func TestCommandHearsOfItsLoads(t *testing.T) {
	t.Parallel()
	for name, isSettled := range map[string]bool{"loaded": false, "loaded already": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh, q := opened(t)
			_, jobs := queued(t, q, 3)
			waiting := map[int64]bool{}
			for _, id := range jobs {
				waiting[id] = true
			}
			loader := tiny{wh, isSettled}
			e, err := newEngine(q, "run", loader, loader.Sources(), Options{loaded: make(chan int64)}.withDefaults())
			if err != nil {
				t.Fatal(err)
			}
			if err := e.start(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			isLost, err := e.await(ctx, waiting, nil, nil)
			if isLost || err != nil || len(waiting) > 0 {
				t.Errorf("lost %t, %v, and waits for %d of 3 windows", isLost, err, len(waiting))
			}
			if err := e.end(ended(t.Context()), 0); err != nil {
				t.Error(err)
			}
			for _, state := range []string{
				`SELECT string_agg(DISTINCT outcome, ', ') FROM etl.run_window`, `SELECT string_agg(DISTINCT state::text, ', ') FROM river.river_job`,
			} {
				var got string
				if err := wh.Pool().QueryRow(t.Context(), state).Scan(&got); err != nil || got != "done" && got != "completed" {
					t.Errorf("%s: %s (%v)", state, got, err)
				}
			}
		})
	}
}

// A run that failed while the database was away has not ended its windows. Who takes their jobs out of the queue does, and a look
// at the queue ends those whose job somebody else has ended.
func TestWindowsOfAFailedRun(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, q *Queue, second int64, jobs []int64) error{
		"the second run gives up": func(ctx context.Context, q *Queue, second int64, _ []int64) error {
			_, err := q.Cancel(ctx, second)
			return err
		},
		"by hand": func(ctx context.Context, q *Queue, _ int64, jobs []int64) error {
			for _, id := range jobs {
				if _, err := q.client.JobCancel(ctx, id); err != nil {
					return err
				}
			}
			return q.tidy(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, q := opened(t)
			first, _ := queued(t, q, 2)
			if err := EndRun(t.Context(), q.pool, first, "failed", time.Now()); err != nil {
				t.Fatal(err)
			}
			second, jobs := queued(t, q, 3)
			if err := end(t.Context(), q, second, jobs); err != nil {
				t.Fatal(err)
			}
			ended := `SELECT count(*) FROM etl.run_window WHERE outcome = 'cancelled' AND ended_at IS NOT NULL`
			if got := pgtest.Rows(t.Context(), t, q.pool, ended); len(got) != 1 || got[0] != "5" {
				t.Errorf("%v windows of 5 are cancelled", got)
			}
		})
	}
}
