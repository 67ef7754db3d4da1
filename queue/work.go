package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"
)

// Loader brings windows into the warehouse. The queue decides what becomes of a window by what it says.
type Loader interface {
	// Sources gives the sources that can be loaded, and how many windows of each at once in this process.
	Sources() map[string]int
	// Load is one try of a window. It ends the window by Complete or AlreadyDone, or gives an error: ErrTakenOver when
	// somebody else has the window, ErrCrashed when nobody should try it again.
	Load(ctx context.Context, try *Try) error
	// Failed is told why a try failed, and says whether another one would only take time. It is not called for a try that
	// does not count: the program stops, or another worker has the window.
	Failed(try *Try, err error) (final bool)
}

// ErrTakenOver says that the queue has given the window to another worker since.
var ErrTakenOver = errors.New("the window was taken over by another worker meanwhile")

// Try is one attempt at a window. The queue numbers the attempts at a job, and writes down who has it.
type Try struct {
	Item

	RunID int64
	JobID int64
	// Number is 1 for the first one.
	Number int
	IsLast bool

	queue *Queue
	job   *river.Job[Window]
}

// holds says whether the job, as it is now, is still this try's: River has given it to nobody else.
func (t *Try) holds(job *rivertype.JobRow, state rivertype.JobState) bool {
	return job.State == state && job.Attempt == t.job.Attempt && workerOf(job) == workerOf(t.job.JobRow)
}

// Complete ends the window as done, in the load's own transaction, for every run that waits for it. The error is
// ErrTakenOver, and the transaction must not commit, when the window is somebody else's: River completes whatever runs,
// and would take the end of a try that was given up for that of the try that replaced it.
func (t *Try) Complete(ctx context.Context, tx pgx.Tx, loadID int64) error {
	job, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, t.job)
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
		return ErrTakenOver
	case err != nil:
		return err
	case !t.holds(job.JobRow, rivertype.JobStateCompleted):
		return ErrTakenOver
	}
	return finishWindow(ctx, tx, t.JobID, loadID)
}

// IsHeld says whether the window is still this try's.
func (t *Try) IsHeld(ctx context.Context) (bool, error) {
	job, err := t.queue.client.JobGet(ctx, t.JobID)
	if errors.Is(err, rivertype.ErrNotFound) {
		return false, nil
	}
	return err == nil && t.holds(job, rivertype.JobStateRunning), failed("looking at a job", err)
}

// AlreadyDone ends the window as done without a load.
func (t *Try) AlreadyDone(ctx context.Context) error {
	return t.queue.endWindow(ctx, t.JobID, windowDone, "")
}

// windowWorker works windows for River.
type windowWorker struct {
	river.WorkerDefaults[Window]

	queue       *Queue
	loader      Loader
	sources     map[string]int
	rescueAfter time.Duration
	loaded      chan<- int64 // see Options
	held        *held
}

// pausedFor is how long a window waits that was taken from a queue before River knew that it is paused. By then it
// does.
const pausedFor = 5 * time.Second

// Work is called by River. What it returns decides what becomes of the job: nil is done, a cancel is final, any other
// error is tried again.
func (w *windowWorker) Work(ctx context.Context, job *river.Job[Window]) error {
	w.held.begin(job.ID)
	defer w.held.end(job.ID)
	scope, err := job.Args.scope()
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	if _, known := w.sources[job.Args.Source]; !known {
		return fmt.Errorf("%w: the source %q is not configured any more", errUnreadable, job.Args.Source)
	}
	// River looks every two seconds whether its queue is paused.
	paused, err := pausedQueues(ctx, w.queue.pool)
	if err != nil {
		return err
	}
	if _, is := paused[job.Queue]; is {
		return river.JobSnooze(pausedFor)
	}
	item := Item{Source: job.Args.Source, Scope: scope, Refetch: job.Args.Refetch, Sweep: job.Args.Sweep}
	try := &Try{
		Item: item, RunID: job.Args.RunID, JobID: job.ID, Number: job.Attempt, IsLast: job.Attempt >= job.MaxAttempts,
		queue: w.queue, job: job,
	}
	return w.decide(ctx, try, w.loader.Load(ctx, try))
}

// decide says to River what becomes of a window after a try.
func (w *windowWorker) decide(ctx context.Context, try *Try, err error) error {
	switch {
	case err == nil:
		if _, err := w.queue.endDetached(ctx); err != nil {
			w.queue.log.Debug("run not ended yet", zap.Error(err)) // maintenance does
		}
		w.tell(ctx, try.JobID)
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		// River sees by this error that the try was called off, and does not count it: the window goes back to it.
		return fmt.Errorf("%w: %w", context.Canceled, err)
	case errors.Is(err, ErrTakenOver):
		w.queue.log.Warn("write refused, because the window was taken over by another worker while this one hung",
			append(try.Fields(), zap.Error(err))...)
		w.standBack(ctx, try)
		return nil // the job has ended, so River ignores what this try says of it
	}
	final := w.loader.Failed(try, err)
	if !final && !try.IsLast {
		return err
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	endErr := w.queue.endWindow(late, try.JobID, windowFailed, err.Error())
	if endErr == nil {
		_, endErr = w.queue.endDetached(late)
	}
	if !try.IsLast && !errors.Is(err, ErrCrashed) { // which is parked
		return river.JobCancel(errors.Join(err, endErr))
	}
	return errors.Join(err, endErr)
}

// tell lets the command that waits for windows know that one is loaded. Nobody waits any more when the try is called off.
func (w *windowWorker) tell(ctx context.Context, jobID int64) {
	if w.loaded == nil {
		return
	}
	select {
	case w.loaded <- jobID:
	case <-ctx.Done():
	}
}

// standBack waits until the worker that has taken over is done with the job. River takes what a try says for what the
// job's running try says, whichever that is, so this one must not say anything before.
func (w *windowWorker) standBack(ctx context.Context, try *Try) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.rescueAfter)
	defer cancel()
	looks := time.NewTicker(time.Second)
	defer looks.Stop()
	for {
		job, err := w.queue.client.JobGet(ctx, try.JobID)
		if err == nil && job.State != rivertype.JobStateRunning || errors.Is(err, rivertype.ErrNotFound) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-looks.C:
		}
	}
}

// Fields names the window in the log.
func (i Item) Fields() []zap.Field {
	return []zap.Field{
		zap.String("source", i.Source),
		zap.String("vendor", string(i.Scope.Account.Vendor)),
		zap.String("account", i.Scope.Account.ID),
		zap.Any("datasets", i.Scope.Datasets),
		zap.Stringer("window_from", i.Scope.Window.First()),
		zap.Stringer("window_to", i.Scope.Window.Last()),
	}
}
