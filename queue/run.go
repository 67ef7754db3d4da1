package queue

import (
	"cmp"
	"context"
	"errors"
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

// endTimeout is how long a command that was stopped has to say how it ended.
const endTimeout = 10 * time.Second

// Record does the work of a command between the lines that say that it started and how it ended, by now. The second is written also
// when the command was stopped. isPartial says that not everything could be done.
func Record(ctx context.Context, d db.Querier, run Run, now func() time.Time, do func(runID int64) (isPartial bool, err error)) error {
	run.Now = now()
	runID, err := StartRun(ctx, d, run)
	if err != nil {
		return err
	}
	isPartial, err := do(runID)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return errors.Join(err, EndRun(late, d, runID, outcome(isPartial, err), now()))
}

func outcome(isPartial bool, err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case err != nil:
		return "failed"
	case isPartial:
		return "partial"
	default:
		return "ok"
	}
}

// StartRun writes down that a command started, and gives its number.
func StartRun(ctx context.Context, d db.Querier, run Run) (runID int64, err error) {
	run.Host = cmp.Or(run.Host, db.Host())
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
