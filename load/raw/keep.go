package raw

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Keep stores an answer of a load, refused or not, in a transaction of its own: it has to be there when the load fails,
// and harms nobody when it does. Bytes that are there already, from any load, are not sent again. The error
// wraps ErrPruned for a body that was kept and is not any more.
func Keep(ctx context.Context, d *db.DB, loadID int64, p sms.Payload) error {
	err := pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		var hash sms.Hash // of no bytes
		if p.Body.Packed != nil || p.Body.IsKept {
			hash = p.Body.Hash
			if err := keepBody(ctx, tx, p.Body); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO etl.fetch
			    (load_id, hash, dataset, window_from, window_to, method, url, action, body, status, request_id, fetched_at, purpose, refused)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			loadID, hash, p.Dataset, p.Window.First(), p.Window.Last(), p.Request.Method, db.Clean(p.Request.URL),
			db.Clean(p.Request.Action), db.Clean(p.Request.Body), p.Status, db.Clean(p.RequestID), p.FetchedAt,
			cmp.Or(p.Purpose, sms.ForLoad), db.Clean(p.Refused))
		return err
	})
	return failed("keeping an answer of "+p.Account.String()+" "+string(p.Dataset)+" "+p.Window.String(), err)
}

// keepBody looks first, because an insert that finds the row would have sent megabytes for nothing. The lock keeps bytes
// that are there from being thrown away before this answer points at them.
func keepBody(ctx context.Context, tx pgx.Tx, body sms.Body) error {
	var kept bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM etl.raw WHERE hash = $1 AND packed IS NOT NULL FOR KEY SHARE)`, body.Hash).Scan(&kept)
	switch {
	case err != nil || kept:
		return err
	case body.IsKept:
		return fmt.Errorf("%w while it came again", ErrPruned)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO etl.raw AS r (hash, packed, size, chunks)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE
		SET packed    = excluded.packed,
		    chunks    = excluded.chunks,
		    pruned_at = NULL
		WHERE r.packed IS NULL`, body.Hash, body.Packed, body.Size, body.Chunks)
	return err
}
