package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/coverage.sql
var coverageQuery string

// Coverage reads the ledger's lines of the accounts from first to last, both inside, ordered by account, dataset and day.
// Days without a line (missing, or not due yet) are not in it.
func (w *Warehouse) Coverage(ctx context.Context, accounts []sms.Account, first, last sms.Day) ([]sms.DayStatus, error) {
	known := make(map[[2]string]sms.Account, len(accounts))
	vendors, ids := make([]string, len(accounts)), make([]string, len(accounts))
	for i, a := range accounts {
		vendors[i], ids[i] = string(a.Vendor), a.ID
		known[[2]string{vendors[i], ids[i]}] = a
	}
	rows, err := w.pool.Query(ctx, coverageQuery, vendors, ids, date(first), date(last))
	if err != nil {
		return nil, failed("reading the ledger", err)
	}
	var all []sms.DayStatus
	var vendor, account string
	var day time.Time
	var d sms.DayStatus
	var pending *int64
	var loadedAt, confirmedAt, checkedAt *time.Time
	_, err = pgx.ForEachRow(rows, []any{&vendor, &account, &d.Dataset, &day, &d.State, &d.Reason, &pending, &d.Rows, &d.LoadID, &loadedAt, &confirmedAt, &checkedAt, &d.Since},
		func() error {
			d.Account = known[[2]string{vendor, account}]
			d.Day = sms.DayOf(day)
			d.Pending, d.LoadedAt, d.ConfirmedAt, d.CheckedAt = sms.Count{}, timeOf(loadedAt), timeOf(confirmedAt), timeOf(checkedAt)
			if pending != nil {
				d.Pending = sms.Reported(*pending)
			}
			all = append(all, d)
			return nil
		})
	return all, failed("reading the ledger", err)
}
