package job

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"go.uber.org/zap"

	"smsetl/load"
)

// engine works the queue for one setup of a Server. It has two clients of the queue under one name: one works windows, the other
// leads when it is elected, and rings. So a program that is finishing its windows can leave leading to others at once.
type engine struct {
	warehouse *load.Warehouse
	id        string
	work      *river.Client[pgx.Tx] // nil where no source is ever asked: all of them are imported
	lead      *river.Client[pgx.Tx]
	grace     time.Duration
	log       *zap.Logger

	registered *load.Worker
	quit       context.CancelFunc
	chores     sync.WaitGroup
}

func (e *engine) start(ctx context.Context, s *Server, setup Setup) (err error) {
	e.id = workerID("serve")
	if e.registered, err = e.warehouse.RegisterWorker(ctx, e.id); err != nil {
		return err
	}
	if err := e.warehouse.MarkPaused(ctx); err != nil {
		return err
	}
	if err := e.connect(s, setup); err != nil {
		return err
	}
	// The end of the context asks for a clean stop, and must not cut windows by itself.
	running := context.WithoutCancel(ctx)
	if e.work != nil {
		if err := e.work.Start(running); err != nil {
			return fmt.Errorf("job: start the queue: %w", err)
		}
	}
	if err := e.lead.Start(running); err != nil {
		err = fmt.Errorf("job: start leading: %w", err)
		if e.work != nil {
			err = errors.Join(err, e.work.StopAndCancel(ctx))
		}
		return err
	}
	choring, quit := context.WithCancel(ctx)
	e.quit = quit
	e.chores.Go(func() { s.doChores(choring, e.leads) })
	e.chores.Go(func() {
		if err := e.registered.Keep(choring); err != nil {
			s.signOff(choring, e, err)
		}
	})
	e.log.Info("serving", zap.String("worker", e.id), zap.Int("sources", len(setup.Sources)), zap.Int("schedules", len(setup.Bells)))
	return nil
}

func (e *engine) connect(s *Server, setup Setup) error {
	sources := make(map[string]Source, len(setup.Sources))
	queues := map[string]river.QueueConfig{}
	for _, source := range setup.Sources {
		sources[source.Name] = source
		queues[queueOf(source.Name)] = river.QueueConfig{MaxWorkers: max(1, source.Parallel)}
	}
	queue, err := NewQueue(e.warehouse, s.options.Now, s.log)
	if err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{
		warehouse: e.warehouse, sources: sources, denied: newDenials(15*time.Minute, false, s.options.Now), options: s.options,
		progress: s.progress, log: s.log,
	})
	river.AddWorker(workers, &ringer{
		queue: queue, plan: setup.Plan, version: s.version, log: s.log,
		known: func(source string) bool { _, is := sources[source]; return is },
	})
	working, leading := clientConfig(e.warehouse, e.id, s.options, s.log), clientConfig(e.warehouse, e.id, s.options, s.log)
	working.Workers, leading.Workers = workers, workers
	working.LeaderElectionDisabled, working.Queues = true, queues
	leading.Queues = map[string]river.QueueConfig{ringQueue: {MaxWorkers: 1}}
	leading.PollOnly = true // rings can wait a second, and a listener would hold a connection
	leading.PeriodicJobs = rings(setup.Bells)
	if len(queues) > 0 {
		if e.work, err = river.NewClient(riverpgxv5.New(e.warehouse.Pool()), working); err != nil {
			return fmt.Errorf("job: %w", err)
		}
	}
	if e.lead, err = river.NewClient(riverpgxv5.New(e.warehouse.Pool()), leading); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	return nil
}

// rings makes the bells the queue's periodic jobs. The leader keeps their times in its memory, so a new one rings everything once:
// what a ring that was missed would have planned, this one does.
func rings(bells []Bell) []*river.PeriodicJob {
	all := make([]*river.PeriodicJob, len(bells))
	for i, bell := range bells {
		all[i] = river.NewPeriodicJob(bell.Timing, func() (river.JobArgs, *river.InsertOpts) {
			return Ring{Schedule: bell.Name, Sources: bell.Sources}, nil
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	return all
}

// leads says whether this engine is the one that leads.
func (e *engine) leads(ctx context.Context) (bool, error) {
	leader, err := e.warehouse.Leader(ctx)
	return leader == e.id, err
}

// stop takes no more work, waits for windows in flight, and hands back those that take too long.
func (e *engine) stop(ctx context.Context) error {
	e.log.Info("stopping", zap.String("worker", e.id))
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.grace)
	defer cancel()
	return e.end(ctx, soft)
}

// retire takes no more work and waits for windows in flight until the context ends, then it stops.
func (e *engine) retire(ctx context.Context) error {
	soft, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timer := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(e.grace):
		case <-soft.Done():
		}
		cancel()
	})
	defer timer()
	return e.end(ctx, soft)
}

// end leaves leading to others, waits for windows in flight until soft ends, then cuts them, which sends them back to the queue.
func (e *engine) end(ctx, soft context.Context) error {
	e.quit()
	err := e.finish(ctx, soft, e.lead)
	if e.work != nil {
		err = errors.Join(err, e.finish(ctx, soft, e.work))
	}
	e.chores.Wait()
	e.log.Info("stopped", zap.String("worker", e.id))
	e.close() //nolint:contextcheck // it signs off although the context has ended
	return err
}

func (e *engine) finish(ctx, soft context.Context, client *river.Client[pgx.Tx]) error {
	if client.Stop(soft) == nil {
		return nil
	}
	// A window that was cut writes down so, which takes a moment.
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second)
	defer cancel()
	if err := client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("job: stop the queue: %w", err)
	}
	return nil
}

// close signs the worker off. Whatever it had left, another one takes over at once.
func (e *engine) close() {
	if e.registered != nil {
		e.registered.Release()
	}
}
