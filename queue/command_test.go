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

// A command hears of its loads from those who load, without an event of River and without a look at the table.
func TestCommandHearsOfItsLoads(t *testing.T) {
	t.Parallel()
	for name, isSettled := range map[string]bool{"loaded": false, "loaded already": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(wh.Close)
			q, err := New(wh.Pool(), time.Now, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
			var items []Item
			for i := range 3 {
				window := sms.OneDay(sms.Date(2026, 1, 5)+sms.Day(i), account.Zone)
				items = append(items, Item{Source: "main", Scope: sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: window}})
			}
			waiting := map[int64]bool{}
			runID, err := StartRun(t.Context(), wh.Pool(), Run{Command: "run", Now: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if err := q.alone(t.Context(), planning, "planning", func(tx pgx.Tx) error {
				jobs, err := q.insert(t.Context(), tx, items, runID, false)
				for _, id := range jobs {
					waiting[id] = true
				}
				return err
			}); err != nil {
				t.Fatal(err)
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
