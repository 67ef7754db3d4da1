package migrations

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	pgxv5 "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"smsetl/sms"
)

const (
	versionSchema = "etl"
	versionTable  = "schema_migration"
	riverSchema   = "river"

	// lockWait bounds the wait for another program that migrates.
	lockWait = 10 * time.Minute
	// tableLockWait bounds the wait for a table lock. Readers queue behind a waiting statement, so it is short, and the file
	// is tried again.
	tableLockWait = 2 * time.Second
	// tableLockTries is how often a file that could not get its table lock is tried.
	tableLockTries = 30

	// firstDraft and lastDraft bound the version numbers that databases had before the first release. Files never get them.
	firstDraft, lastDraft = 20, 140
)

// place makes the table that one migrating program has locked from its first statement to its last; River's migrations have
// no lock of their own. Of a table, because every role may take an advisory lock; and in a mode that only writers need, so
// that a backup of the database goes on meanwhile, and no migration waits for one.
const (
	place = `
		CREATE SCHEMA IF NOT EXISTS etl;

		CREATE TABLE IF NOT EXISTS etl.migrating (
		    nothing boolean NOT NULL,
		    CONSTRAINT migrating_pk PRIMARY KEY (nothing)
		);

		COMMENT ON TABLE  etl.migrating         IS 'nothing. Who changes the schema has this table locked.';
		COMMENT ON COLUMN etl.migrating.nothing IS 'flag. Of no meaning; there are no rows.';`

	placeLock = `LOCK TABLE etl.migrating IN SHARE ROW EXCLUSIVE MODE`

	// fileEnds waits for the end of a file that the server goes on with, though its program is dead: markBegun.
	fileEnds = `BEGIN; LOCK TABLE etl.schema_migration IN EXCLUSIVE MODE; COMMIT`
)

// bootstrap makes the place where the version is kept. The table is ours rather than golang-migrate's own, which it leaves
// alone when it finds it: with named constraints, comments, and the direction that a dirty version was heading for.
const bootstrap = `
CREATE SCHEMA IF NOT EXISTS etl;

COMMENT ON SCHEMA etl IS 'How the star came to be: ledger, runs, loads, raw answers, rejects, findings, history.';

CREATE TABLE IF NOT EXISTS etl.schema_migration (
    version   bigint      NOT NULL,
    dirty     boolean     NOT NULL,
    direction text        NOT NULL DEFAULT coalesce(current_setting('smsetl.direction', true), 'up'),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT schema_migration_pk PRIMARY KEY (version)
);

COMMENT ON TABLE  etl.schema_migration            IS 'versions. The one version of the schema in force.';
COMMENT ON COLUMN etl.schema_migration.version    IS 'version. Number of the last migration file applied.';
COMMENT ON COLUMN etl.schema_migration.dirty      IS 'flag. The file was started and rolled back.';
COMMENT ON COLUMN etl.schema_migration.direction  IS 'direction. up or down: which file of a dirty version was rolled back.';
COMMENT ON COLUMN etl.schema_migration.changed_at IS 'time. When the version was entered.';

CREATE SCHEMA IF NOT EXISTS river;

COMMENT ON SCHEMA river IS 'The queue of jobs, kept by River.';
`

// Up brings the database to the newest version, River's tables included, and the rows of the vendors to their specs. It does
// nothing to a database that is there already. Any number of programs may call it at once: one works, the others wait for it.
//
// The error is one of this package's kinds, or wraps the failed file's *database.Error.
func Up(ctx context.Context, url string, vendors []sms.Spec) error {
	status, err := Check(ctx, url)
	if err != nil {
		return err
	}
	// Nothing to do needs no lock, and no right to make schemas. A dirty version may be one that another program is working
	// on at this moment: only who holds the lock can tell.
	if err := status.Current(); errors.Is(err, ErrNewer) || errors.Is(err, ErrDraft) {
		return err
	} else if err == nil {
		if isOther, err := differ(ctx, url, vendors); err != nil {
			return fmt.Errorf("migrations: reading the rows of the vendors: %w", err)
		} else if !isOther {
			return nil
		}
	}
	return exclusively(ctx, url, "up", func(s *session) error {
		if err := s.up(); err != nil {
			return err
		}
		if err := s.riverUp(ctx); err != nil {
			return err
		}
		return s.keepVendors(ctx, vendors)
	})
}

// Down undoes the newest steps files; 0 means all of them. With as many steps as there are applied files it undoes
// everything: River's tables and the schemas too.
func Down(ctx context.Context, url string, steps int) error {
	if steps < 0 {
		return fmt.Errorf("migrations: down by %d files: want 1 or more, or 0 for all", steps)
	}
	return exclusively(ctx, url, "down", func(s *session) error { return s.down(ctx, steps) })
}

// Repair puts a database right whose last migration failed, and reports what it found and did in one sentence. It changes no
// table: a failed file was rolled back as a whole, only the version's mark is put back to where the tables are.
func Repair(ctx context.Context, url string) (string, error) {
	var report string
	err := exclusively(ctx, url, "up", func(s *session) (err error) {
		report, err = s.repair(ctx)
		return err
	})
	return report, err
}

// session is a program alone with the schema.
type session struct {
	config *pgxpool.Config // for further connections, with lock_timeout and direction set
	lock   pgx.Tx          // holds the lock
	conn   *pgx.Conn       // for statements beside it
	source embedded
	m      *migrate.Migrate
}

// exclusively runs do while no other program migrates. Everything is closed on every path: an open connection would keep
// the lock and let the next program wait.
func exclusively(ctx context.Context, url, direction string, do func(*session) error) error {
	config, err := parse(url)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	lock, err := takeLock(ctx, config.ConnConfig.Copy())
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer lock.Conn().Close(context.WithoutCancel(ctx))
	conn, err := connect(ctx, config.ConnConfig)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, bootstrap); err != nil {
		return fmt.Errorf("migrations: making schema %s: %w", versionSchema, err)
	}
	if _, err := conn.Exec(ctx, fileEnds); err != nil {
		return fmt.Errorf("migrations: waiting for a file that is under way: %w", err)
	}

	settings := config.ConnConfig.RuntimeParams
	settings["lock_timeout"] = fmt.Sprint(tableLockWait.Milliseconds())
	settings["smsetl.direction"] = direction
	s := &session{config: config, lock: lock, conn: conn}
	if err := s.open(); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	defer s.m.Close()
	// golang-migrate knows no context; between two files it looks here.
	stop := context.AfterFunc(ctx, func() { s.m.GracefulStop <- true })
	defer stop()

	if err := do(s); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("migrations: stopped between two files: %w", err)
	}
	if err := lock.Commit(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}

// takeLock checks the server, and opens a session whose transaction has the lock. It reads nothing meanwhile, so it keeps no
// old rows alive, however long the migrations take.
func takeLock(ctx context.Context, config *pgx.ConnConfig) (pgx.Tx, error) {
	config.RuntimeParams["lock_timeout"] = fmt.Sprint(lockWait.Milliseconds())
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	tx, err := lockPlace(ctx, conn)
	if err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return tx, nil
}

func lockPlace(ctx context.Context, conn *pgx.Conn) (pgx.Tx, error) {
	server, err := askServer(ctx, conn)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(server.tooOld(), server.takesWrites()); err != nil {
		return nil, err
	}
	const tries = 500
	for try := 1; ; try++ {
		tx, err := tryPlace(ctx, conn)
		switch {
		case err == nil:
			return tx, nil
		case !isAnothers(err) || try == tries:
			return nil, err
		case Pause(ctx, 20*time.Millisecond) != nil:
			return nil, ctx.Err()
		}
	}
}

func tryPlace(ctx context.Context, conn *pgx.Conn) (pgx.Tx, error) {
	var isThere bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('etl.migrating') IS NOT NULL`).Scan(&isThere); err != nil {
		return nil, err
	}
	if !isThere {
		if _, err := conn.Exec(ctx, place); err != nil {
			return nil, fmt.Errorf("making schema %s: %w", versionSchema, err)
		}
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, placeLock); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for another program that migrates: %w", err), tx.Rollback(context.WithoutCancel(ctx)))
	}
	return tx, nil
}

// isAnothers says that another program makes the place at this moment, or has dropped it: unique violations of the catalog, names
// that are there already, rows of the catalog that were changed meanwhile, and names that are gone.
func isAnothers(err error) bool {
	pg, is := errors.AsType[*pgconn.PgError](err)
	return is && slices.Contains([]string{"23505", "42P06", "42P07", "XX000", "42P01", "3F000"}, pg.Code)
}

// open starts golang-migrate on connections of its own.
func (s *session) open() error {
	source, err := openEmbedded()
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*s.config.ConnConfig)
	db.SetMaxIdleConns(1)
	// golang-migrate makes the key of an advisory lock of the database's name. One that nobody can know before cannot be
	// kept from us; nobody else migrates in any case.
	driver, err := pgxv5.WithInstance(db, &pgxv5.Config{
		DatabaseName: rand.Text(), SchemaName: versionSchema, MigrationsTable: versionTable,
	})
	if err != nil {
		db.Close()
		return fmt.Errorf("opening %s.%s: %w", versionSchema, versionTable, err)
	}
	m, err := migrate.NewWithInstance("embedded", source, "postgres", driver)
	if err != nil {
		driver.Close()
		return fmt.Errorf("starting: %w", err)
	}
	s.source, s.m = source, m
	return nil
}

// up applies what is missing. A file that could not get a table lock in time was rolled back and is tried again.
func (s *session) up() error {
	if _, err := s.version(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := s.m.Up()
		switch {
		case err == nil || errors.Is(err, migrate.ErrNoChange):
			return nil
		case try < tableLockTries && isLockTimeout(err):
			if err := s.rewind(); err != nil {
				return err
			}
		default:
			return failed(err)
		}
	}
}

// version reads the version, 0 for none, and refuses one that this program cannot go on from.
func (s *session) version() (uint, error) {
	version, dirty, err := s.m.Version()
	if err != nil && !errors.Is(err, migrate.ErrNilVersion) {
		return 0, fmt.Errorf("reading the version: %w", err)
	}
	return version, compatible(version, s.source.newest(), dirty)
}

// compatible checks whether a program whose newest file is newest can go on from a version in the database.
func compatible(version, newest uint, dirty bool) error {
	switch {
	case version > newest && version >= firstDraft && version <= lastDraft:
		return fmt.Errorf("%w: it has version %d, and nothing leads from there to this program; create a new database, "+
			"run `etl migrate up` on it and load again", ErrDraft, version)
	case version > newest:
		return fmt.Errorf("%w: it has version %d and this program knows %d; "+
			"install the release that migrated it, or a newer one; the way back is the backup of before the upgrade (docs/upgrade.md)", ErrNewer, version, newest)
	case dirty:
		return fmt.Errorf("%w: version %d was rolled back; run `etl migrate repair`, then migrate again", ErrDirty, version)
	default:
		return nil
	}
}

// rewind puts the mark of a file that was rolled back to the version below it.
func (s *session) rewind() error {
	version, dirty, err := s.m.Version()
	if errors.Is(err, migrate.ErrNilVersion) || err == nil && !dirty {
		return nil // the mark itself could not be written
	}
	if err != nil {
		return fmt.Errorf("reading the version: %w", err)
	}
	below := database.NilVersion
	if previous, err := s.source.Prev(version); err == nil {
		below = int(previous)
	}
	if err := s.m.Force(below); err != nil {
		return fmt.Errorf("putting the version back to %d: %w", below, err)
	}
	return nil
}

// failed adds what to do to the error of a file.
func failed(err error) error {
	return fmt.Errorf("%w: %w; the file was rolled back: remove the cause, run `etl migrate repair`, then migrate again", ErrDirty, err)
}

func isLockTimeout(err error) bool {
	// golang-migrate's error comes by value and by pointer, and has no Unwrap.
	var file database.Error
	var mark *database.Error
	switch {
	case errors.As(err, &file):
		err = file.OrigErr
	case errors.As(err, &mark):
		err = mark.OrigErr
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}
