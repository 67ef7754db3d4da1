package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/sms"
)

// Schema is the database schema of the queue.
const Schema = "river"

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

// Item is one window to load.
type Item struct {
	Source  string
	Scope   sms.Scope
	Refetch bool
	Sweep   bool // settled days, looked at once more for late changes
	// Priority of the window within its source; 0 is that of its age. See the constants.
	Priority int
	Estimate time.Duration // at the vendor's rate; 0 for unknown
}

// Options are what differs between a person's run, a test and a server. Zero values are replaced by the defaults.
type Options struct {
	Now           func() time.Time // time.Now
	WindowTimeout time.Duration    // 30 minutes: the longest that one window may take
	RetryPause    time.Duration    // 1 s: before a window's second try; doubled for each further one
	MaxAttempts   int              // 3 tries of a window
	Grace         time.Duration    // 5 s: how long a stop waits for windows in flight
	// RescueAfter is how long a window may be worked before its worker is taken to hang and another one gets it; more than
	// WindowTimeout, by default by 5 minutes.
	RescueAfter time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.WindowTimeout == 0 {
		o.WindowTimeout = 30 * time.Minute
	}
	if o.RetryPause == 0 {
		o.RetryPause = time.Second
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 3
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.RescueAfter == 0 {
		o.RescueAfter = o.WindowTimeout + 5*time.Minute
	}
	return o
}

// Runner puts windows into the queue and works them in this process.
type Runner struct {
	warehouse *load.Warehouse
	sources   map[string]Source
	options   Options
	log       *zap.Logger
}

// New gives a Runner for the sources.
func New(warehouse *load.Warehouse, sources []Source, options Options, log *zap.Logger) *Runner {
	byName := make(map[string]Source, len(sources))
	for _, s := range sources {
		byName[s.Name] = s
	}
	return &Runner{warehouse: warehouse, sources: byName, options: options.withDefaults(), log: log.Named("job")}
}

// Spec is one run: which windows, and who watches.
type Spec struct {
	RunID    int64
	Items    []Item // worked in this order
	Progress Progress
}

// Run queues the windows and works the queue of their sources until each of them is finished, here or by another process.
// It returns nil when they are finished, whatever became of them: that stands in the ledger. When the context ends, or a source is
// paused, the windows that have not begun are taken out of the queue again, but for those that another run waits for.
func (r *Runner) Run(ctx context.Context, spec Spec) error {
	if len(spec.Items) == 0 {
		return nil
	}
	if spec.Progress == nil {
		spec.Progress = Quiet{}
	}
	var waiting map[int64]bool
	for {
		var err error
		if waiting, err = r.session(ctx, spec, waiting); !errors.Is(err, errSignedOff) {
			return err
		}
		r.log.Warn("going on as another worker", zap.Error(err))
	}
}

// errSignedOff says that this worker's name is worth nothing any more, see load.Worker.Keep.
var errSignedOff = errors.New("the worker is signed off")

// session is a run under one worker's name: it queues the windows, unless waiting says that they are, and works until none is left
// to wait for or the name is lost.
func (r *Runner) session(ctx context.Context, spec Spec, waiting map[int64]bool) (map[int64]bool, error) {
	id := workerID("run")
	registered, err := r.warehouse.RegisterWorker(ctx, id)
	if err != nil {
		return waiting, err
	}
	defer registered.Release() //nolint:contextcheck // it signs off although the context has ended
	if _, err := r.warehouse.RescueDead(ctx); err != nil {
		return waiting, err
	}
	if err := r.warehouse.TidyQueue(ctx); err != nil {
		return waiting, err
	}
	if err := r.warehouse.MarkPaused(ctx); err != nil {
		return waiting, err
	}
	client, err := r.client(id, spec)
	if err != nil {
		return waiting, err
	}
	if waiting == nil {
		if waiting, err = r.insert(ctx, client, spec); err != nil {
			return waiting, err
		}
	}
	events, unsubscribe := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled)
	defer unsubscribe()
	if err := client.Start(ctx); err != nil {
		return waiting, fmt.Errorf("job: start the queue: %w", err)
	}
	working, signOff := context.WithCancelCause(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() {
		if err := registered.Keep(working); err != nil {
			signOff(fmt.Errorf("%w: %w", errSignedOff, err))
		}
	})
	err = r.wait(working, client, waiting, events)
	if lost := context.Cause(working); errors.Is(lost, errSignedOff) {
		keeper.Wait()
		return waiting, errors.Join(lost, r.halt(ctx, client))
	}
	signOff(nil)
	keeper.Wait()
	return waiting, errors.Join(err, r.stop(ctx, client, spec.RunID, waiting))
}

// workerID is unique on every machine and in every process; the queue writes it beside each job that it hands out. It begins with
// what the program does.
func workerID(does string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s_%s_%d_%d", does, host, os.Getpid(), time.Now().UnixNano())
}

func (r *Runner) client(id string, spec Spec) (*river.Client[pgx.Tx], error) {
	w := &worker{
		warehouse: r.warehouse, sources: r.sources, denied: newDenials(15*time.Minute, true, r.options.Now), options: r.options,
		progress: spec.Progress, log: r.log,
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	queues := map[string]river.QueueConfig{}
	for _, item := range spec.Items {
		queues[queueOf(item.Source)] = river.QueueConfig{MaxWorkers: max(1, r.sources[item.Source].Parallel)}
	}
	config := clientConfig(r.warehouse, id, r.options, r.log)
	config.Queues, config.Workers = queues, workers
	config.SoftStopTimeout = r.options.Grace
	// A command that comes and goes never leads: while it did, no schedule would ring. What a leader does for its windows, wait does.
	config.LeaderElectionDisabled = true
	client, err := river.NewClient(riverpgxv5.New(r.warehouse.Pool()), config)
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return client, nil
}

// clientConfig is what every program that works the queue has in common.
func clientConfig(warehouse *load.Warehouse, id string, options Options, log *zap.Logger) *river.Config {
	return &river.Config{
		ID:            id,
		Schema:        Schema,
		Logger:        queueLogger(log),
		ErrorHandler:  &poison{warehouse: warehouse, now: options.Now, log: log},
		MaxAttempts:   options.MaxAttempts,
		JobTimeout:    options.WindowTimeout,
		FetchCooldown: 10 * time.Millisecond,
		// A killed process is noticed by its lost session (load.RescueDead); this is for one that hangs.
		RescueStuckJobsAfter: options.RescueAfter,
	}
}

// insert queues the windows and gives the jobs to wait for. A window that is already queued or being worked by another
// process is waited for, not queued twice.
func (r *Runner) insert(ctx context.Context, client *river.Client[pgx.Tx], spec Spec) (map[int64]bool, error) {
	waiting := make(map[int64]bool, len(spec.Items))
	err := r.warehouse.Planning(ctx, func(ctx context.Context, tx pgx.Tx) error {
		jobs, err := insert(ctx, client, tx, r.warehouse, spec.Items, spec.RunID, false, r.options.Now())
		for _, id := range jobs {
			waiting[id] = true
		}
		return err
	})
	return waiting, err
}

// wait returns when every job is finished. Events tell of this process's jobs at once; a look at the table every few
// seconds tells of jobs that another process works, and sends back to the queue what a killed one left behind.
func (r *Runner) wait(ctx context.Context, client *river.Client[pgx.Tx], waiting map[int64]bool, events <-chan *river.Event) error {
	look := time.NewTicker(3 * time.Second)
	defer look.Stop()
	for len(waiting) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event := <-events:
			if event != nil && event.Job.FinalizedAt != nil {
				delete(waiting, event.Job.ID)
			}
		case <-look.C:
			if _, err := r.warehouse.RescueDead(ctx); err != nil {
				return err
			}
			if _, err := r.warehouse.RescueSlow(ctx, Window{}.Kind(), r.options.RescueAfter); err != nil {
				return err
			}
			if err := r.warehouse.TidyQueue(ctx); err != nil {
				return err
			}
			if err := r.forget(ctx, client, waiting); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget takes jobs out of waiting that are finished, and those that nobody will take because their source is paused.
func (r *Runner) forget(ctx context.Context, client *river.Client[pgx.Tx], waiting map[int64]bool) error {
	paused, err := r.warehouse.Paused(ctx)
	if err != nil {
		return err
	}
	open := make(map[int64]bool, len(waiting))
	err = eachJob(ctx, client, river.NewJobListParams().States(unfinished()...), func(job *rivertype.JobRow) {
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

// stop ends the client. After an interrupt the run's windows leave the queue: the ledger still says that they are due, and
// a later run of something else should not be surprised by them.
func (r *Runner) stop(ctx context.Context, client *river.Client[pgx.Tx], runID int64, waiting map[int64]bool) error {
	err := r.halt(ctx, client)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if runID != 0 {
		_, cancelErr := r.warehouse.CancelRun(late, runID, "its command ended before it began", r.options.Now(), takeOut(client))
		return errors.Join(err, cancelErr)
	}
	for id := range waiting {
		if _, cancelErr := client.JobCancel(late, id); cancelErr != nil && !errors.Is(cancelErr, rivertype.ErrNotFound) {
			return errors.Join(err, fmt.Errorf("job: take a window out of the queue: %w", cancelErr))
		}
	}
	return err
}

// halt cuts what the client works on and ends it.
func (r *Runner) halt(ctx context.Context, client *river.Client[pgx.Tx]) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.Grace+5*time.Second)
	defer cancel()
	if err := client.StopAndCancel(late); err != nil {
		return fmt.Errorf("job: stop the queue: %w", err)
	}
	return nil
}
