package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Operator is a person who decides about days, for the log of such decisions.
type Operator struct {
	Who    string
	Reason string
	Now    time.Time
}

// Freeze makes every day of the scope be left alone, whatever is loaded, until Unfreeze, and gives how many days were
// not frozen before. Their rows stay as they are. The error is db.ErrUnknownAccount for an account that nobody has
// named.
func Freeze(ctx context.Context, d *db.DB, scope sms.Scope, by Operator) (days int, err error) {
	return decide(ctx, d, scope, by, "freeze", "day_freeze", db.Clean(by.Who+": "+by.Reason))
}

// Unfreeze makes the frozen days of the scope what they were when they were frozen, and gives how many there were. What
// the vendor may have changed since is found as it is for every other day: provisional ones are read again by the next
// run, final ones by a sweep.
func Unfreeze(ctx context.Context, d *db.DB, scope sms.Scope, by Operator) (days int, err error) {
	return decide(ctx, d, scope, by, "unfreeze", "day_unfreeze")
}

// decide changes the days of the scope with a statement that gives how many they were, and logs it.
func decide(
	ctx context.Context, d *db.DB, scope sms.Scope, by Operator, operation, file string, reason ...any,
) (days int, err error) {
	err = operate(ctx, d, scope, func(tx pgx.Tx, account int32) error {
		arguments := append([]any{account, scope.Datasets, scope.Window.First(), scope.Window.Last(), by.Now}, reason...)
		if err := tx.QueryRow(ctx, statement(file), arguments...).Scan(&days); err != nil {
			return err
		}
		return logOperation(ctx, tx, operation, account, scope, days, 0, by)
	})
	return days, failed(operation+" "+scope.String(), err)
}

// LogRelease writes down who believed quarantined days of the scope by hand, and which load put them.
func LogRelease(ctx context.Context, d *db.DB, scope sms.Scope, days int, loadID int64, by Operator) error {
	return failed("logging a release of "+scope.String(), operate(ctx, d, scope, func(tx pgx.Tx, account int32) error {
		return logOperation(ctx, tx, "release", account, scope, days, loadID, by)
	}))
}

// operate runs do while no load of the account is under way: such a load has read the ledger and would write its lines
// back.
func operate(ctx context.Context, d *db.DB, scope sms.Scope, do func(tx pgx.Tx, account int32) error) error {
	return pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		var known []sms.Dataset
		err := tx.QueryRow(ctx, `
			SELECT coalesce(array_agg(d.dataset), '{}')
			FROM etl.dataset    AS d
			JOIN sms.dim_vendor AS v ON v.vendor_key = d.vendor_key
			WHERE v.vendor = $1`, scope.Account.Vendor).Scan(&known)
		if err != nil {
			return err
		}
		for _, dataset := range scope.Datasets {
			if !slices.Contains(known, dataset) {
				return fmt.Errorf("the vendor %s has no dataset %q", scope.Account.Vendor, dataset)
			}
		}
		account, err := db.AccountKey(ctx, tx, scope.Account)
		if err != nil {
			return err
		}
		for part := range db.FactParts {
			if err := db.Turn(ctx, tx, db.LoadTurn(part, account)); err != nil {
				return fmt.Errorf("waiting for a load of the account: %w", err)
			}
		}
		return do(tx, account)
	})
}

func logOperation(
	ctx context.Context, tx pgx.Tx, operation string, account int32, scope sms.Scope, days int, loadID int64, by Operator,
) error {
	if days == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO etl.operation (operation, account_key, datasets, window_from, window_to, days, who, reason, done_at,
		                           load_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULLIF($10::bigint, 0))`,
		operation, account, scope.Datasets, scope.Window.First(), scope.Window.Last(), days, db.Clean(by.Who),
		db.Clean(by.Reason), by.Now, loadID)
	return err
}
