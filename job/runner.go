package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

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
	Name       string
	Fetcher    Fetcher
	Parallel   int // windows in flight in this process; at least 1
	SettleDays int
	Guard      load.Guard
}

// Item is one window to load.
type Item struct {
	Source  string
	Scope   sms.Scope
	Refetch bool
	Sweep   bool // settled days, looked at once more for late changes
}

// Options are what differs between a person's run, a test and a server. Zero values are replaced by the defaults.
type Options struct {
	Now           func() time.Time // time.Now
	WindowTimeout time.Duration    // 30 minutes: the longest that one window may take
	RetryPause    time.Duration    // 1 s: before a window's second try; doubled for each further one
	MaxAttempts   int              // 3 tries of a window
	Grace         time.Duration    // 5 s: how long a stop waits for windows in flight
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
// It returns nil when they are finished, whatever became of them: that stands in the ledger. When the context ends, the
// windows of this run that have not begun are taken out of the queue again.
func (r *Runner) Run(ctx context.Context, spec Spec) error {
	if len(spec.Items) == 0 {
		return nil
	}
	if spec.Progress == nil {
		spec.Progress = Quiet{}
	}
	id := workerID()
	release, err := r.warehouse.RegisterWorker(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if _, err := r.warehouse.RescueDead(ctx); err != nil {
		return err
	}
	client, err := r.client(id, spec)
	if err != nil {
		return err
	}
	waiting, err := r.insert(ctx, client, spec)
	if err != nil {
		return err
	}
	events, unsubscribe := client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled)
	defer unsubscribe()
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("job: start the queue: %w", err)
	}
	err = r.wait(ctx, client, waiting, events)
	return errors.Join(err, r.stop(ctx, client, waiting))
}

// workerID is unique on every machine and in every process; the queue writes it beside each job that it hands out.
func workerID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s_%d_%d", host, os.Getpid(), time.Now().UnixNano())
}

func (r *Runner) client(id string, spec Spec) (*river.Client[pgx.Tx], error) {
	w := &worker{
		warehouse: r.warehouse, sources: r.sources, denied: newDenials(15*time.Minute, r.options.Now), options: r.options,
		progress: spec.Progress, log: r.log,
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	queues := map[string]river.QueueConfig{}
	for _, item := range spec.Items {
		queues[queueOf(item.Source)] = river.QueueConfig{MaxWorkers: max(1, r.sources[item.Source].Parallel)}
	}
	client, err := river.NewClient(riverpgxv5.New(r.warehouse.Pool()), &river.Config{
		ID:            id,
		Schema:        Schema,
		Queues:        queues,
		Workers:       workers,
		Logger:        r.queueLogger(),
		MaxAttempts:   r.options.MaxAttempts,
		JobTimeout:    r.options.WindowTimeout,
		FetchCooldown: 10 * time.Millisecond,
		// A killed process is noticed by its lost session (load.RescueDead); this is for one that hangs.
		RescueStuckJobsAfter: r.options.WindowTimeout + 5*time.Minute,
		SoftStopTimeout:      r.options.Grace,
	})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return client, nil
}

// queueLogger lets only warnings of the queue through: a window's own errors are reported by the worker.
func (r *Runner) queueLogger() *slog.Logger {
	core, err := zapcore.NewIncreaseLevelCore(r.log.Core(), zapcore.WarnLevel)
	if err != nil {
		core = r.log.Core() // it is already stricter than that
	}
	return slog.New(zapslog.NewHandler(core, zapslog.WithName("river"), zapslog.AddStacktraceAt(slog.LevelError+1)))
}

// insert queues the windows and gives the jobs to wait for. A window that is already queued or being worked by another
// process is waited for, not queued twice.
func (r *Runner) insert(ctx context.Context, client *river.Client[pgx.Tx], spec Spec) (map[int64]bool, error) {
	waiting := make(map[int64]bool, len(spec.Items))
	const atOnce = 1000
	for first := 0; first < len(spec.Items); first += atOnce {
		items := spec.Items[first:min(first+atOnce, len(spec.Items))]
		params := make([]river.InsertManyParams, len(items))
		for i, item := range items {
			params[i] = river.InsertManyParams{Args: newWindow(item, spec.RunID)}
		}
		results, err := client.InsertMany(ctx, params)
		if err != nil {
			return nil, fmt.Errorf("job: queue %d windows: %w", len(items), err)
		}
		for _, result := range results {
			waiting[result.Job.ID] = true
		}
	}
	return waiting, nil
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
			if err := forgetFinished(ctx, client, waiting); err != nil {
				return err
			}
		}
	}
	return nil
}

func forgetFinished(ctx context.Context, client *river.Client[pgx.Tx], waiting map[int64]bool) error {
	open := make(map[int64]bool, len(waiting))
	params := river.NewJobListParams().First(10_000).States(unfinished()...)
	for {
		page, err := client.JobList(ctx, params)
		if err != nil {
			return fmt.Errorf("job: look at the queue: %w", err)
		}
		for _, job := range page.Jobs {
			open[job.ID] = true
		}
		if len(page.Jobs) < 10_000 {
			break
		}
		params = params.After(page.LastCursor)
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
func (r *Runner) stop(ctx context.Context, client *river.Client[pgx.Tx], waiting map[int64]bool) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.Grace+5*time.Second)
	defer cancel()
	err := client.StopAndCancel(late)
	if err != nil {
		err = fmt.Errorf("job: stop the queue: %w", err)
	}
	for id := range waiting {
		if _, cancelErr := client.JobCancel(late, id); cancelErr != nil && !errors.Is(cancelErr, rivertype.ErrNotFound) {
			return errors.Join(err, fmt.Errorf("job: take a window out of the queue: %w", cancelErr))
		}
	}
	return err
}
