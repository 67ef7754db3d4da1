// Package ledger keeps what is known about each day of each dataset of each account: it reads the days and their
// states, and writes what time and operators change of them. What a load changes is written in the transaction of the
// load, by package load.
package ledger

import (
	"context"
	"embed"

	"smsetl/internal/db"
	"smsetl/sms"
)

//go:embed sql/*.sql
var files embed.FS

// statement gives the text of a file in sql/.
func statement(name string) string { return db.Statement(files, name) }

// withDays gives the text of a file in sql/ that asks of the expected days, which are those of days.sql.
func withDays(name string) string {
	return "WITH days AS (\n" + statement("days") + ")\n" + statement(name)
}

// failed wraps an error of the database, with what was tried.
func failed(doing string, err error) error { return db.Error("ledger", doing, err) }

// Lines reads the ledger's lines of the accounts from first to last, both inside, as they were written, ordered by
// account, dataset and day. Days without a line (missing, or not due yet) are not in it.
func Lines(ctx context.Context, q db.Querier, accounts []sms.Account, first, last sms.Day) ([]sms.DayStatus, error) {
	all, err := db.All[sms.DayStatus](ctx, q, statement("lines"), append(db.Columns(accounts), first, last)...)
	return all, failed("reading the lines", err)
}

// Days gives every expected day as it is now, expectation by expectation, oldest day first: missing days, and today as
// not due, are among them. A day that the vendor keeps no longer is what that makes of it, whether the ledger says so
// already or not.
func Days(ctx context.Context, q db.Querier, expected []Expectation) ([]sms.DayStatus, error) {
	all, err := db.All[sms.DayStatus](ctx, q, withDays("expected"), columns(expected)...)
	return all, failed("reading the expected days", err)
}
