package ledger

import (
	"context"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Expected says which days of an account have to be there.
type Expected struct {
	Source       string // the source that loads the account
	Account      sms.Account
	HistoryStart sms.Day // the first expected day; 0 when it moves with today
	HistoryDays  int     // how long before today it is then
	SettleDays   int
	// RetentionDays is how many days back the vendor still answers; 0 when it is not known to forget.
	RetentionDays int
}

// Expect writes down which days of the accounts are expected, for sms.coverage_daily. The accounts are known already.
// What the sources were expected to have beside these accounts is expected no longer; other sources are left alone,
// because another configuration may speak for them.
func Expect(ctx context.Context, q db.Querier, all []Expected) error {
	_, err := q.Exec(ctx, statement("expect"), db.Columns(all)...)
	return failed("writing down which days are expected", err)
}
