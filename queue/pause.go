package queue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"smsetl/internal/db"
)

// Pause is a queue that nobody takes work from until it is resumed.
type Pause struct {
	Source string // empty for a queue that was paused in River's own pages
	Queue  string
	Since  time.Time
	Who    string // empty where nobody is known
	Reason string // empty where nobody gave one
}

// Pause keeps every program from taking windows of the source, until Resume. Windows that are worked are finished. who
// and reason are for those who wonder later. A source that is paused already stays so since then, by whom it was.
func (q *Queue) Pause(ctx context.Context, source, who, reason string) error {
	queue := queueOf(source)
	return failed("pausing "+source, pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO etl.pause (source, queue, paused_at, host, who, reason)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (source) DO NOTHING`, source, queue, q.now(), db.Host(), db.Clean(who), db.Clean(reason)); err != nil {
			return err
		}
		return known(q.client.QueuePauseTx(ctx, tx, queue, nil))
	}))
}

// Resume takes Pause back, and says whether there was a pause.
func (q *Queue) Resume(ctx context.Context, source string) (wasPaused bool, err error) {
	queue := queueOf(source)
	err = q.alone(ctx, pausing, "resuming "+source, func(tx pgx.Tx) error {
		ours, err := tx.Exec(ctx, `DELETE FROM etl.pause WHERE source = $1`, source)
		if err != nil {
			return err
		}
		rivers, err := q.client.QueueGetTx(ctx, tx, queue)
		if err = known(err); err != nil {
			return err
		}
		wasPaused = ours.RowsAffected() > 0 || rivers != nil && rivers.PausedAt != nil
		return known(q.client.QueueResumeTx(ctx, tx, queue, nil))
	})
	return wasPaused, err
}

// known forgives that River knows no such queue: nobody has worked it yet, or not for a day.
func known(err error) error {
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}

// repause tells River of the pauses that it has forgotten, with a queue that nobody had worked for a day, or never
// known. A pause is not taken back meanwhile.
func (q *Queue) repause(ctx context.Context) error {
	return q.alone(ctx, pausing, "pausing queues", func(tx pgx.Tx) error {
		queues, err := db.All[string](ctx, tx, `SELECT queue FROM etl.pause ORDER BY queue`)
		for _, queue := range queues {
			err = errors.Join(err, known(q.client.QueuePauseTx(ctx, tx, queue, nil)))
		}
		return err
	})
}

// Paused gives those of the sources that are paused, and since when.
func Paused(ctx context.Context, d db.Querier, sources []string) (map[string]time.Time, error) {
	queues, err := pausedQueues(ctx, d)
	if err != nil {
		return nil, err
	}
	since := map[string]time.Time{}
	for _, source := range sources {
		if at, is := queues[queueOf(source)]; is {
			since[source] = at
		}
	}
	return since, nil
}

// pausedQueues gives the queues that are paused, and since when.
func pausedQueues(ctx context.Context, d db.Querier) (map[string]time.Time, error) {
	pauses, err := Reader{d}.Pauses(ctx)
	since := make(map[string]time.Time, len(pauses))
	for _, pause := range pauses {
		since[pause.Queue] = pause.Since
	}
	return since, err
}
