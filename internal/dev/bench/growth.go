package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// daysIntoStored loads days that are new while the fact grows, to see whether the cost of a day depends on what is stored. The start
// of the program is what the same command takes when it finds nothing to do.
func (b *bench) daysIntoStored(ctx context.Context, r *report) error {
	if err := b.fresh(ctx, ""); err != nil {
		return err
	}
	if _, err := b.path(ctx, "first load", b.etl(ctx, b.backfillOf(0, b.days-1)...)); err != nil {
		return err
	}
	r.addf("\n## One new day\n\nOf %d rows, by the same commands: `etl backfill` of the day, and once more for the start of the program with nothing to do.\n"+
		"Medians of %d days.\n\n| rows stored before | whole, ms | start, ms | beyond it, ms | window, ms |\n|---|---|---|---|---|\n", rowsPerDay, b.newDays)
	var windows []time.Duration
	for i, copies := range b.copies {
		from := 1
		if i > 0 {
			from = b.copies[i-1]
		}
		stored, err := b.multiply(ctx, from, copies)
		if err != nil {
			return err
		}
		var wholes, starts, inside []time.Duration
		for n := range b.newDays {
			day := b.days + i*b.newDays + n
			arguments := append([]string{"--log-level", "debug"}, b.backfillOf(day, day)...)
			whole, err := b.path(ctx, fmt.Sprintf("a new day into %d rows", stored), b.etl(ctx, arguments...))
			if err != nil {
				return err
			}
			window, err := windowTime(whole.output)
			if err != nil {
				return err
			}
			start, err := b.path(ctx, "nothing to do", b.etl(ctx, arguments...))
			if err != nil {
				return err
			}
			wholes, starts, inside = append(wholes, whole.wall), append(starts, start.wall), append(inside, window)
		}
		whole, start, window := median(wholes), median(starts), median(inside)
		windows = append(windows, window)
		r.addf("| %d | %.0f | %.0f | %.0f | %.0f |\n", stored, ms(whole), ms(start), ms(whole-start), ms(window))
		r.atMost(fmt.Sprintf("one new day into %d rows, beyond the program's start", stored), "%.0f ms", 150, ms(whole-start))
		r.atMost(fmt.Sprintf("one new day into %d rows, the window itself", stored), "%.0f ms", 80, ms(window))
	}
	r.atMost("one new day, the slowest window beside the fastest", "%.2f x", 1.2, slices.Max(windows).Seconds()/slices.Min(windows).Seconds())
	return nil
}

// multiply copies the days of the first load into earlier years, until there are so many of each, and counts what is stored.
func (b *bench) multiply(ctx context.Context, from, copies int) (int64, error) {
	var statements []string
	for i := from; i < copies; i++ {
		statements = append(statements, fmt.Sprintf(`
			INSERT INTO sms.fact_delivery_daily (%s)
			SELECT date_key - %d, %s
			FROM   sms.fact_delivery_daily
			WHERE  date_key BETWEEN '%s' AND '%s'`,
			factColumns, 366*i, strings.TrimPrefix(factColumns, "date_key, "), b.vendor.date(0), b.vendor.date(b.days-1)))
	}
	if err := b.exec(ctx, append(statements, "VACUUM ANALYZE")...); err != nil {
		return 0, err
	}
	return b.scalar(ctx, "SELECT count(*) FROM sms.fact_delivery_daily")
}

// windowTime reads the elapsed time of the one window out of the log.
func windowTime(log string) (time.Duration, error) {
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		var line struct {
			Message string `json:"msg"`
			Elapsed string `json:"elapsed"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "window loaded" {
			return time.ParseDuration(line.Elapsed)
		}
	}
	return 0, fmt.Errorf("the log tells of no loaded window:\n%s", log)
}
