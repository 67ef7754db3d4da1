package money

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// PackageAnswer is what a vendor told of the prepaid packages of an account.
type PackageAnswer struct {
	Account  sms.Account
	AskedAt  time.Time
	Today    sms.Day // on which it was asked, in the account's zone
	Again    sms.Day // from which it is asked again
	Packages []sms.Package
	Reason   string // why it told nothing; empty when it told
}

// PackagesDue says whether an account is to be asked for prepaid packages today.
func PackagesDue(ctx context.Context, q db.Querier, account sms.Account, today sms.Day) (isDue bool, err error) {
	err = q.QueryRow(ctx, `
		SELECT NOT EXISTS (
		    SELECT
		    FROM etl.package_answer AS p
		    JOIN sms.dim_account    AS a ON a.account_key = p.account_key
		    JOIN sms.dim_vendor     AS v ON v.vendor_key  = a.vendor_key
		    WHERE v.vendor = $1
		      AND a.account = $2
		      AND p.again_on > $3)`, account.Vendor, account.ID, today).Scan(&isDue)
	return isDue, db.Error("money", "reading when packages were asked for", err)
}

// KeepPackages keeps an answer. isNews says that its reason is another one than that of the answer before.
func KeepPackages(ctx context.Context, d *db.DB, answer *PackageAnswer) (isNews bool, err error) {
	reason := db.Clean(answer.Reason)
	err = pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		key, err := db.AccountKey(ctx, tx, answer.Account)
		if err != nil {
			return err
		}
		var before *string
		err = tx.QueryRow(ctx, `
			WITH before AS (SELECT reason FROM etl.package_answer WHERE account_key = $1)
			INSERT INTO etl.package_answer AS p (account_key, again_on, asked_at, reason)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT (account_key) DO UPDATE
			SET again_on = excluded.again_on,
			    asked_at = excluded.asked_at,
			    reason   = excluded.reason
			RETURNING (SELECT reason FROM before)`, key, answer.Again, answer.AskedAt, reason).Scan(&before)
		if err != nil {
			return err
		}
		isNews = reason != "" && (before == nil || *before != reason)
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
			    told         = excluded.told`, append(db.Columns(answer.Packages), key, answer.Today)...)
		return err
	})
	return isNews, db.Error("money", "keeping the packages of "+answer.Account.String(), err)
}
