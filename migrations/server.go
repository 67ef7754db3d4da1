package migrations

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// What can be wrong with a database before a single row is read. Texts made here name host, port, database and user, and
// never the address as it was given, which may hold a password.
var (
	// ErrAddress: the database's address cannot be understood.
	ErrAddress = errors.New("the database address cannot be understood")
	// ErrUnreachable: no session could be opened.
	ErrUnreachable = errors.New("the database cannot be reached")
	// ErrTooOld: the server is older than PostgreSQL 15.
	ErrTooOld = errors.New("PostgreSQL 15 or newer is needed")
	// ErrReadOnly: the database takes no writes: a standby, or a role or server set to read-only.
	ErrReadOnly = errors.New("the database is read-only")
	// ErrNewer: the database has migrations that this program does not know.
	ErrNewer = errors.New("the database is newer than this program")
	// ErrDraft: the database was made before the first release, whose migrations this program no longer has.
	ErrDraft = errors.New("the database was made before the first release")
	// ErrDirty: a migration file failed half way through the version table's bookkeeping. Repair puts that right.
	ErrDirty = errors.New("a migration failed")
	// ErrBehind: the database lacks migrations that this program needs.
	ErrBehind = errors.New("the database lacks migrations")
)

// oldest is the first server version with all that the schema uses: MERGE and UNIQUE NULLS NOT DISTINCT came with 15.
const oldest = 150000

// connectTimeout bounds the opening of a session where the address does not say.
const connectTimeout = 10 * time.Second

// parse reads an address for a session that migrates.
func parse(url string) (*pgxpool.Config, error) {
	config, err := Parse(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.ConnectTimeout = cmp.Or(config.ConnConfig.ConnectTimeout, connectTimeout)
	settings := config.ConnConfig.RuntimeParams
	settings["application_name"] = "etl migrate"
	// Without it the server finishes, and commits, the statement of a program that was killed.
	settings["client_connection_check_interval"] = "2000"
	settings["idle_in_transaction_session_timeout"] = "120000"
	settings["idle_session_timeout"] = "0"
	return config, nil
}

const (
	// fullWait is how long a server is waited for that is full, starting or ending, and absentWait one that refuses: it may
	// have been started anew, or the address may be wrong.
	fullWait   = time.Minute
	absentWait = 3 * time.Second
)

// connect opens a session. It waits for a server that lets nobody in at the moment, each program for another time, so that many
// which start together get their turn.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	var waited time.Duration
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			return conn, nil
		}
		if waited >= worthWaiting(err) || Pause(ctx, wait) != nil {
			return nil, unreachable(ctx, config, err)
		}
		waited += wait
	}
}

// worthWaiting gives how long a failed connection is tried again.
func worthWaiting(err error) time.Duration {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (pg.Code == "53300" || pg.Code == "57P03"):
		return fullWait
	case pg == nil && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF)):
		return absentWait
	default:
		return 0
	}
}

// Pause waits for about d, between half and one and a half, or returns ctx's error when that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d)) //nolint:gosec // no secret depends on it
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unreachable explains why no session could be opened, in words of the server or the network.
func unreachable(ctx context.Context, config *pgx.ConnConfig, err error) error {
	where := fmt.Sprintf("%s:%d, database %q, user %q", config.Host, config.Port, config.Database, config.User)
	var pg *pgconn.PgError
	var network *net.OpError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, where, ctx.Err())
	case errors.As(err, &pg):
		return fmt.Errorf("%w at %s: %s (SQLSTATE %s)", ErrUnreachable, where, pg.Message, pg.Code)
	case IsRefusal(err):
		return fmt.Errorf("%w at %s: it asks for the password in a way that anybody in its place could learn it, and did not get it. "+
			"A server that is known to do so is named in the address by require_auth=md5 or require_auth=password, together with sslmode=verify-full: %w",
			ErrUnreachable, where, err)
	case errors.As(err, &network):
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, where, network)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w at %s: no answer in %s", ErrUnreachable, where, config.ConnectTimeout)
	default:
		return fmt.Errorf("%w at %s", ErrUnreachable, where)
	}
}

// server is what a session reports of its server.
type server struct {
	version  int // server_version_num: 150018 is 15.18
	readOnly bool
	standby  bool
}

// askServer asks.
func askServer(ctx context.Context, conn *pgx.Conn) (server, error) {
	var s server
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int,
		       current_setting('transaction_read_only')::bool,
		       pg_is_in_recovery()`).Scan(&s.version, &s.readOnly, &s.standby)
	if err != nil {
		return server{}, fmt.Errorf("asking the server for its version: %w", err)
	}
	return s, nil
}

// tooOld reports that the server lacks what the schema needs.
func (s server) tooOld() error {
	if s.version < oldest {
		return fmt.Errorf("%w, and this server is %d.%d", ErrTooOld, s.version/10000, s.version%10000)
	}
	return nil
}

// takesWrites reports whether the session can write, with the reason when it cannot.
func (s server) takesWrites() error {
	switch {
	case s.standby:
		return fmt.Errorf("%w: the server is a standby, use the primary", ErrReadOnly)
	case s.readOnly:
		return fmt.Errorf("%w: default_transaction_read_only is on for the server, the database or the role", ErrReadOnly)
	default:
		return nil
	}
}
