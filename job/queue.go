package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"smsetl/load"
)

// The priorities of windows: within a source, lower numbers go first. The newest days are what people look at, and a
// backfill of years must not stand before them.
const (
	PriorityNew      = 1 // due days, the last of them within newDays
	PriorityOld      = 2 // older due days, and a backfill that somebody waits for
	PriorityDetached = 3 // a backfill that nobody waits for
	PrioritySweep    = 4 // settled days, once more
)

// newDays is how old a day may be to go before older ones: what a monthly report shows.
const newDays = 35

// priority gives the item's own priority, or that of its age.
func (i Item) priority(now time.Time) int {
	w := i.Scope.Window
	switch {
	case i.Priority != 0:
		return i.Priority
	case i.Sweep:
		return PrioritySweep
	case w.Zone().Today(now)-w.Last() <= newDays:
		return PriorityNew
	default:
		return PriorityOld
	}
}

// Queue hands windows to the queue, and tells those who work it what to leave. It works nothing itself.
type Queue struct {
	warehouse *load.Warehouse
	client    *river.Client[pgx.Tx]
	now       func() time.Time
}

// NewQueue gives a Queue.
func NewQueue(warehouse *load.Warehouse, now func() time.Time, log *zap.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(warehouse.Pool()), &river.Config{
		Schema: Schema, Logger: queueLogger(log.Named("job")), SkipUnknownJobCheck: true, MaxAttempts: Options{}.withDefaults().MaxAttempts,
	})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return &Queue{warehouse: warehouse, client: client, now: now}, nil
}

// errNothing takes a run back that has no window of its own.
var errNothing = errors.New("nothing to queue")

// Send plans windows and hands them to the queue as a run that ends when the last of them does, whoever works it. It gives the
// run's number, 0 when there is nothing to do, and how many windows the run has. No other planner plans at the same time.
//
// Windows that are queued already count for this run too, unless onlyNew leaves them to the run that has them.
func (q *Queue) Send(ctx context.Context, run load.Run, onlyNew bool, plan func(context.Context) ([]Item, error)) (runID int64, windows int, err error) {
	run.Detached = true
	err = q.warehouse.Planning(ctx, func(ctx context.Context, tx pgx.Tx) error {
		items, err := plan(ctx)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return errNothing
		}
		if runID, err = q.warehouse.StartRunTx(ctx, tx, run); err != nil {
			return err
		}
		jobs, err := insert(ctx, q.client, tx, q.warehouse, items, runID, onlyNew, q.now())
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
func insert(ctx context.Context, client *river.Client[pgx.Tx], tx pgx.Tx, warehouse *load.Warehouse, items []Item, runID int64, onlyNew bool, now time.Time) ([]int64, error) {
	var jobs []int64
	const atOnce = 1000
	for first := 0; first < len(items); first += atOnce {
		part := items[first:min(first+atOnce, len(items))]
		params := make([]river.InsertManyParams, len(part))
		for i, item := range part {
			params[i] = river.InsertManyParams{Args: newWindow(item, runID), InsertOpts: &river.InsertOpts{Priority: item.priority(now)}}
		}
		results, err := client.InsertManyTx(ctx, tx, params)
		if err != nil {
			return nil, fmt.Errorf("job: queue %d windows: %w", len(part), err)
		}
		var windows []load.RunWindow
		for i, result := range results {
			if onlyNew && result.UniqueSkippedAsDuplicate {
				continue
			}
			jobs = append(jobs, result.Job.ID)
			windows = append(windows, load.RunWindow{
				JobID: result.Job.ID, Source: part[i].Source, Scope: part[i].Scope.String(), Days: part[i].Scope.Window.Len(),
				Estimate: part[i].Estimate, Priority: part[i].priority(now),
			})
		}
		if runID == 0 {
			continue
		}
		if err := warehouse.AddWindows(ctx, tx, runID, windows, now); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// Cancel ends a run: its windows leave the queue, and those that are worked are cut, but for windows that another run waits for.
// What was loaded stays, and the ledger says of the rest what it said before. It gives how many windows left the queue.
//
// The error is load.ErrNoRun or load.ErrRunEnded when there is nothing to cancel.
func (q *Queue) Cancel(ctx context.Context, runID int64) (int, error) {
	return q.warehouse.CancelRun(ctx, runID, "the run was cancelled", q.now(), takeOut(q.client))
}

// takeOut removes a job from the queue, or tells its worker to stop.
func takeOut(client *river.Client[pgx.Tx]) func(context.Context, pgx.Tx, int64) error {
	return func(ctx context.Context, tx pgx.Tx, jobID int64) error {
		if _, err := client.JobCancelTx(ctx, tx, jobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
			return fmt.Errorf("job: take a window out of the queue: %w", err)
		}
		return nil
	}
}

// Pause keeps every program from taking windows of the source, until Resume. Windows that are worked are finished. who and
// reason are for those who wonder later.
func (q *Queue) Pause(ctx context.Context, source, who, reason string) error {
	queue := queueOf(source)
	by := load.Operator{Who: who, Reason: reason, Now: q.now()}
	return q.warehouse.Pause(ctx, source, queue, by, func(ctx context.Context, tx pgx.Tx) error {
		return q.client.QueuePauseTx(ctx, tx, queue, nil)
	})
}

// Resume takes Pause back, and says whether there was a pause.
func (q *Queue) Resume(ctx context.Context, source string) (bool, error) {
	queue := queueOf(source)
	return q.warehouse.Resume(ctx, source, queue, func(ctx context.Context, tx pgx.Tx) error {
		if err := q.client.QueueResumeTx(ctx, tx, queue, nil); !errors.Is(err, rivertype.ErrNotFound) {
			return err
		}
		return nil // nobody has worked the queue yet
	})
}

// Paused gives those of the sources that are paused, and since when.
func Paused(ctx context.Context, warehouse *load.Warehouse, sources []string) (map[string]time.Time, error) {
	queues, err := warehouse.Paused(ctx)
	if err != nil {
		return nil, err
	}
	since := map[string]time.Time{}
	for _, source := range sources {
		if pause, ok := queues[queueOf(source)]; ok {
			since[source] = pause.Since
		}
	}
	return since, nil
}

// queueLogger lets only warnings of the queue through: a window's own errors are reported by the worker.
func queueLogger(log *zap.Logger) *slog.Logger {
	core, err := zapcore.NewIncreaseLevelCore(log.Core(), zapcore.WarnLevel)
	if err != nil {
		core = log.Core() // it is already stricter than that
	}
	return slog.New(zapslog.NewHandler(core, zapslog.WithName("river"), zapslog.AddStacktraceAt(slog.LevelError+1)))
}
