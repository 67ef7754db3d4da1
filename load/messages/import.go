package messages

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/load"
	"smsetl/sms"
)

// Import is what is new about the messages of one account on the days of a window: files, which are kept already, or
// pushes.
type Import struct {
	LoadID  int64 // of Begin
	Scope   sms.Scope
	Exports []Export // none where the days are counted anew because of reports that were pushed
	// Count makes facts of what is kept about messages.
	Count func(context.Context, *Observations) (Counted, error)
}

// Counted are the facts of all days of an Import, also of those that are not covered.
type Counted struct {
	Facts             sms.Rows
	Findings          []sms.Finding
	Rows              int64 // of the files
	Messages, Changed int64 // messages and pieces that the files are the first about, and others of which they say more
}

// Imported is what an Import did.
type Imported struct {
	load.Result
	Counted
	Open      map[sms.Day]sms.Hours // the days that are not complete, with the hours that no export covers
	Anomalies []load.Anomaly        // the days that are not believed yet
}

// Put counts the days anew from all that is kept about their messages, and puts those that exports cover as a whole
// in the place of what is stored, as a load does. A day that is not covered gets no facts: its line in the ledger says
// which hours are missing, and what was loaded of it before stays.
//
// A load that began later is no reason to leave days alone: whoever comes last counts everything. Errors are those of
// load.Warehouse.Put.
func (im Import) Put(ctx context.Context, wh *load.Warehouse, options load.PutOptions) (Imported, error) {
	var out Imported
	var account int32
	options.Count = func(ctx context.Context, tx pgx.Tx) (sms.Batch, error) {
		batch := sms.Batch{Scope: im.Scope}
		o, err := observe(ctx, wh.DB, tx, Observed{
			Account: im.Scope.Account, First: im.Scope.Window.First() - 1, Last: im.Scope.Window.Last() + 1, NewOf: im.LoadID,
		})
		if err != nil {
			return batch, fmt.Errorf("what is kept: %w", err)
		}
		if account, err = im.begin(ctx, tx, o); err != nil {
			return batch, err
		}
		if out.Open, err = im.cover(ctx, tx, account, &batch); err != nil {
			return batch, fmt.Errorf("covered hours: %w", err)
		}
		if out.Counted, err = im.Count(ctx, o); err != nil {
			return batch, fmt.Errorf("messages: %w", err)
		}
		im.fill(&batch, &out)
		return batch, nil
	}
	options.Counted = func(ctx context.Context, tx pgx.Tx, r *load.Result) error {
		for _, day := range r.Quarantined {
			out.Anomalies = append(out.Anomalies, load.Anomaly{Day: day, Reason: r.Waiting[day]})
		}
		return endDue(ctx, tx, account, im.Scope.Window, r, options)
	}
	result, err := wh.Put(ctx, im.LoadID, sms.Batch{Scope: im.Scope}, options, nil)
	out.Result = result
	return out, err
}

// begin writes down what the load counts.
func (im *Import) begin(ctx context.Context, tx pgx.Tx, o *Observations) (account int32, err error) {
	origin := load.FromPush
	if len(im.Exports) > 0 {
		origin = load.FromImport
	}
	var until time.Time
	for _, span := range o.Listened {
		if span.To.After(until) {
			until = span.To
		}
	}
	err = tx.QueryRow(ctx, `
		UPDATE etl.load
		SET origin      = $2,
		    heard_until = $3
		WHERE load_id = $1
		RETURNING account_key`, im.LoadID, origin, until).Scan(&account)
	if err != nil {
		return account, err
	}
	return account, im.writeExports(ctx, tx, account)
}

// fill makes the batch of the days that exports cover.
func (im *Import) fill(batch *sms.Batch, out *Imported) {
	batch.Rows = out.Facts.Only(func(day sms.Day) bool { _, isOpen := out.Open[day]; return !isOpen })
	batch.Findings = out.Findings
	for i := range im.Exports {
		batch.Rejects = append(batch.Rejects, im.Exports[i].Rejects...)
	}
	// Silence is believed here: the files say which hours they speak for, and have been read to their ends.
	batch.Zeros = int64(im.Scope.Window.Len() - len(out.Open))
}
