package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/findings_open.sql
var findingsOpen string

// Finding is an open line of etl.finding.
type Finding struct {
	ID          int64
	Severity    sms.Severity
	Check       string
	Account     *sms.Account  // nil when it belongs to none
	Subject     string        // the measure, the stage, the dataset, the field, the code
	Datasets    []sms.Dataset // whose answers showed it; nil for what the tables show
	First, Last *sms.Day      // the days that show it; nil when it belongs to no day
	Days        int           // how many of them show it; 0 when nobody counted
	Expected    *float64      // on the worst day, in Unit; nil when there is nothing to compare
	Found       *float64
	Unit        string
	Tolerance   string
	Size        float64 // what expected and found differ by over all days, else days or rows
	Previous    *float64
	Trend       string // new, growing, shrinking, steady
	TimesSeen   int64
	TimesOpened int
	OpenedAt    time.Time
	LastSeenAt  time.Time
	Detail      string // one sentence with the numbers; of a load it may quote the answer
}

// OpenFindings gives the open findings of the accounts, of all for nil: errors first, then by check, account and subject.
func (w *Warehouse) OpenFindings(ctx context.Context, accounts []sms.Account) (all []Finding, err error) {
	err = pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		keys, err := accountKeys(ctx, tx, accounts)
		if err != nil {
			return err
		}
		all, err = openFindings(ctx, tx, keys)
		return err
	})
	return all, failed("reading findings", err)
}

func openFindings(ctx context.Context, tx pgx.Tx, accounts []int32) ([]Finding, error) {
	rows, err := tx.Query(ctx, findingsOpen, accounts)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Finding, error) {
		var f Finding
		var vendor *sms.Vendor
		var account, zone *string
		var first, last *time.Time
		err := r.Scan(&f.ID, &f.Severity, &f.Check, &vendor, &account, &zone, &f.Subject, &f.Datasets, &first, &last, &f.Days, &f.Expected, &f.Found,
			&f.Unit, &f.Tolerance, &f.Size, &f.Previous, &f.Trend, &f.TimesSeen, &f.TimesOpened, &f.OpenedAt, &f.LastSeenAt, &f.Detail)
		if err != nil {
			return f, err
		}
		f.First, f.Last = dayOf(first), dayOf(last)
		if account != nil {
			f.Account = &sms.Account{Vendor: *vendor, ID: *account}
			f.Account.Zone, err = sms.ParseZone(*zone)
		}
		return f, err
	})
}

func dayOf(t *time.Time) *sms.Day {
	if t == nil {
		return nil
	}
	day := sms.DayOf(*t)
	return &day
}
