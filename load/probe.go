package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// Contradiction is the check whose finding says that a vendor reads requests otherwise than the configuration says.
const Contradiction = "probe_contradiction"

// ProbeResult gives what was last settled about the account; ok is false when nobody ever asked.
func (w *Warehouse) ProbeResult(ctx context.Context, account sms.Account) (v sms.ProbeResult, ok bool, err error) {
	v.Account = account
	var day *time.Time
	err = w.pool.QueryRow(ctx, `
		SELECT p.asked_at, p.day, p.calls, coalesce(p.end_hour, ''), coalesce(p.hours_in, ''), coalesce(p.today, ''), p.evidence
		FROM etl.probe       AS p
		JOIN sms.dim_account AS a ON a.account_key = p.account_key
		WHERE a.vendor_key = $1
		  AND a.account = $2
		ORDER BY p.load_id DESC
		LIMIT 1`, w.vendors[account.Vendor].Key, account.ID).
		Scan(&v.AskedAt, &day, &v.Calls, &v.EndHour, &v.HoursIn, &v.Today, &v.Evidence)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, false, nil
	}
	if day != nil {
		v.Day = sms.DayOf(*day)
	}
	return v, err == nil, failed("reading the decision on "+account.String(), err)
}

// EndProbe ends a load that asked how the vendor reads a window: it keeps the decision with what was found, and closes what
// earlier probes of the account found and this one did not. No fact and no day is touched.
func (w *Warehouse) EndProbe(ctx context.Context, loadID int64, scope sms.Scope, v sms.ProbeResult, findings []sms.Finding, now time.Time) error {
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var account int32
		err := tx.QueryRow(ctx, `
			UPDATE etl.load
			SET outcome = 'probed'
			WHERE load_id = $1
			  AND outcome = 'running'
			RETURNING account_key`, loadID).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: load %d", ErrFinished, loadID)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO etl.probe (load_id, account_key, asked_at, day, calls, end_hour, hours_in, today, evidence)
			VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), NULLIF($7, ''), NULLIF($8, ''), $9)`,
			loadID, account, v.AskedAt, v.Day, v.Calls, v.EndHour, v.HoursIn, v.Today, v.Evidence)
		if err != nil {
			return err
		}
		if err := noteFindings(ctx, tx, account, loadID, &sms.Batch{Scope: scope, Findings: findings}, now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, statement("finding_close"), account, loadID, now, scope.Datasets, scope.Window.First(), scope.Window.Last())
		return err
	})
	return failed("keeping the decision on "+scope.Account.String(), err)
}

// CloseContradiction closes the account's finding of that name, if there is one: the configuration has been put right.
func (w *Warehouse) CloseContradiction(ctx context.Context, account sms.Account, now time.Time) error {
	_, err := w.pool.Exec(ctx, `
		UPDATE etl.finding AS f
		SET closed_at = $3
		FROM sms.dim_account AS a
		WHERE a.account_key = f.account_key
		  AND a.vendor_key = $1
		  AND a.account = $2
		  AND f.check_name = $4
		  AND f.closed_at IS NULL`, w.vendors[account.Vendor].Key, account.ID, now, Contradiction)
	return failed("closing a finding of "+account.String(), err)
}
