package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"
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
	lost    chan *engine // whose worker is signed off, see Worker.Keep
}

type reload struct {
	setup Setup
	done  chan error
}

// NewServer gives a Server that does the tasks beside its own.
func NewServer(queue *Queue, tasks []Task, options Options) *Server {
	s := &Server{queue: queue, options: options.withDefaults(), reloads: make(chan reload), lost: make(chan *engine)}
	s.tasks = slices.Concat(s.ownTasks(), tasks)
	return s
}

// Run works until the context ends. Then it takes no more work, gives windows in flight Grace to end, hands back those
// that do not, and returns.
func (s *Server) Run(ctx context.Context, setup Setup) error {
	current, err := s.start(ctx, setup)
	if err != nil {
		return err
	}
	var old sync.WaitGroup
	for {
		select {
		case <-ctx.Done():
			err := current.stop(ctx)
			old.Wait()
			return err
		case r := <-s.reloads:
			next, err := s.start(ctx, r.setup)
			r.done <- err
			if err != nil {
				continue
			}
			// The old one takes no more work and finishes what it has, however long that takes, unless the program stops.
			retired := current
			old.Go(func() {
				if err := retired.retire(ctx); err != nil {
					s.queue.log.Warn("work of the old configuration not ended cleanly", zap.Error(err))
				}
			})
			current, setup = next, r.setup
		case lost := <-s.lost:
			if lost != current {
				continue // it is retired, and takes no more work anyway
			}
			old.Go(func() {
				if err := lost.stop(ctx); err != nil {
					s.queue.log.Warn("work of a lost session not ended cleanly", zap.Error(err))
				}
			})
			if current = s.restart(ctx, setup); current == nil {
				old.Wait()
				return nil
			}
		}
	}
}

// signOff says that an engine's worker must take no more work. Others do what it had; this program goes on as another
// worker.
func (s *Server) signOff(ctx context.Context, e *engine, err error) {
	s.queue.log.Warn("going on as another worker", zap.String("worker", e.id), zap.Error(err))
	select {
	case s.lost <- e:
	case <-ctx.Done():
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
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
		}
	}
}

// Reload makes a running Server work another setup. Windows in flight are finished as they began. When it fails, the
// Server goes on as before.
func (s *Server) Reload(ctx context.Context, setup Setup) error {
	r := reload{setup, make(chan error, 1)}
	select {
	case s.reloads <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start starts an engine for a setup.
func (s *Server) start(ctx context.Context, setup Setup) (*engine, error) {
	sources := setup.Loader.Sources()
	if err := checkSchedules(setup.Schedules, sources); err != nil {
		return nil, err
	}
	queues := make(map[string]river.QueueConfig, len(sources))
	for source, parallel := range sources {
		queues[queueOf(source)] = river.QueueConfig{MaxWorkers: max(1, parallel)}
	}
	e, err := newEngine(s.queue, "serve", setup.Loader, queues, s.options)
	if err != nil {
		return nil, err
	}
	config := e.config()
	config.Workers = e.windows(setup.Loader)
	river.AddWorker(config.Workers, &tickWorker{queue: s.queue, plan: setup.Plan, sources: sources, version: s.options.Version})
	config.Queues = map[string]river.QueueConfig{tickQueue: {MaxWorkers: 1}}
	config.PollOnly = true // ticks can wait a second, and a listener would hold a connection
	config.PeriodicJobs = periodicJobs(setup.Schedules)
	if e.lead, err = s.queue.connect(config); err != nil {
		return nil, err
	}
	err = e.start(ctx, func(ctx context.Context) { s.maintain(ctx, e.leads) }, func(ctx context.Context, err error) { s.signOff(ctx, e, err) })
	if err != nil {
		return nil, err
	}
	s.queue.log.Info("serving", zap.String("worker", e.id), zap.Int("sources", len(sources)), zap.Int("schedules", len(setup.Schedules)))
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
