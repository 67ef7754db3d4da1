package load

import (
	"cmp"
	"context"
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/summary_day.sql
var summaryDay string

//go:embed sql/summary_month.sql
var summaryMonth string

//go:embed sql/summary_failure.sql
var summaryFailure string

// sums are rows of the delivery fact added up.
type sums struct {
	rows     int64
	measures [sms.MeasureCount]sum
}

func (s *sums) add(o *sums) {
	s.rows += o.rows
	for m := range o.measures {
		s.measures[m].total += o.measures[m].total
		s.measures[m].reported = s.measures[m].reported || o.measures[m].reported
	}
}

// monthTemplate is the grain of the monthly summary.
type monthTemplate struct {
	month    sms.Day // its first day
	template int32
}

// summarise refreshes the summaries of deliveries for the days and months of which a delivery row was written. What a believed day
// holds is what the batch says, so only the other days of these months are read from the fact.
func (p *put) summarise(ctx context.Context, tx pgx.Tx) error {
	var days []sms.Day
	months := map[sms.Day]bool{}
	for day := range p.window.Days() {
		if p.changed[delivery][day-p.window.First()] {
			days = append(days, day)
			months[day.Month()] = true
		}
	}
	if len(days) == 0 {
		return nil
	}
	byDay, byMonth := p.sumUp(months)
	if err := p.writeDays(ctx, tx, days, byDay); err != nil {
		return err
	}
	return p.writeMonths(ctx, tx, slices.Sorted(maps.Keys(months)), byMonth)
}

// sumUp adds up the believed days of the months.
func (p *put) sumUp(months map[sms.Day]bool) ([]sums, map[monthTemplate]*sums) {
	byDay := make([]sums, p.window.Len())
	byMonth := map[monthTemplate]*sums{}
	lines := p.tally.deliveries
	for len(lines) > 0 {
		// Lines are in the order of their keys: those of one day and template are neighbours.
		first, n := lines[0], 1
		for n < len(lines) && lines[n].day == first.day && lines[n].template == first.template {
			n++
		}
		group := lines[:n]
		lines = lines[n:]
		month := first.day.Month()
		if !p.isBelieved(first.day) || !months[month] {
			continue
		}
		s := p.sumLines(group)
		byDay[first.day-p.window.First()].add(&s)
		key := monthTemplate{month, first.template}
		if byMonth[key] == nil {
			byMonth[key] = &sums{}
		}
		byMonth[key].add(&s)
	}
	return byDay, byMonth
}

func (p *put) sumLines(lines []line) sums {
	s := sums{rows: int64(len(lines))}
	for i := range lines {
		for m, c := range p.tally.batch.Deliveries[lines[i].at].Measures.Counts() {
			s.measures[m].add(c)
		}
	}
	return s
}

// sumColumns are sums turned on their side, as unnest wants them.
type sumColumns struct {
	rows     []int64
	measures [sms.MeasureCount][]*int64
}

func (c *sumColumns) add(s *sums) {
	c.rows = append(c.rows, s.rows)
	for m := range s.measures {
		c.measures[m] = append(c.measures[m], s.measures[m].pointer())
	}
}

func (c *sumColumns) arguments() []any {
	all := []any{c.rows}
	for m := range c.measures {
		all = append(all, c.measures[m])
	}
	return all
}

func (p *put) writeDays(ctx context.Context, tx pgx.Tx, days []sms.Day, byDay []sums) error {
	var columns sumColumns
	for _, day := range days {
		columns.add(&byDay[day-p.window.First()])
	}
	query := p.literal(&fact{}, days, summaryDay)
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, columns.arguments()...)...)
	return err
}

func (p *put) writeMonths(ctx context.Context, tx pgx.Tx, months []sms.Day, byMonth map[monthTemplate]*sums) error {
	keys := slices.SortedFunc(maps.Keys(byMonth), func(a, b monthTemplate) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.template, b.template))
	})
	var columns sumColumns
	first, templates := make([]sms.Day, len(keys)), make([]int32, len(keys))
	for i, key := range keys {
		first[i], templates[i] = key.month, key.template
		columns.add(byMonth[key])
	}
	var others []sms.Day // days of the months that the batch says nothing of, or is not believed on
	for _, month := range months {
		y, m, _ := month.UTC().Date()
		for day := month; day < sms.Date(y, m+1, 1); day++ {
			if !p.window.Contains(day) || !p.isBelieved(day) {
				others = append(others, day)
			}
		}
	}
	query := strings.NewReplacer("{months}", dateArray(months), "{month_of_sums}", dateArray(first)).Replace(summaryMonth)
	query = p.literal(&fact{}, others, query)
	_, err := tx.Exec(ctx, query, append([]any{pgx.QueryExecModeDescribeExec, templates}, columns.arguments()...)...)
	return err
}

// dayReason is the grain of the summary of failures.
type dayReason struct {
	day    sms.Day
	reason int32
}

// reasonSums are rows of the failure fact added up.
type reasonSums struct {
	rows, silent int64 // silent: the vendor named the reason and not the number
	messages     sum
}

// summariseFailures refreshes the summary of failures for the days of which a row of the fact was written. What a believed day
// holds of the fact's reasons is what the batch says.
func (p *put) summariseFailures(ctx context.Context, tx pgx.Tx, f *fact) error {
	var days []sms.Day
	for day := range p.window.Days() {
		if slices.ContainsFunc(f.parts, func(part part) bool { return p.changed[part][day-p.window.First()] }) {
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		return nil
	}
	byReason := p.sumReasons(days)
	keys := slices.SortedFunc(maps.Keys(byReason), func(a, b dayReason) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.reason, b.reason))
	})
	of, reasons := make([]sms.Day, len(keys)), make([]int32, len(keys))
	rows, silent, messages := make([]int64, len(keys)), make([]int64, len(keys)), make([]*int64, len(keys))
	for i, key := range keys {
		s := byReason[key]
		of[i], reasons[i] = key.day, key.reason
		rows[i], silent[i], messages[i] = s.rows, s.silent, s.messages.pointer()
	}
	query := p.literal(f, days, strings.ReplaceAll(summaryFailure, "{day_of_sums}", dateArray(of)))
	_, err := tx.Exec(ctx, query, pgx.QueryExecModeDescribeExec, reasons, rows, silent, messages)
	return err
}

func (p *put) sumReasons(days []sms.Day) map[dayReason]*reasonSums {
	written := map[sms.Day]bool{}
	for _, day := range days {
		written[day] = true
	}
	byReason := map[dayReason]*reasonSums{}
	for i := range p.tally.failures {
		l := &p.tally.failures[i]
		if !written[l.day] {
			continue
		}
		s := byReason[dayReason{l.day, l.reason}]
		if s == nil {
			s = &reasonSums{}
			byReason[dayReason{l.day, l.reason}] = s
		}
		s.rows++
		messages := p.tally.batch.Failures[l.at].Messages
		if _, ok := messages.Value(); !ok {
			s.silent++
		}
		s.messages.add(messages)
	}
	return byReason
}
