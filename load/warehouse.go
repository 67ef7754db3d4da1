package load

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"smsetl/internal/db"
	"smsetl/load/star"
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
	// a migration and never change while a program runs.
	datasets map[sms.Dataset]owned
	vendors  map[sms.Vendor]star.Vendor
}

// Open connects to the warehouse at url. The errors are those of db.Open.
func Open(ctx context.Context, url string, options Options) (*Warehouse, error) {
	database, err := db.Open(ctx, url, options)
	if err != nil {
		return nil, err
	}
	w := &Warehouse{DB: database, pool: database.Pool, log: database.Log}
	if err := db.Retry(ctx, func() error { return w.learn(ctx) }); err != nil {
		w.Close()
		return nil, failed("reading what the schema holds", err)
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
	fills    bool      // delivery rows, whether they are spoken for or not
	stage    sms.Stage // empty for none
}

// learn reads what the migrations put into the schema.
func (w *Warehouse) learn(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if w.datasets, err = readDatasets(ctx, conn.Conn()); err != nil {
		return err
	}
	w.vendors, err = readVendors(ctx, conn.Conn())
	return err
}

func readDatasets(ctx context.Context, conn *pgx.Conn) (map[sms.Dataset]owned, error) {
	type row struct {
		Dataset    sms.Dataset
		Vendor     sms.Vendor
		IsDelivery bool
		Fills      bool
		Stage      sms.Stage
	}
	rows, err := db.All[row](ctx, conn, `
		SELECT d.dataset, v.vendor, d.owns_delivery, d.fills_delivery, coalesce(d.stage, '')
		FROM etl.dataset    AS d
		JOIN sms.dim_vendor AS v ON v.vendor_key = d.vendor_key`)
	all := map[sms.Dataset]owned{}
	for _, r := range rows {
		all[r.Dataset] = owned{r.Vendor, r.IsDelivery, r.Fills, r.Stage}
	}
	return all, err
}

// IsImported says that the vendor answers no questions: its days are counted from files and pushes.
func (w *Warehouse) IsImported(v sms.Vendor) bool { return w.vendors[v].IsImported }

// Datasets lists the datasets of a vendor, which are always loaded together: the one that speaks for delivery rows first.
func (w *Warehouse) Datasets(of sms.Vendor) (all []sms.Dataset) {
	for name, d := range w.datasets {
		if d.vendor == of {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, func(a, b sms.Dataset) int {
		if w.datasets[a].delivery != w.datasets[b].delivery {
			return map[bool]int{true: -1, false: 1}[w.datasets[a].delivery]
		}
		return cmp.Compare(w.datasets[a].stage, w.datasets[b].stage)
	})
	return all
}

// Facts gives the part of the star that datasets fill together.
func (w *Warehouse) Facts(datasets ...sms.Dataset) (all sms.Facts) {
	for _, name := range datasets {
		d := w.datasets[name]
		all.Delivery = all.Delivery || d.fills
		all.Processing = all.Processing || d.stage == sms.Processing
		all.Sending = all.Sending || d.stage == sms.Sending
	}
	return all
}

func readVendors(ctx context.Context, conn *pgx.Conn) (map[sms.Vendor]star.Vendor, error) {
	type row struct {
		Vendor  sms.Vendor
		Key     int32
		Measure string
		Reports bool
		Imports bool
	}
	rows, err := db.All[row](ctx, conn, `
		SELECT v.vendor, v.vendor_key, m.measure, m.support <> 'not_reported',
		       EXISTS (SELECT FROM etl.dataset AS d WHERE d.vendor_key = v.vendor_key AND d.is_imported)
		FROM sms.metric_support AS m
		JOIN sms.dim_vendor     AS v ON v.vendor_key = m.vendor_key`)
	all := map[sms.Vendor]star.Vendor{}
	for _, r := range rows {
		v, known := all[r.Vendor]
		if !known {
			v = star.Vendor{Key: r.Key, IsImported: r.Imports, ReportsStage: map[sms.Stage]bool{}}
		}
		if i := slices.Index(sms.MeasureNames[:], r.Measure); i >= 0 && r.Reports {
			v.Reports |= 1 << i
		}
		switch r.Measure {
		case sms.DeliveryTime:
			v.ReportsTimes = r.Reports
		case "processing_failures":
			v.ReportsStage[sms.Processing] = r.Reports
		case "sending_failures":
			v.ReportsStage[sms.Sending] = r.Reports
		}
		all[r.Vendor] = v
	}
	return all, err
}
