package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/stored_days.sql
var storedDays string

//go:embed sql/survey_end.sql
var surveyEnd string

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
	first, last := date(scope.Window.First()), date(scope.Window.Last())
	rows, err := w.pool.Query(ctx, storedDays, account, scope.Datasets, first, last)
	if err != nil {
		return nil, failed(doing, err)
	}
	all := make([]StoredDay, 0, scope.Window.Len())
	var day time.Time
	var isLoaded, hasRows bool
	var n [sms.MeasureCount]*int64
	_, err = pgx.ForEachRow(rows, []any{&day, &isLoaded, &hasRows, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7]}, func() error {
		d := StoredDay{Day: sms.DayOf(day), IsLoaded: isLoaded, Sums: sms.Sums{Failures: map[string]sms.Count{}}}
		for i, to := range d.Sums.Measures.Pointers() {
			switch {
			case n[i] != nil:
				*to = sms.Reported(*n[i])
			case !hasRows:
				*to = sms.Reported(0)
			}
		}
		all = append(all, d)
		return nil
	})
	if err == nil {
		err = w.storedFailures(ctx, account, scope.Window, all)
	}
	return all, failed(doing, err)
}

func (w *Warehouse) storedFailures(ctx context.Context, account int32, window sms.Window, days []StoredDay) error {
	rows, err := w.pool.Query(ctx, `
		SELECT f.date_key, r.code, count(*) = count(f.messages), coalesce(sum(f.messages), 0)::bigint
		FROM sms.fact_failure_daily AS f
		JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
		WHERE f.account_key = $1
		  AND f.date_key BETWEEN $2 AND $3
		  AND r.stage = 'sending'
		GROUP BY f.date_key, r.code`, account, date(window.First()), date(window.Last()))
	if err != nil {
		return err
	}
	var day time.Time
	var code string
	var isReported bool
	var messages int64
	_, err = pgx.ForEachRow(rows, []any{&day, &code, &isReported, &messages}, func() error {
		at := int(sms.DayOf(day) - window.First())
		if at >= len(days) {
			return fmt.Errorf("the window %s leaves the calendar in sms.dim_date", window)
		}
		n := sms.Count{}
		if isReported {
			n = sms.Reported(messages)
		}
		days[at].Sums.Failures[code] = n
		return nil
	})
	return err
}

func (w *Warehouse) accountKey(ctx context.Context, account sms.Account) (key int32, err error) {
	err = w.pool.QueryRow(ctx, `
		SELECT account_key
		FROM sms.dim_account
		WHERE vendor_key = $1
		  AND account = $2`, w.vendors[account.Vendor].Key, account.ID).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownAccount
	}
	return key, err
}

// EndSurvey ends a load that compared what is stored with sums over several days: the days whose sums agreed are noted in
// the ledger as looked at now, and nothing else of them is touched. Days that another load has decided about since this one
// began, or that are not loaded, are left alone.
//
// complete and the errors are those of Put.
func (w *Warehouse) EndSurvey(ctx context.Context, loadID int64, scope sms.Scope, agreed []sms.Day, now time.Time, complete func(context.Context, pgx.Tx) error) (Result, error) {
	p := newPut(w, loadID, scope, PutOptions{Now: now})
	doing := "surveying " + scope.String()
	if err := w.fits(scope); err != nil {
		return Result{}, failed(doing, err)
	}
	err := pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := p.endSurvey(ctx, tx, agreed); err != nil {
			return err
		}
		if complete == nil {
			return nil
		}
		return complete(ctx, tx)
	})
	if err != nil {
		return Result{}, failed(doing, err)
	}
	return p.result, nil
}

func (p *put) endSurvey(ctx context.Context, tx pgx.Tx, agreed []sms.Day) error {
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	if err := p.readLedger(ctx, tx); err != nil {
		return err
	}
	days := make([]time.Time, len(agreed))
	for i, day := range agreed {
		days[i] = date(day)
		for _, dataset := range p.scope.Datasets {
			if c := p.ledger[lineKey{dataset, day}]; c != nil {
				p.result.Unchanged += c.rows
			}
		}
	}
	p.result.Received, p.result.Outcome = p.result.Unchanged, Unchanged
	if err := p.finish(ctx, tx); err != nil {
		return fmt.Errorf("ending the load: %w", err)
	}
	if _, err := tx.Exec(ctx, surveyEnd, p.account, p.scope.Datasets, days, p.loadID, p.options.Now); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
