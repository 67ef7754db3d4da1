package star

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// sums are rows of the delivery fact added up.
type sums struct {
	Rows, NotReported int64 // rows, and those that lack what a rate is made of
	Measures          sms.Measures
}

func (s *sums) add(m *sms.Measures) {
	s.Rows++
	if !m.Requested.IsReported() || !m.Delivered.IsReported() || !m.ProcessingFailed.IsReported() || !m.SendFailed.IsReported() {
		s.NotReported++
	}
	more := m.Counts()
	for i, to := range s.Measures.Pointers() {
		*to = to.Add(more[i])
	}
}

// monthly is a summary of deliveries by month.
type monthly struct {
	name string          // sms.delivery_by_month_<name>
	keys []string        // its grain, beside the month and the account
	of   func(keys) keys // those of a subject
}

// months are the summaries by month: between them every key of the fact stands in one. A single one of all keys would be as large as the fact where
// each template has labels of its own that change with the day.
var months = []monthly{
	{"template", []string{"template_key"}, func(k keys) keys { return keys{Template: k.Template} }},
	{"label", []string{"label_key", "message_type_key", "country_key"}, func(k keys) keys { k.Template = 0; return k }},
}

// isSummarised says that the sums of the i-th day are to be refreshed: a row of it was written, or nothing stored is trusted.
func (w *Writer) isSummarised(f *fact, i int) bool {
	if w.Stored == nil {
		return w.Believed[i]
	}
	return slices.ContainsFunc(f.parts, func(part Part) bool { return w.written.Changed[part][i] })
}

// summariseDays refreshes the summary by day.
func (w *Writer) summariseDays(ctx context.Context, tx pgx.Tx, f *fact) error {
	var days []sms.Day
	var rows []sums
	for i := range w.window.Len() {
		if !w.isSummarised(f, i) {
			continue
		}
		var s sums
		for _, l := range w.deliveries.day(i) {
			m := w.Staging.Batch.Measures(&w.Staging.Batch.Deliveries[l.at])
			s.add(&m)
		}
		days, rows = append(days, w.window.First()+sms.Day(i)), append(rows, s)
	}
	if len(days) == 0 {
		return nil
	}
	query := w.literal(f, days, statement("summary_day"))
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...)
	return err
}

// addMonths brings the summaries by month forward by rows of days that held none.
func (w *Writer) addMonths(ctx context.Context, tx pgx.Tx, f *fact, fresh *comparison) error {
	const source = `
		SELECT month_start, {grain|%s}, row_count, rows_not_reported, {measures|%s}
		FROM unnest($1::date[], $2::int[], $3::int[], $4::int[], $5::int[],
		            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])
		     AS u (month_start, template_key, label_key, message_type_key, country_key, row_count, rows_not_reported, {measures|%s})`
	for i, rows := range w.sumMonths(fresh) {
		query := w.literal(f.by(&months[i]), fresh.days, strings.ReplaceAll(statement("month_add"), "{rows}", source))
		if _, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...); err != nil {
			return err
		}
	}
	return nil
}

// monthSums are the sums of a month and of keys of which some may be left out.
type monthSums struct {
	Month sms.Day // its first day
	Keys  keys
	Sums  sums
}

// sumMonths adds rows up for each of months, in one pass over them: there may be a million.
func (w *Writer) sumMonths(c *comparison) [][]monthSums {
	type key struct {
		month sms.Day
		keys  keys
	}
	all, at := make([][]monthSums, len(months)), make([]map[key]int, len(months))
	for i := range at {
		at[i] = map[key]int{}
	}
	var day, month sms.Day
	for i := range c.lines {
		d := &w.Staging.Batch.Deliveries[c.lines[i].at]
		if d.Day != day {
			day, month = d.Day, d.Day.Month()
		}
		m := w.Staging.Batch.Measures(d)
		for of := range months {
			k := key{month, months[of].of(w.keys[d.Subject])}
			n, isThere := at[of][k]
			if !isThere {
				n = len(all[of])
				at[of][k] = n
				all[of] = append(all[of], monthSums{Month: month, Keys: k.keys})
			}
			all[of][n].Sums.add(&m)
		}
	}
	return all
}

// changeMonths brings them forward by the changes that a comparison found, and counts the months of a row anew that is gone, or of
// which a number came or went.
func (w *Writer) changeMonths(ctx context.Context, tx pgx.Tx, f *fact, suffix string, c *comparison) error {
	const source = `
		SELECT date_key, {grain|%s}, change,
		       CASE change WHEN 'added' THEN 1 WHEN 'removed' THEN -1 ELSE 0 END AS row_count,
		       CASE WHEN change = 'added' AND num_nulls(requested, delivered, processing_failed, send_failed) > 0 THEN 1 ELSE 0 END AS rows_not_reported,
		       {measures|CASE WHEN %[1]s IS NULL AND old_%[1]s IS NULL THEN NULL ELSE coalesce(%[1]s, 0) - coalesce(old_%[1]s, 0) END AS %[1]s},
		       ARRAY[{measures|%s IS NULL}] <> ARRAY[{measures|old_%s IS NULL}] AS has_other_nulls
		FROM pg_temp.changed_{suffix}`
	unclear := "change = 'removed' OR change = 'updated' AND has_other_nulls"
	return w.bringForward(ctx, tx, f, suffix, source, unclear, c.days)
}

// countMonths counts whole months anew.
func (w *Writer) countMonths(ctx context.Context, tx pgx.Tx, f *fact, suffix string, c *comparison) error {
	const source = `
		SELECT date_key, {grain|%s}, 0 AS row_count, 0 AS rows_not_reported, {measures|0 AS %s}
		FROM sms.fact_delivery_daily
		WHERE account_key = {account}
		  AND date_key BETWEEN {first} AND {last}
		UNION ALL
		SELECT month_start, {grain|%s}, 0, 0, {measures|0 AS %s}
		FROM sms.delivery_by_month_{month}
		WHERE account_key = {account}
		  AND month_start BETWEEN {first} AND {last}`
	return w.bringForward(ctx, tx, f, suffix, source, "true", c.days)
}

func (w *Writer) bringForward(ctx context.Context, tx pgx.Tx, f *fact, suffix, source, unclear string, days []sms.Day) error {
	y, m, _ := slices.Max(days).UTC().Date()
	whole := []sms.Day{slices.Min(days).Month(), sms.Date(y, m+1, 1) - 1}
	for i := range months {
		fill := func(query, rows string) string {
			query = strings.NewReplacer("{rows}", rows, "{unclear}", unclear).Replace(query)
			return w.literal(f.by(&months[i]), whole, strings.ReplaceAll(query, "{suffix}", suffix))
		}
		if _, err := tx.Exec(ctx, fill(statement("month_delta"), source), pgx.QueryExecModeExec); err != nil {
			return err
		}
		const told = "SELECT month_start, {grain|%s}, row_count, rows_not_reported, {measures|%s} FROM pg_temp.{month}_{suffix} WHERE NOT is_unclear"
		if _, err := tx.Exec(ctx, fill(statement("month_add"), told), pgx.QueryExecModeExec); err != nil {
			return err
		}
		isUnclear, err := db.One[bool](ctx, tx, fill("SELECT EXISTS (SELECT FROM pg_temp.{month}_{suffix} WHERE is_unclear)", ""), pgx.QueryExecModeExec)
		if err == nil && isUnclear {
			_, err = tx.Exec(ctx, fill(statement("month_count"), ""), pgx.QueryExecModeExec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dayReason is the grain of the summary of failures.
type dayReason struct {
	day    sms.Day
	reason int32
}

// reasonSums are rows of the failure fact added up.
type reasonSums struct {
	Reason            int32
	Rows, NotReported int64 // rows, and those of which the vendor named the reason and not the number
	Messages          sms.Count
}

// summariseFailures refreshes the summary of failures. What a believed day holds of the fact's reasons is what the batch says.
func (w *Writer) summariseFailures(ctx context.Context, tx pgx.Tx, f *fact) error {
	var days []sms.Day
	for day := range w.window.Days() {
		if w.isSummarised(f, int(day-w.window.First())) {
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		return nil
	}
	byReason := w.sumReasons(days)
	keys := slices.SortedFunc(maps.Keys(byReason), func(a, b dayReason) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.reason, b.reason))
	})
	of, rows := make([]sms.Day, len(keys)), make([]reasonSums, len(keys))
	for i, key := range keys {
		of[i], rows[i] = key.day, *byReason[key]
	}
	query := w.literal(f, days, strings.ReplaceAll(statement("summary_failure"), "{day_of_sums}", dateArray(of)))
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...)
	return err
}

func (w *Writer) sumReasons(days []sms.Day) map[dayReason]*reasonSums {
	byReason := map[dayReason]*reasonSums{}
	for _, day := range days {
		for _, l := range w.failures.day(int(day - w.window.First())) {
			f := &w.Staging.Batch.Failures[l.at]
			key := dayReason{day, w.reasons[f.Reason]}
			s := byReason[key]
			if s == nil {
				s = &reasonSums{Reason: key.reason}
				byReason[key] = s
			}
			s.Rows++
			if !f.Messages.IsReported() {
				s.NotReported++
			}
			s.Messages = s.Messages.Add(f.Messages)
		}
	}
	return byReason
}
