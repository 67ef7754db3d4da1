package read

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/queue"
	"smsetl/sms"
)

// Calendar is the states of the days of a year.
type Calendar struct {
	FirstYear, LastYear int // that something is known of; 0 when nothing is
	Days                []CalendarDay
	Pauses              []queue.Pause // sources that nobody asks
	Sources             []SourceState // of all years
}

// CalendarDay is the state of a day of a dataset.
type CalendarDay struct {
	Vendor  sms.Vendor
	Account string
	Dataset sms.Dataset
	Day     sms.Day
	State   sms.State
	Reason  string // of the state; mostly empty

	NextAction string
	IsImported bool // the vendor answers no questions: somebody has to bring a file
}

// Calendar reads the states by vendor, account, day and dataset.
func (m *Model) Calendar(ctx context.Context, f Filter) (c Calendar, err error) {
	err = m.snapshot(ctx, "the calendar", func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `
			SELECT coalesce(extract(year FROM min(x.first)), 0)::int,
			       coalesce(extract(year FROM max(x.last)), 0)::int
			FROM (
				SELECT first_day AS first, today AS last FROM etl.account_clock WHERE first_day <= today
				UNION ALL
				SELECT month_start, month_start FROM etl.coverage_by_month WHERE days > 0
			) AS x`).Scan(&c.FirstYear, &c.LastYear); err != nil {
			return err
		}
		c.Days, err = db.All[CalendarDay](ctx, tx, `
			SELECT c.vendor, c.account, c.dataset, c.send_date, c.state, coalesce(c.reason, ''), c.next_action, d.is_imported
			FROM sms.coverage_daily AS c
			JOIN etl.dataset        AS d ON d.dataset = c.dataset
			WHERE ($1 = '' OR c.vendor = $1)
			  AND ($2 = '' OR c.account = $2)
			  AND c.send_date BETWEEN $3 AND $4
			ORDER BY c.vendor, c.account, c.send_date, c.dataset`, f.arguments()...)
		if err == nil {
			c.Sources, err = db.All[SourceState](ctx, tx, statement("sources"))
		}
		if err == nil {
			c.Pauses, err = queue.Read(tx).Pauses(ctx)
		}
		return err
	})
	return c, err
}

// DayDetail is what is known of one day of an account.
type DayDetail struct {
	Datasets []DayState
	Numbers  []DayNumbers // none when the day is not expected and no row is stored
	Loads    []DayLoad    // the newest first
}

// DayState is where a dataset's day stands.
type DayState struct {
	Dataset     sms.Dataset
	State       sms.State
	Reason      string
	Since       *time.Time
	NextAction  string
	DaysLeft    *int64 // to do it; nil when there is no end
	Pending     *int64
	Rows        int64
	LoadedAt    *time.Time
	ConfirmedAt *time.Time
	Attempts    int64
	IsImported  bool // the vendor answers no questions: somebody has to bring a file
}

// DayNumbers are sums of a day over the rows of an account, with what the ledger says of them. Nil is not reported, or not there
// when there are no rows. Unit: messages, but segments where said.
type DayNumbers struct {
	Vendor           sms.Vendor
	Account          string
	Day              sms.Day
	State            sms.State // of the dataset that speaks for the rows
	Reason           string    // of the state; mostly empty
	Rows             int64     // that are stored; 0 for a day without numbers
	Requested        *int64
	Accepted         *int64
	ProcessingFailed *int64
	Delivered        *int64
	SendFailed       *int64
	Pending          *int64
	BilledSegments   *int64 // segments
	VendorSent       *int64
}

// DayLoad is a load that asked for the day.
type DayLoad struct {
	LoadID    int64
	RunID     *int64
	Datasets  string
	Window    string
	StartedAt time.Time
	Outcome   string
	Reason    string
	Received  int64
	Written   int64 // rows inserted, updated or removed
}

// mostLoads bounds what is shown of a day that is asked for again and again.
const mostLoads = 100

// Day reads one day of an account.
func (m *Model) Day(ctx context.Context, vendor sms.Vendor, account string, day sms.Day) (d DayDetail, err error) {
	err = m.snapshot(ctx, "a day", func(tx pgx.Tx) error {
		if d.Datasets, err = db.All[DayState](ctx, tx, statement("day_detail"), vendor, account, day); err != nil {
			return err
		}
		f := Filter{Vendor: vendor, Account: account, First: day, Last: day}
		if d.Numbers, err = db.All[DayNumbers](ctx, tx, statement("days"), append(f.arguments(), f.Country)...); err != nil {
			return err
		}
		d.Loads, err = db.All[DayLoad](ctx, tx, statement("day_loads"), vendor, account, day, mostLoads)
		return err
	})
	return d, err
}

// Days reads the numbers of each day of each account that has rows or is expected and over, the newest first.
func (m *Model) Days(ctx context.Context, f Filter) ([]DayNumbers, error) {
	return question[DayNumbers](ctx, m, "days", statement("days"), append(f.arguments(), f.Country)...)
}
