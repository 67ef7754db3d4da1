package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

//go:embed sql/rescue.sql
var rescueQuery string

// workerLock is the advisory lock of a worker's name.
const workerLock = `hashtextextended('smsetl worker ' || $1, 0)`

// ErrDeclaredDead says that somebody has sent a worker's jobs back to the queue, as those of a worker that is no more. What it
// still works on is worked on elsewhere too, and its own writes are fenced off.
var ErrDeclaredDead = errors.New("the worker lost its session and was taken for dead")

// Worker is one that works jobs of the queue. A session of its own holds the lock of its name, for as long as its process lives.
type Worker struct {
	warehouse *Warehouse
	id        string
	conn      *pgx.Conn // nil while there is none
}

// registerPatience is how long a worker waits for room. It has nothing to lose yet.
const registerPatience = 5 * time.Minute

// RegisterWorker says that a worker of the queue lives: until Release, or until its process dies, however that dies. Call it
// before the worker takes its first job, and let Keep run while it takes any.
//
// On a server that is full or starts anew it waits, and holds no other connection meanwhile: programs that each hold one and
// wait for a second would wait for ever.
func (w *Warehouse) RegisterWorker(ctx context.Context, clientID string) (*Worker, error) {
	k := &Worker{warehouse: w, id: clientID}
	started := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := k.register(ctx)
		if err == nil {
			return k, nil
		}
		k.close(ctx)
		if !db.IsTemporary(err) && !errors.Is(err, errNoRoom) || ctx.Err() != nil || time.Since(started) > registerPatience {
			return nil, failed("registering worker "+clientID, err)
		}
		w.pool.Reset()
		if err := db.Pause(ctx, wait); err != nil {
			return nil, failed("waiting for room to register worker "+clientID, err)
		}
	}
}

// register signs the worker on, and sees to it that there is a connection to work with as well.
func (k *Worker) register(ctx context.Context) error {
	if err := k.connect(ctx, func(*pgx.ConnConfig) {}); err != nil {
		return err
	}
	_, err := k.conn.Exec(ctx, `
		INSERT INTO etl.worker (client_id, host, pid, started_at)
		VALUES ($1, $2, $3, clock_timestamp())
		ON CONFLICT (client_id) DO UPDATE
		SET host       = excluded.host,
		    pid        = excluded.pid,
		    started_at = excluded.started_at`, k.id, hostname(), os.Getpid())
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := k.warehouse.pool.Ping(short); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errNoRoom, err)
	}
	return ctx.Err()
}

// errNoRoom says that the worker's own session was had and no second connection.
var errNoRoom = errors.New("no connection beside the worker's own")

// connect opens the worker's session and takes the lock of its name.
func (k *Worker) connect(ctx context.Context, change func(*pgx.ConnConfig)) error {
	config := k.warehouse.pool.Config().ConnConfig
	config.ConnectTimeout = db.DialTimeout
	change(config)
	// The session is idle for as long as the worker lives; only its death must end it.
	config.RuntimeParams["idle_session_timeout"] = "0"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	k.conn = conn
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(`+workerLock+`)`, k.id); err != nil {
		return fmt.Errorf("another worker of this name lives: %w", err)
	}
	return nil
}

// Keep watches over the worker's session until ctx ends, and is nil then. A session that is lost, as when the server starts anew,
// is opened again. With any other end the worker must take no more jobs: ErrDeclaredDead when somebody has taken it for dead
// meanwhile, or the error that kept it from getting a session.
func (k *Worker) Keep(ctx context.Context) error {
	for {
		err := k.listen(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end that was asked for
		}
		k.warehouse.log.Warn("the worker's session is lost and will be opened again", zap.String("worker", k.id), zap.Error(db.LastWord(err)))
		k.close(ctx)
		if err := k.resume(ctx); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the same
			}
			return failed("keeping worker "+k.id, err)
		}
	}
}

// listen returns when the session is gone, or with ctx. Nobody tells it anything.
func (k *Worker) listen(ctx context.Context) error {
	const quiet = 15 * time.Second // a connection that died without a word shows when something is asked
	for {
		wait, cancel := context.WithTimeout(ctx, quiet)
		_, err := k.conn.WaitForNotification(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !pgconn.Timeout(err):
			return err
		}
		ping, cancel := context.WithTimeout(ctx, quiet)
		err = k.conn.Ping(ping)
		cancel()
		if err != nil {
			return err
		}
	}
}

// resume opens the session again and looks whether somebody has taken the worker for dead: the line goes when its jobs do.
func (k *Worker) resume(ctx context.Context) error {
	if err := k.connect(ctx, db.WaitForRoom); err != nil {
		return err
	}
	var isListed bool
	err := k.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM etl.worker WHERE client_id = $1)`, k.id).Scan(&isListed)
	if err == nil && !isListed {
		err = ErrDeclaredDead
	}
	return err
}

// Release signs the worker off. Call it when Keep has returned and the worker has no more jobs.
func (k *Worker) Release() {
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := k.conn.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = $1`, k.id)
	// The lock goes with the session in any case, but the server ends that a little after the connection is closed.
	_, unlock := k.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	if errors.Join(err, unlock) != nil {
		k.warehouse.log.Debug("worker not signed off, its session is gone", zap.String("worker", k.id))
	}
	k.close(ctx)
}

// close ends the session, and with it the lock.
func (k *Worker) close(ctx context.Context) {
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = k.conn.Close(ctx) // a session that is gone cannot be closed better
	k.conn = nil
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
