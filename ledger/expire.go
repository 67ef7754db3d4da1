package ledger

import (
	"context"

	"smsetl/internal/db"
)

// Expire writes into the ledger what became of the expected days because their vendor keeps them no longer, or does
// after all: missing and failed days are lost, lost ones missing again, provisional ones settled as they are. It gives
// how many lines changed. Days and Status know it without: this is for those who read the ledger itself.
func Expire(ctx context.Context, q db.Querier, expected []Expectation) (changed int, err error) {
	changed, err = db.One[int](ctx, q, withDays("expire"), columns(expected)...)
	return changed, failed("writing down which days are lost", err)
}
