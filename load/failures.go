package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/look_reasons.sql
var lookReasons string

//go:embed sql/look_restatements.sql
var lookRestatements string

// Failures are failed messages, summed. Unit: messages; nil where the vendor names a reason without a number.
type Failures struct {
	Reasons    []FailedReason
	Categories []FailedCategory
	Days       []FailedDay // only where one reason was asked for
}

// FailedReason is one reason of a vendor.
type FailedReason struct {
	Vendor   sms.Vendor
	Stage    sms.Stage
	Reason   string
	Category string
	Messages *int64
}

// FailedCategory is one category, the same for every vendor.
type FailedCategory struct {
	Category string
	Vendor   sms.Vendor
	Messages *int64
}

// FailedDay is one day of one reason.
type FailedDay struct {
	Vendor   sms.Vendor
	Account  string
	Day      sms.Day
	Stage    sms.Stage
	Reason   string
	Messages *int64
}

// Failures reads the failures of the days, the most frequent first, and of one reason, where it is not empty, its days.
func (l *Look) Failures(ctx context.Context, f LookFilter, reason string) (all Failures, err error) {
	err = l.read(ctx, "reading failures", func(tx pgx.Tx) error {
		if all.Reasons, err = lookUp[FailedReason](ctx, tx, lookReasons, append(f.arguments(), reason)...); err != nil {
			return err
		}
		if all.Categories, err = lookUp[FailedCategory](ctx, tx, `
			SELECT category, vendor, sum(messages)::bigint
			FROM sms.reason_daily
			WHERE ($1 = '' OR vendor = $1)
			  AND ($2 = '' OR account = $2)
			  AND send_date BETWEEN $3 AND $4
			  AND ($5 = '' OR reason = $5)
			GROUP BY category, vendor
			ORDER BY sum(sum(messages)) OVER (PARTITION BY category) DESC NULLS LAST, category, vendor`, append(f.arguments(), reason)...); err != nil || reason == "" {
			return err
		}
		all.Days, err = lookUp[FailedDay](ctx, tx, `
			SELECT vendor, account, send_date - DATE '1970-01-01', stage, reason, sum(messages)::bigint
			FROM sms.reason_daily
			WHERE ($1 = '' OR vendor = $1)
			  AND ($2 = '' OR account = $2)
			  AND send_date BETWEEN $3 AND $4
			  AND reason = $5
			GROUP BY vendor, account, send_date, stage, reason
			ORDER BY send_date DESC, vendor, account, stage`, append(f.arguments(), reason)...)
		return err
	})
	return all, err
}

// Restatement is a number that was another one before. Nil is not reported, or no row.
type Restatement struct {
	Vendor      sms.Vendor
	Account     string
	Day         sms.Day
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

// Restatements reads at most so many changes of the days, the newest first.
func (l *Look) Restatements(ctx context.Context, f LookFilter, most int) (all []Restatement, err error) {
	err = l.read(ctx, "reading restatements", func(tx pgx.Tx) error {
		all, err = lookUp[Restatement](ctx, tx, lookRestatements, append(f.arguments(), most)...)
		return err
	})
	return all, err
}

// Findings reads the open findings, errors first.
func (l *Look) Findings(ctx context.Context) (all []Finding, err error) {
	err = l.read(ctx, "reading findings", func(tx pgx.Tx) error {
		keys, err := accountKeys(ctx, tx, nil)
		if err != nil {
			return err
		}
		all, err = openFindings(ctx, tx, keys)
		return err
	})
	return all, err
}
