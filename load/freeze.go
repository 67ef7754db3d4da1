package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/load/star"
	"smsetl/sms"
)

//go:embed sql/day_freeze.sql
var dayFreeze string

//go:embed sql/day_unfreeze.sql
var dayUnfreeze string

// Operator is a person who decides about days, for the log of such decisions.
type Operator struct {
	Who    string
	Reason string
	Now    time.Time
}

// Freeze makes every day of the scope be left alone, whatever is loaded, until Unfreeze, and gives how many days were not
// frozen before. Their rows stay as they are.
func (w *Warehouse) Freeze(ctx context.Context, scope sms.Scope, by Operator) (days int, err error) {
	err = w.operate(ctx, scope, func(tx pgx.Tx, account int32) error {
		err := tx.QueryRow(ctx, dayFreeze, account, scope.Datasets, scope.Window.First(), scope.Window.Last(),
			clean(by.Who+": "+by.Reason), by.Now).Scan(&days)
		if err != nil {
			return err
		}
		return logOperation(ctx, tx, "freeze", account, scope, days, 0, by)
	})
	return days, failed("freezing "+scope.String(), err)
}

// Unfreeze makes the frozen days of the scope what they were when they were frozen, and gives how many there were. What the
// vendor may have changed since is found as it is for every other day: provisional ones are read again by the next run,
// final ones by a sweep.
func (w *Warehouse) Unfreeze(ctx context.Context, scope sms.Scope, by Operator) (days int, err error) {
	err = w.operate(ctx, scope, func(tx pgx.Tx, account int32) error {
		err := tx.QueryRow(ctx, dayUnfreeze, account, scope.Datasets, scope.Window.First(), scope.Window.Last(), by.Now).Scan(&days)
		if err != nil {
			return err
		}
		return logOperation(ctx, tx, "unfreeze", account, scope, days, 0, by)
	})
	return days, failed("unfreezing "+scope.String(), err)
}

// LogRelease writes down who believed quarantined days of the scope by hand, and which load put them.
func (w *Warehouse) LogRelease(ctx context.Context, scope sms.Scope, days int, loadID int64, by Operator) error {
	return failed("logging a release of "+scope.String(), w.operate(ctx, scope, func(tx pgx.Tx, account int32) error {
		return logOperation(ctx, tx, "release", account, scope, days, loadID, by)
	}))
}

// operate runs do while no load of the account is under way: such a load has read the ledger and would write its lines back.
func (w *Warehouse) operate(ctx context.Context, scope sms.Scope, do func(tx pgx.Tx, account int32) error) error {
	if err := w.fits(scope); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var account int32
		err := tx.QueryRow(ctx, `
			SELECT account_key
			FROM sms.dim_account
			WHERE vendor_key = $1
			  AND account = $2`, w.vendors[scope.Account.Vendor].Key, scope.Account.ID).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		for part := range star.Parts {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, int32(lockSpace+part), account); err != nil {
				return fmt.Errorf("waiting for a load of the account: %w", err)
			}
		}
		return do(tx, account)
	})
}

func logOperation(ctx context.Context, tx pgx.Tx, operation string, account int32, scope sms.Scope, days int, loadID int64, by Operator) error {
	if days == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO etl.operation (operation, account_key, datasets, window_from, window_to, days, who, reason, done_at, load_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULLIF($10::bigint, 0))`,
		operation, account, scope.Datasets, scope.Window.First(), scope.Window.Last(), days, clean(by.Who), clean(by.Reason), by.Now, loadID)
	return err
}
