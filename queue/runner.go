package queue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Runner queues the windows of one run and works them in this process, for a command that waits.
type Runner struct {
	queue   *Queue
	loader  Loader
	options Options
}

// NewRunner gives a Runner.
func NewRunner(queue *Queue, loader Loader) *Runner {
	return &Runner{queue: queue, loader: loader, options: Options{}.withDefaults()}
}

// Run queues the windows and works the queue of their sources until each of them is finished, here or by another
// process. It returns nil when they are finished, whatever became of them: that stands in the ledger. When the context
// ends, or a source is paused, the windows that have not begun are taken out of the queue again, but for those that
// another run waits for.
func (r *Runner) Run(ctx context.Context, runID int64, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	all, sources := r.loader.Sources(), map[string]int{}
	for _, item := range items {
		sources[item.Source] = all[item.Source]
	}
	var waiting map[int64]bool
	for {
		var isLost bool
		var err error
		if waiting, isLost, err = r.session(ctx, runID, items, sources, waiting); !isLost {
			return err
		}
	}
}

// session is a run under one worker's name: it queues the windows, unless waiting says that they are, and works until
// none is left to wait for or the name is lost.
func (r *Runner) session(ctx context.Context, runID int64, items []Item, sources map[string]int, waiting map[int64]bool,
) (_ map[int64]bool, isLost bool, err error) {
	e, err := newEngine(r.queue, "run", r.loader, sources, r.options)
	if err != nil {
		return waiting, false, err
	}
	events, unsubscribe := e.work.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed,
		river.EventKindJobCancelled)
	defer unsubscribe()
	if err := e.start(ctx); err != nil {
		return waiting, false, err
	}
	if waiting == nil {
		waiting, err = r.insert(ctx, runID, items)
	}
	if err == nil {
		isLost, err = r.wait(ctx, e, waiting, events)
	}
	// Nobody waits for what is still worked here: it is cut, and goes back to the queue.
	err = errors.Join(err, e.end(ended(ctx), 0))
	if isLost {
		return waiting, true, nil
	}
	return waiting, false, errors.Join(err, r.withdraw(ctx, runID))
}

// insert queues the windows and gives the jobs to wait for. A window that is already queued or being worked by another
// process is waited for, not queued twice.
func (r *Runner) insert(ctx context.Context, runID int64, items []Item) (map[int64]bool, error) {
	waiting := make(map[int64]bool, len(items))
	err := r.queue.alone(ctx, planning, "planning", func(tx pgx.Tx) error {
		jobs, err := r.queue.insert(ctx, tx, items, runID, false)
		for _, id := range jobs {
			waiting[id] = true
		}
		return err
	})
	return waiting, err
}

// wait returns when every job is finished, or when the worker's name is lost. Events tell of this process's jobs at
// once; a look at the table every few seconds tells of jobs that another process works, and sends back to the queue
// what a killed one left behind.
func (r *Runner) wait(ctx context.Context, e *engine, waiting map[int64]bool, events <-chan *river.Event,
) (isLost bool, err error) {
	looks := time.NewTicker(3 * time.Second)
	defer looks.Stop()
	err = r.maintain(ctx, waiting)
	for len(waiting) > 0 && err == nil {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-e.lost:
			return true, nil
		case event := <-events:
			if event != nil && event.Job.FinalizedAt != nil {
				delete(waiting, event.Job.ID)
			}
		case <-looks.C:
			err = r.maintain(ctx, waiting)
		}
	}
	return false, err
}

// maintain does what a leader does for the run's windows, since none may be there, and takes jobs out of waiting that
// are finished, and those that nobody will take because their source is paused.
func (r *Runner) maintain(ctx context.Context, waiting map[int64]bool) error {
	if _, err := r.queue.RescueDead(ctx); err != nil {
		return err
	}
	if _, err := r.queue.RescueHanging(ctx, Window{}.Kind(), r.options.RescueAfter); err != nil {
		return err
	}
	if err := r.queue.Tidy(ctx); err != nil {
		return err
	}
	paused, err := pausedQueues(ctx, r.queue.pool)
	if err != nil {
		return err
	}
	open := make(map[int64]bool, len(waiting))
	err = r.queue.eachJob(ctx, river.NewJobListParams().States(unfinished()...), func(job *rivertype.JobRow) {
		if _, is := paused[job.Queue]; !is || job.State == rivertype.JobStateRunning {
			open[job.ID] = true
		}
	})
	if err != nil {
		return err
	}
	for id := range waiting {
		if !open[id] {
			delete(waiting, id)
		}
	}
	return nil
}

// withdraw takes what is left of a run out of the queue, after an interrupt: the ledger still says that its days are
// due, and a later run of something else should not be surprised by them.
func (r *Runner) withdraw(ctx context.Context, runID int64) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := r.queue.cancel(late, runID, "its command ended before it began")
	return err
}
