package read

import (
	"context"
	"time"

	"smsetl/sms"
)

// Load is one load with the run that asked for it.
type Load struct {
	LoadID    int64     `json:"load_id"`
	RunID     int64     `json:"run_id"` // 0 for none
	Command   string    `json:"command,omitempty"`
	Host      string    `json:"host,omitempty"`
	Program   string    `json:"program,omitempty"` // the version of the program
	Origin    string    `json:"origin"`            // FromVendor, FromReplay, FromImport
	RawOf     int64     `json:"raw_of,omitzero"`   // the load whose answers it understood; 0 for its own
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"-"`
	StartedAt time.Time `json:"started_at"`
	LoadedAt  time.Time `json:"loaded_at"`         // when readers began to see it; zero when it wrote nothing
	Window    string    `json:"window"`            // the days that it asked for: "2026-01-01/2026-01-31"
	Version   int       `json:"transform_version"` // of the mapping; 0 when it understood nothing
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
	Measure string `json:"measure"`
	Support string `json:"support"` // reported, derived, not_reported
	Formula string `json:"formula"` // the vendor's fields; empty when not reported
	Unit    string `json:"unit"`    // messages or segments
	Note    string `json:"note,omitempty"`
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
