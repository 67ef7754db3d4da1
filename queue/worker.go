package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"smsetl/internal/db"
)

// workerLock is the advisory lock of a worker's name.
const workerLock = `hashtextextended('smsetl worker ' || $1, 0)`

// ErrDeclaredDead says that somebody has sent a worker's jobs back to the queue, as those of a worker that is no more.
// What it still works on is worked on elsewhere too, and its own writes are fenced off.
var ErrDeclaredDead = errors.New("the worker lost its session and was taken for dead")

// Worker is one that works jobs of the queue. A session of its own holds the lock of its name, for as long as its
// process lives.
type Worker struct {
	queue *Queue
	id    string
	conn  *pgx.Conn // nil while there is none
}

// How long a worker waits for a session: a new one has nothing to lose yet, and one that had a session may be taken for
// dead.
const (
	registerPatience = 5 * time.Minute
	resumePatience   = 30 * time.Second
)

// RegisterWorker says that a worker of the queue lives: until Release, or until its process dies, however that dies.
// Call it before the worker takes its first job, and let Keep run while it takes any.
//
// On a server that is full or starts anew it waits, and holds no other connection meanwhile: programs that each hold
// one and wait for a second would wait for ever.
func (q *Queue) RegisterWorker(ctx context.Context, clientID string) (*Worker, error) {
	k := &Worker{queue: q, id: clientID}
	if err := k.open(ctx, registerPatience, k.signOn); err != nil {
		return nil, failed("registering worker "+clientID, err)
	}
	return k, nil
}

// open opens the worker's session, takes the lock of its name and does what comes first there. What fails only for now
// is tried again until patience ends.
func (k *Worker) open(ctx context.Context, patience time.Duration, first func(context.Context) error) error {
	started := time.Now()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := k.connect(ctx)
		if err == nil {
			err = first(ctx)
		}
		if err == nil {
			return nil
		}
		k.close(ctx)
		if !db.IsTemporary(err) && !errors.Is(err, errNoRoom) || ctx.Err() != nil || time.Since(started) > patience {
			return err
		}
		k.queue.pool.Reset()
		if err := db.Pause(ctx, pause); err != nil {
			return err
		}
	}
}

// signOn writes the worker down, and sees to it that there is a connection to work with as well.
func (k *Worker) signOn(ctx context.Context) error {
	_, err := k.conn.Exec(ctx, `
		INSERT INTO etl.worker (client_id, host, pid, started_at)
		VALUES ($1, $2, $3, clock_timestamp())
		ON CONFLICT (client_id) DO UPDATE
		SET host       = excluded.host,
		    pid        = excluded.pid,
		    started_at = excluded.started_at`, k.id, db.Host(), os.Getpid())
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := k.queue.pool.Ping(short); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", errNoRoom, err)
	}
	return ctx.Err()
}

// errNoRoom says that the worker's own session was had and no second connection.
var errNoRoom = errors.New("no connection beside the worker's own")

// connect opens the worker's session and takes the lock of its name.
func (k *Worker) connect(ctx context.Context) error {
	config := k.queue.pool.Config().ConnConfig
	config.ConnectTimeout = db.DialTimeout
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

// Keep watches over the worker's session until ctx ends, and is nil then. A session that is lost, as when the server
// starts anew, is opened again. With any other end the worker must take no more jobs: ErrDeclaredDead when somebody has
// taken it for dead meanwhile, or the error that kept it from getting a session.
func (k *Worker) Keep(ctx context.Context) error {
	for {
		err := k.listen(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end that was asked for
		}
		k.queue.log.Warn("the worker's session is lost and will be opened again", zap.String("worker", k.id), zap.Error(err))
		k.close(ctx)
		if err := k.open(ctx, resumePatience, k.isListed); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the same
			}
			return failed("keeping worker "+k.id, err)
		}
	}
}

// listen returns when the session is gone, or with ctx. No notification ever comes.
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

// isListed gives ErrDeclaredDead when somebody has taken the worker for dead: its line goes when its jobs do.
func (k *Worker) isListed(ctx context.Context) error {
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
		k.queue.log.Debug("worker not signed off, its session is gone", zap.String("worker", k.id))
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

// isDead says whether the worker of a name lives no more, and strikes it off then. The lock is had only when nobody
// lives under the name, and kept until its jobs are sent back.
func isDead(ctx context.Context, tx pgx.Tx, worker string) (dead bool, err error) {
	err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(`+workerLock+`)`, worker).Scan(&dead)
	if err != nil || !dead {
		return false, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = $1`, worker)
	return true, err
}

// HasWorker says whether this process works the queue: it is signed on, and the session lives that says so.
func HasWorker(ctx context.Context, d db.Querier) error {
	var lives bool
	err := d.QueryRow(ctx, `
		SELECT EXISTS (
		           SELECT
		           FROM etl.worker AS w
		           JOIN pg_locks   AS k ON k.locktype = 'advisory'
		                               AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		                               AND k.granted
		                               AND (k.classid::bigint << 32 | k.objid::bigint)
		                                   = hashtextextended('smsetl worker ' || w.client_id, 0)
		           WHERE w.host = $1
		             AND w.pid = $2
		       )`, db.Host(), os.Getpid()).Scan(&lives)
	if err != nil {
		return failed("looking for this process's worker", err)
	}
	if !lives {
		return errors.New("queue: no worker of this process is registered")
	}
	return nil
}
