package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
)

//go:embed sql/paused.sql
var pausedQuery string

// Pause is a queue that nobody takes work from until it is resumed.
type Pause struct {
	Source string // empty for a queue that was paused in the queue's own pages
	Queue  string
	Since  time.Time
	Who    string // empty where nobody is known
	Reason string // empty where nobody gave one
}

// Pause pauses a source for every program, until Resume. tell lets those that run know, in the same transaction. A source that is
// paused already stays so since then, by whom it was.
func (w *Warehouse) Pause(ctx context.Context, source, queue string, by Operator, tell func(ctx context.Context, tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			INSERT INTO etl.pause (source, queue, paused_at, host, who, reason)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (source) DO NOTHING`, source, queue, by.Now, hostname(), clean(by.Who), clean(by.Reason)); err != nil {
			return err
		}
		if err := markPaused(ctx, tx); err != nil {
			return err
		}
		return tell(ctx, tx)
	})
	return failed("pausing "+source, err)
}

// Resume takes a pause back. It says whether there was one.
func (w *Warehouse) Resume(ctx context.Context, source, queue string, tell func(ctx context.Context, tx pgx.Tx) error) (wasPaused bool, err error) {
	err = pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		ours, err := tx.Exec(ctx, `DELETE FROM etl.pause WHERE source = $1`, source)
		if err != nil {
			return err
		}
		queues, err := tx.Exec(ctx, `
			UPDATE river.river_queue
			SET paused_at = NULL
			WHERE name = $1
			  AND paused_at IS NOT NULL`, queue)
		if err != nil {
			return err
		}
		wasPaused = ours.RowsAffected()+queues.RowsAffected() > 0
		return tell(ctx, tx)
	})
	return wasPaused, failed("resuming "+source, err)
}

// MarkPaused puts the marks of paused sources back that the queue has forgotten. Call it before a worker begins.
func (w *Warehouse) MarkPaused(ctx context.Context) error {
	return failed("pausing queues", pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return markPaused(ctx, tx) }))
}

func markPaused(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO river.river_queue AS q (name, metadata, paused_at, updated_at)
		SELECT queue, '{}', paused_at, now()
		FROM etl.pause
		ON CONFLICT (name) DO UPDATE
		SET paused_at = excluded.paused_at
		WHERE q.paused_at IS NULL`)
	return err
}

// Paused gives what is paused, by queue.
func (w *Warehouse) Paused(ctx context.Context) (map[string]Pause, error) {
	rows, err := w.pool.Query(ctx, pausedQuery)
	if err != nil {
		return nil, failed("reading the pauses", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Pause])
	if err != nil {
		return nil, failed("reading the pauses", err)
	}
	byQueue := make(map[string]Pause, len(all))
	for _, p := range all {
		byQueue[p.Queue] = p
	}
	return byQueue, nil
}

// Pauses gives what is paused within a transaction.
func Pauses(ctx context.Context, q querier) ([]Pause, error) {
	return db.All[Pause](ctx, q, pausedQuery)
}
