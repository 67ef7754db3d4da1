package queue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Work queues the windows of a command's run and works the queue of their sources until each of them is finished, here
// or by another process. It returns nil when they are finished, whatever became of them: that stands in the ledger.
// When the context ends, or a source is paused, the windows that have not begun are taken out of the queue again, but
// for those that another run waits for: the ledger still says that their days are due, and a later run of something
// else should not be surprised by them.
func (q *Queue) Work(ctx context.Context, loader Loader, runID int64, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	// What a killed command left behind goes back to the queue first, and so is worked before what is added now: this command
	// ends with its own windows.
	if _, err := q.RescueDead(ctx); err != nil {
		return err
	}
	if err := q.EndLost(ctx); err != nil {
		return err
	}
	// A window that is already queued or being worked by another process is waited for, not queued twice.
	waiting := make(map[int64]bool, len(items))
	err := q.alone(ctx, planning, "planning", func(tx pgx.Tx) error {
		jobs, err := q.insert(ctx, tx, items, runID, false)
		for _, id := range jobs {
			waiting[id] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	all, sources := loader.Sources(), map[string]int{}
	for _, item := range items {
		sources[item.Source] = all[item.Source]
	}
	for isLost := true; isLost && err == nil; {
		isLost, err = q.session(ctx, loader, sources, waiting)
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, cancelErr := q.cancel(late, runID, "its command ended before it began")
	return errors.Join(err, cancelErr)
}

// session works under one worker's name until no window is left to wait for, or the name is lost.
func (q *Queue) session(ctx context.Context, loader Loader, sources map[string]int, waiting map[int64]bool,
) (isLost bool, err error) {
	e, err := newEngine(q, "run", loader, sources, Options{loaded: make(chan int64)}.withDefaults())
	if err != nil {
		return false, err
	}
	events, unsubscribe := e.work.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed,
		river.EventKindJobCancelled)
	defer unsubscribe()
	looks := time.NewTicker(3 * time.Second)
	defer looks.Stop()
	if err := e.start(ctx); err != nil {
		return false, err
	}
	if err = e.lookAt(ctx, waiting); err == nil {
		isLost, err = e.await(ctx, waiting, events, looks.C)
	}
	// Nobody waits for what is still worked here: it is cut, and goes back to the queue.
	endErr := e.end(ended(ctx), 0)
	if isLost {
		return true, nil
	}
	return false, errors.Join(err, endErr)
}

// await returns when every job is finished, or when the worker's name is lost. Of this process's loads it hears as soon as they are
// committed, and of what becomes of its other jobs by River's events, which tell of a job that is done 200 ms after it is. A look
// at the table now and then tells of jobs that another process works, and sends back to the queue what a killed one left behind.
func (e *engine) await(ctx context.Context, waiting map[int64]bool, events <-chan *river.Event, looks <-chan time.Time,
) (isLost bool, err error) {
	for len(waiting) > 0 && err == nil {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-e.lost:
			return true, nil
		case id := <-e.options.loaded:
			delete(waiting, id)
		case event := <-events:
			if event != nil && event.Job.FinalizedAt != nil {
				delete(waiting, event.Job.ID)
			}
		case <-looks:
			err = e.lookAt(ctx, waiting)
		}
	}
	return false, err
}

// lookAt does what a leader does for the windows, since none may be there, and takes jobs out of waiting that are
// finished, and those that nobody will take because their source is paused.
func (e *engine) lookAt(ctx context.Context, waiting map[int64]bool) error {
	if _, err := e.queue.RescueDead(ctx); err != nil {
		return err
	}
	if _, err := e.queue.RescueHanging(ctx, Window{}.Kind(), e.options.RescueAfter); err != nil {
		return err
	}
	if err := e.queue.tidy(ctx); err != nil {
		return err
	}
	paused, err := pausedQueues(ctx, e.queue.pool)
	if err != nil {
		return err
	}
	open := make(map[int64]bool, len(waiting))
	err = e.queue.eachJob(ctx, river.NewJobListParams().States(unfinished()...), func(job *rivertype.JobRow) {
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
