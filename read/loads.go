package read

import (
	"context"
	"time"

	"smsetl/sms"
)

// Load is one load with the run that asked for it.
type Load struct {
	LoadID    int64
	RunID     int64 // 0 for none
	Command   string
	Host      string
	Program   string // the version of the program
	Origin    string // FromVendor, FromReplay, FromImport
	RawOf     int64  // the load whose answers it understood; 0 for its own
	Outcome   string
	Reason    string
	StartedAt time.Time
	LoadedAt  time.Time // when readers began to see it; zero when it wrote nothing
	Window    string    // the days that it asked for: "2026-01-01/2026-01-31"
	Version   int       // of the mapping; 0 when it understood nothing
}

// Loads gives the loads of these numbers, in their order.
func (m *Model) Loads(ctx context.Context, ids []int64) ([]Load, error) {
	return answer[Load](ctx, m, "loads", `
		SELECT l.load_id, coalesce(l.run_id, 0), coalesce(r.command, ''), coalesce(r.host, ''), coalesce(r.version, ''),
		       l.origin, coalesce(l.raw_of, 0), l.outcome, coalesce(l.reason, ''), l.started_at, l.loaded_at,
		       l.window_from || '/' || l.window_to, coalesce(l.transform_version, 0)
		FROM etl.load     AS l
		LEFT JOIN etl.run AS r ON r.run_id = l.run_id
		WHERE l.load_id = ANY ($1)
		ORDER BY l.load_id`, ids)
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
func (m *Model) Supports(ctx context.Context, vendor sms.Vendor) ([]Support, error) {
	return answer[Support](ctx, m, "what a vendor reports", `
		SELECT s.measure,
		       s.support,
		       coalesce(s.formula, ''),
		       s.unit,
		       coalesce(s.note, '')
		FROM sms.metric_support AS s
		JOIN sms.dim_vendor     AS v ON v.vendor_key = s.vendor_key
		WHERE v.vendor = $1
		ORDER BY s.measure`, vendor)
}
