package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
)

// process is a child that ends with this program, however this program ends.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer     // for a server that is to end with its input; nil for one that minds signals
	done  chan struct{} // closed when the child has ended
	err   error         // how it ended; set before done is closed
}

// launch starts cmd, which account.apply has prepared. byInput says that it ends in good order when its standard input
// does; otherwise it is a PostgreSQL program, which minds signals.
func launch(cmd *exec.Cmd, byInput bool) (*process, error) {
	p, release := &process{cmd: cmd, done: make(chan struct{})}, func() {}
	var err error
	if !byInput {
		release, err = startBound(cmd)
	} else if p.stdin, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		release()
		close(p.done)
	}()
	return p, nil
}

// end asks the child to end and waits for it: first politely, a server with a last checkpoint; when ctx ends, at once.
func (p *process) end(ctx context.Context) error {
	ask := func() error { return interrupt(p.cmd) }
	if p.stdin != nil {
		ask = p.stdin.Close
	}
	if err := ask(); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, os.ErrClosed) {
		return err // and those two say that it has ended by itself
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		if err := quit(p.cmd); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-p.done
		return ctx.Err()
	}
}

// portTaken is what PostgreSQL says when it cannot listen. Messages are in English, for LC_ALL is C.
var portTaken = regexp.MustCompile(`could not (bind|create) .*IPv4|could not create any TCP/IP sockets`)

// errPortTaken: somebody took the port between our look and the server's.
var errPortTaken = errors.New("the port was taken")

// serve starts a server on a free port and waits until it lets us in. command gives the program that runs it.
func (h *home) serve(ctx context.Context, e *endpoint, command func(port int) *exec.Cmd) (*Server, error) {
	for try := 1; ; try++ {
		var err error
		if e.Port, err = freePort(h.last.Port); err != nil {
			return nil, err
		}
		p, err := h.serveOnce(ctx, e, command(e.Port))
		if errors.Is(err, errPortTaken) && try < 5 {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &Server{endpoint: *e, stop: h.supervise(p)}, nil
	}
}

// serveOnce starts cmd, a server that is to answer at e. Its log is emptied, and that of the last start kept beside it.
func (h *home) serveOnce(ctx context.Context, e *endpoint, cmd *exec.Cmd) (*process, error) {
	file := h.file("server.log")
	if err := renamed(file, file+".last"); err != nil {
		return nil, err
	}
	log, err := h.fresh("server.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := launch(cmd, e.Way == Docker)
	if err != nil {
		return nil, err
	}
	if err := h.ready(ctx, p, e); err != nil {
		_ = p.end(ctx)
		return nil, err
	}
	return p, nil
}

// supervise waits for the end of the server, logs it when nobody asked for it, and gives the lock back: not before, for
// the next owner must find the data at rest. The goroutine also keeps the lock from being closed as garbage. stop ends
// the server at its first call.
func (h *home) supervise(p *process) (stop func(context.Context) error) {
	var asked atomic.Bool
	released := make(chan error, 1)
	go func() {
		<-p.done
		if !asked.Load() {
			h.opt.Log.Error("database ended by itself", zap.NamedError("exit", p.err))
		}
		released <- h.lock.Close()
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

const (
	slowStart        = 3 * time.Second // when a start begins to need an explanation
	cannotConnectNow = "57P03"         // the SQLSTATE of a server that is starting up or shutting down
)

// ready waits until the server lets us in. Recovery after a crash may take long, so only ctx and the end of the server
// end the wait.
func (h *home) ready(ctx context.Context, p *process, e *endpoint) error {
	slow := time.After(slowStart)
	for {
		var err error
		if e.Version, err = e.probe(ctx); err == nil {
			return nil
		}
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code != cannotConnectNow {
			return err
		}
		select {
		case <-p.done:
			return h.explain(p)
		case <-slow:
			h.opt.Progress("PostgreSQL is still starting; after an unclean end it recovers first")
		case <-time.After(poll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// explain says why a server ended before it was ready.
func (h *home) explain(p *process) error {
	ended := "the server ended before it was ready"
	if p.err != nil {
		ended += " (" + p.err.Error() + ")"
	}
	output, err := os.ReadFile(h.file("server.log"))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", ended, err)
	case portTaken.Match(output):
		return errPortTaken
	}
	return fmt.Errorf("%s: %s", ended, lastLines(string(output), 5))
}
