package read

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/queue"
	"smsetl/sms"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// Model answers questions about the warehouse. It is safe for use by many goroutines.
type Model struct {
	db  *db.DB
	now func() time.Time
}

// New gives the read model of a database. now is the time as of which the states of days are told.
func New(d *db.DB, now func() time.Time) *Model { return &Model{db: d, now: now} }

// failed wraps an error of the database, with what was asked.
func failed(doing string, err error) error { return db.Error("read", doing, err) }

// Filter chooses days. Empty names choose all.
type Filter struct {
	Vendor      sms.Vendor
	Account     string
	First, Last sms.Day // both inside
	Country     string  // ISO 3166-1 alpha-2, of deliveries; empty for all
}

func (f Filter) arguments() []any {
	return []any{string(f.Vendor), f.Account, f.First, f.Last}
}

// snapshot asks all questions of a page in one transaction that cannot write and that sees one state of the warehouse, however much
// is loaded meanwhile.
func (m *Model) snapshot(ctx context.Context, doing string, ask func(tx pgx.Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return failed(doing, pgx.BeginTxFunc(ctx, m.db, options, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			SELECT set_config('etl.now', $1, true),
			       set_config('statement_timeout', $2, true)`,
			m.now().Format(time.RFC3339), fmt.Sprint(db.ReadTimeout.Milliseconds()))
		if err != nil {
			return err
		}
		return ask(tx)
	}))
}

// question asks one question of a page.
func question[T any](ctx context.Context, m *Model, doing, query string, arguments ...any) (all []T, err error) {
	err = m.snapshot(ctx, doing, func(tx pgx.Tx) error {
		all, err = db.All[T](ctx, tx, query, arguments...)
		return err
	})
	return all, err
}

// answer asks one question of a command, outside of a snapshot and with the time limits of the pool.
func answer[T any](ctx context.Context, m *Model, doing, query string, arguments ...any) ([]T, error) {
	all, err := db.All[T](ctx, m.db, query, arguments...)
	return all, failed(doing, err)
}

// KnownAccount is an account that was configured once, with its source.
type KnownAccount struct {
	Vendor  sms.Vendor
	Account string
	Source  string
	Zone    string
}

// Accounts gives every account by vendor and name.
func (m *Model) Accounts(ctx context.Context) ([]KnownAccount, error) {
	return question[KnownAccount](ctx, m, "accounts", `
		SELECT v.vendor, a.account, a.source, a.zone
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		ORDER BY v.vendor, a.account`)
}

// Names gives the names that count, of everything that facts are of: of templates and labels with their account.
func (m *Model) Names(ctx context.Context) ([]sms.Name, error) {
	return question[sms.Name](ctx, m, "names", statement("names"))
}

// Runs reads the newest runs, at most so many, and the backfills under way with as many of the ended ones.
func (m *Model) Runs(ctx context.Context, most int) (all queue.Runs, err error) {
	err = m.snapshot(ctx, "runs", func(tx pgx.Tx) error {
		all, err = queue.Read(tx).Runs(ctx, most, m.now())
		return err
	})
	return all, err
}
