package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Dialect is one thing that a vendor's documents leave open and questions have settled for an account.
type Dialect struct {
	Question string    // its short name: msg_type_default
	Answer   string    // in a few words; empty when the answers do not tell
	Evidence string    // what was asked and what came back
	AskedAt  time.Time // when
}

// Dialects gives what is known of the account, by question.
func (w *Warehouse) Dialects(ctx context.Context, account sms.Account) ([]Dialect, error) {
	all, err := db.All[Dialect](ctx, w.pool, `
		SELECT d.question,
		       coalesce(d.answer, ''),
		       d.evidence,
		       d.asked_at
		FROM etl.dialect     AS d
		JOIN sms.dim_account AS a ON a.account_key = d.account_key
		WHERE a.vendor_key = $1
		  AND a.account = $2
		ORDER BY d.question`, w.vendors[account.Vendor].Key, account.ID)
	return all, failed("reading the dialect of "+account.String(), err)
}

// KeepDialects keeps what questions to the account's vendor have settled. An answer replaces the one before it; that nothing could
// be told replaces none.
func (w *Warehouse) KeepDialects(ctx context.Context, account sms.Account, all []Dialect) error {
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		for _, d := range all {
			_, err := tx.Exec(ctx, `
				INSERT INTO etl.dialect AS old (account_key, question, answer, evidence, asked_at)
				SELECT a.account_key, $3, NULLIF($4, ''), $5, $6
				FROM sms.dim_account AS a
				WHERE a.vendor_key = $1
				  AND a.account = $2
				ON CONFLICT ON CONSTRAINT dialect_pk DO UPDATE
				SET answer = EXCLUDED.answer, evidence = EXCLUDED.evidence, asked_at = EXCLUDED.asked_at
				WHERE EXCLUDED.answer IS NOT NULL
				   OR old.answer IS NULL`,
				w.vendors[account.Vendor].Key, account.ID, d.Question, d.Answer, d.Evidence, d.AskedAt)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return failed("keeping the dialect of "+account.String(), err)
}
