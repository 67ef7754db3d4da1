package load

import (
	"cmp"
	"context"
	_ "embed"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/load/star"
	"smsetl/sms"
)

//go:embed sql/change_delivery.sql
var changeDelivery string

//go:embed sql/change_failure.sql
var changeFailure string

//go:embed sql/change_examples.sql
var changeExamples string

// Change is what a Rebuild makes of stored numbers.
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
		{p.fills(star.Delivery), "changed_delivery_daily", changeDelivery},
		{p.fills(star.Processing) || p.fills(star.Sending), "changed_failure_daily", changeFailure},
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
	rows, err := tx.Query(ctx, `
		SELECT date_key, measure, count(*), sum(old_value)::bigint, sum(new_value)::bigint
		FROM (`+cells+`) AS c
		GROUP BY date_key, measure
		ORDER BY measure, date_key`, pgx.QueryExecModeExec)
	if err != nil {
		return err
	}
	var day time.Time
	var m MeasureChange
	var before, after *int64
	_, err = pgx.ForEachRow(rows, []any{&day, &m.Measure, &m.Rows, &before, &after}, func() error {
		days[sms.DayOf(day)] = true
		m.Old, m.New = countOf(before), countOf(after)
		c.Measures = addMeasure(c.Measures, m)
		return nil
	})
	return err
}

// addMeasure adds the change to that of the same measure.
func addMeasure(all []MeasureChange, m MeasureChange) []MeasureChange {
	for i := range all {
		if all[i].Measure == m.Measure {
			all[i].Rows += m.Rows
			all[i].Old, all[i].New = together(all[i].Old, m.Old), together(all[i].New, m.New)
			return all
		}
	}
	return append(all, m)
}

// together adds what is reported.
func together(a, b sms.Count) sms.Count {
	if !a.IsReported() && !b.IsReported() {
		return sms.Count{}
	}
	return sms.Reported(a.Or(0) + b.Or(0))
}

func (c *Change) addExamples(ctx context.Context, tx pgx.Tx, account sms.Account, cells string, most int) error {
	rows, err := tx.Query(ctx, strings.ReplaceAll(changeExamples, "{cells}", cells), pgx.QueryExecModeExec, most)
	if err != nil {
		return err
	}
	var day time.Time
	var before, after *int64
	e := CellChange{Account: account}
	_, err = pgx.ForEachRow(rows, []any{
		&day, &e.Template, &e.Label, &e.MessageType, &e.Country, &e.Stage, &e.Reason, &e.Change, &e.Measure, &before, &after,
	}, func() error {
		e.Day, e.Old, e.New = sms.DayOf(day), countOf(before), countOf(after)
		c.Examples = append(c.Examples, e)
		return nil
	})
	slices.SortStableFunc(c.Examples, func(a, b CellChange) int { return cmp.Compare(b.size(), a.size()) })
	return err
}

// size is how much the number changes.
func (c CellChange) size() int64 {
	d := c.New.Or(0) - c.Old.Or(0)
	return max(d, -d)
}

func (c *Change) addCategories(ctx context.Context, tx pgx.Tx, loadID int64) error {
	rows, err := tx.Query(ctx, `
		SELECT r.reason_key, v.vendor, r.stage, r.code, h.category, r.category
		FROM etl.reason_history     AS h
		JOIN sms.dim_failure_reason AS r ON r.reason_key = h.reason_key
		JOIN sms.dim_vendor         AS v ON v.vendor_key = r.vendor_key
		WHERE h.replaced_by = $1
		ORDER BY r.stage, r.code`, loadID)
	if err != nil {
		return err
	}
	var one CategoryChange
	_, err = pgx.ForEachRow(rows, []any{&one.ReasonKey, &one.Vendor, &one.Stage, &one.Code, &one.Old, &one.New}, func() error {
		c.Categories = append(c.Categories, one)
		return nil
	})
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

// countOf reads a number as the driver gives it: nil is not reported.
func countOf(n *int64) sms.Count {
	if n == nil {
		return sms.Count{}
	}
	return sms.Reported(*n)
}

// orNull writes a number as the driver takes it: not reported is nil.
func orNull(c sms.Count) *int64 {
	if n, isReported := c.Value(); isReported {
		return &n
	}
	return nil
}
