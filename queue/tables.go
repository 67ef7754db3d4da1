package queue

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Everything that reads or writes River's tables with SQL of ours stands in this file. Writing: River v0.51.1 has no
// call that sends a running job back, that lets pauses between tries end without a leader, or that changes a priority.
// Reading: it does not say who leads, and its lists cannot be joined with our runs and loads.
// TestRiverIsTheOneThatTheseStatementsKnow fails when its tables change.
var (
	//go:embed sql/rescue.sql
	rescueQuery string
	//go:embed sql/due.sql
	dueQuery string
	//go:embed sql/windows_settle.sql
	settleWindowsQuery string
	//go:embed sql/backfills.sql
	backfillsQuery string
	//go:embed sql/runs.sql
	runsQuery string
	//go:embed sql/retries.sql
	retriesQuery string
	//go:embed sql/paused.sql
	pausedQuery string
	//go:embed sql/depths.sql
	depthsQuery string
)

// leader gives the client that leads River's maintenance. Empty when none does.
func leader(ctx context.Context, db DB) (id string, err error) {
	err = db.QueryRow(ctx, `SELECT leader_id FROM river.river_leader WHERE expires_at > now()`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, failed("asking who leads", err)
}

// HasLeader says whether some program serves this database: one of those leads.
func HasLeader(ctx context.Context, db DB) (bool, error) {
	id, err := leader(ctx, db)
	return id != "", err
}

// RescueDead sends jobs back to the queue whose worker lives no more, and gives their number. The loads that such a
// worker had begun end as failed. A killed program then never blocks the next one.
//
// Such a job's worker may only have lost its session: what it still writes is fenced off by its load's number, or by
// the jobs' own transaction.
func (q *Queue) RescueDead(ctx context.Context) (n int, err error) {
	err = q.rescue(ctx, river.NewJobListParams(), "the worker died", isDead, func(tx pgx.Tx, jobs []int64) error {
		n = len(jobs)
		_, err := tx.Exec(ctx, `
			UPDATE etl.load
			SET outcome    = 'failed',
			    reason     = 'the worker died',
			    called_off = true
			WHERE outcome = 'running'
			  AND river_job_id = ANY ($1)`, jobs)
		return err
	})
	return n, failed("looking for jobs of dead workers", err)
}

// RescueHanging sends jobs of a kind back to the queue that have been worked for longer than a time within which each
// of them has to end, and gives their number: their worker lives and hangs. What it still writes is refused.
func (q *Queue) RescueHanging(ctx context.Context, kind string, after time.Duration) (n int, err error) {
	slow := river.NewJobListParams().Kinds(kind).
		Where(`attempted_at < now() - make_interval(secs => @after)`, river.NamedArgs{"after": after.Seconds()})
	everyone := func(context.Context, pgx.Tx, string) (bool, error) { return true, nil }
	err = q.rescue(ctx, slow, "the worker hangs", everyone, func(_ pgx.Tx, jobs []int64) error { n = len(jobs); return nil })
	return n, failed("looking for jobs that hang", err)
}

// rescue sends those of the running jobs back whose worker is gone, and hands their numbers to then in the same
// transaction.
func (q *Queue) rescue(ctx context.Context, which *river.JobListParams, reason string,
	gone func(ctx context.Context, tx pgx.Tx, worker string) (bool, error), then func(tx pgx.Tx, jobs []int64) error,
) error {
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		byWorker := map[string][]*rivertype.JobRow{}
		err := q.eachJob(ctx, tx, which.States(rivertype.JobStateRunning), func(job *rivertype.JobRow) {
			worker := workerOf(job)
			byWorker[worker] = append(byWorker[worker], job)
		})
		if err != nil {
			return err
		}
		var ids []int64
		var attempts []int16
		for _, worker := range sortedKeys(byWorker) {
			switch is, err := gone(ctx, tx, worker); {
			case err != nil:
				return err
			case !is:
				continue
			}
			for _, job := range byWorker[worker] {
				ids, attempts = append(ids, job.ID), append(attempts, int16(job.Attempt))
			}
		}
		if len(ids) == 0 {
			return nil
		}
		rows, err := tx.Query(ctx, rescueQuery, ids, attempts, reason)
		if err != nil {
			return err
		}
		rescued, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		return then(tx, rescued)
	})
}

// Tidy lets jobs go on whose pause is over, and forgets those that ended a week ago. The program that leads does so
// too; this is for databases where none serves.
func (q *Queue) Tidy(ctx context.Context) error {
	if _, err := q.pool.Exec(ctx, dueQuery); err != nil {
		return failed("letting jobs go on", err)
	}
	ended := river.NewJobDeleteManyParams().First(1000).
		States(rivertype.JobStateCancelled, rivertype.JobStateCompleted, rivertype.JobStateDiscarded).
		Where(`finalized_at < now() - interval '7 days'`)
	_, err := q.client.JobDeleteMany(ctx, ended)
	return failed("forgetting old jobs", err)
}

// hasten brings jobs forward that an earlier run has queued less urgently.
func hasten(ctx context.Context, tx pgx.Tx, jobs []int64, priorities []int16) error {
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

// settleWindows ends windows whose job has ended without their being ended: cancelled by hand, given up by River, or
// forgotten.
func settleWindows(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, settleWindowsQuery)
	return failed("settling windows", err)
}

// Depth is how many jobs of a queue are in a state in which they will still be worked, or are.
type Depth struct {
	Queue string
	State string
	Jobs  int64
	// Waited is how long the oldest of the available jobs has been waiting; 0 in other states.
	Waited time.Duration
}

// Depths gives how much waits in each queue.
func Depths(ctx context.Context, db DB) ([]Depth, error) {
	return collect[Depth](ctx, db, "counting jobs", depthsQuery)
}

// Backfills gives the detached runs, those under way first, then the newest; at most that many of the ended ones.
func Backfills(ctx context.Context, db DB, ended int, now time.Time) ([]Backfill, error) {
	return collect[Backfill](ctx, db, "reading the backfills", backfillsQuery, ended, now)
}

// Pauses gives everything that is paused.
func Pauses(ctx context.Context, db DB) ([]Pause, error) {
	return collect[Pause](ctx, db, "reading the pauses", pausedQuery)
}

// ReadRuns reads the newest runs, at most so many, and the backfills under way with as many of the ended ones. db is a
// transaction that sees one state of the database.
func ReadRuns(ctx context.Context, db DB, most int, now time.Time) (all Runs, err error) {
	if all.Backfills, err = Backfills(ctx, db, most, now); err != nil {
		return all, err
	}
	if all.Runs, err = collect[RunState](ctx, db, "reading the runs", runsQuery, most); err != nil {
		return all, err
	}
	if all.Retries, err = collect[Retry](ctx, db, "reading what is tried again", retriesQuery, most); err != nil {
		return all, err
	}
	all.Pauses, err = Pauses(ctx, db)
	return all, err
}
