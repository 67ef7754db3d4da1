package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

// Options are what differs between a server and a test of it. Zero values are replaced by the defaults.
type Options struct {
	WindowTimeout time.Duration // 30 minutes: the longest that one window may take
	Grace         time.Duration // 15 s: how long a stop waits for windows in flight before it hands them back
	// RescueAfter is how long a window may be worked before its worker is taken to hang and another one gets it; more than
	// WindowTimeout, by default by 5 minutes.
	RescueAfter time.Duration
	Every       time.Duration // 15 s: how often jobs of dead workers are looked for
	Version     string        // of the program, for the runs that ticks start

	loaded chan int64 // gets the jobs whose windows are loaded, for a command that waits for them; nil for nobody
}

const maxAttempts = 3 // tries of a window

func (o Options) withDefaults() Options {
	o.WindowTimeout = cmp.Or(o.WindowTimeout, 30*time.Minute)
	o.Grace = cmp.Or(o.Grace, 15*time.Second)
	o.RescueAfter = cmp.Or(o.RescueAfter, o.WindowTimeout+5*time.Minute)
	o.Every = cmp.Or(o.Every, 15*time.Second)
	return o
}

// engine works the queue under one worker's name. It may have two clients of River: one works windows, the other leads
// when it is elected, and works ticks. So a program that is finishing its windows can leave leading to others at once.
type engine struct {
	queue   *Queue
	id      string
	options Options
	work    *river.Client[pgx.Tx] // nil where no source is ever asked: all of them are imported
	lead    *river.Client[pgx.Tx] // nil for a command: while one led, no schedule would tick
	tasks   []Task                // done while it leads

	held       held
	registered *Worker
	lost       chan struct{} // closed when the worker must take no more work, see Worker.Keep
	quit       context.CancelFunc
	background sync.WaitGroup
}

// newEngine prepares to work windows of the sources. does says what the program does.
func newEngine(q *Queue, does string, loader Loader, sources map[string]int, options Options) (e *engine, err error) {
	// The name is unique on every machine and in every process; River writes it beside each job that it hands out.
	id := fmt.Sprintf("%s_%s_%d_%d", does, db.Host(), os.Getpid(), time.Now().UnixNano())
	e = &engine{queue: q, options: options, id: id, lost: make(chan struct{})}
	if len(sources) == 0 {
		return e, nil
	}
	config := e.config(loader)
	config.LeaderElectionDisabled = true
	for source, parallel := range sources {
		config.Queues[queueOf(source)] = river.QueueConfig{MaxWorkers: max(1, parallel)}
	}
	e.work, err = q.connect(config)
	return e, err
}

// config is what every client that works jobs has in common.
func (e *engine) config(loader Loader) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &windowWorker{
		queue: e.queue, loader: loader, sources: loader.Sources(), rescueAfter: e.options.RescueAfter, loaded: e.options.loaded, held: &e.held,
	})
	return &river.Config{
		ID:            e.id,
		Workers:       workers,
		Queues:        map[string]river.QueueConfig{},
		ErrorHandler:  parking{e.queue},
		RetryPolicy:   retries{},
		MaxAttempts:   maxAttempts,
		JobTimeout:    e.options.WindowTimeout,
		FetchCooldown: 10 * time.Millisecond,
		// A killed process is noticed by its lost session (RescueDead); this is for one that hangs.
		RescueStuckJobsAfter: e.options.RescueAfter,
	}
}

// start begins to work.
func (e *engine) start(ctx context.Context) (err error) {
	if e.registered, err = e.queue.RegisterWorker(ctx, e.id); err != nil {
		return err
	}
	background, quit := context.WithCancel(ctx)
	e.quit = quit
	// The end of the context asks for a clean stop, and must not cut windows by itself.
	running := context.WithoutCancel(ctx)
	for _, client := range []*river.Client[pgx.Tx]{e.work, e.lead} {
		if client != nil && err == nil {
			err = client.Start(running)
		}
	}
	if err == nil {
		err = e.queue.repause(ctx)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("queue: start: %w", err), e.end(ended(ctx), 0))
	}
	for _, task := range e.tasks {
		e.background.Go(func() { e.repeat(background, task) })
	}
	e.background.Go(func() { e.keepHearing(background) })
	e.background.Go(func() {
		if err := e.registered.Keep(background); err != nil {
			e.queue.log.Warn("going on as another worker", zap.String("worker", e.id), zap.Error(err))
			close(e.lost)
		}
	})
	return nil
}

// end leaves leading to others, takes no more work, and waits for windows in flight until the context ends and grace
// after that. Then it cuts them, which sends them back to the queue. Whatever the worker had left, another one takes
// over at once.
func (e *engine) end(until context.Context, grace time.Duration) (err error) {
	e.quit()
	soft, cancel := context.WithCancel(context.WithoutCancel(until))
	defer cancel()
	defer context.AfterFunc(until, func() { time.AfterFunc(grace, cancel) })()
	for _, client := range []*river.Client[pgx.Tx]{e.lead, e.work} {
		if client == nil || client.Stop(soft) == nil {
			continue
		}
		// A window that was cut writes down so, which takes a moment, and longer on a busy machine.
		hard, cancel := context.WithTimeout(context.WithoutCancel(until), 30*time.Second)
		if stopErr := client.StopAndCancel(hard); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("queue: stop: %w", stopErr))
		}
		cancel()
	}
	e.background.Wait()
	e.registered.Release() //nolint:contextcheck // it signs off although the context has ended
	e.queue.log.Info("stopped", zap.String("worker", e.id))
	return err
}

// ended is the context at its end, for those who wait for nothing.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
