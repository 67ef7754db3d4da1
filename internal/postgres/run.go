package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
)

// portTaken is what PostgreSQL says when it cannot listen. Messages are in English, for LC_ALL is C.
var portTaken = regexp.MustCompile(`could not (bind|create) .*IPv4|could not create any TCP/IP sockets`)

// errPortTaken: somebody took the port between our look and the server's.
var errPortTaken = errors.New("the port was taken")

// serve starts a server on a free port and waits until it lets us in. command gives the program that runs it.
func (s *starter) serve(ctx context.Context, e *endpoint, command func(port int) *exec.Cmd) (*Server, error) {
	for try := 1; ; try++ {
		var err error
		if e.Port, err = freePort(s.last.Port); err != nil {
			return nil, err
		}
		p, err := s.serveOnce(ctx, e, command(e.Port))
		if errors.Is(err, errPortTaken) && try < 5 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &Server{endpoint: *e, stop: supervise(p, s.lock, s.opt.Log)}, nil
	}
}

// serveOnce starts cmd, a server that is to answer at e.
func (s *starter) serveOnce(ctx context.Context, e *endpoint, cmd *exec.Cmd) (*process, error) {
	log, err := s.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := launch(cmd, e.Way == Docker)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx, p, e); err != nil {
		_ = p.end(ctx)
		return nil, err
	}
	return p, nil
}

// supervise waits for the end of the server, logs it when nobody asked for it, and gives the lock back: not before, for
// the next owner must find the data at rest. The goroutine also keeps the lock from being closed as garbage. stop ends
// the server at its first call.
func supervise(p *process, lock *os.File, log *zap.Logger) (stop func(context.Context) error) {
	var asked atomic.Bool
	released := make(chan error, 1)
	go func() {
		<-p.done
		if !asked.Load() {
			log.Error("database ended by itself", zap.NamedError("exit", p.err))
		}
		released <- lock.Close()
	}()
	var once sync.Once
	var result error
	return func(ctx context.Context) error {
		once.Do(func() {
			asked.Store(true)
			if result = p.end(ctx); result == nil || ctx.Err() != nil {
				result = errors.Join(result, <-released)
			}
		})
		return result
	}
}

// settings are the server's beyond PostgreSQL's defaults: sized for a laptop, and in UTC, so that no machine's zone gets
// into the data.
func settings(throwaway bool) []string {
	all := []string{
		"-c", "shared_buffers=256MB",
		"-c", "max_wal_size=2GB",
		"-c", "timezone=UTC",
		"-c", "log_timezone=UTC",
		"-c", "logging_collector=off", // to our own file
		"-c", "log_line_prefix=%m [%p] ",
	}
	if throwaway {
		all = append(all, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=128MB")
	}
	return all
}

// openLog gives the server's log, emptied, with the last start's log kept beside it.
func (h *home) openLog() (*os.File, error) {
	if isThere(h.logFile()) {
		if err := os.Rename(h.logFile(), h.logFile()+".last"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(h.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// ready waits until the server lets us in. Recovery after a crash may take long, so only ctx and the end of the server
// end the wait.
func (s *starter) ready(ctx context.Context, p *process, e *endpoint) error {
	slow := time.After(slowStart)
	for {
		version, err := e.probe(ctx)
		if err == nil {
			e.Version = version
			return nil
		}
		refused, ok := errors.AsType[*pgconn.PgError](err)
		if ok && refused.Code != cannotConnectNow {
			return err
		}
		select {
		case <-p.done:
			return s.explain(p)
		case <-slow:
			s.opt.Progress("PostgreSQL is still starting; after an unclean end it recovers first")
		case <-time.After(poll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// slowStart is when a start begins to need an explanation.
const slowStart = 3 * time.Second

// cannotConnectNow is the SQLSTATE of a server that is starting up or shutting down.
const cannotConnectNow = "57P03"

// explain says why a server ended before it was ready.
func (h *home) explain(p *process) error {
	b, err := os.ReadFile(h.logFile())
	if err != nil {
		return errors.Join(exited(p), err)
	}
	said := string(b)
	if portTaken.MatchString(said) {
		return errPortTaken
	}
	return fmt.Errorf("%w: %s", exited(p), lastLines(said, 5))
}

func exited(p *process) error {
	if _, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return fmt.Errorf("the server ended before it was ready (%w)", p.err)
	}
	return errors.New("the server ended before it was ready")
}
