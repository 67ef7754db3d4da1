package job

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform"
)

// worker brings one window into the warehouse.
type worker struct {
	river.WorkerDefaults[Window]

	warehouse *load.Warehouse
	sources   map[string]Source
	denied    *denials
	asked     asked
	options   Options
	progress  Progress
	log       *zap.Logger
}

// errCrashed says that the program itself failed over a window. Trying again would crash again.
var errCrashed = errors.New("the program crashed over this window")

// Timeout bounds a window; the queue's rescue time lies beyond it.
func (w *worker) Timeout(*river.Job[Window]) time.Duration { return w.options.WindowTimeout }

// NextRetry spaces the tries of a window.
func (w *worker) NextRetry(job *river.Job[Window]) time.Time {
	return time.Now().Add(retryAfter(job.Attempt, w.options.RetryPause))
}

// Work is called by the queue. What it returns decides what becomes of the job: nil is done, a cancel is final, any other
// error is tried again.
func (w *worker) Work(ctx context.Context, job *river.Job[Window]) error {
	scope, err := job.Args.scope()
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	source, known := w.sources[job.Args.Source]
	if !known {
		return fmt.Errorf("%w: the source %q is not configured any more", errUnreadable, job.Args.Source)
	}
	item := Item{Source: source.Name, Scope: scope, Refetch: job.Args.Refetch, Sweep: job.Args.Sweep}
	paused, err := w.isPaused(ctx, job.Queue)
	switch {
	case err != nil:
		return err
	case paused:
		return river.JobSnooze(pausedFor)
	}
	done, err := w.isSettled(ctx, item)
	switch {
	case err != nil:
		return err
	case done:
		return w.end(ctx, job.ID, load.WindowDone, "")
	}
	started := time.Now()
	result, err := w.load(ctx, source, item, job)
	if err == nil {
		w.log.Debug("window loaded", append(fields(item), zap.Int64("load_id", result.LoadID), zap.Int64("inserted", result.Inserted),
			zap.Int64("updated", result.Updated), zap.Int64("removed", result.Removed), zap.Int64("unchanged", result.Unchanged),
			zap.Int("quarantined", len(result.Quarantined)), zap.Duration("elapsed", time.Since(started)))...)
		w.progress.Finished(item, result, nil)
		if _, err := w.warehouse.EndDetached(ctx, w.options.Now()); err != nil {
			w.log.Debug("run not ended yet", zap.Error(err)) // a chore of the leader does
		}
		return nil
	}
	if isStopping(ctx) {
		// The queue sees by this error that the try was called off, and does not count it: the window goes back to it.
		return fmt.Errorf("%w: %w", context.Canceled, err)
	}
	if errors.Is(err, load.ErrTakenOver) || errors.Is(err, load.ErrFinished) {
		w.log.Warn("write refused, because the window was taken over by another worker while this one hung", append(fields(item), zap.Error(err))...)
		w.standBack(ctx, job)
		return nil // the job has ended, so the queue ignores what this one says of it
	}
	return w.giveUp(ctx, item, job, err)
}

// standBack waits until the worker that has taken over is done with the job. The queue takes what a try says for what the job's
// running try says, whichever that is, so this one must not say anything before.
func (w *worker) standBack(ctx context.Context, job *river.Job[Window]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.options.RescueAfter)
	defer cancel()
	looks := time.NewTicker(time.Second)
	defer looks.Stop()
	for {
		row, err := river.ClientFromContext[pgx.Tx](ctx).JobGet(ctx, job.ID)
		if err == nil && row.State != rivertype.JobStateRunning || errors.Is(err, rivertype.ErrNotFound) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-looks.C:
		}
	}
}

// giveUp decides what becomes of a window whose try has failed.
func (w *worker) giveUp(ctx context.Context, item Item, job *river.Job[Window], err error) error {
	w.denied.note(item.Source, item.Scope.Account, err)
	final := isFinal(err) || w.isHopeless(err, job.Attempt) || job.Attempt >= job.MaxAttempts
	w.log.Debug("window failed", append(fields(item), zap.Int("attempt", job.Attempt), zap.Bool("final", final), zap.Error(err))...)
	if !final {
		return err
	}
	w.progress.Finished(item, load.Result{}, err)
	endErr := w.end(context.WithoutCancel(ctx), job.ID, load.WindowFailed, err.Error())
	if final && job.Attempt < job.MaxAttempts && !errors.Is(err, errCrashed) { // which is parked
		return river.JobCancel(errors.Join(err, endErr))
	}
	return errors.Join(err, endErr)
}

// isHopeless says whether another try would only take time: the vendor is down, or has said twice what cannot be believed.
func (w *worker) isHopeless(err error, attempt int) bool {
	return w.denied.isDown(err) || errors.Is(err, sms.ErrMalformed) && attempt >= 2
}

// end ends the window for the runs that wait for it, and a detached run whose last window it is.
func (w *worker) end(ctx context.Context, jobID int64, outcome, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := w.warehouse.EndWindow(ctx, jobID, outcome, reason); err != nil {
		return err
	}
	_, err := w.warehouse.EndDetached(ctx, w.options.Now())
	return err
}

// pausedFor is how long a window waits that was taken from a queue in the moment in which that was paused.
const pausedFor = 30 * time.Second

// isPaused looks again whether the queue is paused: word of a pause can take a minute to a program whose connection broke.
func (w *worker) isPaused(ctx context.Context, queue string) (bool, error) {
	paused, err := w.warehouse.Paused(ctx)
	_, is := paused[queue]
	return is, err
}

// isFinal says whether asking again can change nothing.
func isFinal(err error) bool {
	for _, kind := range []error{sms.ErrRefused, sms.ErrAccountDenied, sms.ErrContradicted, sms.ErrSourceDenied, errCrashed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// isSettled says whether the ledger already holds every day of the window: a job left behind by a run that was killed,
// whose days another run has loaded since.
func (w *worker) isSettled(ctx context.Context, item Item) (bool, error) {
	if item.Refetch || item.Sweep {
		return false, nil
	}
	days, err := read.New(w.warehouse.DB, w.options.Now).Coverage(ctx, []sms.Account{item.Scope.Account}, item.Scope.Window.First(), item.Scope.Window.Last())
	if err != nil {
		return false, err
	}
	settled := 0
	for _, day := range days {
		for _, dataset := range item.Scope.Datasets {
			if day.Dataset == dataset && day.State.IsSettled() {
				settled++
			}
		}
	}
	return settled == item.Scope.Window.Len()*len(item.Scope.Datasets), nil
}

// load runs the steps of one try. Every failure ends in the ledger, and so does every refused answer.
func (w *worker) load(ctx context.Context, source Source, item Item, job *river.Job[Window]) (load.Result, error) {
	loadID, err := w.begin(ctx, source, item, job)
	if err != nil {
		return load.Result{}, err
	}
	refused := sms.Batch{Scope: item.Scope}
	result, err := w.steps(ctx, source, item, job, loadID, &refused, func(ctx context.Context, tx pgx.Tx) error {
		if err := w.warehouse.FinishWindow(ctx, tx, claimOf(job), loadID); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	if err != nil {
		return result, w.fail(ctx, job, loadID, refused, err)
	}
	return result, nil
}

func (w *worker) begin(ctx context.Context, source Source, item Item, job *river.Job[Window]) (loadID int64, err error) {
	// An interrupt between the server's insert and its answer would leave a load that runs for ever.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return w.warehouse.Begin(ctx, load.Start{
		RunID: job.Args.RunID, Source: source.Name, Scope: item.Scope, JobID: job.ID, Now: w.options.Now(),
	})
}

func claimOf(job *river.Job[Window]) load.Claim {
	claim := load.Claim{JobID: job.ID, Attempt: job.Attempt}
	if n := len(job.AttemptedBy); n > 0 {
		claim.Worker = job.AttemptedBy[n-1]
	}
	return claim
}

func (w *worker) steps(ctx context.Context, source Source, item Item, job *river.Job[Window], loadID int64, refused *sms.Batch,
	complete func(context.Context, pgx.Tx) error,
) (result load.Result, err error) {
	defer func() {
		// A crash over one answer fails its days and parks the window, instead of being met again and again.
		if crash := recover(); crash != nil {
			w.log.Error("the program crashed over a window", append(fields(item), zap.Any("panic", crash), zap.StackSkip("stack", 1))...)
			err = fmt.Errorf("%w: %v", errCrashed, crash)
		}
	}()
	if err := w.denied.check(source.Name, item.Scope.Account); err != nil {
		return load.Result{}, err
	}
	if err := w.askFirst(ctx, source, item.Scope.Account, job.Args.RunID); err != nil {
		return load.Result{}, err
	}
	if surveyor, ok := source.Fetcher.(Surveyor); ok && item.Sweep {
		return w.survey(ctx, source, item, job, loadID, surveyor, complete)
	}
	return w.replace(ctx, source, item, loadID, refused, load.PutOptions{}, complete)
}

// replace fetches a window and puts what it says in the place of what is stored.
func (w *worker) replace(ctx context.Context, source Source, item Item, loadID int64, refused *sms.Batch,
	options load.PutOptions, complete func(context.Context, pgx.Tx) error,
) (load.Result, error) {
	a := &asking{worker: w, source: source, scope: item.Scope, loadID: loadID}
	if err := source.Fetcher.Fetch(ctx, item.Scope, a.keep(ctx)); err != nil {
		return load.Result{}, &unansweredError{err}
	}
	options.Now, options.Rules, options.TransformVersion = w.options.Now(), source.Rules, transform.Version
	options.ContentHash = contentHash(a.payloads)
	result, done, err := w.warehouse.Confirm(ctx, loadID, item.Scope, options, complete)
	if done || err != nil {
		return result, err
	}
	batch, err := a.understand(ctx)
	if err != nil {
		refused.Rejects, refused.Findings = batch.Rejects, batch.Findings
		return load.Result{}, err
	}
	return a.put(ctx, batch, options, complete)
}

// isStopping says that the work was called off, which says nothing about the days. A window whose own time is up ends with
// another error.
func isStopping(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// fail writes the reason into the ledger, also when the window's own time is up, and gives the error back.
func (w *worker) fail(ctx context.Context, job *river.Job[Window], loadID int64, refused sms.Batch, err error) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	switch {
	case errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely):
		return errors.Join(err, w.warehouse.Interrupt(late, loadID, "the run was cancelled"))
	case isStopping(ctx):
		return errors.Join(err, w.warehouse.Interrupt(late, loadID, "the program was stopped"))
	}
	stands, lookErr := w.warehouse.Stands(late, claimOf(job))
	if lookErr == nil && !stands {
		// Whoever has the window now says in the ledger how it goes.
		return errors.Join(err, load.ErrTakenOver, w.warehouse.Interrupt(late, loadID, load.ErrTakenOver.Error()))
	}
	err = errors.Join(err, lookErr)
	return errors.Join(err, w.warehouse.Fail(late, loadID, refused, err.Error(), w.options.Now()))
}

// contentHash names everything that a scope's answers said: which dataset and days each one was for, and its bytes.
func contentHash(payloads []sms.Payload) sms.Hash {
	h := sha256.New()
	for _, p := range payloads {
		fmt.Fprintf(h, "%s %s %s\n", p.Dataset, p.Window, p.Body.Hash)
	}
	return sms.Hash(h.Sum(nil))
}

func fields(item Item) []zap.Field {
	return []zap.Field{
		zap.String("source", item.Source),
		zap.String("vendor", string(item.Scope.Account.Vendor)),
		zap.String("account", item.Scope.Account.ID),
		zap.Any("datasets", item.Scope.Datasets),
		zap.Stringer("window_from", item.Scope.Window.First()),
		zap.Stringer("window_to", item.Scope.Window.Last()),
	}
}
