package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// dayIntoStored loads single days again and again while the fact grows, to see whether the cost of a day depends on what is
// stored. What counts is the window's own time as the program logs it: the start of a process would drown it.
func (b *bench) dayIntoStored(ctx context.Context, r *report) error {
	for _, copies := range []int{0, 9} {
		if err := b.multiply(ctx, copies); err != nil {
			return err
		}
		stored, err := b.scalar(ctx, "SELECT count(*) FROM sms.fact_delivery_daily")
		if err != nil {
			return err
		}
		var took []time.Duration
		for i := range 7 {
			day := b.vendor.first.AddDate(0, 0, b.days-1-i).Format(time.DateOnly)
			if err := b.forget(ctx, day); err != nil {
				return err
			}
			ran, err := b.etl(ctx, "--log-level", "debug", "backfill", "--dataset", "stats_day", "--from", day, "--to", day)
			if err != nil {
				return err
			}
			one, err := windowTime(ran.output)
			if err != nil {
				return err
			}
			took = append(took, one)
		}
		r.growth = append(r.growth, growth{stored, median(took)})
		sayf("%-40s %6.0f ms", fmt.Sprintf("a new day into %d stored rows", stored), median(took).Seconds()*1000)
	}
	return nil
}

// multiply copies the stored year into earlier ones.
func (b *bench) multiply(ctx context.Context, copies int) error {
	statements := []string{"SET session_replication_role = replica"}
	for i := range copies {
		statements = append(statements, fmt.Sprintf(`
			INSERT INTO sms.fact_delivery_daily
			SELECT date_key - %d, account_key, template_key, label_key, message_type_key, requested, accepted, processing_failed,
			       delivered, send_failed, pending, billed_segments, vendor_sent, load_id, restated_at, country_key
			FROM   sms.fact_delivery_daily
			WHERE  date_key >= '%s'`, 366*(i+1), firstDay))
	}
	return b.exec(ctx, append(statements, "RESET session_replication_role", "VACUUM ANALYZE sms.fact_delivery_daily", "CHECKPOINT")...)
}

// forget takes a day out again, as if it had never been loaded.
func (b *bench) forget(ctx context.Context, day string) error {
	return b.exec(ctx,
		"DELETE FROM sms.fact_delivery_daily WHERE date_key = '"+day+"'",
		"DELETE FROM etl.coverage WHERE date_key = '"+day+"'")
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
