package postgres

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
)

// startError says that a server was at hand and did not work, which is another thing than having none.
type startError struct{ err error }

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// start tries the ways in order and gives the server of the first one that works, or the joined reasons of all. Data that
// is there decides: only what can open it is tried.
func (h *home) start(ctx context.Context) (*Server, error) {
	ways, err := h.ways()
	if err != nil {
		return nil, err
	}
	var reasons []error
	for _, way := range ways {
		server, err := h.try(ctx, way)
		if err == nil {
			return server, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", way, err))
		if _, broken := errors.AsType[*startError](err); broken && h.major != 0 {
			return nil, errors.Join(reasons...) // the right version was there; what else fails hides why
		}
	}
	if h.major != 0 {
		reasons = append([]error{fmt.Errorf("%w: %s was made by PostgreSQL %d, which is not to be had here; install "+
			"PostgreSQL %d, or move that folder away to start with an empty database and load the statistics again",
			ErrOtherVersion, h.cluster(), h.major, h.major)}, reasons...)
	}
	return nil, errors.Join(reasons...)
}

// ways lists what may be tried.
func (h *home) ways() ([]Way, error) {
	forced := h.opt.Way
	switch {
	case h.last.Volume != "" && forced != "" && forced != Docker:
		return nil, fmt.Errorf("the data of %s is in the Docker volume %s, which %s cannot open: use Docker, or another data home",
			h.dir, h.last.Volume, forced)
	case h.last.Volume != "":
		return []Way{Docker}, nil
	case h.major != 0 && forced == Docker:
		return nil, fmt.Errorf("the data in %s was made by PostgreSQL %d on this machine, and a container keeps its data "+
			"in a volume: use the installed PostgreSQL, or another data home", h.cluster(), h.major)
	case forced != "":
		return []Way{forced}, nil
	case h.major != 0:
		return []Way{Local, Download}, nil
	default:
		return []Way{Local, Download, Docker}, nil
	}
}

// try starts a server in one way.
func (h *home) try(ctx context.Context, way Way) (*Server, error) {
	switch way {
	case Local:
		b, err := choose(installed(ctx), h.major)
		if err != nil {
			return nil, err
		}
		return h.run(ctx, b)
	case Download:
		b, err := h.downloaded(ctx)
		if err != nil {
			return nil, err
		}
		return h.run(ctx, b)
	case Docker:
		return h.contain(ctx)
	default:
		return nil, fmt.Errorf("there is no such way: want %s, %s or %s", Local, Download, Docker)
	}
}

// run starts binaries on the data, which is made first where there is none.
func (h *home) run(ctx context.Context, b binaries) (*Server, error) {
	if !isThere(h.cluster()) {
		h.opt.Progress("making an empty database in " + h.dir)
		if err := h.make(ctx, b); err != nil {
			return nil, &startError{err}
		}
	}
	e := endpoint{Way: b.way, Version: b.version, Source: b.dir, password: h.last.password}
	server, err := h.serve(ctx, &e, func(port int) *exec.Cmd {
		return h.command(b, "postgres", append([]string{
			"-D", h.cluster(), "-p", strconv.Itoa(port), "-c", "listen_addresses=" + loopback,
			"-c", "unix_socket_directories=", // the usual folder is often closed to the server's user
		}, settings(h.opt.Throwaway)...)...)
	})
	if err != nil {
		return nil, &startError{fmt.Errorf("PostgreSQL %s in %s: %w", b.version, b.dir, err)}
	}
	server.how = fmt.Sprintf("PostgreSQL %s (%s) on port %d, data in %s", e.Version, b.dir, e.Port, h.dir)
	server.byHand = h.byHand(b, e)
	return server, nil
}
