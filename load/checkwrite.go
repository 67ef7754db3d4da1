package load

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// write keeps what was found, in the order of the findings' key as loads do, and closes what no longer holds.
func (c *checking) write(ctx context.Context, tx pgx.Tx) error {
	slices.SortFunc(c.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.rule.Name, b.rule.Name), cmp.Compare(a.subject, b.subject), cmp.Compare(a.account, b.account))
	})
	var out foundColumns
	for i := range c.found {
		out.add(&c.found[i])
	}
	rows, err := tx.Query(ctx, checkWrite+"\nRETURNING finding_id, times_seen = 1, times_opened > 1", c.now, out.accounts, out.checks, out.subjects, out.severities,
		out.first, out.last, out.days, out.expected, out.found, out.units, out.tolerances, out.sizes, out.details)
	if err != nil {
		return err
	}
	seen := []int64{}
	var id int64
	var isOpened, isBack bool
	_, err = pgx.ForEachRow(rows, []any{&id, &isOpened, &isBack}, func() error {
		seen = append(seen, id)
		switch {
		case isOpened && isBack:
			c.report.Reopened++
		case isOpened:
			c.report.Opened++
		}
		return nil
	})
	if err != nil {
		return err
	}
	closed, err := tx.Exec(ctx, checkClose, c.now, c.rules, c.accounts, seen)
	if err != nil {
		return err
	}
	c.report.Closed = int(closed.RowsAffected())
	_, err = tx.Exec(ctx, checkAge, c.now, c.accounts)
	return err
}

// foundColumns are findings turned on their side, as unnest wants them.
type foundColumns struct {
	accounts                     []int32
	checks, subjects, severities []string
	first, last                  []time.Time
	days                         []int32
	expected, found              []*float64
	units, tolerances, details   []string
	sizes                        []float64
}

func (c *foundColumns) add(f *found) {
	size := f.size
	if size == 0 { // the days are all that can be counted
		size = float64(f.days)
	}
	c.accounts = append(c.accounts, f.account)
	c.checks = append(c.checks, f.rule.Name)
	c.subjects = append(c.subjects, clean(f.subject))
	c.severities = append(c.severities, string(f.severity))
	c.first, c.last = append(c.first, date(f.first)), append(c.last, date(f.last))
	c.days = append(c.days, int32(f.days))
	c.expected, c.found = append(c.expected, f.worst.expected), append(c.found, f.worst.found)
	c.units = append(c.units, f.rule.Unit)
	c.tolerances = append(c.tolerances, f.rule.Tolerance)
	c.sizes = append(c.sizes, size)
	c.details = append(c.details, clean(f.sentence()))
}
