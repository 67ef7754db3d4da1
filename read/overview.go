package read

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/queue"
	"smsetl/sms"
)

// Overview is how the warehouse stands.
type Overview struct {
	Months   []VendorMonth
	Sources  []SourceState
	Findings map[sms.Severity]int64 // open ones
	Pauses   []queue.Pause          // sources that nobody asks
}

// VendorMonth is what one vendor did in one month. A sum is nil where an account of the vendor does not report it, and where
// nothing is loaded. Unit: messages.
type VendorMonth struct {
	Month            sms.Day // its first day
	Vendor           sms.Vendor
	LoadedDays       int64 // days of accounts whose numbers are there
	Days             int64 // days of accounts that should be
	NotFinal         int64 // of these, whose numbers may still change or are not there
	Requested        *int64
	Delivered        *int64
	ProcessingFailed *int64
	SendFailed       *int64
}

// SourceState is how far a source is.
type SourceState struct {
	Source      string
	Vendor      sms.Vendor
	LoadedTo    *sms.Day            // the newest day that every dataset of every account has; nil when one has none
	ConfirmedAt *time.Time          // when an answer was last believed
	FirstOpen   *sms.Day            // the oldest day that is missing, failed or quarantined
	Days        int64               // of datasets
	OpenDays    int64               // days of accounts of which a dataset is missing, failed, quarantined or lost
	Counts      map[sms.State]int64 // days of datasets by state, whichever states there are
}

// Overview reads the months from the one that first is in to the one that last is in, and the sources and findings of now.
func (m *Model) Overview(ctx context.Context, first, last sms.Day) (o Overview, err error) {
	err = m.snapshot(ctx, "the overview", func(tx pgx.Tx) error {
		if o.Months, err = db.All[VendorMonth](ctx, tx, statement("months"), first.Month(), last.Month()); err != nil {
			return err
		}
		if o.Sources, err = db.All[SourceState](ctx, tx, statement("sources")); err != nil {
			return err
		}
		if o.Pauses, err = queue.Read(tx).Pauses(ctx); err != nil {
			return err
		}
		o.Findings, err = openCounts(ctx, tx)
		return err
	})
	return o, err
}
