package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/queue"
	"smsetl/sms"
)

//go:embed sql/look_day.sql
var lookDay string

//go:embed sql/look_days.sql
var lookDays string

//go:embed sql/look_tries.sql
var lookTries string

// Calendar is the states of the days of a year.
type Calendar struct {
	FirstYear, LastYear int // that something is known of; 0 when nothing is
	Days                []CalendarDay
	Pauses              []queue.Pause // sources that nobody asks
}

// CalendarDay is the state of a day of a dataset.
type CalendarDay struct {
	Vendor  sms.Vendor
	Account string
	Dataset sms.Dataset
	Day     sms.Day
	State   sms.State
}

// Calendar reads the states by vendor, account, day and dataset.
func (l *Look) Calendar(ctx context.Context, f LookFilter) (c Calendar, err error) {
	err = l.read(ctx, "reading the calendar", func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `
			SELECT coalesce(extract(year FROM min(send_date)), 0)::int,
			       coalesce(extract(year FROM max(send_date)), 0)::int
			FROM sms.coverage_daily`).Scan(&c.FirstYear, &c.LastYear); err != nil {
			return err
		}
		c.Days, err = lookUp[CalendarDay](ctx, tx, `
			SELECT vendor, account, dataset, send_date - DATE '1970-01-01', state
			FROM sms.coverage_daily
			WHERE ($1 = '' OR vendor = $1)
			  AND ($2 = '' OR account = $2)
			  AND send_date BETWEEN $3 AND $4
			ORDER BY vendor, account, send_date, dataset`, f.arguments()...)
		if err == nil {
			c.Pauses, err = queue.Pauses(ctx, tx)
		}
		return err
	})
	return c, err
}

// DayDetail is what is known of one day of an account.
type DayDetail struct {
	Datasets []DayState
	Numbers  []DayNumbers // none when the day is not expected and no row is stored
	Tries    []DayTry     // the newest first
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

// DayTry is a load that asked for the day.
type DayTry struct {
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

// mostTries bounds what is told of a day that is asked for again and again.
const mostTries = 100

// Day reads one day of an account.
func (l *Look) Day(ctx context.Context, vendor sms.Vendor, account string, day sms.Day) (d DayDetail, err error) {
	err = l.read(ctx, "reading a day", func(tx pgx.Tx) error {
		if d.Datasets, err = lookUp[DayState](ctx, tx, lookDay, string(vendor), account, date(day)); err != nil {
			return err
		}
		if d.Numbers, err = dayNumbers(ctx, tx, LookFilter{Vendor: vendor, Account: account, First: day, Last: day}); err != nil {
			return err
		}
		d.Tries, err = lookUp[DayTry](ctx, tx, lookTries, string(vendor), account, date(day), mostTries)
		return err
	})
	return d, err
}

// Days reads the numbers of each day of each account that has rows or is expected and over, the newest first.
func (l *Look) Days(ctx context.Context, f LookFilter) (all []DayNumbers, err error) {
	err = l.read(ctx, "reading days", func(tx pgx.Tx) error {
		all, err = dayNumbers(ctx, tx, f)
		return err
	})
	return all, err
}

func dayNumbers(ctx context.Context, tx pgx.Tx, f LookFilter) ([]DayNumbers, error) {
	return lookUp[DayNumbers](ctx, tx, lookDays, f.arguments()...)
}
