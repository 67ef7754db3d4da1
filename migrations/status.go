package migrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// State is what a database and this program know of the schema.
type State struct {
	Server  string // the server's version as it names itself: "15.18"
	Version int64  // number of the last file applied; 0 for none
	Newest  int64  // number of the newest file in the program
	Dirty   bool   // the last file failed and was rolled back: Repair, then Up
	RiverOK bool   // River's tables are those that the program's River wants
}

// IsNew reports that nothing has been applied yet.
func (s State) IsNew() bool { return s.Version == 0 && !s.Dirty }

// Current reports whether the program can work with the database, and when not, what to do: the error is ErrNewer, ErrDraft,
// ErrDirty or ErrBehind.
func (s State) Current() error {
	if err := compatible(uint(s.Version), uint(s.Newest), s.Dirty); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	switch {
	case s.Version < s.Newest:
		return fmt.Errorf("migrations: %w: it has version %d and this program needs %d; run `etl migrate up`", ErrBehind, s.Version, s.Newest)
	case !s.RiverOK:
		return fmt.Errorf("migrations: %w: the queue's tables in schema river are not complete; run `etl migrate up`", ErrBehind)
	default:
		return nil
	}
}

// Check reports the state of the schema, and whether the database can be written: the error is ErrAddress, ErrUnreachable, ErrTooOld or
// ErrReadOnly. With ErrReadOnly the status is filled. It changes nothing.
func Check(ctx context.Context, url string) (State, error) {
	status, server, err := inspect(ctx, url)
	if err == nil {
		err = server.takesWrites()
	}
	if err != nil {
		return status, fmt.Errorf("migrations: %w", err)
	}
	return status, nil
}

// Settled is Status once no other program migrates: between two of its files a database is behind, and within one dirty.
func Settled(ctx context.Context, url string) (State, error) {
	status, err := Status(ctx, url)
	if err != nil || status.Current() == nil || status.IsNew() {
		return status, err
	}
	config, err := parse(url)
	if err != nil {
		return status, fmt.Errorf("migrations: %w", err)
	}
	conn, err := connect(ctx, config.ConnConfig)
	if err != nil {
		return status, fmt.Errorf("migrations: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	const migrates = `
		SELECT EXISTS (
		           SELECT
		           FROM pg_locks
		           WHERE locktype = 'relation'
		             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		             AND relation = to_regclass('etl.migrating')
		             AND mode = 'ShareRowExclusiveLock'
		       )`
	// Looking takes no lock: who may only read waits like everybody.
	for waited := time.Duration(0); ; waited += looks {
		var isMigrating bool
		if err := conn.QueryRow(ctx, migrates).Scan(&isMigrating); err != nil {
			return status, fmt.Errorf("migrations: looking for a program that migrates: %w", err)
		}
		if !isMigrating {
			return Status(ctx, url)
		}
		if waited >= lockWait {
			return status, errors.New("migrations: another program has been migrating for " + lockWait.String())
		}
		if err := Pause(ctx, looks); err != nil {
			return status, fmt.Errorf("migrations: waiting for a program that migrates: %w", err)
		}
	}
}

// looks is how often it is looked whether a program still migrates.
const looks = 200 * time.Millisecond

// Status reports the state of the schema. It changes nothing, so a standby can be asked too.
func Status(ctx context.Context, url string) (State, error) {
	status, _, err := inspect(ctx, url)
	if err != nil {
		return status, fmt.Errorf("migrations: %w", err)
	}
	return status, nil
}

// inspect reads the status over a connection of its own.
func inspect(ctx context.Context, url string) (State, server, error) {
	all, err := openEmbedded()
	if err != nil {
		return State{}, server{}, err
	}
	config, err := parse(url)
	if err != nil {
		return State{}, server{}, err
	}
	conn, err := connect(ctx, config.ConnConfig)
	if err != nil {
		return State{}, server{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))

	server, err := askServer(ctx, conn)
	if err != nil {
		return State{}, server, err
	}
	status := State{Server: conn.PgConn().ParameterStatus("server_version"), Newest: int64(all.newest())}
	if err := server.tooOld(); err != nil {
		return status, server, err
	}
	if err := status.readVersion(ctx, conn); err != nil {
		return status, server, err
	}
	return status, server, status.readRiver(ctx, conn)
}

// readVersion reads the version; a database without the table has none.
func (s *State) readVersion(ctx context.Context, conn *pgx.Conn) error {
	err := conn.QueryRow(ctx, `SELECT version, dirty FROM etl.schema_migration`).Scan(&s.Version, &s.Dirty)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) && !isMissing(err) {
		return fmt.Errorf("reading etl.schema_migration: %w", err)
	}
	return nil
}

// readRiver compares River's versions with those that the program brings.
func (s *State) readRiver(ctx context.Context, conn *pgx.Conn) error {
	rows, _ := conn.Query(ctx, `SELECT version FROM river.river_migration WHERE line = 'main'`) // rows carry the error
	have, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if isMissing(err) || isWithoutLine(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading river.river_migration: %w", err)
	}
	applied := make(map[int]bool, len(have))
	for _, version := range have {
		applied[version] = true
	}
	s.RiverOK = true
	for _, m := range riverMigrations() {
		s.RiverOK = s.RiverOK && applied[m.Version]
	}
	return nil
}

// isWithoutLine reports that River's table of versions is that of its first versions: a program was cut off while it went through
// them, which are a transaction each, and the next one goes on from there.
func isWithoutLine(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42703"
}

// isMissing reports that a table, or its schema, does not exist.
func isMissing(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000")
}
