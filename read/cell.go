package read

import (
	"context"
	"fmt"
	"time"

	"smsetl/internal/db"
	"smsetl/sms"
)

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
	Cause      string      // whose doing that was, as sms.restatements has it; empty while it stands
}

// cellRow is an image of a row with its keys.
type cellRow struct {
	Template, Label, MessageType, Country struct {
		Key  int32
		Code string
	}
	Stage      sms.Stage
	Reason     string
	Category   sms.Category
	Change     string
	LoadID     int64
	ReplacedBy int64
	Cause      string
	Values     []sms.Count
}

// Cells gives the rows that the query chooses, also those that are there no more.
func (m *Model) Cells(ctx context.Context, q CellQuery) ([]Cell, error) {
	doing := fmt.Sprintf("the rows of %s on %s", q.Account, q.Day)
	account, err := db.AccountKey(ctx, m.db, q.Account)
	if err != nil {
		return nil, failed(doing, err)
	}
	query, arguments := "explain_delivery", []any{q.Day, account, q.Template, q.Label, q.MessageType, q.Country}
	if q.Failures {
		query, arguments = "explain_failure", append(arguments, string(q.Stage), q.Reason)
	}
	rows, err := answer[cellRow](ctx, m, doing, statement(query), arguments...)
	var all []Cell
	for _, r := range rows {
		grain := sms.Grain{
			Day: q.Day, Template: member(r.Template.Key, r.Template.Code), Label: member(r.Label.Key, r.Label.Code),
			MessageType: member(r.MessageType.Key, r.MessageType.Code), Country: member(r.Country.Key, r.Country.Code),
		}
		reason := sms.Reason{Stage: r.Stage, Code: r.Reason, Category: r.Category}
		if last := len(all) - 1; last < 0 || all[last].Grain != grain || all[last].Reason != reason {
			all = append(all, Cell{Grain: grain, Reason: reason})
		}
		cell := &all[len(all)-1]
		cell.Images = append(cell.Images, Image{
			Values: r.Values, LoadID: r.LoadID, ReplacedBy: r.ReplacedBy, Change: r.Change, Cause: r.Cause,
		})
	}
	return all, err
}

// NeverHad gives the kinds of names in the query that the account never had on any day: template, label, message type, country,
// reason.
func (m *Model) NeverHad(ctx context.Context, q CellQuery) ([]string, error) {
	doing := fmt.Sprintf("names of %s", q.Account)
	account, err := db.AccountKey(ctx, m.db, q.Account)
	if err != nil {
		return nil, failed(doing, err)
	}
	return answer[string](ctx, m, doing, statement("explain_known"), account, q.Template, q.Label, q.MessageType, q.Country, string(q.Stage), q.Reason)
}

// member gives the key that a member of a dimension stands for.
func member(key int32, code string) sms.Key {
	switch key {
	case db.UnknownKey:
		return sms.Unknown
	case db.NoneKey:
		return sms.None
	case db.NotReportedKey:
		return sms.NotReported
	default:
		return sms.Named(code)
	}
}

// FindAccount gives the account of an id, of any vendor when vendor is empty. The error wraps db.ErrUnknownAccount when there is
// none, and when several vendors have one of that id.
func (m *Model) FindAccount(ctx context.Context, vendor sms.Vendor, id string) (sms.Account, error) {
	found, err := answer[sms.Account](ctx, m, "account "+id, `
		SELECT v.vendor, a.account, a.zone
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE a.account = $1
		  AND ($2 = '' OR v.vendor = $2)
		ORDER BY v.vendor`, id, string(vendor))
	switch {
	case err != nil:
		return sms.Account{}, err
	case len(found) == 0:
		return sms.Account{}, fmt.Errorf("read: %w: %q", db.ErrUnknownAccount, id)
	case len(found) > 1:
		return sms.Account{}, fmt.Errorf("read: %w: %s and %s both have %q: say which vendor",
			db.ErrUnknownAccount, found[0].Vendor, found[1].Vendor, id)
	}
	return found[0], nil
}

// DayLine is what the ledger says of a day of a dataset, and what its rows rest on.
type DayLine struct {
	Dataset     sms.Dataset `json:"dataset"`
	State       sms.State   `json:"state"`
	Reason      string      `json:"reason,omitempty"`
	Pending     sms.Count   `json:"pending"`
	Rows        int64       `json:"-"`
	LoadID      int64       `json:"-"` // the load that said so; 0 for none
	Since       time.Time   `json:"since"`
	LoadedAt    time.Time   `json:"loaded_at"`    // when rows were last written; zero for never
	ConfirmedAt time.Time   `json:"confirmed_at"` // when an answer was last believed; zero for never
	Attempts    int         `json:"-"`
	Version     int         `json:"transform_version"` // of the mapping that understood the rows
	BelievedBy  int64       `json:"believed_by"`       // the load that believed the answer the rows rest on; 0 for none
	AnsweredBy  int64       `json:"answered_by"`       // the load that was given that answer
}

// DayLines gives the ledger's lines of a day of an account, in the order of the datasets' names.
func (m *Model) DayLines(ctx context.Context, account sms.Account, day sms.Day) ([]DayLine, error) {
	doing := fmt.Sprintf("the ledger of %s on %s", account, day)
	key, err := db.AccountKey(ctx, m.db, account)
	if err != nil {
		return nil, failed(doing, err)
	}
	return answer[DayLine](ctx, m, doing, statement("explain_day"), key, day)
}
