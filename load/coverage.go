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

//go:embed sql/overview.sql
var overviewQuery string

// Coverage reads the ledger's lines of the accounts from first to last, both inside, ordered by account, dataset and day.
// Days without a line (missing, or not due yet) are not in it. LoadedAt is when an answer was last believed.
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
	var loadedAt *time.Time
	_, err = pgx.ForEachRow(rows, []any{&vendor, &account, &d.Dataset, &day, &d.State, &d.Reason, &pending, &d.Rows, &d.LoadID, &loadedAt, &d.Since},
		func() error {
			d.Account = known[[2]string{vendor, account}]
			d.Day = sms.DayOf(day)
			d.Pending, d.LoadedAt = sms.Count{}, time.Time{}
			if pending != nil {
				d.Pending = sms.Reported(*pending)
			}
			if loadedAt != nil {
				d.LoadedAt = *loadedAt
			}
			all = append(all, d)
			return nil
		})
	return all, failed("reading the ledger", err)
}

// Summary is what the ledger says of one dataset of one account.
type Summary struct {
	Account sms.Account
	Dataset sms.Dataset
	First   sms.Day // the oldest day on the ledger
	Last    sms.Day // the newest day on the ledger
	// CompleteTo is the end of the unbroken run of loaded days that starts at First; IsComplete is false when First itself
	// is not loaded. Derived from the lines each time, so it cannot run ahead of a hole.
	CompleteTo sms.Day
	IsComplete bool
	Days       map[sms.State]int // lines in each state
	Rows       int64             // fact rows stored
	LoadedAt   time.Time         // when an answer was last believed; zero for never
}

// Overview sums the ledger up, by account and dataset.
func (w *Warehouse) Overview(ctx context.Context) ([]Summary, error) {
	rows, err := w.pool.Query(ctx, overviewQuery)
	if err != nil {
		return nil, failed("summing the ledger up", err)
	}
	var all []Summary
	var s Summary
	var zone string
	var first, last time.Time
	var completeTo, loadedAt *time.Time
	_, err = pgx.ForEachRow(rows, []any{&s.Account.Vendor, &s.Account.ID, &zone, &s.Dataset, &first, &last, &completeTo, &s.Days, &s.Rows, &loadedAt},
		func() error {
			one := s
			s.Days = nil // the next row gets a map of its own
			var err error
			if one.Account.Zone, err = sms.ParseZone(zone); err != nil {
				return err
			}
			one.First, one.Last = sms.DayOf(first), sms.DayOf(last)
			one.CompleteTo, one.IsComplete, one.LoadedAt = 0, completeTo != nil, time.Time{}
			if completeTo != nil {
				one.CompleteTo = sms.DayOf(*completeTo)
			}
			if loadedAt != nil {
				one.LoadedAt = *loadedAt
			}
			all = append(all, one)
			return nil
		})
	return all, failed("summing the ledger up", err)
}
