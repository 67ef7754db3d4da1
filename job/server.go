package job

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/load"
)

// Setup is what a Server works: it changes when the configuration does.
type Setup struct {
	Sources []Source
	Bells   []Bell
	Plan    Planner
}

// ServerOptions are what differs between a server and a test of it. Zero values are replaced by the defaults.
type ServerOptions struct {
	Options                // Grace here is 15 s: how long a stop waits for windows in flight before it hands them back
	Every    time.Duration // 15 s: how often jobs of dead workers are looked for
	Progress Progress      // Quiet
	Version  string        // of the program, for the runs that rings start
}

// Server works the queue of every source until it is told to stop, and while it leads it rings the schedules and does the chores. Any
// number of servers may work one database; one of them leads, and another does when that one is gone.
type Server struct {
	warehouse *load.Warehouse
	chores    []Chore
	options   Options
	every     time.Duration
	progress  Progress
	version   string
	log       *zap.Logger

	reloads chan reload
	lost    chan *engine // whose worker is signed off, see load.Worker.Keep
}

type reload struct {
	setup Setup
	done  chan error
}

// NewServer gives a Server that does the chores beside its own.
func NewServer(warehouse *load.Warehouse, chores []Chore, options ServerOptions, log *zap.Logger) *Server {
	if options.Grace == 0 {
		options.Grace = 15 * time.Second
	}
	if options.Every == 0 {
		options.Every = 15 * time.Second
	}
	s := &Server{
		warehouse: warehouse, options: options.withDefaults(), every: options.Every, progress: options.Progress,
		version: options.Version, log: log.Named("job"), reloads: make(chan reload), lost: make(chan *engine),
	}
	if s.progress == nil {
		s.progress = Quiet{}
	}
	s.progress = loud{s.progress, s.log}
	s.chores = slices.Concat(s.ownChores(), chores)
	return s
}

// loud reports windows that are given up: nobody waits for them here.
type loud struct {
	Progress

	log *zap.Logger
}

// Finished passes the end of a window on.
func (l loud) Finished(item Item, result load.Result, err error) {
	if err != nil {
		l.log.Warn("window given up", append(fields(item), zap.Error(err))...)
	}
	l.Progress.Finished(item, result, err)
}

// Run works until the context ends. Then it takes no more work, gives windows in flight Grace to end, hands back those that do not,
// and returns.
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
					s.log.Warn("work of the old configuration not ended cleanly", zap.Error(err))
				}
			})
			current, setup = next, r.setup
		case lost := <-s.lost:
			if lost != current {
				continue // it is retired, and takes no more work anyway
			}
			old.Go(func() {
				if err := lost.stop(ctx); err != nil {
					s.log.Warn("work of a lost session not ended cleanly", zap.Error(err))
				}
			})
			if current = s.again(ctx, setup); current == nil {
				old.Wait()
				return nil
			}
		}
	}
}

// signOff says that an engine's worker must take no more work. Others do what it had; this program goes on as another worker.
func (s *Server) signOff(ctx context.Context, e *engine, err error) {
	s.log.Warn("going on as another worker", zap.String("worker", e.id), zap.Error(err))
	select {
	case s.lost <- e:
	case <-ctx.Done():
	}
}

// again starts an engine in the place of one that is lost, however long the database takes to come back. It is nil when the context
// ended first.
func (s *Server) again(ctx context.Context, setup Setup) *engine {
	for {
		next, err := s.start(ctx, setup)
		if err == nil {
			return next
		}
		s.log.Warn("no work until the database is back", zap.Error(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
		}
	}
}

// Reload makes a running Server work another setup. Windows in flight are finished as they began. When it fails, the Server goes on
// as before.
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
	if err := checkBells(setup.Bells, setup.Sources); err != nil {
		return nil, err
	}
	e := &engine{warehouse: s.warehouse, grace: s.options.Grace, log: s.log}
	if err := e.start(ctx, s, setup); err != nil {
		e.close() //nolint:contextcheck // it signs off although the context has ended
		return nil, err
	}
	return e, nil
}
