package queue

import (
	"context"
	"embed"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"smsetl/internal/db"
)

// Everything that reads or writes River's tables with SQL of ours stands in this file. Writing: River v0.51.1 has no
// call that sends a running job back, that lets pauses between tries end without a leader, or that changes a priority.
// Reading: it does not say who leads, and its lists cannot be joined with our runs and loads.
// TestRiverIsTheOneThatTheseStatementsKnow fails when its tables change.
//
//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// leader gives the client that leads River's maintenance. Empty when none does.
func leader(ctx context.Context, d db.Querier) (id string, err error) {
	err = d.QueryRow(ctx, `SELECT leader_id FROM river.river_leader WHERE expires_at > now()`).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, failed("asking who leads", err)
}

// Reader reads what is queued, worked and paused.
type Reader struct{ db db.Querier }

// Read gives a Reader of a database, or of a transaction that sees one state of it.
func Read(d db.Querier) Reader { return Reader{d} }

// HasLeader says whether some program serves this database: one of those leads.
func (r Reader) HasLeader(ctx context.Context) (bool, error) {
	id, err := leader(ctx, r.db)
	return id != "", err
}

// RescueDead sends jobs back to the queue whose worker lives no more, and gives their number. The loads that such a
// worker had begun end as failed. A killed program then never blocks the next one.
//
// Such a job's worker may only have lost its session: what it still writes is fenced off by its load's number, or by
// the jobs' own transaction.
func (q *Queue) RescueDead(ctx context.Context) (n int, err error) {
	byWorker := map[string][]*rivertype.JobRow{}
	err = q.eachJob(ctx, river.NewJobListParams().States(rivertype.JobStateRunning), func(job *rivertype.JobRow) {
		byWorker[workerOf(job)] = append(byWorker[workerOf(job)], job)
	})
	if err != nil || len(byWorker) == 0 {
		return 0, err
	}
	suspects, err := deadWorkers(ctx, q.pool, slices.Collect(maps.Keys(byWorker)))
	if err != nil || len(suspects) == 0 {
		return 0, failed("looking for dead workers", err)
	}
	err = pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		workers, err := strikeOff(ctx, tx, suspects)
		if err != nil {
			return err
		}
		var dead []*rivertype.JobRow
		for _, worker := range workers {
			dead = append(dead, byWorker[worker]...)
		}
		jobs, err := rescue(ctx, tx, dead, "the worker died")
		if n = len(jobs); err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `
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
func (q *Queue) RescueHanging(ctx context.Context, kind string, after time.Duration) (int, error) {
	var slow []*rivertype.JobRow
	list := river.NewJobListParams().Kinds(kind).States(rivertype.JobStateRunning).
		Where(`attempted_at < now() - make_interval(secs => @after)`, river.NamedArgs{"after": after.Seconds()})
	if err := q.eachJob(ctx, list, func(job *rivertype.JobRow) { slow = append(slow, job) }); err != nil {
		return 0, err
	}
	jobs, err := rescue(ctx, q.pool, slow, "the worker hangs")
	return len(jobs), failed("looking for jobs that hang", err)
}

// rescue sends jobs back to the queue and gives their numbers, without those whose try has ended since they were
// listed.
func rescue(ctx context.Context, d db.Querier, jobs []*rivertype.JobRow, reason string) ([]int64, error) {
	ids, attempts := make([]int64, len(jobs)), make([]int16, len(jobs))
	for i, job := range jobs {
		ids[i], attempts[i] = job.ID, int16(job.Attempt)
	}
	rows, err := d.Query(ctx, statement("rescue"), ids, attempts, reason)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// tidy lets jobs go on whose pause is over, ends windows whose job has ended, and forgets jobs that ended a week ago. The
// program that leads does so too; this is for databases where none serves.
func (q *Queue) tidy(ctx context.Context) error {
	if _, err := q.pool.Exec(ctx, statement("due")); err != nil {
		return failed("letting jobs go on", err)
	}
	if err := settleWindows(ctx, q.pool); err != nil {
		return err
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
func settleWindows(ctx context.Context, d db.Querier) error {
	_, err := d.Exec(ctx, statement("windows_settle"))
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
func (r Reader) Depths(ctx context.Context) ([]Depth, error) {
	return collect[Depth](ctx, r.db, "counting jobs", statement("depths"))
}

// Backfills gives the detached runs, those under way first, then the newest; at most that many of the ended ones.
func (r Reader) Backfills(ctx context.Context, ended int, now time.Time) ([]Backfill, error) {
	return collect[Backfill](ctx, r.db, "reading the backfills", statement("backfills"), ended, now)
}

// Pauses gives everything that is paused.
func (r Reader) Pauses(ctx context.Context) ([]Pause, error) {
	return collect[Pause](ctx, r.db, "reading the pauses", statement("paused"))
}

// Run reads one run; none when there is no such run.
func (r Reader) Run(ctx context.Context, id int64) ([]RunState, error) {
	return collect[RunState](ctx, r.db, "reading a run", statement("runs"), 0, id)
}

// Windows reads the windows of a run, at most so many, open ones first and then the newest.
func (r Reader) Windows(ctx context.Context, id int64, most int) ([]RunWindow, error) {
	return collect[RunWindow](ctx, r.db, "reading the windows of a run", `
	SELECT w.source, w.scope, w.days::bigint, coalesce(w.outcome, j.state::text, 'waiting'), w.queued_at, w.ended_at,
	       coalesce(w.reason, j.errors[cardinality(j.errors)] ->> 'error', ''),
	       CASE WHEN w.outcome IS NULL THEN coalesce(cardinality(j.errors), 0) ELSE 0 END::bigint,
	       CASE WHEN w.outcome IS NULL AND j.state <> 'running' THEN j.scheduled_at END, w.load_id
	FROM etl.run_window       AS w
	LEFT JOIN river.river_job AS j ON j.id = w.river_job_id
	WHERE w.run_id = $1
	ORDER BY w.ended_at DESC NULLS FIRST, w.river_job_id DESC
	LIMIT $2`, id, most)
}

// Runs reads the newest runs, at most so many, and the backfills under way with as many of the ended ones.
func (r Reader) Runs(ctx context.Context, most int, now time.Time) (all Runs, err error) {
	if all.Backfills, err = r.Backfills(ctx, most, now); err != nil {
		return all, err
	}
	if all.Runs, err = collect[RunState](ctx, r.db, "reading the runs", statement("runs"), most, 0); err != nil {
		return all, err
	}
	if all.Retries, err = collect[Retry](ctx, r.db, "reading what is tried again", statement("retries"), most); err != nil {
		return all, err
	}
	all.Pauses, err = r.Pauses(ctx)
	return all, err
}
