package load_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/load"
	"smsetl/sms"
)

// A line of the ledger is there when its rows are and not a moment later: whoever completes the load sees both, and nobody else
// sees either. A program that ends between two commits would leave rows that the ledger does not know.
func TestLedgerCommitsWithTheFacts(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	const lines = `SELECT (SELECT count(*) FROM sms.fact_delivery_daily), (SELECT count(*) FROM etl.coverage WHERE state = 'final' AND row_count = 1)`
	_, err = wh.Put(t.Context(), id, answerOf(s, 10), load.PutOptions{Now: at("01-20 12:00")}, func(ctx context.Context, tx pgx.Tx) error {
		same(t, "what others see before the end", dumpWith(ctx, t, wh, lines), "0 0")
		var rows, days int
		if err := tx.QueryRow(ctx, lines).Scan(&rows, &days); err != nil || rows != 1 || days != 1 {
			t.Errorf("the transaction has %d rows and %d days in the ledger, want one of each (%v)", rows, days, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what others see after it", dump(t, wh, lines), "1 1")
}
