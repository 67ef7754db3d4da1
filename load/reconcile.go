package load

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// StoredDay is what the facts hold of a day.
type StoredDay struct {
	Day sms.Day
	// IsLoaded says that the ledger calls every dataset of the scope loaded. Otherwise the sums mean nothing.
	IsLoaded bool
	Sums     sms.Sums
}

// Stored gives what the delivery facts, and the failures in stage sending, hold of the scope's account on each day of its
// window.
func (w *Warehouse) Stored(ctx context.Context, scope sms.Scope) ([]StoredDay, error) {
	doing := "reading what is stored of " + scope.String()
	account, err := w.accountKey(ctx, scope.Account)
	if err != nil {
		return nil, failed(doing, err)
	}
	first, last := scope.Window.First(), scope.Window.Last()
	type row struct {
		Day               sms.Day
		IsLoaded, HasRows bool
		Measures          sms.Measures
	}
	rows, err := db.All[row](ctx, w.pool, statement("stored_days"), account, scope.Datasets, first, last)
	if err != nil {
		return nil, failed(doing, err)
	}
	all := make([]StoredDay, len(rows))
	for i, r := range rows {
		all[i] = StoredDay{Day: r.Day, IsLoaded: r.IsLoaded, Sums: sms.Sums{Measures: r.Measures, Failures: map[string]sms.Count{}}}
		if r.HasRows {
			continue
		}
		for _, to := range all[i].Sums.Pointers() {
			*to = sms.Reported(0)
		}
	}
	return all, failed(doing, w.storedFailures(ctx, account, scope.Window, all))
}

func (w *Warehouse) storedFailures(ctx context.Context, account int32, window sms.Window, days []StoredDay) error {
	type row struct {
		Day        sms.Day
		Code       string
		IsReported bool
		Messages   int64
	}
	rows, err := db.All[row](ctx, w.pool, `
		SELECT f.date_key, r.code, count(*) = count(f.messages), coalesce(sum(f.messages), 0)::bigint
		FROM sms.fact_failure_daily AS f
		JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
		WHERE f.account_key = $1
		  AND f.date_key BETWEEN $2 AND $3
		  AND r.stage = 'sending'
		GROUP BY f.date_key, r.code`, account, window.First(), window.Last())
	for _, r := range rows {
		at := int(r.Day - window.First())
		if at >= len(days) {
			return fmt.Errorf("the window %s leaves the calendar in sms.dim_date", window)
		}
		var n sms.Count
		if r.IsReported {
			n = sms.Reported(r.Messages)
		}
		days[at].Sums.Failures[r.Code] = n
	}
	return err
}

func (w *Warehouse) accountKey(ctx context.Context, account sms.Account) (int32, error) {
	return db.AccountKey(ctx, w.pool, account)
}

// EndReconcile ends a load that compared what is stored with sums over several days: the days whose sums agreed are noted in
// the ledger as looked at now, and nothing else of them is touched. Days that another load has decided about since this one
// began, or that are not loaded, are left alone.
//
// complete and the errors are those of Put.
func (w *Warehouse) EndReconcile(ctx context.Context, loadID int64, scope sms.Scope, agreed []sms.Day, now time.Time, complete func(context.Context, pgx.Tx) error) (Result, error) {
	p := newPut(w, loadID, scope, PutOptions{Now: now})
	doing := "reconciling " + scope.String()
	if err := w.fits(scope); err != nil {
		return Result{}, failed(doing, err)
	}
	end := func(ctx context.Context, tx pgx.Tx) error { return p.endReconcile(ctx, tx, agreed) }
	if err := w.transact(ctx, end, complete); err != nil {
		return Result{}, failed(doing, err)
	}
	return p.result, nil
}

func (p *put) endReconcile(ctx context.Context, tx pgx.Tx, agreed []sms.Day) error {
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	if err := p.readLedger(ctx, tx); err != nil {
		return err
	}
	for _, day := range agreed {
		for _, dataset := range p.scope.Datasets {
			if c := p.ledger[lineKey{dataset, day}]; c != nil {
				p.result.Unchanged += c.Rows
			}
		}
	}
	p.result.Received, p.result.Outcome = p.result.Unchanged, Unchanged
	if err := p.finish(ctx, tx); err != nil {
		return fmt.Errorf("ending the load: %w", err)
	}
	if _, err := tx.Exec(ctx, statement("reconcile_end"), p.account, p.scope.Datasets, agreed, p.loadID, p.options.Now); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
