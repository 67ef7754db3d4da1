package read

import (
	"context"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Coverage reads the ledger's lines of the accounts from first to last, both inside, ordered by account, dataset and day.
// Days without a line (missing, or not due yet) are not in it.
func (m *Model) Coverage(ctx context.Context, accounts []sms.Account, first, last sms.Day) ([]sms.DayStatus, error) {
	return answer[sms.DayStatus](ctx, m, "the ledger", statement("coverage"), append(db.Columns(accounts), first, last)...)
}
