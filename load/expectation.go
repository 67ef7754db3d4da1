package load

import (
	"context"
	_ "embed"

	"smsetl/internal/db"
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
	type row struct {
		Source       string
		Vendor       sms.Vendor
		Account      string
		HistoryStart sms.Day
		HistoryDays  *int32
		SettleDays   int32
		Retention    *int32
	}
	var rows []row
	for _, e := range all {
		if err := w.Account(ctx, e.Source, e.Account); err != nil {
			return err
		}
		rows = append(rows, row{
			e.Source, e.Account.Vendor, e.Account.ID, e.HistoryStart, positive(e.HistoryDays), int32(e.SettleDays), positive(e.RetentionDays),
		})
	}
	_, err := w.pool.Exec(ctx, expectQuery, db.Columns(rows)...)
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
