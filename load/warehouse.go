package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"smsetl/migrations"
	"smsetl/sms"
)

// Options are the settings of a Warehouse. The zero value of each means its default.
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

// Warehouse is an open warehouse with its schema checked. It is safe for use by many goroutines.
type Warehouse struct {
	pool *pgxpool.Pool
	log  *zap.Logger
	// datasets says which facts a dataset owns in the ledger, vendors how each vendor's numbers are made: both are made by
	// migrations and never change while a program runs.
	datasets map[sms.Dataset]owned
	vendors  map[sms.Vendor]vendor
	// restsTriggers says that this role may write facts with the foreign key triggers at rest.
	restsTriggers bool
}

// Open connects to the warehouse at url and checks that it can be worked with: PostgreSQL 15 or newer, not read-only,
// every migration of this program applied and none that it does not know.
//
// The error is one of package migrations' kinds (ErrAddress, ErrUnreachable, ErrTooOld, ErrReadOnly, ErrNewer, ErrDirty,
// ErrBehind) and never holds the address, which may hold a password.
func Open(ctx context.Context, url string, options Options) (*Warehouse, error) {
	const tries = 5
	for try := 1; ; try++ {
		w, err := open(ctx, url, options)
		// What was cut in the middle, by a server that was started anew, is tried again; a server that lets nobody in was waited
		// for already.
		if err == nil || try == tries || !errors.Is(err, sms.ErrTemporary) && !isTemporary(err) || pause(ctx, time.Second/2) != nil {
			return w, err
		}
	}
}

func open(ctx context.Context, url string, options Options) (*Warehouse, error) {
	standing, err := migrations.Check(ctx, url)
	if err == nil {
		err = standing.Current()
	}
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	config, err := poolConfig(url, options)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, failed("opening the pool", err)
	}
	w := &Warehouse{pool: pool, log: options.Log}
	if w.log == nil {
		w.log = zap.NewNop()
	}
	if err := w.learn(ctx); err != nil {
		pool.Close()
		return nil, failed("reading what the schema holds", err)
	}
	if !w.restsTriggers {
		w.log.Warn("foreign key triggers will check every fact row: large first loads take several times longer until somebody "+
			"runs GRANT SET ON PARAMETER session_replication_role for this role", zap.String("database", config.ConnConfig.Database))
	}
	return w, nil
}

// Pool gives the pool, for the queue, which shares the database and the load's transaction.
func (w *Warehouse) Pool() *pgxpool.Pool { return w.pool }

// Close ends every connection.
func (w *Warehouse) Close() { w.pool.Close() }

// defaultConns is enough for two windows that load, two that are fetched, the queue's own fetching and listening, and pages. What
// asks a vendor holds none meanwhile. Twelve programs then fit into the 100 of an ordinary server.
const defaultConns = 8

func poolConfig(url string, options Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, migrations.ErrAddress // the driver's text quotes the address
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
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { patient(c); return nil }
	application := options.Application
	if application == "" {
		application = "etl"
	}
	settings := config.ConnConfig.RuntimeParams
	settings["application_name"] = application
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
	if d == 0 {
		d = otherwise
	}
	return fmt.Sprint(d.Milliseconds())
}

// owned is what a dataset's lines in the ledger speak for.
type owned struct {
	vendor   sms.Vendor
	delivery bool
	stage    sms.Stage // empty for none
}

// vendor is a vendor as the schema knows it.
type vendor struct {
	key int32
	// tells has a bit for each delivery measure that the vendor normally gives, in the order of the fact's columns.
	tells uint8
	// tellsStage says for which stages failures come with a number.
	tellsStage map[sms.Stage]bool
}

// learn reads what the migrations put into the schema, and what this role may do.
func (w *Warehouse) learn(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if w.datasets, err = readDatasets(ctx, conn.Conn()); err != nil {
		return err
	}
	if w.vendors, err = readVendors(ctx, conn.Conn()); err != nil {
		return err
	}
	return conn.QueryRow(ctx, `SELECT has_parameter_privilege('session_replication_role', 'SET')`).Scan(&w.restsTriggers)
}

func readDatasets(ctx context.Context, conn *pgx.Conn) (map[sms.Dataset]owned, error) {
	rows, err := conn.Query(ctx, `
		SELECT d.dataset, v.vendor, d.owns_delivery, coalesce(d.stage, '')
		FROM etl.dataset    AS d
		JOIN sms.dim_vendor AS v ON v.vendor_key = d.vendor_key`)
	if err != nil {
		return nil, err
	}
	all := map[sms.Dataset]owned{}
	var dataset sms.Dataset
	var o owned
	_, err = pgx.ForEachRow(rows, []any{&dataset, &o.vendor, &o.delivery, &o.stage}, func() error {
		all[dataset] = o
		return nil
	})
	return all, err
}

// measures names the delivery measures in the order of the fact's columns.
var measures = [...]string{
	"requested", "accepted", "processing_failed", "delivered", "send_failed", "pending", "billed_segments", "vendor_sent",
}

func readVendors(ctx context.Context, conn *pgx.Conn) (map[sms.Vendor]vendor, error) {
	rows, err := conn.Query(ctx, `
		SELECT v.vendor, v.vendor_key, m.measure, m.support <> 'not_reported'
		FROM sms.metric_support AS m
		JOIN sms.dim_vendor     AS v ON v.vendor_key = m.vendor_key`)
	if err != nil {
		return nil, err
	}
	all := map[sms.Vendor]vendor{}
	var name sms.Vendor
	var key int32
	var measure string
	var tells bool
	_, err = pgx.ForEachRow(rows, []any{&name, &key, &measure, &tells}, func() error {
		v, known := all[name]
		if !known {
			v = vendor{key: key, tellsStage: map[sms.Stage]bool{}}
		}
		for i, m := range measures {
			if m == measure && tells {
				v.tells |= 1 << i
			}
		}
		switch measure {
		case "processing_failures":
			v.tellsStage[sms.Processing] = tells
		case "sending_failures":
			v.tellsStage[sms.Sending] = tells
		}
		all[name] = v
		return nil
	})
	return all, err
}

// isCut says that the connection broke in the middle.
func isCut(err error) bool {
	var network net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &network)
}
