package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/look_runs.sql
var lookRuns string

// RunState is how far a run is, or how it ended.
type RunState struct {
	RunID     int64
	Command   string
	Arguments string
	Host      string
	Program   string // its version
	StartedAt time.Time
	EndedAt   *time.Time // nil while it runs, and for one that was killed
	Outcome   string     // empty until it has ended
	Detached  bool
	Windows   int64 // that it handed to the queue
	Open      int64 // of these
	Loads     int64
	Failed    int64
	Received  int64 // rows
	Written   int64 // rows inserted, updated or removed
}

// Runs are commands and detached backfills.
type Runs struct {
	Backfills []Backfill
	Runs      []RunState
}

// Runs reads the newest runs, at most so many, and the backfills under way with as many of the ended ones.
func (l *Look) Runs(ctx context.Context, most int) (all Runs, err error) {
	err = l.read(ctx, "reading runs", func(tx pgx.Tx) error {
		if all.Backfills, err = lookUp[Backfill](ctx, tx, backfillsQuery, most, l.now()); err != nil {
			return err
		}
		all.Runs, err = lookUp[RunState](ctx, tx, lookRuns, most)
		return err
	})
	return all, err
}
