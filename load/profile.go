package load

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Profile is how a vendor answers for an account, as far as its believed answers show.
type Profile struct {
	Vendor  sms.Vendor
	Account string
	// Measures have been reported at least once. One that never was is not missed.
	Measures []string
	// RetentionDays is how many days back the vendor was seen to answer; 0 when it was never seen to forget.
	RetentionDays int
}

// Profiles gives what is known of every account that was loaded.
func (w *Warehouse) Profiles(ctx context.Context) ([]Profile, error) {
	all, err := db.All[Profile](ctx, w.pool, `
		SELECT v.vendor, a.account, p.measures, coalesce(p.retention_days, 0)
		FROM etl.account_profile AS p
		JOIN sms.dim_account     AS a ON a.account_key = p.account_key
		JOIN sms.dim_vendor      AS v ON v.vendor_key = a.vendor_key
		ORDER BY v.vendor, a.account`)
	return all, failed("reading what is known of accounts", err)
}

// reasonNames are how the profile names the failure reasons of a stage.
var reasonNames = map[string]sms.MeasureSet{"processing_reasons": sms.ProcessingReasons, "sending_reasons": sms.SendingReasons}

// readProfile fills in what answers for the account have reported before, and the oldest day that has messages.
func (p *put) readProfile(ctx context.Context, tx pgx.Tx, e *sms.Evidence) error {
	var names []string
	err := tx.QueryRow(ctx, `SELECT measures FROM etl.account_profile WHERE account_key = $1`, p.account).Scan(&names)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	for _, name := range names {
		if i := slices.Index(sms.MeasureNames[:], name); i >= 0 {
			e.Seen |= 1 << i
		}
		e.Seen |= reasonNames[name]
	}
	p.seen = e.Seen
	e.Oldest, err = p.readOldest(ctx, tx)
	return err
}

// readOldest gives the oldest day of the account that has messages; 0 when none has.
func (p *put) readOldest(ctx context.Context, tx pgx.Tx) (sms.Day, error) {
	var oldest int32
	err := tx.QueryRow(ctx, `
		SELECT coalesce(min(date_key) - date '1970-01-01', 0)
		FROM sms.delivery_by_day
		WHERE account_key = $1
		  AND requested > 0`, p.account).Scan(&oldest)
	return sms.Day(oldest), err
}

// learn keeps what the batch shows of how the vendor answers, where that is new.
func (p *put) learn(ctx context.Context, tx pgx.Tx, d *sms.Decisions) error {
	seen := p.seen
	for i, v := range p.decisions {
		if v.outcome == believed {
			seen |= p.staging.Seen(i)
		}
	}
	if seen == p.seen && d.Retention == 0 {
		return nil
	}
	var names []string
	for i, name := range sms.MeasureNames {
		if seen.Has(i) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(reasonNames)) {
		if seen&reasonNames[name] != 0 {
			names = append(names, name)
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO etl.account_profile AS p (account_key, measures, retention_days, retention_at)
		VALUES ($1, $2, NULLIF($3::integer, 0), CASE WHEN $3 > 0 THEN $4::timestamptz END)
		ON CONFLICT (account_key) DO UPDATE
		SET measures       = excluded.measures,
		    retention_days = coalesce(excluded.retention_days, p.retention_days),
		    retention_at   = coalesce(excluded.retention_at, p.retention_at)`, p.account, names, d.Retention, p.options.Now)
	return err
}
