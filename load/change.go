package load

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/star"
	"smsetl/sms"
)

// Change is what a Replay makes of stored numbers.
type Change struct {
	Days       []sms.Day        `json:"-"` // with a changed number, oldest first
	Measures   []MeasureChange  `json:"measures"`
	Categories []CategoryChange `json:"categories"`
	Examples   []CellChange     `json:"examples"` // the largest differences first
}

// MeasureChange sums one measure over the rows in which it changes. Unit: messages, or segments for billed_segments.
type MeasureChange struct {
	Measure string    `json:"measure"` // a column of sms.delivery_daily, processing_failures or sending_failures
	Rows    int64     `json:"rows"`
	Old     sms.Count `json:"old"` // not reported where no changed row had a number
	New     sms.Count `json:"new"`
}

// CategoryChange is a failure reason that gets another category, on every row that it stands in.
type CategoryChange struct {
	ReasonKey int32        `json:"-"`
	Vendor    sms.Vendor   `json:"vendor"`
	Stage     sms.Stage    `json:"stage"`
	Code      string       `json:"reason"`
	Old       sms.Category `json:"old"`
	New       sms.Category `json:"new"`
}

// CellChange is one number of one row.
type CellChange struct {
	Account     sms.Account `json:",embed"`
	Day         sms.Day     `json:"send_date"`
	Template    string      `json:"template"` // this and the next three as views show them
	Label       string      `json:"label"`
	MessageType string      `json:"message_type"`
	Country     string      `json:"country"`
	Stage       sms.Stage   `json:"stage,omitempty"`
	Reason      string      `json:"reason,omitempty"` // the vendor's code; empty for a measure of a delivery
	Change      string      `json:"change"`           // added, updated, removed
	Measure     string      `json:"measure"`
	Old         sms.Count   `json:"old"`
	New         sms.Count   `json:"new"`
}

// change tells what this put has changed in rows that a comparison found, and in categories.
func (p *put) change(ctx context.Context, tx pgx.Tx, examples int) (Change, error) {
	var all Change
	days := map[sms.Day]bool{}
	for _, f := range []struct {
		is    bool
		table string
		cells string
	}{
		{p.fills(star.Delivery), "changed_delivery_daily", statement("change_delivery")},
		{p.fills(star.Processing) || p.fills(star.Sending), "changed_failure_daily", statement("change_failure")},
	} {
		var compared bool
		if err := tx.QueryRow(ctx, `SELECT to_regclass('pg_temp.' || $1) IS NOT NULL`, f.table).Scan(&compared); err != nil {
			return all, err
		}
		if !f.is || !compared {
			continue
		}
		if err := all.addMeasures(ctx, tx, f.cells, days); err != nil {
			return all, err
		}
		if err := all.addExamples(ctx, tx, p.scope.Account, f.cells, examples); err != nil {
			return all, err
		}
	}
	all.Days = slices.Sorted(maps.Keys(days))
	all.Examples = all.Examples[:min(len(all.Examples), examples)]
	return all, all.addCategories(ctx, tx, p.loadID)
}

func (c *Change) addMeasures(ctx context.Context, tx pgx.Tx, cells string, days map[sms.Day]bool) error {
	type row struct {
		Day    sms.Day
		Change MeasureChange
	}
	rows, err := db.All[row](ctx, tx, `
		SELECT date_key, measure, count(*), sum(old_value)::bigint, sum(new_value)::bigint
		FROM (`+cells+`) AS c
		GROUP BY date_key, measure
		ORDER BY measure, date_key`, pgx.QueryExecModeExec)
	for _, r := range rows {
		days[r.Day] = true
		c.Measures = addMeasure(c.Measures, r.Change)
	}
	return err
}

// addMeasure adds the change to that of the same measure.
func addMeasure(all []MeasureChange, m MeasureChange) []MeasureChange {
	for i := range all {
		if all[i].Measure == m.Measure {
			all[i].Rows += m.Rows
			all[i].Old, all[i].New = all[i].Old.Add(m.Old), all[i].New.Add(m.New)
			return all
		}
	}
	return append(all, m)
}

func (c *Change) addExamples(ctx context.Context, tx pgx.Tx, account sms.Account, cells string, most int) error {
	type row struct {
		Day                                   sms.Day
		Template, Label, MessageType, Country string
		Stage                                 sms.Stage
		Reason, Change, Measure               string
		Old, New                              sms.Count
	}
	rows, err := db.All[row](ctx, tx, strings.ReplaceAll(statement("change_examples"), "{cells}", cells), pgx.QueryExecModeExec, most)
	for _, r := range rows {
		c.Examples = append(c.Examples, CellChange{
			account, r.Day, r.Template, r.Label, r.MessageType, r.Country, r.Stage, r.Reason, r.Change, r.Measure, r.Old, r.New,
		})
	}
	slices.SortStableFunc(c.Examples, func(a, b CellChange) int { return cmp.Compare(b.size(), a.size()) })
	return err
}

// size is how much the number changes.
func (c CellChange) size() int64 {
	d := c.New.Or(0) - c.Old.Or(0)
	return max(d, -d)
}

func (c *Change) addCategories(ctx context.Context, tx pgx.Tx, loadID int64) error {
	all, err := db.All[CategoryChange](ctx, tx, `
		SELECT r.reason_key, v.vendor, r.stage, r.code, h.category, r.category
		FROM etl.reason_history     AS h
		JOIN sms.dim_failure_reason AS r ON r.reason_key = h.reason_key
		JOIN sms.dim_vendor         AS v ON v.vendor_key = r.vendor_key
		WHERE h.replaced_by = $1
		ORDER BY r.stage, r.code`, loadID)
	c.Categories = append(c.Categories, all...)
	return err
}

// Add takes the change of other days in, and keeps at most so many examples.
func (c *Change) Add(o Change, examples int) {
	c.Days = append(c.Days, o.Days...)
	for _, m := range o.Measures {
		c.Measures = addMeasure(c.Measures, m)
	}
	for _, category := range o.Categories {
		if !slices.Contains(c.Categories, category) {
			c.Categories = append(c.Categories, category)
		}
	}
	c.Examples = append(c.Examples, o.Examples...)
	slices.SortStableFunc(c.Examples, func(a, b CellChange) int { return cmp.Compare(b.size(), a.size()) })
	c.Examples = c.Examples[:min(len(c.Examples), examples)]
}
