package queue

import (
	"context"
	"time"

	"smsetl/internal/db"
)

// Run is one invocation of a command that loads.
type Run struct {
	Command   string // run, backfill, serve
	Arguments string // as typed, without credentials
	Version   string // of the program
	Host      string // default: this machine
	Detached  bool   // the command only hands windows to the queue; the run ends with its last window
	Now       time.Time
}

// StartRun writes down that a command started, and gives its number.
func StartRun(ctx context.Context, d db.Querier, run Run) (runID int64, err error) {
	if run.Host == "" {
		run.Host = db.Host()
	}
	err = d.QueryRow(ctx, `
		INSERT INTO etl.run (command, arguments, started_at, host, version, detached)
		VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING run_id`,
		db.Clean(run.Command), db.Clean(run.Arguments), run.Now, db.Clean(run.Host), db.Clean(run.Version),
		run.Detached).Scan(&runID)
	return runID, failed("starting the run", err)
}

// EndRun writes down how a command ended: ok, partial, failed, interrupted.
func EndRun(ctx context.Context, d db.Querier, runID int64, outcome string, now time.Time) error {
	_, err := d.Exec(ctx, `
		UPDATE etl.run
		SET ended_at = greatest($2, started_at),
		    outcome  = $3
		WHERE run_id = $1`, runID, now, outcome)
	return failed("ending the run", err)
}
