package load

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/rescue_slow.sql
var rescueSlow string

//go:embed sql/queue_tidy.sql
var queueTidy string

// Parked is a job that no worker can do.
type Parked struct {
	JobID     int64     `json:"job_id"`
	Kind      string    `json:"kind"`
	Queue     string    `json:"queue"`
	Arguments string    `json:"arguments"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"parked_at"`
}

// Park writes down that a job is given up because no worker can do it.
func (w *Warehouse) Park(ctx context.Context, job Parked) error {
	_, err := w.pool.Exec(ctx, `
		INSERT INTO etl.parked (river_job_id, kind, queue, arguments, reason, parked_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (river_job_id) DO UPDATE
		SET reason    = excluded.reason,
		    parked_at = excluded.parked_at`,
		job.JobID, clean(job.Kind), clean(job.Queue), clean(job.Arguments), clean(job.Reason), job.At)
	return failed("parking a job", err)
}

// Parked gives the jobs that were parked since then, the latest first.
func (w *Warehouse) Parked(ctx context.Context, since time.Time) ([]Parked, error) {
	rows, err := w.pool.Query(ctx, `
		SELECT river_job_id, kind, queue, arguments, reason, parked_at
		FROM etl.parked
		WHERE parked_at >= $1
		ORDER BY parked_at DESC`, since)
	if err != nil {
		return nil, failed("reading the parked jobs", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
	return all, failed("reading the parked jobs", err)
}

// ForgetParked removes what was parked before then.
func (w *Warehouse) ForgetParked(ctx context.Context, before time.Time) error {
	_, err := w.pool.Exec(ctx, `DELETE FROM etl.parked WHERE parked_at < $1`, before)
	return failed("forgetting parked jobs", err)
}

// Leader gives the client id of the program that leads: one at a time rings schedules and does chores. Empty when none does.
func (w *Warehouse) Leader(ctx context.Context) (string, error) {
	var leader string
	err := w.pool.QueryRow(ctx, `SELECT leader_id FROM river.river_leader WHERE expires_at > now()`).Scan(&leader)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return leader, failed("asking who leads", err)
}

// RescueSlow sends jobs of a kind back to the queue that have been worked for longer than a time within which each of them has
// to end, and gives their number: their worker lives and hangs. What it still writes is refused.
func (w *Warehouse) RescueSlow(ctx context.Context, kind string, after time.Duration) (int, error) {
	tag, err := w.pool.Exec(ctx, rescueSlow, kind, after.Seconds())
	return int(tag.RowsAffected()), failed("looking for jobs that hang", err)
}

// TidyQueue lets jobs go on whose pause is over, and forgets those that ended a week ago. The program that leads does so too;
// this is for databases where none serves.
func (w *Warehouse) TidyQueue(ctx context.Context) error {
	_, err := w.pool.Exec(ctx, queueTidy)
	return failed("tidying the queue", err)
}
