package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// planningLock makes planners take turns: what one of them hands to the queue, the next one sees there.
const planningLock = `SELECT pg_advisory_xact_lock(hashtextextended('smsetl planning', 0))`

// Planning runs do in a transaction that no other planner of this database has at the same time. Two planners that read
// the ledger side by side would both find the same days due; and two that queue the same windows in different orders would
// block each other.
func (w *Warehouse) Planning(ctx context.Context, do func(ctx context.Context, tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, planningLock); err != nil {
			return err
		}
		return do(ctx, tx)
	})
	return failed("planning", err)
}

// RunWindow is a window that a run has handed to the queue.
type RunWindow struct {
	JobID    int64
	Source   string
	Scope    string        // for people
	Days     int           // of the window
	Estimate time.Duration // at the vendor's rate; 0 for unknown
	Priority int           // 1 goes first; a job that waits behind that comes forward
}

// AddWindows writes down what a run handed to the queue. A job that an earlier run has queued already, less urgently, comes
// forward.
func (w *Warehouse) AddWindows(ctx context.Context, tx pgx.Tx, runID int64, windows []RunWindow, now time.Time) error {
	n := len(windows)
	jobs, days, priorities := make([]int64, n), make([]int32, n), make([]int16, n)
	sources, scopes := make([]string, n), make([]string, n)
	estimates := make([]float64, n)
	for i, w := range windows {
		jobs[i], days[i], priorities[i] = w.JobID, int32(w.Days), int16(w.Priority)
		sources[i], scopes[i], estimates[i] = w.Source, clean(w.Scope), w.Estimate.Seconds()
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at)
		SELECT $1, job, source, scope, days, estimate, $7
		FROM unnest($2::bigint[], $3::text[], $4::text[], $5::integer[], $6::float8[]) AS w (job, source, scope, days, estimate)
		ON CONFLICT (run_id, river_job_id) DO NOTHING`, runID, jobs, sources, scopes, days, estimates, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE river.river_job AS j
		SET priority = w.priority
		FROM unnest($1::bigint[], $2::smallint[]) AS w (job, priority)
		WHERE j.id = w.job
		  AND j.priority > w.priority
		  AND j.state <> 'running'
		  AND j.finalized_at IS NULL`, jobs, priorities)
	return err
}
