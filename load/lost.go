package load

import (
	"context"
	_ "embed"
	"time"

	"smsetl/internal/db"
	"smsetl/sms"
)

//go:embed sql/day_expire.sql
var dayExpire string

// MarkLost writes into the ledger what became of days because their vendor keeps them no longer, or does after all, as
// plan.Expired tells it: missing and failed days are lost, lost ones missing again, provisional ones settled as they
// are. It gives how many lines changed. A line that a load has changed in the meantime is left alone.
func (w *Warehouse) MarkLost(ctx context.Context, days []sms.DayStatus) (changed int, err error) {
	if len(days) == 0 {
		return 0, nil
	}
	type row struct {
		Vendor  sms.Vendor
		Account string
		Dataset sms.Dataset
		Day     sms.Day
		State   sms.State
		Reason  string
		Since   time.Time
	}
	rows := make([]row, len(days))
	for i, d := range days {
		rows[i] = row{d.Account.Vendor, d.Account.ID, d.Dataset, d.Day, d.State, d.Reason, d.Since}
	}
	err = w.pool.QueryRow(ctx, dayExpire, db.Columns(rows)...).Scan(&changed)
	return changed, failed("writing down which days are lost", err)
}
