package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"smsetl/sandbox/huawei"
)

// edges are those of the buckets of delivery times, in seconds.
var edges = []int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400, 259200}

// times are delivered messages by the seconds that they took, as an analyst should find them.
type times struct {
	counts [16]int64
	early  int64
	timed  []int64 // sorted
}

func timesOf(seconds []int64) (t times) {
	for _, s := range seconds {
		if s < 0 {
			t.early++
			continue
		}
		at := slices.IndexFunc(edges, func(edge int64) bool { return s <= edge })
		if at < 0 {
			at = len(edges)
		}
		t.counts[at]++
		t.timed = append(t.timed, s)
	}
	return t
}

// quantile gives the upper edge of the bucket of the message within whose time a percentage of the messages were delivered.
func (t *times) quantile(percent int) string {
	if len(t.timed) == 0 {
		return "NULL"
	}
	took := t.timed[(len(t.timed)*percent+99)/100-1]
	for _, edge := range edges {
		if took <= edge {
			return fmt.Sprint(edge)
		}
	}
	return "NULL"
}

func (t *times) share(within int64) string {
	if len(t.timed) == 0 {
		return "NULL"
	}
	n := 0
	for _, s := range t.timed {
		if s <= within {
			n++
		}
	}
	return big.NewRat(int64(n), int64(len(t.timed))).FloatString(4) // halves go up, as in the database
}

func (t *times) String() string {
	return fmt.Sprintf("{%s} early %d p50 %s p95 %s within 10 s %s, 60 s %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(t.counts), " ", ","), "[]"), t.early,
		t.quantile(50), t.quantile(95), t.share(10), t.share(60))
}

// shownTimes is SQL for the same text; its columns are those of sms.delivery_time_daily.
const shownTimes = `format('%s early %s p50 %s p95 %s within 10 s %s, 60 s %s', counts, early,
	coalesce(p50_seconds::text, 'NULL'), coalesce(p95_seconds::text, 'NULL'),
	coalesce(round(share_within_10s, 4)::text, 'NULL'), coalesce(round(share_within_60s, 4)::text, 'NULL'))`

// timesDiffer lists rows of sms.delivery_time_daily that only the warehouse or only the truth has.
func (x *exported) timesDiffer(truth huawei.Truth) (differ []string) {
	x.t.Helper()
	want := map[string]bool{}
	for _, t := range truth.Times {
		all := timesOf(t.Seconds)
		want[fmt.Sprint(t.SendDate, " ", t.Account, " ", t.Template, " ", t.Country, ": ", all.String(), " untimed 0")] = true
	}
	for line := range strings.Lines(x.text(`
		SELECT coalesce(string_agg(concat_ws(' ', send_date, account, template, country || ':', ` + shownTimes + `, 'untimed', untimed), E'\n'), '')
		FROM sms.delivery_time_daily`)) {
		if line = strings.TrimSuffix(line, "\n"); !want[line] {
			differ = append(differ, "only in the warehouse: "+line)
		}
		delete(want, line)
	}
	for line := range want {
		differ = append(differ, "only in the truth: "+line)
	}
	return differ
}

// The histograms of days add up to that of all of them, whose quantiles are within a bucket of the truth; clocks that are behind make
// messages early and nothing faster; and an export without the times of reports makes them untimed, never instant.
func TestDeliveryTimes(t *testing.T) {
	t.Parallel()
	world := huawei.ConsoleOptions{Seed: 5, First: "2026-11-09", Days: 9, PerDay: 60, Skewed: 10, Site: huawei.Site{Window: 8 * 24 * time.Hour}}
	x := newExportedOf(t, world)
	made := weekEnd.Add(96 * time.Hour)
	x.bring(exitOK, []string{x.save("week", huawei.Export{From: weekStart, To: weekEnd, At: made})})
	truth := x.console.Truth(weekStart, weekEnd, 8, made)
	x.equals("the week", truth)

	var all []int64
	for _, one := range truth.Times {
		all = append(all, one.Seconds...)
	}
	slices.Sort(all)
	sum := timesOf(all)
	if sum.early == 0 || sum.quantile(50) == sum.quantile(95) {
		t.Fatalf("%s proves little", &sum)
	}
	if got := x.text(`
		SELECT ` + shownTimes + `
		FROM (SELECT counts, early, sms.delivery_time_quantile(counts, 0.5) AS p50_seconds, sms.delivery_time_quantile(counts, 0.95) AS p95_seconds,
		             sms.delivery_time_share(counts, 10) AS share_within_10s, sms.delivery_time_share(counts, 60) AS share_within_60s
		      FROM (SELECT sms.add_delivery_times(counts) AS counts, sum(early) AS early FROM sms.delivery_time_daily) AS week) AS week`); got != sum.String() {
		t.Errorf("the week is %s, want %s", got, &sum)
	}
	if n := x.number(`SELECT count(*) FROM sms.findings WHERE check_name = 'reported_before_sent' AND is_open`); n != 2 {
		t.Errorf("that clocks differ is %d findings, want one for each application", n)
	}

	// The same week in another warehouse, from a file that lacks the times of reports.
	y := newExportedOf(t, world)
	y.bring(exitOK, []string{y.save("week", huawei.Export{From: weekStart, To: weekEnd, At: made, NoReports: true})})
	if got := y.text(`SELECT concat_ws(' ', sum(untimed), sum(early), sms.delivery_time_quantile(sms.add_delivery_times(counts), 0.5)) FROM sms.delivery_time_daily`); got != fmt.Sprint(len(all), " 0") {
		t.Errorf("without times of reports: %s, want %d untimed", got, len(all))
	}
	if n := y.number(`SELECT count(*) FROM sms.delivery_time_daily WHERE num_nonnulls(p50_seconds, p95_seconds, share_within_10s, share_within_60s) > 0`); n != 0 {
		t.Errorf("%d rows say how long messages took of which nobody knows", n)
	}
	// A file that has them is no later than that one, and fills them in.
	y.bring(exitOK, []string{y.save("full", huawei.Export{From: weekStart, To: weekEnd, At: made})})
	y.equals("with times of reports", truth)

	// What is stored and was not counted goes with the next load of its day.
	y.exec(`INSERT INTO sms.delivery_time_by_day SELECT date_key, account_key, template_key, -1, counts, early, untimed, load_id FROM sms.delivery_time_by_day
		WHERE country_key = (SELECT country_key FROM sms.dim_country WHERE code = 'CN')`)
	y.bring(exitOK, []string{y.save("again", huawei.Export{From: weekStart, To: weekEnd, At: made, Chinese: true})})
	y.equals("after the next load", truth)
}
