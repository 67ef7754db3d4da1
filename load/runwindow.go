package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
)

//go:embed sql/run_window_settle.sql
var settleWindows string

//go:embed sql/run_settle.sql
var settleRuns string

//go:embed sql/run_cancel.sql
var cancelRun string

//go:embed sql/backfills.sql
var backfillsQuery string

// The outcomes of a run's window.
const (
	WindowDone      = "done"      // loaded, or loaded already
	WindowFailed    = "failed"    // given up
	WindowCancelled = "cancelled" // taken out of the queue
)

// ErrTakenOver says that the queue has given the job to another worker since.
var ErrTakenOver = errors.New("the window was taken over by another worker meanwhile")

// Claim is a worker's hold on a job: the queue gives each try of a job a number, and writes down who has it.
type Claim struct {
	JobID   int64
	Attempt int
	Worker  string // the client id
}

// FinishWindow ends a job's windows as done, in the load's own transaction, for every run that waits for it. The error is
// ErrTakenOver, and the transaction must not commit, when the claim stands no more: the queue completes whatever runs, and
// would take the end of a try that was given up for that of the try that replaced it.
func (w *Warehouse) FinishWindow(ctx context.Context, tx pgx.Tx, claim Claim, loadID int64) error {
	switch stands, err := stands(ctx, tx, claim, "FOR UPDATE"); {
	case err != nil:
		return err
	case !stands:
		return ErrTakenOver
	}
	// A run that was cancelled a moment too late has its window all the same.
	_, err := tx.Exec(ctx, `
		UPDATE etl.run_window
		SET outcome  = 'done',
		    reason   = NULL,
		    ended_at = clock_timestamp(),
		    load_id  = $2
		WHERE river_job_id = $1
		  AND outcome IS DISTINCT FROM 'done'`, claim.JobID, loadID)
	return err
}

// Stands says whether the claim still holds: the queue has given the job to nobody else.
func (w *Warehouse) Stands(ctx context.Context, claim Claim) (bool, error) {
	stands, err := stands(ctx, w.pool, claim, "")
	return stands, failed("looking at a job", err)
}

func stands(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, claim Claim, lock string,
) (stands bool, err error) {
	err = db.QueryRow(ctx, `
		SELECT state = 'running'
		   AND attempt = $2
		   AND coalesce(attempted_by[array_length(attempted_by, 1)], '') = $3
		FROM river.river_job
		WHERE id = $1 `+lock, claim.JobID, claim.Attempt, claim.Worker).Scan(&stands)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return stands, err
}

// EndWindow ends a job's windows without a load: done when the ledger held the days already, failed when it is given up.
func (w *Warehouse) EndWindow(ctx context.Context, jobID int64, outcome, reason string) error {
	_, err := w.pool.Exec(ctx, `
		UPDATE etl.run_window
		SET outcome  = $2,
		    reason   = NULLIF($3, ''),
		    ended_at = clock_timestamp()
		WHERE river_job_id = $1
		  AND outcome IS NULL`, jobID, outcome, clean(reason))
	return failed("ending a window", err)
}

// SettleRuns ends windows whose job has ended without telling: cancelled by hand, given up by the queue, or forgotten. Then it
// ends the detached runs whose last window has ended, and gives their numbers.
func (w *Warehouse) SettleRuns(ctx context.Context, now time.Time) ([]int64, error) {
	if _, err := w.pool.Exec(ctx, settleWindows); err != nil {
		return nil, failed("settling windows", err)
	}
	return w.EndDetached(ctx, now)
}

// EndDetached ends the detached runs whose last window has ended, and gives their numbers.
func (w *Warehouse) EndDetached(ctx context.Context, now time.Time) ([]int64, error) {
	rows, err := w.pool.Query(ctx, settleRuns, now)
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

// CancelRun ends what is left of a run, and gives the jobs that no other run waits for: take removes one from the queue in
// the same transaction. The windows of a detached run, and so the run, have ended then; another run's command ends it.
func (w *Warehouse) CancelRun(ctx context.Context, runID int64, reason string, now time.Time, take func(ctx context.Context, tx pgx.Tx, jobID int64) error) (int, error) {
	var jobs []int64
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var ended bool
		err := tx.QueryRow(ctx, `SELECT ended_at IS NOT NULL FROM etl.run WHERE run_id = $1 FOR UPDATE`, runID).Scan(&ended)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%w: %d", ErrNoRun, runID)
		case err != nil:
			return err
		case ended:
			return fmt.Errorf("%w: %d", ErrRunEnded, runID)
		}
		// Jobs before windows, as a load's transaction takes them.
		if _, err := tx.Exec(ctx, `
			SELECT FROM river.river_job
			WHERE id IN (SELECT river_job_id FROM etl.run_window WHERE run_id = $1 AND outcome IS NULL)
			ORDER BY id
			FOR UPDATE`, runID); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, cancelRun, runID, clean(reason))
		if err != nil {
			return err
		}
		if jobs, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return err
		}
		for _, job := range jobs {
			if err := take(ctx, tx, job); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, failed("cancelling the run", err)
	}
	_, err = w.EndDetached(ctx, now)
	return len(jobs), err
}

// Backfill is how far a detached run is.
type Backfill struct {
	RunID     int64      `json:"run_id"`
	Arguments string     `json:"arguments"`
	Host      string     `json:"host"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	// State is waiting, running or paused while windows are left, then the outcome: ok, partial or cancelled.
	State     string  `json:"state"`
	Windows   int     `json:"windows"`
	Done      int     `json:"done"`
	Failed    int     `json:"failed"`
	Cancelled int     `json:"cancelled"`
	Left      int     `json:"left"`
	Days      int     `json:"days_left"`
	Rows      int64   `json:"rows"`
	Reason    string  `json:"reason"`       // of the last window that was given up
	Seconds   float64 `json:"seconds_left"` // about; 0 when nothing is left
}

// Backfills gives the detached runs, those under way first, then the newest; at most that many of the ended ones.
func (w *Warehouse) Backfills(ctx context.Context, ended int, now time.Time) ([]Backfill, error) {
	rows, err := w.pool.Query(ctx, backfillsQuery, ended, now)
	if err != nil {
		return nil, failed("reading the backfills", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Backfill])
	return all, failed("reading the backfills", err)
}

// ListBackfills is Backfills within a transaction.
func ListBackfills(ctx context.Context, q querier, ended int, now time.Time) ([]Backfill, error) {
	return db.All[Backfill](ctx, q, backfillsQuery, ended, now)
}

// FailedWindow is a window of a run that was given up.
type FailedWindow struct {
	Source string
	Scope  string // account, datasets and days, for people
	Reason string
}

// FailedWindows gives the windows of a run that were given up, whichever process worked them.
func (w *Warehouse) FailedWindows(ctx context.Context, runID int64) ([]FailedWindow, error) {
	rows, err := w.pool.Query(ctx, `
		SELECT source, scope, coalesce(reason, '')
		FROM etl.run_window
		WHERE run_id = $1
		  AND outcome = 'failed'
		ORDER BY source, scope`, runID)
	if err != nil {
		return nil, failed("reading which windows failed", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[FailedWindow])
	return all, failed("reading which windows failed", err)
}
