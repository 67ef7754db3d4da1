package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/rescue.sql
var rescueQuery string

// workerLock is the advisory lock of a worker's name.
const workerLock = `hashtextextended('smsetl worker ' || $1, 0)`

// RegisterWorker says that a worker of the queue lives: a session of its own holds the lock of its name until release is
// called or the process dies, however it dies. Call it before the worker takes its first job.
func (w *Warehouse) RegisterWorker(ctx context.Context, clientID string) (release func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, w.pool.Config().ConnConfig)
	if err != nil {
		return nil, failed("registering worker "+clientID, err)
	}
	end := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		// The lock goes with the session in any case, but the server ends that a little after the connection is closed.
		_, err := conn.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = $1`, clientID)
		_, unlock := conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
		err = errors.Join(err, unlock, conn.Close(ctx))
		if err != nil {
			w.log.Debug("worker not signed off, its session is gone")
		}
	}
	if err := register(ctx, conn, clientID); err != nil {
		end()
		return nil, failed("registering worker "+clientID, err)
	}
	return end, nil
}

func register(ctx context.Context, conn *pgx.Conn, clientID string) error {
	// The session is idle for as long as the worker lives; only its death must end it.
	if _, err := conn.Exec(ctx, `SET idle_session_timeout = 0`); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(`+workerLock+`)`, clientID); err != nil {
		return fmt.Errorf("another worker of this name lives: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	_, err = conn.Exec(ctx, `
		INSERT INTO etl.worker (client_id, host, pid, started_at)
		VALUES ($1, $2, $3, clock_timestamp())
		ON CONFLICT (client_id) DO UPDATE
		SET host       = excluded.host,
		    pid        = excluded.pid,
		    started_at = excluded.started_at`, clientID, host, os.Getpid())
	return err
}

// RescueDead sends jobs back to the queue that a worker was working on which lives no more, and gives their number. The
// loads that such a worker had begun end as failed. A killed program then never blocks the next one.
//
// Such a job's worker may only have lost its session: what it still writes is fenced off by its load's number, or by the
// jobs' own transaction.
func (w *Warehouse) RescueDead(ctx context.Context) (int, error) {
	var jobs int
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT DISTINCT coalesce(attempted_by[array_length(attempted_by, 1)], '')
			FROM river.river_job
			WHERE state = 'running'
			ORDER BY 1`)
		if err != nil {
			return err
		}
		workers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, worker := range workers {
			var dead bool
			// The lock is had only when nobody lives under the name, and kept until the jobs are sent back.
			if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(`+workerLock+`)`, worker).Scan(&dead); err != nil {
				return err
			}
			if !dead {
				continue
			}
			tag, err := tx.Exec(ctx, rescueQuery, worker)
			if err != nil {
				return err
			}
			jobs += int(tag.RowsAffected())
			if _, err := tx.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = $1`, worker); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, failed("looking for jobs of dead workers", err)
	}
	return jobs, nil
}
