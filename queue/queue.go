package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/riverqueue/rivercontrib/otelriver"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Schema is the database schema of River's tables.
const Schema = "river"

// Queue hands windows to River, cancels and pauses them, and works them for a command. A Server works those of
// everybody.
type Queue struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	now    func() time.Time
	log    *zap.Logger
}

// New gives a Queue in the database of the pool.
func New(pool *pgxpool.Pool, now func() time.Time, log *zap.Logger) (*Queue, error) {
	q := &Queue{pool: pool, now: now, log: log.Named("queue")}
	client, err := q.connect(&river.Config{MaxAttempts: maxAttempts})
	q.client = client
	return q, err
}

// connect gives a client of River.
func (q *Queue) connect(config *river.Config) (*river.Client[pgx.Tx], error) {
	config.Schema, config.Logger = Schema, riverLogger(q.log)
	config.Middleware = []rivertype.Middleware{&following{}, otelriver.NewMiddleware(&otelriver.MiddlewareConfig{
		EnableTracePropagation: true, EnableWorkSpanJobKindSuffix: true,
	})}
	config.SkipUnknownJobCheck = config.Workers == nil
	client, err := river.NewClient(quiet{riverpgxv5.New(q.pool)}, config)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return client, nil
}

// quiet is River's way to Postgres without notifications. Every role of a database may send them under any name: the
// clients of River take an order to cancel or to pause from one and look at no row, and whoever fills the server's queue of
// notifications ends every transaction that sends one. Without them each client looks at the rows, every second for jobs and
// every two for what is cancelled and paused.
type quiet struct{ *riverpgxv5.Driver }

func (quiet) SupportsListener() bool     { return false }
func (quiet) SupportsListenNotify() bool { return false }

// riverLogger lets only River's warnings through: a window's own errors are reported by its worker.
func riverLogger(log *zap.Logger) *slog.Logger {
	core, err := zapcore.NewIncreaseLevelCore(log.Core(), zapcore.WarnLevel)
	if err != nil {
		core = log.Core() // it is already stricter than that
	}
	return slog.New(zapslog.NewHandler(core, zapslog.WithName("river"), zapslog.AddStacktraceAt(slog.LevelError+1)))
}

// What only one program of the database does at a time.
const (
	// Two planners that read the ledger side by side would both find the same days due; and two that queue the same
	// windows in different orders, or cancel runs that share windows, would block each other.
	planning = "planning"
	// River would be told of a pause that is taken back meanwhile.
	pausing = "pausing"
)

// alone runs do in a transaction that nobody else who does the same has at the same time.
func (q *Queue) alone(ctx context.Context, what, doing string, do func(tx pgx.Tx) error) error {
	return failed(doing, pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		if err := db.Turn(ctx, tx, what); err != nil {
			return err
		}
		return do(tx)
	}))
}

// errNothing takes a run back that has no window of its own.
var errNothing = errors.New("nothing to queue")

// Send plans windows and queues them as a run that ends when the last of them does, whoever works it. It gives the
// run's number, 0 when there is nothing to do, and how many windows the run has. No other planner plans at the same
// time.
//
// Windows that are queued already count for this run too, unless onlyNew leaves them to the run that has them.
func (q *Queue) Send(ctx context.Context, run Run, onlyNew bool, plan func(context.Context) ([]Item, error),
) (runID int64, windows int, err error) {
	run.Detached = true
	err = q.alone(ctx, planning, "planning", func(tx pgx.Tx) error {
		items, err := plan(ctx)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return errNothing
		}
		if runID, err = StartRun(ctx, tx, run); err != nil {
			return err
		}
		jobs, err := q.insert(ctx, tx, items, runID, onlyNew)
		if windows = len(jobs); err == nil && windows == 0 {
			return errNothing
		}
		return err
	})
	if errors.Is(err, errNothing) {
		return 0, 0, nil
	}
	return runID, windows, err
}

// insert queues the windows for a run and gives their jobs. A window that is queued already is not queued twice.
func (q *Queue) insert(ctx context.Context, tx pgx.Tx, items []Item, runID int64, onlyNew bool) ([]int64, error) {
	now := q.now()
	var jobs []int64
	for part := range slices.Chunk(items, 1000) {
		params := make([]river.InsertManyParams, len(part))
		for i, item := range part {
			params[i].Args, params[i].InsertOpts = newWindow(item, runID), &river.InsertOpts{Priority: item.priority(now)}
		}
		results, err := q.client.InsertManyTx(ctx, tx, params)
		if err != nil {
			return nil, fmt.Errorf("queue %d windows: %w", len(part), err)
		}
		var added []int64
		var kept []Item
		for i, result := range results {
			if !onlyNew || !result.UniqueSkippedAsDuplicate {
				added, kept = append(added, result.Job.ID), append(kept, part[i])
			}
		}
		jobs = append(jobs, added...)
		if err := addWindows(ctx, tx, runID, added, kept, now); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// Cancel ends a run: its windows leave the queue, and those that are worked are cut, but for windows that another run
// waits for. What was loaded stays, and the ledger says of the rest what it said before. It gives how many windows left
// the queue.
//
// The error is ErrNoRun or ErrRunEnded when there is nothing to cancel.
func (q *Queue) Cancel(ctx context.Context, runID int64) (int, error) {
	return q.cancel(ctx, runID, "the run was cancelled")
}

func (q *Queue) cancel(ctx context.Context, runID int64, reason string) (n int, err error) {
	err = q.alone(ctx, planning, "cancelling the run", func(tx pgx.Tx) error {
		jobs, err := ownJobs(ctx, tx, runID)
		if err != nil {
			return err
		}
		// Jobs before windows, as a load's transaction takes them.
		for _, id := range jobs {
			job, err := q.client.JobCancelTx(ctx, tx, id)
			switch {
			case errors.Is(err, rivertype.ErrNotFound):
			case err != nil:
				return fmt.Errorf("take a window out of the queue: %w", err)
			case job.State == rivertype.JobStateCancelled || job.State == rivertype.JobStateRunning:
				n++
			}
		}
		return cancelWindows(ctx, tx, runID, jobs, reason)
	})
	if err != nil {
		return 0, err
	}
	_, err = q.endDetached(ctx)
	return n, err
}

// Busy gives the scopes of the windows that are queued or being worked.
func (q *Queue) Busy(ctx context.Context) ([]sms.Scope, error) {
	var all []sms.Scope
	open := river.NewJobListParams().Kinds(Window{}.Kind()).States(unfinished()...)
	err := q.eachJob(ctx, open, func(job *rivertype.JobRow) {
		var window Window
		if json.Unmarshal(job.EncodedArgs, &window) == nil {
			if scope, err := window.scope(); err == nil {
				all = append(all, scope)
			}
		} // one that cannot be read keeps no day busy: it is parked when its turn comes
	})
	return all, err
}

// eachJob calls see for each job of a list, however long.
func (q *Queue) eachJob(ctx context.Context, params *river.JobListParams, see func(*rivertype.JobRow)) error {
	const atOnce = 10_000
	params = params.First(atOnce)
	for {
		page, err := q.client.JobList(ctx, params)
		if err != nil {
			return failed("looking at the queue", err)
		}
		for _, job := range page.Jobs {
			see(job)
		}
		if len(page.Jobs) < atOnce {
			return nil
		}
		params = params.After(page.LastCursor)
	}
}

// workerOf names who works a job, or did last.
func workerOf(job *rivertype.JobRow) string {
	if n := len(job.AttemptedBy); n > 0 {
		return job.AttemptedBy[n-1]
	}
	return ""
}
