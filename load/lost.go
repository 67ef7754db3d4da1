package load

import (
	"context"
	_ "embed"
	"time"

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
	var vendors, accounts, datasets, states, reasons []string
	var dates, since []time.Time
	for _, d := range days {
		vendors, accounts, datasets = append(vendors, string(d.Account.Vendor)), append(accounts, d.Account.ID), append(datasets, string(d.Dataset))
		states, reasons = append(states, string(d.State)), append(reasons, clean(d.Reason))
		dates, since = append(dates, date(d.Day)), append(since, d.Since)
	}
	err = w.pool.QueryRow(ctx, dayExpire, vendors, accounts, datasets, dates, states, reasons, since).Scan(&changed)
	return changed, failed("writing down which days are lost", err)
}
