package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
)

// The outcomes of a run's window. It is also cancelled when it is taken out of the queue.
const (
	windowDone   = "done"   // loaded, or loaded already
	windowFailed = "failed" // given up
)

// addWindows writes down what a run queued. A job that an earlier run has queued already, less urgently, comes forward.
func addWindows(ctx context.Context, tx pgx.Tx, runID int64, jobs []int64, items []Item, now time.Time) error {
	n := len(items)
	days, priorities, estimates := make([]int32, n), make([]int16, n), make([]float64, n)
	sources, scopes := make([]string, n), make([]string, n)
	for i, item := range items {
		days[i], priorities[i] = int32(item.Scope.Window.Len()), int16(item.priority(now))
		estimates[i] = item.Estimate.Seconds()
		sources[i], scopes[i] = item.Source, db.Clean(item.Scope.String())
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at)
		SELECT $1, job, source, scope, days, estimate, $7
		FROM unnest($2::bigint[], $3::text[], $4::text[], $5::integer[], $6::float8[])
		     AS w (job, source, scope, days, estimate)
		ON CONFLICT (run_id, river_job_id) DO NOTHING`, runID, jobs, sources, scopes, days, estimates, now); err != nil {
		return err
	}
	return hasten(ctx, tx, jobs, priorities)
}

// finishWindow ends a job's windows as done, for every run that waits for it. A run that was cancelled a moment too
// late has its window all the same.
func finishWindow(ctx context.Context, tx pgx.Tx, jobID, loadID int64) error {
	_, err := tx.Exec(ctx, `
		UPDATE etl.run_window
		SET outcome  = 'done',
		    reason   = NULL,
		    ended_at = clock_timestamp(),
		    load_id  = $2
		WHERE river_job_id = $1
		  AND outcome IS DISTINCT FROM 'done'`, jobID, loadID)
	return err
}

// endWindow ends a job's windows without a load: done when the ledger held the days already, failed when it is given
// up.
func (q *Queue) endWindow(ctx context.Context, jobID int64, outcome, reason string) error {
	_, err := q.pool.Exec(ctx, `
		UPDATE etl.run_window
		SET outcome  = $2,
		    reason   = NULLIF($3, ''),
		    ended_at = clock_timestamp()
		WHERE river_job_id = $1
		  AND outcome IS NULL`, jobID, outcome, db.Clean(reason))
	return failed("ending a window", err)
}

// endDetached ends the detached runs whose last window has ended, and gives their numbers.
func (q *Queue) endDetached(ctx context.Context) ([]int64, error) {
	rows, err := q.pool.Query(ctx, statement("runs_end"), q.now())
	if err != nil {
		return nil, failed("ending detached runs", err)
	}
	runs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return runs, failed("ending detached runs", err)
}

// ErrNoRun says that there is no run of that number.
var ErrNoRun = errors.New("there is no such run")

// ErrRunEnded says that the run has ended already.
var ErrRunEnded = errors.New("the run has ended already")

// ownJobs gives the jobs of a run's open windows that no other run waits for, and keeps the run from ending meanwhile.
func ownJobs(ctx context.Context, tx pgx.Tx, runID int64) ([]int64, error) {
	var ended bool
	err := tx.QueryRow(ctx, `SELECT ended_at IS NOT NULL FROM etl.run WHERE run_id = $1 FOR UPDATE`, runID).Scan(&ended)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("%w: %d", ErrNoRun, runID)
	case err != nil:
		return nil, err
	case ended:
		return nil, fmt.Errorf("%w: %d", ErrRunEnded, runID)
	}
	rows, err := tx.Query(ctx, `
		SELECT e.river_job_id
		FROM etl.run_window AS e
		WHERE e.run_id = $1
		  AND e.outcome IS NULL
		  AND NOT EXISTS (
		          SELECT
		          FROM etl.run_window AS w
		          JOIN etl.run        AS r ON r.run_id = w.run_id
		          WHERE w.river_job_id = e.river_job_id
		            AND w.run_id <> $1
		            AND w.outcome IS NULL
		            AND r.ended_at IS NULL
		      )
		ORDER BY e.river_job_id`, runID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// cancelWindows ends a run's open windows, and those of the jobs that were taken out of the queue with it: an earlier run may have
// failed without ending its own.
func cancelWindows(ctx context.Context, tx pgx.Tx, runID int64, jobs []int64, reason string) error {
	_, err := tx.Exec(ctx, `
		UPDATE etl.run_window
		SET outcome  = 'cancelled',
		    reason   = $3,
		    ended_at = clock_timestamp()
		WHERE (run_id = $1 OR river_job_id = ANY ($2))
		  AND outcome IS NULL`, runID, jobs, db.Clean(reason))
	return err
}

// FailedWindow is a window of a run that was given up.
type FailedWindow struct {
	Source string
	Scope  string // account, datasets and days, for people
	Reason string
}

// FailedWindows gives the windows of a run that were given up, whichever process worked them.
func (r Reader) FailedWindows(ctx context.Context, runID int64) ([]FailedWindow, error) {
	return collect[FailedWindow](ctx, r.db, "reading which windows failed", `
		SELECT source, scope, coalesce(reason, '')
		FROM etl.run_window
		WHERE run_id = $1
		  AND outcome = 'failed'
		ORDER BY source, scope`, runID)
}
