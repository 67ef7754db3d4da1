package read

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// NoReason stands for the reason of failed messages of which no reason is reported.
const NoReason = "(no reason reported)"

// FailureFilter chooses failures. Empty names choose all.
type FailureFilter struct {
	Filter

	Reason   string // in the vendor's own word, or NoReason
	Category string // or NoReason
	Stage    sms.Stage
}

// Failures are failed messages, summed. Unit: messages; nil where the vendor names a reason without a number.
type Failures struct {
	Totals     []FailedTotal
	Reasons    []FailedReason
	Categories []FailedCategory
	Days       []FailedDay // only where one reason was asked for
}

// FailedTotal is what failed of a vendor in a stage as deliveries count it, and how much of it reasons explain:
// Failed = Named + Without - Beyond, day by day.
type FailedTotal struct {
	Vendor   sms.Vendor
	Stage    sms.Stage
	Failed   *int64 // as deliveries count; nil when they do not tell
	Named    int64  // that reasons tell of
	Without  int64  // of no reason, on days on which reasons tell of less
	Beyond   int64  // that reasons tell of more than deliveries count
	Days     int64  // of accounts, expected or loaded, and over
	NotFinal int64  // of these, whose numbers may still change or are not there
}

// FailedReason is one reason of a vendor.
type FailedReason struct {
	Vendor   sms.Vendor
	Stage    sms.Stage
	Reason   string
	Category string
	Messages *int64
	Trend    []*int64 // the same in at most 30 steps of equal length, nil where none are reported; empty for NoReason
}

// FailedCategory is one category, the same for every vendor.
type FailedCategory struct {
	Category string
	Vendor   sms.Vendor
	Stage    sms.Stage
	Messages *int64
}

// FailedDay is one day of one reason.
type FailedDay struct {
	Vendor   sms.Vendor
	Account  string
	Day      sms.Day
	Stage    sms.Stage
	State    sms.State
	Messages *int64
	Reason   string
}

// Failures reads the failures of the days, the most frequent first, and of one reason, where it is not empty, its days. Messages of
// no reason are lines of their own, so that each stage adds up to what deliveries count.
func (m *Model) Failures(ctx context.Context, f FailureFilter) (all Failures, err error) {
	err = m.snapshot(ctx, "failures", func(tx pgx.Tx) error {
		byDay := statement("failed_by_day")
		if all.Totals, err = db.All[FailedTotal](ctx, tx, byDay+statement("failed"), f.arguments()...); err != nil {
			return err
		}
		chosen := append(f.arguments(), f.Reason, f.Category, string(f.Stage))
		if all.Reasons, err = db.All[FailedReason](ctx, tx, statement("reasons"), chosen...); err != nil {
			return err
		}
		if all.Categories, err = db.All[FailedCategory](ctx, tx, statement("categories"), chosen...); err != nil || f.Reason == "" {
			return err
		}
		query := statement("reason_days")
		if f.Reason == NoReason {
			query = byDay + statement("failed_days")
		}
		all.Days, err = db.All[FailedDay](ctx, tx, query, append(f.arguments(), f.Reason, string(f.Stage))...)
		return err
	})
	all.addWithout(f)
	return all, err
}

// addWithout puts the messages of no reason among the reasons and categories, where these choose them.
func (all *Failures) addWithout(f FailureFilter) {
	if f.Reason != "" && f.Reason != NoReason || f.Category != "" && f.Category != NoReason {
		return
	}
	for _, t := range all.Totals {
		if t.Without > 0 && (f.Stage == "" || f.Stage == t.Stage) {
			all.Reasons = append(all.Reasons, FailedReason{Vendor: t.Vendor, Stage: t.Stage, Reason: NoReason, Category: NoReason, Messages: &t.Without})
			all.Categories = append(all.Categories, FailedCategory{Category: NoReason, Vendor: t.Vendor, Stage: t.Stage, Messages: &t.Without})
		}
	}
	slices.SortStableFunc(all.Reasons, func(a, b FailedReason) int { return fewer(a.Messages, b.Messages) })
}

// fewer puts larger numbers first, and what is not known last.
func fewer(a, b *int64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return cmp.Compare(*b, *a)
	}
}

// Restatement is a number that was another one before. Nil is not reported, or no row.
type Restatement struct {
	Vendor      sms.Vendor
	Account     string
	Day         sms.Day
	State       sms.State // of the day now
	Template    string
	Label       string
	MessageType string
	Country     string
	Stage       string
	Reason      string
	Measure     string
	Old, New    *int64
	ChangedAt   *time.Time
	LoadID      int64
	Change      string
	Cause       string
}

// Restatements reads at most so many changes of the days, the newest first, that were made since the beginning of a day in UTC; 0 for all.
func (m *Model) Restatements(ctx context.Context, f Filter, since sms.Day, most int) ([]Restatement, error) {
	var all []Restatement
	err := m.snapshot(ctx, "restatements", func(tx pgx.Tx) error {
		for rows := most; ; rows *= 4 {
			loads, err := db.All[int64](ctx, tx, statement("restated_loads"), append(f.arguments(), rows, since.UTC())...)
			if err != nil {
				return err
			}
			isAll := len(loads) < rows // each row of a load changed a number, or none if it was written again as it was
			slices.Sort(loads)
			if all, err = db.All[Restatement](ctx, tx, statement("restatements"), append(f.arguments(), most, slices.Compact(loads))...); err != nil || isAll || len(all) == most {
				return err
			}
		}
	})
	return all, err
}
