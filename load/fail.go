package load

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Fail writes down that a load ended without facts and why, and what its batch rejected and found: of the batch it needs
// the scope, the rejects and the findings. Days that were loaded before stay loaded, with the reason and one more failed
// try beside them; frozen, lost and quarantined days stay what they are; every other day of the window is failed. A load
// that has been put already is left alone.
func (w *Warehouse) Fail(ctx context.Context, loadID int64, batch sms.Batch, reason string, now time.Time) error {
	scope := batch.Scope
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var account int32
		err := tx.QueryRow(ctx, `
			UPDATE etl.load
			SET outcome = 'failed', reason = $2, rejected = $3
			WHERE load_id = $1
			  AND outcome = 'running'
			RETURNING account_key`, loadID, reasonOf(reason), len(batch.Rejects)).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := writeRejects(ctx, tx, loadID, batch.Rejects); err != nil {
			return err
		}
		if err := noteFindings(ctx, tx, account, loadID, &batch, now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, statement("ledger_fail"), account, loadID, scope.Datasets, scope.Window.First(), scope.Window.Last(), reasonOf(reason), now)
		return err
	})
	return failed("failing "+scope.String(), err)
}

// Interrupt writes down that a load was called off, and why. That says nothing about its days, so the ledger is left alone. A load
// that has ended already is left alone too.
func (w *Warehouse) Interrupt(ctx context.Context, loadID int64, reason string) error {
	_, err := w.pool.Exec(ctx, `
		UPDATE etl.load
		SET outcome    = 'failed',
		    reason     = $2,
		    called_off = true
		WHERE load_id = $1
		  AND outcome = 'running'`, loadID, reasonOf(reason))
	return failed("interrupting the load", err)
}

// EndReference ends a load whose answer no fact is made of, within the transaction that keeps what it says, and keeps the rows that
// could not be understood. isNew says whether anything was kept.
func EndReference(ctx context.Context, tx pgx.Tx, loadID int64, isNew bool, rejects []sms.Reject) error {
	if err := writeRejects(ctx, tx, loadID, rejects); err != nil {
		return err
	}
	outcome := Unchanged
	if isNew {
		outcome = Loaded
	}
	_, err := tx.Exec(ctx, `
		UPDATE etl.load
		SET outcome   = $2,
		    loaded_at = clock_timestamp(),
		    received  = $3,
		    rejected  = $3
		WHERE load_id = $1`, loadID, outcome, int64(len(rejects)))
	return err
}

// reasonOf gives a reason as it is stored: a sentence or two, however many errors were joined to it.
func reasonOf(text string) string {
	const most = 2000 // bytes
	if text = db.Clean(text); len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
