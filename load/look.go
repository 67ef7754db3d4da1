package load

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/queue"
	"smsetl/sms"
)

// lookTimeout ends a question of a page that takes longer: whoever asked has gone by then.
const lookTimeout = 20 * time.Second

// Look reads what pages show. Each method asks all of its questions in one transaction that cannot write and that sees one
// state of the warehouse, however much is loaded meanwhile; their number does not depend on what they find.
type Look struct {
	pool interface {
		BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	}
	now func() time.Time
}

// Look gives a reader for pages. now is the time as of which states are told.
func (w *Warehouse) Look(now func() time.Time) *Look { return &Look{pool: w.pool, now: now} }

// LookFilter chooses days. Empty names choose all.
type LookFilter struct {
	Vendor      sms.Vendor
	Account     string
	First, Last sms.Day // both inside
}

func (f LookFilter) arguments() []any {
	return []any{string(f.Vendor), f.Account, date(f.First), date(f.Last)}
}

func (l *Look) read(ctx context.Context, doing string, ask func(tx pgx.Tx) error) error {
	tx, err := l.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return failed(doing, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it has only read
	_, err = tx.Exec(ctx, `
		SELECT set_config('etl.now', $1, true),
		       set_config('statement_timeout', $2, true)`,
		l.now().Format(time.RFC3339), fmt.Sprint(lookTimeout.Milliseconds()))
	if err == nil {
		err = ask(tx)
	}
	return failed(doing, err)
}

// lookUp collects rows into structs by the order of their columns. Days travel as the number that sms.Day is.
func lookUp[T any](ctx context.Context, tx pgx.Tx, query string, arguments ...any) ([]T, error) {
	rows, err := tx.Query(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// KnownAccount is an account that was configured once, with its source.
type KnownAccount struct {
	Vendor  sms.Vendor
	Account string
	Source  string
	Zone    string
}

// Accounts gives every account by vendor and name.
func (l *Look) Accounts(ctx context.Context) (all []KnownAccount, err error) {
	err = l.read(ctx, "reading accounts", func(tx pgx.Tx) error {
		all, err = lookUp[KnownAccount](ctx, tx, `
			SELECT v.vendor, a.account, a.source, a.zone
			FROM sms.dim_account AS a
			JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
			ORDER BY v.vendor, a.account`)
		return err
	})
	return all, err
}

// Runs reads the newest runs, at most so many, and the backfills under way with as many of the ended ones.
func (l *Look) Runs(ctx context.Context, most int) (all queue.Runs, err error) {
	err = l.read(ctx, "reading runs", func(tx pgx.Tx) error {
		all, err = queue.ReadRuns(ctx, tx, most, l.now())
		return err
	})
	return all, err
}
