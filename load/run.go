package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
)

// Run is one invocation of a command that loads.
type Run struct {
	Command   string // run, backfill, serve
	Arguments string // as typed, without credentials
	Version   string // of the program
	Host      string // default: this machine
	Detached  bool   // the command only hands windows to the queue; SettleRuns ends the run
	Now       time.Time
}

// StartRun writes down that a command started, and gives its number.
func (w *Warehouse) StartRun(ctx context.Context, run Run) (runID int64, err error) {
	runID, err = startRun(ctx, w.pool, run)
	return runID, failed("starting the run", err)
}

// StartRunTx is StartRun inside a transaction of Planning.
func (w *Warehouse) StartRunTx(ctx context.Context, tx pgx.Tx, run Run) (runID int64, err error) {
	return startRun(ctx, tx, run)
}

func startRun(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, run Run,
) (runID int64, err error) {
	if run.Host == "" {
		run.Host = hostname()
	}
	err = db.QueryRow(ctx, `
		INSERT INTO etl.run (command, arguments, started_at, host, version, detached)
		VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING run_id`,
		clean(run.Command), clean(run.Arguments), run.Now, clean(run.Host), clean(run.Version), run.Detached).Scan(&runID)
	return runID, err
}

func hostname() string { return db.Host() }

// EndRun writes down how a command ended: ok, partial, failed, interrupted.
func (w *Warehouse) EndRun(ctx context.Context, runID int64, outcome string, now time.Time) error {
	_, err := w.pool.Exec(ctx, `
		UPDATE etl.run
		SET ended_at = greatest($2, started_at),
		    outcome  = $3
		WHERE run_id = $1`, runID, now, outcome)
	return failed("ending the run", err)
}
