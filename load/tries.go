package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// Try is one load with the run that asked for it.
type Try struct {
	LoadID     int64
	RunID      int64 // 0 for none
	Command    string
	Host       string
	Program    string // the version of the program
	Origin     string // FromVendor, FromReplay, FromImport
	RawOf      int64  // the load whose answers it understood; 0 for its own
	Outcome    string
	Reason     string
	StartedAt  time.Time
	LoadedAt   time.Time // when readers began to see it; zero when it wrote nothing
	Window     string    // the days that it asked for: "2026-01-01/2026-01-31"
	Version    int       // of the mapping; 0 when it understood nothing
	RestatedOn []sms.Day // settled days of which it wrote rows
}

// Tries gives the loads of these numbers, in their order.
func (w *Warehouse) Tries(ctx context.Context, ids []int64) ([]Try, error) {
	rows, err := w.pool.Query(ctx, `
		SELECT l.load_id, coalesce(l.run_id, 0), coalesce(r.command, ''), coalesce(r.host, ''), coalesce(r.version, ''),
		       l.origin, coalesce(l.raw_of, 0), l.outcome, coalesce(l.reason, ''), l.started_at, l.loaded_at,
		       l.window_from || '/' || l.window_to, coalesce(l.transform_version, 0), l.restated_days
		FROM etl.load     AS l
		LEFT JOIN etl.run AS r ON r.run_id = l.run_id
		WHERE l.load_id = ANY ($1)
		ORDER BY l.load_id`, ids)
	if err != nil {
		return nil, failed("reading loads", err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Try, err error) {
		var loaded *time.Time
		var restated []time.Time
		err = row.Scan(&l.LoadID, &l.RunID, &l.Command, &l.Host, &l.Program, &l.Origin, &l.RawOf, &l.Outcome, &l.Reason, &l.StartedAt, &loaded,
			&l.Window, &l.Version, &restated)
		l.LoadedAt, l.RestatedOn = timeOf(loaded), daysOf(restated)
		return l, err
	})
	return lines, failed("reading loads", err)
}

// Support says how a vendor's measure is made, as sms.metric_support has it.
type Support struct {
	Measure string
	Support string // reported, derived, not_reported
	Formula string // the vendor's fields; empty when not reported
	Unit    string // messages or segments
	Note    string
}

// Supports gives how the measures of a vendor are made.
func (w *Warehouse) Supports(ctx context.Context, vendor sms.Vendor) ([]Support, error) {
	return answer[Support](ctx, w, `
		SELECT measure,
		       support,
		       coalesce(formula, '') AS formula,
		       unit,
		       coalesce(note, '')    AS note
		FROM   sms.metric_support
		WHERE  vendor_key = $1
		ORDER  BY measure`, w.vendors[vendor].key)
}
