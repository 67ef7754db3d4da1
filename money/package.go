package money

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// PackagesDue says whether a day of the account has begun on which nobody asked its vendor for prepaid packages.
func PackagesDue(ctx context.Context, q db.Querier, account sms.Account, now time.Time) (isDue bool, err error) {
	err = q.QueryRow(ctx, `
		SELECT NOT EXISTS (
		    SELECT
		    FROM etl.package_answer AS p
		    JOIN sms.dim_account    AS a ON a.account_key = p.account_key
		    JOIN sms.dim_vendor     AS v ON v.vendor_key  = a.vendor_key
		    WHERE v.vendor = $1
		      AND a.account = $2
		      AND p.date_key >= $3)`, account.Vendor, account.ID, account.Zone.Today(now)).Scan(&isDue)
	return isDue, db.Error("money", "reading when packages were asked for", err)
}

// KeepPackages keeps what a vendor tells of prepaid packages today, or the reason why it does not. isNews says that the reason is
// another one than the day before.
func KeepPackages(ctx context.Context, d *db.DB, account sms.Account, now time.Time, all []sms.Package, reason string) (isNews bool, err error) {
	today := account.Zone.Today(now)
	err = pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		key, err := db.AccountKey(ctx, tx, account)
		if err != nil {
			return err
		}
		var before *string
		err = tx.QueryRow(ctx, `
			WITH before AS (SELECT reason FROM etl.package_answer WHERE account_key = $1)
			INSERT INTO etl.package_answer AS p (account_key, date_key, asked_at, reason)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT (account_key) DO UPDATE
			SET date_key = excluded.date_key,
			    asked_at = excluded.asked_at,
			    reason   = excluded.reason
			RETURNING (SELECT reason FROM before)`, key, today, now, db.Clean(reason)).Scan(&before)
		if err != nil {
			return err
		}
		isNews = reason != "" && (before == nil || *before != db.Clean(reason))
		_, err = tx.Exec(ctx, `
			INSERT INTO sms.package_daily (account_key, date_key, package_id, amount, used, is_gift, created_at, effective_at, ends_at, told)
			SELECT $9, $10, u.*
			FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::boolean[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::text[]) AS u
			ON CONFLICT (account_key, date_key, package_id) DO UPDATE
			SET amount       = excluded.amount,
			    used         = excluded.used,
			    is_gift      = excluded.is_gift,
			    created_at   = excluded.created_at,
			    effective_at = excluded.effective_at,
			    ends_at      = excluded.ends_at,
			    told         = excluded.told`, append(db.Columns(all), key, today)...)
		return err
	})
	return isNews, db.Error("money", "keeping the packages of "+account.String(), err)
}
