package migrations

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	// ErrDirty: a migration file failed half way through the version table's bookkeeping. Repair mends it.
	ErrDirty = errors.New("a migration failed")
	// ErrBehind: the database lacks migrations that this program needs.
	ErrBehind = errors.New("the database lacks migrations")
)

// oldest is the first server version with all that the schema uses: MERGE and UNIQUE NULLS NOT DISTINCT came with 15.
const oldest = 150000

// connectTimeout bounds the opening of a session where the address does not say.
const connectTimeout = 10 * time.Second

// parse reads an address. The driver's own error quotes the address with the password masked by a heuristic, so it is
// dropped.
func parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url) // the pool's parser, since an address may carry settings of a pool
	if err != nil {
		return nil, fmt.Errorf("%w: want postgres://user:password@host:port/database", ErrAddress)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.ConnConfig.RuntimeParams["application_name"] = "etl migrate"
	return config, nil
}

// connect opens a session.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, unreachable(ctx, config, err)
	}
	return conn, nil
}

// unreachable says why no session could be opened, in words of the server or the network.
func unreachable(ctx context.Context, config *pgx.ConnConfig, err error) error {
	where := fmt.Sprintf("%s:%d, database %q, user %q", config.Host, config.Port, config.Database, config.User)
	var pg *pgconn.PgError
	var network *net.OpError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, where, ctx.Err())
	case errors.As(err, &pg):
		return fmt.Errorf("%w at %s: %s (SQLSTATE %s)", ErrUnreachable, where, pg.Message, pg.Code)
	case errors.As(err, &network):
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, where, network)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w at %s: no answer in %s", ErrUnreachable, where, config.ConnectTimeout)
	default:
		return fmt.Errorf("%w at %s", ErrUnreachable, where)
	}
}

// server is what a session says about its server.
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

// tooOld says that the server lacks what the schema needs.
func (s server) tooOld() error {
	if s.version < oldest {
		return fmt.Errorf("%w, and this server is %d.%d", ErrTooOld, s.version/10000, s.version%10000)
	}
	return nil
}

// takesWrites says whether the session can write, with the reason when it cannot.
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
