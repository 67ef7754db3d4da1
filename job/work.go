package job

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/ledger"
	"smsetl/lineage"
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/transform"
)

// Fetcher is what job needs of a vendor.
type Fetcher interface {
	// Fetch asks the vendor for every day of the scope and hands each answer to emit as it comes, refused ones included.
	Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
}

// Source is a configured vendor with its credentials, under the name that the configuration gives it.
type Source struct {
	Name     string
	Fetcher  Fetcher
	Parallel int // windows in flight in this process; at least 1
	// Rules decide what an answer of the source is worth.
	Rules load.Rules
	// Prober asks, before an account's first window, how the vendor reads one; nil when nobody asks.
	Prober Prober
}

// Loader brings windows into the warehouse. It is a queue.Loader.
type Loader struct {
	warehouse *load.Warehouse
	sources   map[string]Source
	refusals  *refusals
	probes    probes
	vendors   transform.Vendors
	now       func() time.Time
	progress  Progress
	lineage   *lineage.Sender
	log       *zap.Logger
}

// LoaderOptions are what differs between a command and a server.
type LoaderOptions struct {
	Vendors  transform.Vendors
	Now      func() time.Time
	Progress Progress
	Lineage  *lineage.Sender // is told of each load; nil tells nobody
	// IsWaitedFor says that people wait: a source that is down is left alone, since the next run finds its days, and what
	// is given up is not logged, since Progress reports it.
	IsWaitedFor bool
}

// NewLoader gives a Loader for the sources.
func NewLoader(warehouse *load.Warehouse, sources []Source, options LoaderOptions, log *zap.Logger) *Loader {
	byName := make(map[string]Source, len(sources))
	for _, s := range sources {
		byName[s.Name] = s
	}
	return &Loader{
		warehouse: warehouse, sources: byName, refusals: newRefusals(options.IsWaitedFor, options.Now),
		vendors: options.Vendors, now: options.Now, progress: options.Progress,
		lineage: options.Lineage, log: log.Named("job"),
	}
}

// Sources gives the sources, and how many windows of each may be loaded at once.
func (w *Loader) Sources() map[string]int {
	parallel := make(map[string]int, len(w.sources))
	for name, source := range w.sources {
		parallel[name] = source.Parallel
	}
	return parallel
}

// Load is one try of a window.
func (w *Loader) Load(ctx context.Context, try *queue.Try) error {
	done, err := w.isSettled(ctx, try.Item)
	switch {
	case err != nil:
		return err
	case done:
		return try.AlreadyDone(ctx)
	}
	started := time.Now()
	result, err := w.load(ctx, try)
	if err != nil {
		return err
	}
	w.log.Debug("window loaded", append(try.Fields(), zap.Int64("load_id", result.LoadID),
		zap.Int64("inserted", result.Inserted), zap.Int64("updated", result.Updated),
		zap.Int64("removed", result.Removed), zap.Int64("unchanged", result.Unchanged),
		zap.Int("quarantined", len(result.Quarantined)), zap.Duration("elapsed", time.Since(started)))...)
	w.progress.Finished(try.Item, result, nil)
	return nil
}

// Failed remembers who refused to answer, and says whether another try would only take time: asking again can change
// nothing, the vendor is down, or it has said twice what cannot be understood.
func (w *Loader) Failed(try *queue.Try, err error) (final bool) {
	w.refusals.note(try.Source, try.Scope.Account, err)
	final = isFinal(err) || w.refusals.isDown(err) || errors.Is(err, sms.ErrMalformed) && try.Number >= 2
	w.log.Debug("window failed", append(try.Fields(), zap.Int("attempt", try.Number),
		zap.Bool("final", final || try.IsLast), zap.Error(err))...)
	if final || try.IsLast {
		if !w.refusals.leaves {
			w.log.Warn("window given up", append(try.Fields(), zap.Error(err))...)
		}
		w.progress.Finished(try.Item, load.Result{}, err)
	}
	return final
}

// isFinal says whether asking again can change nothing.
func isFinal(err error) bool {
	for _, kind := range []error{
		sms.ErrRefused, sms.ErrAccountDenied, sms.ErrContradicted, sms.ErrSourceDenied, queue.ErrCrashed,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// isSettled says whether the ledger already holds every day of the window: a job left behind by a run that was killed,
// whose days another run has loaded since.
func (w *Loader) isSettled(ctx context.Context, item queue.Item) (bool, error) {
	if item.Refetch || item.Sweep {
		return false, nil
	}
	window := item.Scope.Window
	days, err := ledger.Lines(ctx, w.warehouse.DB, []sms.Account{item.Scope.Account}, window.First(), window.Last())
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
	return settled == window.Len()*len(item.Scope.Datasets), nil
}

// load runs the steps of one try. Every failure ends in the ledger, and so does every refused answer.
func (w *Loader) load(ctx context.Context, try *queue.Try) (result load.Result, err error) {
	loadID, err := w.begin(ctx, try, try.Item)
	if err != nil {
		return load.Result{}, err
	}
	traced := lineage.Load{ID: loadID, Source: try.Source, Scope: try.Scope, Facts: w.warehouse.Facts(try.Scope.Datasets...), Began: w.now()}
	w.lineage.Began(traced)
	defer func() { w.lineage.Ended(traced, outcome(&result, err, w.now())) }()
	refused := sms.Batch{Scope: try.Scope}
	result, err = w.steps(ctx, try, loadID, &refused, func(ctx context.Context, tx pgx.Tx) error {
		return try.Complete(ctx, tx, loadID)
	})
	if err != nil {
		return result, w.fail(ctx, try, loadID, refused, err)
	}
	return result, nil
}

func (w *Loader) begin(ctx context.Context, try *queue.Try, item queue.Item) (loadID int64, err error) {
	return w.warehouse.Begin(ctx, load.Start{
		RunID: try.RunID, Source: item.Source, Scope: item.Scope, JobID: try.JobID, Now: w.now(),
	})
}

func (w *Loader) steps(ctx context.Context, try *queue.Try, loadID int64, refused *sms.Batch,
	complete func(context.Context, pgx.Tx) error,
) (result load.Result, err error) {
	defer func() {
		// A crash over one answer fails its days and parks the window, instead of being met again and again.
		if crash := recover(); crash != nil {
			w.log.Error("the program crashed over a window",
				append(try.Fields(), zap.Any("panic", crash), zap.StackSkip("stack", 1))...)
			err = fmt.Errorf("%w: %v", queue.ErrCrashed, crash)
		}
	}()
	source := w.sources[try.Source]
	if err := w.refusals.check(source.Name, try.Scope.Account); err != nil {
		return load.Result{}, err
	}
	if err := w.probeFirst(ctx, source, try.Scope.Account, try.RunID); err != nil {
		return load.Result{}, err
	}
	if reconciler, ok := source.Fetcher.(Reconciler); ok && try.Sweep {
		return w.reconcile(ctx, try, loadID, reconciler, complete)
	}
	return w.replace(ctx, source, try.Item, loadID, refused, load.PutOptions{}, complete)
}

// replace fetches a window and puts what it says in the place of what is stored.
func (w *Loader) replace(ctx context.Context, source Source, item queue.Item, loadID int64, refused *sms.Batch,
	options load.PutOptions, complete func(context.Context, pgx.Tx) error,
) (load.Result, error) {
	c := &conversation{loader: w, source: source, scope: item.Scope, loadID: loadID}
	if err := c.fetch(ctx); err != nil {
		return load.Result{}, &unansweredError{err}
	}
	options.Now, options.Rules, options.TransformVersion = w.now(), source.Rules, transform.Version
	options.ContentHash = contentHash(c.payloads)
	result, done, err := w.warehouse.Confirm(ctx, loadID, item.Scope, options, complete)
	if done || err != nil {
		return result, err
	}
	batch, err := c.understand(ctx)
	if err != nil {
		refused.Rejects, refused.Findings = batch.Rejects, batch.Findings
		return load.Result{}, err
	}
	return c.put(ctx, batch, options, complete)
}

// isStopping says that the work was called off, which says nothing about the days. A window whose own time is up ends
// with another error.
func isStopping(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// fail writes the reason into the ledger, also when the window's own time is up, and gives the error back.
func (w *Loader) fail(ctx context.Context, try *queue.Try, loadID int64, refused sms.Batch, err error) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	switch {
	case errors.Is(context.Cause(ctx), rivertype.ErrJobCancelledRemotely):
		return errors.Join(err, w.warehouse.Interrupt(late, loadID, "the run was cancelled"))
	case isStopping(ctx):
		return errors.Join(err, w.warehouse.Interrupt(late, loadID, "the program was stopped"))
	case errors.Is(err, load.ErrFinished):
		err = errors.Join(err, queue.ErrTakenOver) // whoever took the window over has ended this load
	}
	isHeld, lookErr := try.IsHeld(late)
	if lookErr == nil && !isHeld {
		// Whoever has the window now says in the ledger how it goes.
		return errors.Join(err, queue.ErrTakenOver, w.warehouse.Interrupt(late, loadID, queue.ErrTakenOver.Error()))
	}
	err = errors.Join(err, lookErr)
	return errors.Join(err, w.warehouse.Fail(late, loadID, refused, err.Error(), w.now()))
}

// contentHash names everything that a scope's answers said: which dataset and days each one was for, and its bytes.
func contentHash(payloads []sms.Payload) sms.Hash {
	h := sha256.New()
	for _, p := range payloads {
		fmt.Fprintf(h, "%s %s %s\n", p.Dataset, p.Window, p.Body.Hash)
	}
	return sms.Hash(h.Sum(nil))
}
