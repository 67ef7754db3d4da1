package queue

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
	Detached  bool   // the command only hands windows to the queue; the run ends with its last window
	Now       time.Time
}

// StartRun writes down that a command started, and gives its number.
func StartRun(ctx context.Context, db DB, run Run) (runID int64, err error) {
	if run.Host == "" {
		run.Host = hostname()
	}
	err = db.QueryRow(ctx, `
		INSERT INTO etl.run (command, arguments, started_at, host, version, detached)
		VALUES ($1, $2, $3, $4, $5, $6)
		RETURNING run_id`,
		clean(run.Command), clean(run.Arguments), run.Now, clean(run.Host), clean(run.Version), run.Detached).Scan(&runID)
	return runID, failed("starting the run", err)
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

// EndRun writes down how a command ended: ok, partial, failed, interrupted.
func EndRun(ctx context.Context, db DB, runID int64, outcome string, now time.Time) error {
	_, err := db.Exec(ctx, `
		UPDATE etl.run
		SET ended_at = greatest($2, started_at),
		    outcome  = $3
		WHERE run_id = $1`, runID, now, outcome)
	return failed("ending the run", err)
}
