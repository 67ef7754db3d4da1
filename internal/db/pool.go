package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"smsetl/migrations"
	"smsetl/sms"
)

// Options are the settings of a connection. The zero value of each means its default.
type Options struct {
	// Application is what the server's activity views show; default "etl".
	Application string
	// MaxConns bounds the pool. Default: what the address says (pool_max_conns), else 8; a worker holds one more.
	MaxConns int32
	// StatementTimeout ends a statement that runs longer; default 10 minutes. A window of 64 MiB needs seconds.
	StatementTimeout time.Duration
	// LockTimeout ends a wait for a lock; default 1 minute. A load waits for another one of the same account.
	LockTimeout time.Duration
	// IdleTimeout ends a transaction that its program has forgotten; default 2 minutes.
	IdleTimeout time.Duration
	Log         *zap.Logger
}

// DB is a warehouse's database with its schema checked. It is safe for use by many goroutines.
type DB struct {
	*pgxpool.Pool

	Log *zap.Logger // never nil
}

// Open connects to the database at url and checks that it can be worked with: PostgreSQL 15 or newer, not read-only, every
// migration of this program applied and none that it does not know.
//
// The error is one of package migrations' kinds (ErrAddress, ErrUnreachable, ErrTooOld, ErrReadOnly, ErrNewer, ErrDraft,
// ErrDirty, ErrBehind) and never holds the address, which may hold a password.
func Open(ctx context.Context, url string, options Options) (*DB, error) {
	const tries = 5
	for try := 1; ; try++ {
		d, err := open(ctx, url, options)
		// What was cut in the middle, by a server that was started anew, is tried again; a server that lets nobody in was waited
		// for already.
		if err == nil || try == tries || !errors.Is(err, sms.ErrTemporary) && !IsTemporary(err) || Pause(ctx, time.Second/2) != nil {
			return d, err
		}
	}
}

func open(ctx context.Context, url string, options Options) (*DB, error) {
	status, err := migrations.Check(ctx, url)
	if err == nil {
		err = status.Current()
	}
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	config, err := poolConfig(url, options)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, Error("db", "opening the pool", err)
	}
	d := &DB{Pool: pool, Log: options.Log}
	if d.Log == nil {
		d.Log = zap.NewNop()
	}
	if hosts := migrations.Unproven(config); len(hosts) > 0 {
		d.Log.Warn("the database need not prove who it is: put sslmode=verify-full and sslrootcert into its address", zap.Strings("hosts", hosts))
	}
	return d, nil
}

// defaultConns is enough for two windows that load, two that are fetched, the queue's own looking, and pages. What
// asks a vendor holds none meanwhile. Twelve programs then fit into the 100 of an ordinary server.
const defaultConns = 8

func poolConfig(url string, options Options) (*pgxpool.Config, error) {
	config, err := migrations.Parse(url)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultConns
	}
	if options.MaxConns > 0 {
		config.MaxConns = options.MaxConns
	}
	if !strings.Contains(url, "pool_max_conn_idle_time") {
		config.MaxConnIdleTime, config.HealthCheckPeriod = time.Minute, 15*time.Second // others may want the connection
	}
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { waitForRoom(c); return nil }
	config.AfterConnect = func(_ context.Context, c *pgx.Conn) error { teach(c); return nil }
	config.ConnConfig.Tracer = otelpgx.NewTracer() // statements without their values, inside of a window's trace only
	settings := config.ConnConfig.RuntimeParams
	settings["application_name"] = cmp.Or(options.Application, "etl")
	settings["statement_timeout"] = milliseconds(options.StatementTimeout, 10*time.Minute)
	settings["lock_timeout"] = milliseconds(options.LockTimeout, time.Minute)
	settings["idle_in_transaction_session_timeout"] = milliseconds(options.IdleTimeout, 2*time.Minute)
	// Without it the server finishes, and commits, the statement of a client that was killed.
	settings["client_connection_check_interval"] = milliseconds(0, 2*time.Second)
	// Compiling takes longer than what is asked here: a third of a second for the days of an account.
	settings["jit"] = "off"
	// Dates and times travel in binary; this is for the texts of errors.
	settings["timezone"] = "UTC"
	return config, nil
}

func milliseconds(d, otherwise time.Duration) string {
	return fmt.Sprint(cmp.Or(d, otherwise).Milliseconds())
}
