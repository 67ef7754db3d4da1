package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
)

// startError says that binaries were found and did not work, which is another thing than having none.
type startError struct{ err error }

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// portTaken is what PostgreSQL says when it cannot listen. Messages are in English, for LC_ALL is C.
var portTaken = regexp.MustCompile(`could not (bind|create) .*IPv4|could not create any TCP/IP sockets`)

// errPortTaken: somebody took the port between our look and the server's.
var errPortTaken = errors.New("the port was taken")

// run starts binaries on the data, which is made first where there is none.
func (h *home) run(ctx context.Context, opt Options, b binaries, last endpoint, lock *os.File) (*Server, error) {
	if !isThere(h.cluster()) {
		opt.Progress("making the database in " + h.dir)
		if err := h.make(ctx, opt, b, last.password); err != nil {
			return nil, &startError{err}
		}
	}
	e := endpoint{Way: b.way, Version: b.version, Source: b.dir, password: last.password}
	for try := 1; ; try++ {
		var err error
		if e.Port, err = freePort(last.Port); err != nil {
			return nil, err
		}
		p, err := h.serve(ctx, opt, b, &e)
		if errors.Is(err, errPortTaken) && try < 5 {
			continue
		}
		if err != nil {
			return nil, &startError{fmt.Errorf("PostgreSQL %s in %s: %w", b.version, b.dir, err)}
		}
		return &Server{
			endpoint: e,
			how:      fmt.Sprintf("PostgreSQL %s (%s) on port %d, data in %s", e.Version, b.dir, e.Port, h.dir),
			byHand:   h.byHand(b, e),
			stop:     supervise(p, lock, opt.Log),
		}, nil
	}
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

// settings are the server's beyond PostgreSQL's defaults: reachable from this machine only, sized for a laptop, and in
// UTC, so that no machine's zone gets into the data.
func settings(e *endpoint, throwaway bool) []string {
	all := []string{
		"listen_addresses=" + loopback,
		"port=" + strconv.Itoa(e.Port),
		"unix_socket_directories=", // the usual folder is often closed to the server's user
		"shared_buffers=256MB",
		"max_wal_size=2GB",
		"timezone=UTC",
		"log_timezone=UTC",
		"logging_collector=off",
		"log_line_prefix=%m [%p] ",
	}
	if throwaway {
		all = append(all, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB")
	}
	return all
}

// serve starts the server and waits until it lets us in. Recovery after a crash may take long, so only ctx and the end
// of the server end the wait.
func (h *home) serve(ctx context.Context, opt Options, b binaries, e *endpoint) (*process, error) {
	cmd := h.command(b, "postgres", "-D", h.cluster())
	for _, s := range settings(e, opt.Throwaway) {
		cmd.Args = append(cmd.Args, "-c", s)
	}
	log, err := h.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := launch(cmd)
	if err != nil {
		return nil, err
	}
	if err := h.ready(ctx, opt, p, e); err != nil {
		_ = p.end(ctx)
		return nil, err
	}
	return p, nil
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

func (h *home) ready(ctx context.Context, opt Options, p *process, e *endpoint) error {
	told := false
	for {
		version, err := e.probe(ctx)
		if err == nil {
			e.Version = version
			return nil
		}
		select {
		case <-p.done:
			return h.explain(p)
		default:
		}
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
			switch {
			case refused.Code != cannotConnectNow:
				return err
			case !told:
				told = true
				opt.Progress("PostgreSQL is recovering from an unclean end")
			}
		}
		if err := sleep(ctx, poll); err != nil {
			return err
		}
	}
}

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
