package load

import (
	"context"
	"os"
	"time"
)

// Run is one invocation of a command that loads.
type Run struct {
	Command   string // run, backfill, serve
	Arguments string // as typed, without credentials
	Version   string // of the program
	Host      string // default: this machine
	Now       time.Time
}

// StartRun writes down that a command started, and gives its number.
func (w *Warehouse) StartRun(ctx context.Context, run Run) (runID int64, err error) {
	if run.Host == "" {
		if run.Host, err = os.Hostname(); err != nil {
			run.Host = "unknown"
		}
	}
	err = w.pool.QueryRow(ctx, `
		INSERT INTO etl.run (command, arguments, started_at, host, version)
		VALUES ($1, $2, $3, $4, $5)
		RETURNING run_id`, clean(run.Command), clean(run.Arguments), run.Now, clean(run.Host), clean(run.Version)).Scan(&runID)
	return runID, failed("starting the run", err)
}

// EndRun writes down how a command ended: ok, partial, failed, interrupted.
func (w *Warehouse) EndRun(ctx context.Context, runID int64, outcome string, now time.Time) error {
	_, err := w.pool.Exec(ctx, `
		UPDATE etl.run
		SET ended_at = greatest($2, started_at),
		    outcome  = $3
		WHERE run_id = $1`, runID, now, outcome)
	return failed("ending the run", err)
}
