package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/verify.sql
var verifyQuery string

// Mismatch is a day whose line in the ledger says something else than the tables.
type Mismatch struct {
	Account  sms.Account
	Dataset  sms.Dataset
	Day      sms.Day
	Rows     int64 // stored when the line was written
	Found    int64 // in the tables now
	Checksum int64 // stored when the line was written
	Content  int64 // of the tables now
}

// Verify compares every line of the ledger with the tables, and gives those that differ: none, unless somebody wrote to
// the facts by hand. It reads all facts.
func (w *Warehouse) Verify(ctx context.Context) ([]Mismatch, error) {
	rows, err := w.pool.Query(ctx, verifyQuery)
	if err != nil {
		return nil, failed("verifying the ledger", err)
	}
	var all []Mismatch
	var m Mismatch
	var zone string
	var day time.Time
	_, err = pgx.ForEachRow(rows, []any{&m.Account.Vendor, &m.Account.ID, &zone, &m.Dataset, &day, &m.Rows, &m.Found, &m.Checksum, &m.Content},
		func() (err error) {
			m.Day = sms.DayOf(day)
			m.Account.Zone, err = sms.ParseZone(zone)
			all = append(all, m)
			return err
		})
	return all, failed("verifying the ledger", err)
}
