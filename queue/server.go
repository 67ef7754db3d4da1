package queue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

// Setup is what a Server works: it changes when the configuration does.
type Setup struct {
	Loader    Loader
	Schedules []Schedule
	Plan      Planner
}

// Server works the queue of every source until it is told to stop, and while it leads it lets the schedules tick and
// does the maintenance. Any number of servers may work one database; one of them leads, and another does when that one
// is gone.
type Server struct {
	queue   *Queue
	tasks   []Task
	options Options
	reloads chan reload
}

type reload struct {
	setup Setup
	done  chan error
}

// NewServer gives a Server that does the tasks beside its own.
func NewServer(queue *Queue, tasks []Task, options Options) *Server {
	s := &Server{queue: queue, options: options.withDefaults(), reloads: make(chan reload)}
	s.tasks = slices.Concat(s.ownTasks(), tasks)
	return s
}

// Run works until the context ends. Then it takes no more work, gives windows in flight Grace to end, hands back those
// that do not, and returns.
func (s *Server) Run(ctx context.Context, setup Setup) error {
	current, err := s.start(ctx, setup)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // told to stop while it started
		}
		return err
	}
	var old sync.WaitGroup
	defer old.Wait()
	replaced := func(e *engine, until context.Context) {
		if err := e.end(until, s.options.Grace); err != nil {
			s.queue.log.Warn("work not ended cleanly", zap.String("worker", e.id), zap.Error(err))
		}
	}
	for {
		before := current
		select {
		case <-ctx.Done():
			s.queue.log.Info("stopping", zap.String("worker", current.id))
			return current.end(ctx, s.options.Grace)
		case r := <-s.reloads:
			next, err := s.start(ctx, r.setup)
			if r.done <- err; err != nil {
				continue
			}
			// The old one takes no more work and finishes what it has, however long that takes, unless the program stops.
			old.Go(func() { replaced(before, ctx) })
			current, setup = next, r.setup
		case <-current.lost:
			// Others do what it had; this program goes on as another worker.
			old.Go(func() { replaced(before, ended(ctx)) })
			if current = s.restart(ctx, setup); current == nil {
				return nil
			}
		}
	}
}

// restart starts an engine in the place of one that is lost, however long the database takes to come back. It is nil
// when the context ended first.
func (s *Server) restart(ctx context.Context, setup Setup) *engine {
	for {
		next, err := s.start(ctx, setup)
		if err == nil {
			return next
		}
		s.queue.log.Warn("no work until the database is back", zap.Error(err))
		if db.Pause(ctx, 5*time.Second) != nil {
			return nil
		}
	}
}

// Reload makes a running Server work another setup. Windows in flight are finished as they began. When it fails, the
// Server goes on as before.
func (s *Server) Reload(ctx context.Context, setup Setup) error {
	r := reload{setup, make(chan error, 1)}
	select {
	case s.reloads <- r:
		return <-r.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts an engine for a setup.
func (s *Server) start(ctx context.Context, setup Setup) (*engine, error) {
	sources := setup.Loader.Sources()
	e, err := newEngine(s.queue, "serve", setup.Loader, sources, s.options)
	if err != nil {
		return nil, err
	}
	config := e.config(setup.Loader)
	river.AddWorker(config.Workers, &tickWorker{
		queue: s.queue, plan: setup.Plan, sources: sources, version: s.options.Version,
	})
	config.Queues[tickQueue] = river.QueueConfig{MaxWorkers: 1}
	config.PeriodicJobs = periodicJobs(setup.Schedules)
	if e.lead, err = s.queue.connect(config); err != nil {
		return nil, err
	}
	e.tasks = s.tasks
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	s.queue.log.Info("serving", zap.String("worker", e.id), zap.Int("sources", len(sources)),
		zap.Int("schedules", len(setup.Schedules)))
	return e, nil
}

// periodicJobs makes River let the schedules tick. The leader keeps their times in its memory, so a new one ticks every
// schedule once: what a tick that was missed would have planned, this one does.
func periodicJobs(schedules []Schedule) []*river.PeriodicJob {
	all := make([]*river.PeriodicJob, len(schedules))
	for i, schedule := range schedules {
		all[i] = river.NewPeriodicJob(schedule.Timing, func() (river.JobArgs, *river.InsertOpts) {
			return Tick{Schedule: schedule.Name, Sources: schedule.Sources}, nil
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	return all
}
