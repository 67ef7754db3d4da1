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
}

const (
	retryPause  = time.Second // before a window's second try; doubled for each further one
	maxAttempts = 3           // tries of a window
)

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

	registered *Worker
	quit       context.CancelFunc
	background sync.WaitGroup
}

// newEngine prepares to work windows of the queues. does says what the program does.
func newEngine(q *Queue, does string, loader Loader, queues map[string]river.QueueConfig, options Options) (e *engine, err error) {
	host := hostname()
	// The name is unique on every machine and in every process; River writes it beside each job that it hands out.
	e = &engine{queue: q, options: options, id: fmt.Sprintf("%s_%s_%d_%d", does, host, os.Getpid(), time.Now().UnixNano())}
	if len(queues) == 0 {
		return e, nil
	}
	config := e.config()
	config.Workers, config.Queues, config.LeaderElectionDisabled = e.windows(loader), queues, true
	e.work, err = q.connect(config)
	return e, err
}

// config is what every client that works jobs has in common.
func (e *engine) config() *river.Config {
	return &river.Config{
		ID:            e.id,
		ErrorHandler:  parking{e.queue},
		MaxAttempts:   maxAttempts,
		JobTimeout:    e.options.WindowTimeout,
		FetchCooldown: 10 * time.Millisecond,
		// A killed process is noticed by its lost session (RescueDead); this is for one that hangs.
		RescueStuckJobsAfter: e.options.RescueAfter,
	}
}

func (e *engine) windows(loader Loader) *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, &windowWorker{queue: e.queue, loader: loader, sources: loader.Sources(), options: e.options})
	return workers
}

// start begins to work. What goes on beside the clients ends with the engine. lost is called when the worker must take
// no more work.
func (e *engine) start(ctx context.Context, beside func(context.Context), lost func(context.Context, error)) (err error) {
	if e.registered, err = e.queue.RegisterWorker(ctx, e.id); err != nil {
		return err
	}
	background, quit := context.WithCancel(ctx)
	e.quit = quit
	// The end of the context asks for a clean stop, and must not cut windows by itself.
	running := context.WithoutCancel(ctx)
	for _, client := range []*river.Client[pgx.Tx]{e.work, e.lead} {
		if client == nil {
			continue
		}
		if err := client.Start(running); err != nil {
			return errors.Join(fmt.Errorf("queue: start: %w", err), e.end(ctx, background))
		}
	}
	if err := e.queue.repause(ctx); err != nil {
		return errors.Join(err, e.end(ctx, background))
	}
	e.background.Go(func() { beside(background) })
	e.background.Go(func() {
		if err := e.registered.Keep(background); err != nil {
			lost(background, err)
		}
	})
	return nil
}

// leads says whether this engine is the one that leads.
func (e *engine) leads(ctx context.Context) (bool, error) {
	id, err := leader(ctx, e.queue.pool)
	return id == e.id, err
}

// stop takes no more work, waits for windows in flight, and hands back those that take too long.
func (e *engine) stop(ctx context.Context) error {
	e.queue.log.Info("stopping", zap.String("worker", e.id))
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.options.Grace)
	defer cancel()
	err := e.end(ctx, soft)
	e.queue.log.Info("stopped", zap.String("worker", e.id))
	return err
}

// retire takes no more work and waits for windows in flight until the context ends, then it stops.
func (e *engine) retire(ctx context.Context) error {
	soft, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timer := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(e.options.Grace):
		case <-soft.Done():
		}
		cancel()
	})
	defer timer()
	return e.end(ctx, soft)
}

// end leaves leading to others, waits for windows in flight until soft ends, then cuts them, which sends them back to
// the queue. Whatever the worker had left, another one takes over at once.
func (e *engine) end(ctx, soft context.Context) (err error) {
	e.quit()
	for _, client := range []*river.Client[pgx.Tx]{e.lead, e.work} {
		if client == nil || client.Stop(soft) == nil {
			continue
		}
		// A window that was cut writes down so, which takes a moment.
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		if stopErr := client.StopAndCancel(hard); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("queue: stop: %w", stopErr))
		}
		cancel()
	}
	e.background.Wait()
	e.registered.Release() //nolint:contextcheck // it signs off although the context has ended
	return err
}
