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

// monthTemplate is the grain of the monthly summary.
type monthTemplate struct {
	month    sms.Day // its first day
	template int32
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

// addMonths brings the summary by month and template forward by rows of days that held none.
func (w *Writer) addMonths(ctx context.Context, tx pgx.Tx, f *fact, fresh *comparison) error {
	byMonth := map[monthTemplate]*sums{}
	for i := range fresh.lines {
		d := &w.Staging.Batch.Deliveries[fresh.lines[i].at]
		key := monthTemplate{d.Day.Month(), w.keys[d.Subject].template}
		if byMonth[key] == nil {
			byMonth[key] = &sums{}
		}
		m := w.Staging.Batch.Measures(d)
		byMonth[key].add(&m)
	}
	keys := slices.SortedFunc(maps.Keys(byMonth), func(a, b monthTemplate) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.template, b.template))
	})
	if len(keys) == 0 {
		return nil
	}
	type row struct {
		Month    sms.Day
		Template int32
		Sums     sums
	}
	rows := make([]row, len(keys))
	for i, key := range keys {
		rows[i] = row{key.month, key.template, *byMonth[key]}
	}
	const source = `
		SELECT date_key, template_key, row_count, rows_not_reported, {measures|%s}
		FROM unnest($1::date[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
		     AS u (date_key, template_key, row_count, rows_not_reported, {measures|%s})`
	return w.bringForward(ctx, tx, f, f.name+"_fresh", source, "false", fresh.days, db.Columns(rows)...)
}

// changeMonths brings it forward by the changes that a comparison found, and counts the months of a row anew that is gone, or of
// which a number came or went.
func (w *Writer) changeMonths(ctx context.Context, tx pgx.Tx, f *fact, suffix string, c *comparison) error {
	const source = `
		SELECT date_key, template_key, change,
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
		SELECT date_key, template_key, 0 AS row_count, 0 AS rows_not_reported, {measures|0 AS %s}
		FROM sms.fact_delivery_daily
		WHERE account_key = {account}
		  AND date_key BETWEEN {first} AND {last}
		UNION ALL
		SELECT month_start, template_key, 0, 0, {measures|0 AS %s}
		FROM sms.delivery_by_month_template
		WHERE account_key = {account}
		  AND month_start BETWEEN {first} AND {last}`
	return w.bringForward(ctx, tx, f, suffix, source, "true", c.days)
}

func (w *Writer) bringForward(ctx context.Context, tx pgx.Tx, f *fact, suffix, source, unclear string, days []sms.Day, arguments ...any) error {
	y, m, _ := slices.Max(days).UTC().Date()
	whole := []sms.Day{slices.Min(days).Month(), sms.Date(y, m+1, 1) - 1}
	fill := func(query string) string {
		query = strings.NewReplacer("{rows}", source, "{unclear}", unclear).Replace(query)
		return w.literal(f, whole, strings.ReplaceAll(query, "{suffix}", suffix))
	}
	mode := any(pgx.QueryExecModeExec)
	if len(arguments) > 0 {
		mode = pgx.QueryExecModeDescribeExec
	}
	if _, err := tx.Exec(ctx, fill(statement("month_delta")), append([]any{mode}, arguments...)...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fill(statement("month_add")), pgx.QueryExecModeExec); err != nil {
		return err
	}
	var isUnclear bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_temp.month_"+suffix+" WHERE is_unclear)", pgx.QueryExecModeExec).Scan(&isUnclear)
	if err == nil && isUnclear {
		_, err = tx.Exec(ctx, fill(statement("month_count")), pgx.QueryExecModeExec)
	}
	return err
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
