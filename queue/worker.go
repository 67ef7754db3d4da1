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

// ErrDeclaredDead says that somebody has sent a worker's jobs back to the queue, as those of a worker that is no more.
// What it still works on is worked on elsewhere too, and its own writes are fenced off.
var ErrDeclaredDead = errors.New("the worker lost its session and was taken for dead")

// Worker is one that works jobs of the queue. A session of its own, which stands in its line of etl.worker, shows others that
// its process lives.
type Worker struct {
	queue   *Queue
	id      string
	session *db.Session // nil while there is none
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

// open opens the worker's session and does what comes first there. What fails only for now is tried again until patience
// ends.
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
	tag, err := k.session.Exec(ctx, `
		INSERT INTO etl.worker AS w (client_id, host, pid, started_at, backend, role, session)
		VALUES ($1, $2, $3, clock_timestamp(), $4, $5, $6)
		ON CONFLICT (client_id) DO UPDATE
		SET host       = excluded.host,
		    pid        = excluded.pid,
		    started_at = excluded.started_at,
		    backend    = excluded.backend,
		    role       = excluded.role,
		    session    = excluded.session
		WHERE (w.host, w.pid) = (excluded.host, excluded.pid) -- an earlier try of this one
		   OR NOT etl.lives(w.backend, w.role, w.session)`,
		k.id, db.Host(), os.Getpid(), k.session.Backend, k.session.Role, k.session.Name)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errors.New("another worker of this name lives")
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

// connect opens the worker's session.
func (k *Worker) connect(ctx context.Context) (err error) {
	k.session, err = db.OpenSession(ctx, k.queue.pool, "worker")
	return err
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
		if err := k.open(ctx, resumePatience, k.signOnAgain); err != nil {
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
		_, err := k.session.WaitForNotification(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !pgconn.Timeout(err):
			return err
		}
		ping, cancel := context.WithTimeout(ctx, quiet)
		err = k.session.Ping(ping)
		cancel()
		if err != nil {
			return err
		}
	}
}

// signOnAgain puts the new session into the worker's line. It gives ErrDeclaredDead when somebody has taken the worker for dead:
// its line goes when its jobs do.
func (k *Worker) signOnAgain(ctx context.Context) error {
	tag, err := k.session.Exec(ctx, `
		UPDATE etl.worker
		SET backend = $2,
		    role    = $3,
		    session = $4
		WHERE client_id = $1`, k.id, k.session.Backend, k.session.Role, k.session.Name)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrDeclaredDead
	}
	return err
}

// Release signs the worker off. Call it when Keep has returned and the worker has no more jobs.
func (k *Worker) Release() {
	if k.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := k.session.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = $1`, k.id); err != nil {
		k.queue.log.Debug("worker not signed off, its session is gone", zap.String("worker", k.id))
	}
	k.close(ctx)
}

// close ends the session, and with it what shows that the worker lives.
func (k *Worker) close(ctx context.Context) {
	if k.session != nil {
		k.session.End(ctx)
	}
	k.session = nil
}

// deadWorkers gives those of the names that no living worker has.
func deadWorkers(ctx context.Context, d db.Querier, names []string) ([]string, error) {
	return db.All[string](ctx, d, `
		SELECT n.name
		FROM unnest($1::text[])   AS n (name)
		LEFT JOIN etl.worker      AS w ON w.client_id = n.name
		WHERE w.client_id IS NULL
		   OR NOT etl.lives(w.backend, w.role, w.session)
		ORDER BY n.name`, names)
}

// strikeOff strikes those of the workers off that live no more, and gives their names. Their lines are locked before it is
// looked who lives, and until their jobs are sent back: a worker that opens its session again at this moment either stands
// in its line by then, or finds it gone.
func strikeOff(ctx context.Context, tx pgx.Tx, names []string) ([]string, error) {
	if _, err := tx.Exec(ctx, `
		SELECT FROM etl.worker
		WHERE client_id = ANY ($1)
		ORDER BY client_id
		FOR UPDATE`, names); err != nil {
		return nil, err
	}
	dead, err := deadWorkers(ctx, tx, names)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM etl.worker WHERE client_id = ANY ($1)`, dead)
	return dead, err
}

// HasWorker says whether this process works the queue: it is signed on, and the session lives that says so.
func (r Reader) HasWorker(ctx context.Context) error {
	var lives bool
	err := r.db.QueryRow(ctx, `
		SELECT EXISTS (
		           SELECT
		           FROM etl.worker AS w
		           WHERE w.host = $1
		             AND w.pid = $2
		             AND etl.lives(w.backend, w.role, w.session)
		       )`, db.Host(), os.Getpid()).Scan(&lives)
	if err != nil {
		return failed("looking for this process's worker", err)
	}
	if !lives {
		return errors.New("queue: no worker of this process is registered")
	}
	return nil
}
