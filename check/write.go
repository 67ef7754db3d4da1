package check

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// write keeps what was found, in the order of the findings' key as loads do, and closes what no longer holds.
func (c *checking) write(ctx context.Context, tx pgx.Tx) error {
	slices.SortFunc(c.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.rule.Name, b.rule.Name), cmp.Compare(a.subject, b.subject), cmp.Compare(a.account, b.account))
	})
	rows := make([]findingRow, len(c.found))
	for i := range c.found {
		rows[i] = c.found[i].row()
	}
	query := statement("write") + "\nRETURNING finding_id, times_seen = 1, times_opened > 1"
	written, err := db.All[writtenFinding](ctx, tx, query, append([]any{c.now}, db.Columns(rows)...)...)
	if err != nil {
		return err
	}
	seen := make([]int64, len(written))
	for i, f := range written {
		seen[i] = f.ID
		switch {
		case f.IsOpened && f.IsBack:
			c.report.Reopened++
		case f.IsOpened:
			c.report.Opened++
		}
	}
	closed, err := tx.Exec(ctx, statement("close"), c.now, c.rules, c.accounts, seen)
	if err != nil {
		return err
	}
	c.report.Closed = int(closed.RowsAffected())
	_, err = tx.Exec(ctx, statement("age"), c.now, c.accounts)
	return err
}

// writtenFinding says what became of a finding that was written.
type writtenFinding struct {
	ID               int64
	IsOpened, IsBack bool
}

// findingRow is a finding as write.sql takes it.
type findingRow struct {
	Account         int32
	Check, Subject  string
	Severity        sms.Severity
	First, Last     sms.Day
	Days            int32
	Expected, Found *float64
	Unit, Tolerance string
	Size            float64
	Detail          string
}

func (f *found) row() findingRow {
	size := f.size
	if size == 0 { // the days are all that can be counted
		size = float64(f.days)
	}
	return findingRow{
		Account: f.account, Check: f.rule.Name, Subject: f.subject, Severity: f.severity, First: f.first, Last: f.last, Days: int32(f.days),
		Expected: f.worst.Expected, Found: f.worst.Found, Unit: f.rule.Unit, Tolerance: f.rule.Tolerance, Size: size, Detail: f.sentence(),
	}
}
