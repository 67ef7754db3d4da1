package load

import (
	"context"
	_ "embed"
	"time"

	"smsetl/sms"
)

//go:embed sql/expect.sql
var expectQuery string

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

// Expect makes every account known, as Account does, and writes down which of its days are expected, for sms.coverage_daily.
// What the sources were expected to have beside these accounts is expected no longer; other sources are left alone, because
// another configuration may speak for them.
func (w *Warehouse) Expect(ctx context.Context, all []Expected) error {
	var sources, vendors, accounts []string
	var starts []*time.Time
	var history, settle, retention []*int32
	for _, e := range all {
		if err := w.Account(ctx, e.Source, e.Account); err != nil {
			return err
		}
		sources, vendors, accounts = append(sources, e.Source), append(vendors, string(e.Account.Vendor)), append(accounts, e.Account.ID)
		starts = append(starts, dayOrNull(e.HistoryStart))
		days := int32(e.SettleDays)
		settle = append(settle, &days)
		history, retention = append(history, positive(e.HistoryDays)), append(retention, positive(e.RetentionDays))
	}
	_, err := w.pool.Exec(ctx, expectQuery, sources, vendors, accounts, starts, history, settle, retention)
	return failed("writing down which days are expected", err)
}

// positive gives a number as the driver writes it, with NULL for 0.
func positive(n int) *int32 {
	if n <= 0 {
		return nil
	}
	m := int32(n)
	return &m
}
