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
	Rows     int64
	Measures sms.Measures
}

func (s *sums) add(rows int64, m *sms.Measures) {
	s.Rows += rows
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

// summarise refreshes the summaries of deliveries for the days and months of which a delivery row was written. What a believed day
// holds is what the batch says, so only the other days of these months are read from the fact.
func (w *Writer) summarise(ctx context.Context, tx pgx.Tx) error {
	var days []sms.Day
	months := map[sms.Day]bool{}
	for day := range w.window.Days() {
		if w.written.Changed[Delivery][day-w.window.First()] {
			days = append(days, day)
			months[day.Month()] = true
		}
	}
	if len(days) == 0 {
		return nil
	}
	byDay, byMonth := w.sumUp(months)
	if err := w.writeDays(ctx, tx, days, byDay); err != nil {
		return err
	}
	return w.writeMonths(ctx, tx, slices.Sorted(maps.Keys(months)), byMonth)
}

// sumUp adds up the believed days of the months.
func (w *Writer) sumUp(months map[sms.Day]bool) ([]sums, map[monthTemplate]*sums) {
	byDay := make([]sums, w.window.Len())
	byMonth := map[monthTemplate]*sums{}
	lines := w.Staging.deliveries
	for len(lines) > 0 {
		// Lines are in the order of their keys: those of one day and template are neighbours.
		first, n := lines[0], 1
		for n < len(lines) && lines[n].day == first.day && lines[n].template == first.template {
			n++
		}
		group := lines[:n]
		lines = lines[n:]
		month := first.day.Month()
		if !w.isBelieved(first.day) || !months[month] {
			continue
		}
		var s sums
		for i := range group {
			s.add(1, &w.Staging.Batch.Deliveries[group[i].at].Measures)
		}
		byDay[first.day-w.window.First()].add(s.Rows, &s.Measures)
		key := monthTemplate{month, first.template}
		if byMonth[key] == nil {
			byMonth[key] = &sums{}
		}
		byMonth[key].add(s.Rows, &s.Measures)
	}
	return byDay, byMonth
}

func (w *Writer) writeDays(ctx context.Context, tx pgx.Tx, days []sms.Day, byDay []sums) error {
	rows := make([]sums, len(days))
	for i, day := range days {
		rows[i] = byDay[day-w.window.First()]
	}
	query := w.literal(&fact{}, days, statement("summary_day"))
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...)
	return err
}

func (w *Writer) writeMonths(ctx context.Context, tx pgx.Tx, months []sms.Day, byMonth map[monthTemplate]*sums) error {
	keys := slices.SortedFunc(maps.Keys(byMonth), func(a, b monthTemplate) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.template, b.template))
	})
	type row struct {
		Template int32
		Sums     sums
	}
	first, rows := make([]sms.Day, len(keys)), make([]row, len(keys))
	for i, key := range keys {
		first[i], rows[i] = key.month, row{key.template, *byMonth[key]}
	}
	var others []sms.Day // days of the months that the batch says nothing of, or is not believed on
	for _, month := range months {
		y, m, _ := month.UTC().Date()
		for day := month; day < sms.Date(y, m+1, 1); day++ {
			if !w.window.Contains(day) || !w.isBelieved(day) {
				others = append(others, day)
			}
		}
	}
	query := strings.NewReplacer("{months}", dateArray(months), "{month_of_sums}", dateArray(first)).Replace(statement("summary_month"))
	query = w.literal(&fact{}, others, query)
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, db.Columns(rows)...)...)
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

// summariseFailures refreshes the summary of failures for the days of which a row of the fact was written. What a believed day
// holds of the fact's reasons is what the batch says.
func (w *Writer) summariseFailures(ctx context.Context, tx pgx.Tx, f *fact) error {
	var days []sms.Day
	for day := range w.window.Days() {
		if slices.ContainsFunc(f.parts, func(part Part) bool { return w.written.Changed[part][day-w.window.First()] }) {
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
	written := map[sms.Day]bool{}
	for _, day := range days {
		written[day] = true
	}
	byReason := map[dayReason]*reasonSums{}
	for i := range w.Staging.failures {
		l := &w.Staging.failures[i]
		if !written[l.day] {
			continue
		}
		s := byReason[dayReason{l.day, l.reason}]
		if s == nil {
			s = &reasonSums{Reason: l.reason}
			byReason[dayReason{l.day, l.reason}] = s
		}
		s.Rows++
		messages := w.Staging.Batch.Failures[l.at].Messages
		if !messages.IsReported() {
			s.NotReported++
		}
		s.Messages = s.Messages.Add(messages)
	}
	return byReason
}
