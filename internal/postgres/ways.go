package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// firstWay tries the ways in order and gives the server of the first one that works, or the joined reasons of all.
func (h *home) firstWay(ctx context.Context, opt Options, last endpoint, lock *os.File) (*Server, error) {
	major, err := h.clusterMajor(opt.Log)
	if err != nil {
		return nil, err
	}
	ways := []Way{Local, Download, Docker}
	if opt.Way != "" {
		ways = []Way{opt.Way}
	}
	var reasons []error
	for _, way := range ways {
		s, err := h.tryWay(ctx, opt, way, major, last, lock)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", way, err))
	}
	if major != 0 && !slices.ContainsFunc(reasons, func(err error) bool { return errors.As(err, new(*startError)) }) {
		reasons = append([]error{fmt.Errorf("%w: %s was made by PostgreSQL %d, which is not to be had here. Install "+
			"PostgreSQL %d, or move that folder away to start anew and load the statistics again",
			ErrOtherVersion, h.cluster(), major, major)}, reasons...)
	}
	return nil, errors.Join(reasons...)
}

// tryWay starts a server in one way, for data of a major version or for no data yet (0).
func (h *home) tryWay(ctx context.Context, opt Options, way Way, major int, last endpoint, lock *os.File) (*Server, error) {
	switch way {
	case Local:
		b, err := choose(installed(ctx), major)
		if err != nil {
			return nil, err
		}
		return h.run(ctx, opt, b, last, lock)
	default:
		return nil, fmt.Errorf("unknown way %q", way)
	}
}
