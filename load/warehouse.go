package load

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Options are the settings of a connection.
type Options = db.Options

// Warehouse is an open warehouse. It is safe for use by many goroutines.
type Warehouse struct {
	// DB is the database, which the other rooms read and write too.
	DB   *db.DB
	pool *pgxpool.Pool // of DB
	log  *zap.Logger
	// datasets says which facts a dataset owns in the ledger, vendors how each vendor's numbers are made: both are made by
	// migrations and never change while a program runs.
	datasets map[sms.Dataset]owned
	vendors  map[sms.Vendor]vendor
	// restsTriggers says that this role may write facts with the foreign key triggers at rest.
	restsTriggers bool
}

// Open connects to the warehouse at url. The errors are those of db.Open.
func Open(ctx context.Context, url string, options Options) (*Warehouse, error) {
	database, err := db.Open(ctx, url, options)
	if err != nil {
		return nil, err
	}
	w := &Warehouse{DB: database, pool: database.Pool, log: database.Log}
	if err := w.learn(ctx); err != nil {
		w.Close()
		return nil, failed("reading what the schema holds", err)
	}
	if !w.restsTriggers {
		w.log.Warn("foreign key triggers will check every fact row: large first loads take several times longer until somebody "+
			"runs GRANT SET ON PARAMETER session_replication_role for this role", zap.String("database", database.Config().ConnConfig.Database))
	}
	return w, nil
}

// Pool gives the pool, for the queue, which shares the database and the load's transaction.
func (w *Warehouse) Pool() *pgxpool.Pool { return w.pool }

// Reader gives the same warehouse through sessions that only read, as db.Reader does. Close it.
func (w *Warehouse) Reader(ctx context.Context) (*Warehouse, error) {
	d, err := w.DB.Reader(ctx)
	if err != nil {
		return nil, err
	}
	reader := *w
	reader.DB, reader.pool = d, d.Pool
	return &reader, nil
}

// Close ends every connection.
func (w *Warehouse) Close() { w.DB.Close() }

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
		for i, m := range sms.MeasureNames {
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
