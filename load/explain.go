package load

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/explain_delivery.sql
var explainDelivery string

//go:embed sql/explain_failure.sql
var explainFailure string

//go:embed sql/explain_known.sql
var explainKnown string

//go:embed sql/explain_day.sql
var explainDay string

// CellQuery chooses rows of one day of one account. Empty names choose all; the fixed members are named as views show them.
type CellQuery struct {
	Account                               sms.Account
	Day                                   sms.Day
	Failures                              bool // rows of the failure fact instead of the delivery fact
	Template, Label, MessageType, Country string
	Stage                                 sms.Stage
	Reason                                string
}

// Cell is a row of a fact with everything that it ever said.
type Cell struct {
	sms.Grain

	Reason sms.Reason // of a failure
	Images []Image    // oldest first
}

// Image is what a row said from one load until another. A row that was added to a loaded day begins with an image that
// stands for its absence.
type Image struct {
	Values     []sms.Count // Measures in their order, or the messages of a failure
	LoadID     int64       // the load that wrote it; 0 for the absence of a row
	ReplacedBy int64       // the load that ended it; 0 while it stands
	Change     string      // what that load did: updated, removed, added; empty while it stands
}

// Measures names the values of a delivery row's image, in their order.
func Measures() []string { return append([]string(nil), measures[:]...) }

// MeasureOf gives a measure by its name; ok is false when there is none of that name.
func MeasureOf(m *sms.Measures, name string) (c sms.Count, ok bool) {
	for i, c := range counts(m) {
		if measures[i] == name {
			return c, true
		}
	}
	return sms.Count{}, false
}

// Cells gives the rows that the query chooses, also those that are there no more.
func (w *Warehouse) Cells(ctx context.Context, q CellQuery) ([]Cell, error) {
	doing := fmt.Sprintf("reading the rows of %s on %s", q.Account, q.Day)
	account, err := w.accountKey(ctx, q.Account)
	if err != nil {
		return nil, failed(doing, err)
	}
	query, arguments := explainDelivery, []any{date(q.Day), account, q.Template, q.Label, q.MessageType, q.Country}
	if q.Failures {
		query, arguments = explainFailure, append(arguments, string(q.Stage), q.Reason)
	}
	rows, err := w.pool.Query(ctx, query, arguments...)
	if err != nil {
		return nil, failed(doing, err)
	}
	var all []Cell
	var keys [4]int32
	var codes [4]string
	var reason sms.Reason
	var image Image
	var values []*int64
	_, err = pgx.ForEachRow(rows, []any{
		&keys[0], &codes[0], &keys[1], &codes[1], &keys[2], &codes[2], &keys[3], &codes[3], &reason.Stage, &reason.Code, &reason.Category,
		&image.Change, &image.LoadID, &image.ReplacedBy, &values,
	}, func() error {
		grain := sms.Grain{
			Day: q.Day, Template: keyOfMember(keys[0], codes[0]), Label: keyOfMember(keys[1], codes[1]),
			MessageType: keyOfMember(keys[2], codes[2]), Country: keyOfMember(keys[3], codes[3]),
		}
		one := image
		one.Values = make([]sms.Count, len(values))
		for i, v := range values {
			one.Values[i] = countOf(v)
		}
		if last := len(all) - 1; last < 0 || all[last].Grain != grain || all[last].Reason != reason {
			all = append(all, Cell{Grain: grain, Reason: reason})
		}
		cell := &all[len(all)-1]
		cell.Images = append(cell.Images, one)
		return nil
	})
	return all, failed(doing, err)
}

// NeverHad gives the kinds of names in the query that the account never had on any day: template, label, message type, country,
// reason.
func (w *Warehouse) NeverHad(ctx context.Context, q CellQuery) ([]string, error) {
	doing := fmt.Sprintf("looking for names of %s", q.Account)
	account, err := w.accountKey(ctx, q.Account)
	if err != nil {
		return nil, failed(doing, err)
	}
	rows, err := w.pool.Query(ctx, explainKnown, account, q.Template, q.Label, q.MessageType, q.Country, string(q.Stage), q.Reason)
	if err != nil {
		return nil, failed(doing, err)
	}
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return kinds, failed(doing, err)
}

// keyOfMember gives the key that a member of a dimension stands for.
func keyOfMember(key int32, code string) sms.Key {
	switch key {
	case unknownKey:
		return sms.Unknown
	case noneKey:
		return sms.None
	case notReportedKey:
		return sms.NotReported
	default:
		return sms.Named(code)
	}
}

// FindAccount gives the account of an id, of any vendor when vendor is empty. The error wraps ErrUnknownAccount when there is
// none, and when several vendors have one of that id.
func (w *Warehouse) FindAccount(ctx context.Context, vendor sms.Vendor, id string) (sms.Account, error) {
	rows, err := w.pool.Query(ctx, `
		SELECT v.vendor, a.account, a.zone
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE a.account = $1
		  AND ($2 = '' OR v.vendor = $2)
		ORDER BY v.vendor`, id, string(vendor))
	if err != nil {
		return sms.Account{}, failed("finding account "+id, err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a sms.Account, err error) {
		var zone string
		if err := row.Scan(&a.Vendor, &a.ID, &zone); err != nil {
			return a, err
		}
		a.Zone, err = sms.ParseZone(zone)
		return a, err
	})
	switch {
	case err != nil:
		return sms.Account{}, failed("finding account "+id, err)
	case len(found) == 0:
		return sms.Account{}, fmt.Errorf("load: %w: %q", ErrUnknownAccount, id)
	case len(found) > 1:
		return sms.Account{}, fmt.Errorf("load: %w: %s and %s both have %q: say which vendor", ErrUnknownAccount, found[0].Vendor, found[1].Vendor, id)
	}
	return found[0], nil
}

// DayLine is what the ledger says of a day of a dataset, and what its rows rest on.
type DayLine struct {
	Dataset     sms.Dataset
	State       sms.State
	Reason      string
	Pending     sms.Count
	Rows        int64
	LoadID      int64 // the load that said so; 0 for none
	Since       time.Time
	LoadedAt    time.Time // when rows were last written; zero for never
	ConfirmedAt time.Time // when an answer was last believed; zero for never
	Attempts    int
	Version     int   // of the mapping that understood the rows
	BelievedBy  int64 // the load that believed the answer the rows rest on; 0 for none
	AnsweredBy  int64 // the load that was given that answer
}

// DayLines gives the ledger's lines of a day of an account, in the order of the datasets' names.
func (w *Warehouse) DayLines(ctx context.Context, account sms.Account, day sms.Day) ([]DayLine, error) {
	doing := fmt.Sprintf("reading the ledger of %s on %s", account, day)
	key, err := w.accountKey(ctx, account)
	if err != nil {
		return nil, failed(doing, err)
	}
	rows, err := w.pool.Query(ctx, explainDay, key, date(day))
	if err != nil {
		return nil, failed(doing, err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d DayLine, err error) {
		var pending *int64
		var loaded, confirmed *time.Time
		err = row.Scan(&d.Dataset, &d.State, &d.Reason, &pending, &d.Rows, &d.LoadID, &d.Since, &loaded, &confirmed, &d.Attempts, &d.Version,
			&d.BelievedBy, &d.AnsweredBy)
		d.Pending = countOf(pending)
		d.LoadedAt, d.ConfirmedAt = timeOf(loaded), timeOf(confirmed)
		return d, err
	})
	return lines, failed(doing, err)
}

// timeOf reads a time as the driver gives it: nil is the zero time.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
