package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// poll is the pause between two looks at something that another process does.
const poll = 15 * time.Millisecond

// ownOrShare runs the server, or uses the one that the holder of the lock runs. The holder may still be busy making the
// data or downloading, or may give up: so both are tried until one works.
func (h *home) ownOrShare(ctx context.Context) (*Server, error) {
	waiting := false
	for {
		var err error
		if h.lock, err = tryLock(h.file("lock")); err != nil {
			return nil, err
		}
		if h.lock != nil {
			s, err := h.own(ctx)
			if err != nil {
				h.lock.Close() // a second time, where the server had started
			}
			return s, err
		}
		if h.opt.Alone {
			return nil, fmt.Errorf("%w: %s", ErrInUse, h.dir)
		}
		if e, err := h.lastEndpoint(); err == nil {
			if s := h.share(ctx, e); s != nil {
				return s, nil
			}
		}
		if !waiting {
			waiting = true
			h.opt.Progress("waiting for the PostgreSQL that another process is starting in " + h.dir)
		}
		if err := sleep(ctx, poll); err != nil {
			return nil, fmt.Errorf("another process holds %s, and its server does not answer: %w", h.dir, err)
		}
	}
}

// share gives the server of another process, where it answers at e, or nil. Only ours knows what is kept of the
// password, and the probe makes it prove that, so who lets us in is the right one. It is not ours to stop.
func (h *home) share(ctx context.Context, e endpoint) *Server {
	secret, err := h.root.ReadFile("password")
	if err != nil {
		return nil
	}
	e.password = trimmed(secret)
	if e.Version, err = e.probe(ctx); err != nil {
		return nil
	}
	return &Server{
		endpoint: e,
		how:      fmt.Sprintf("PostgreSQL %s of another process (%s), data in %s", e.Version, e.Source, h.dir),
		stop:     func(context.Context) error { return nil },
	}
}

// own starts a server. The lock is held; with the server it is given back when the server has ended, and without one by
// the caller.
func (h *home) own(ctx context.Context) (*Server, error) {
	secret, err := h.password()
	if err != nil {
		return nil, err
	}
	left, err := h.leftover(ctx)
	if err != nil {
		return nil, err
	}
	if left != nil {
		release := sync.OnceValue(h.lock.Close)
		left.stop = func(context.Context) error { return release() }
		return left, nil
	}
	if h.major, err = h.clusterMajor(); err != nil {
		return nil, err
	}
	// Beside a cluster the file holds nothing that is needed. Without one it may name the volume that holds the data.
	if h.last, err = h.lastEndpoint(); err != nil && h.major == 0 {
		return nil, err
	}
	h.last.password = secret
	s, err := h.start(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.writeEndpoint(s.endpoint); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	h.opt.Log.Info("database started", zap.String("version", s.Version()), zap.String("how", s.how))
	return s, nil
}

// sleep waits for a while or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
