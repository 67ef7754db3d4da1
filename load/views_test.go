package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/load"
	"smsetl/sms"
)

// What is not reported is never a 0 and never left out of a sum in silence: over random data, every number of the views
// for people is the sum of numbers that are all there, or NULL.
func TestViewsNeverTurnNotReportedIntoZero(t *testing.T) {
	t.Parallel()
	wh := open(t)
	example := 0
	rapid.Check(t, func(t *rapid.T) {
		example++
		accounts := []sms.Account{
			{Vendor: sms.EngageLab, ID: fmt.Sprint("a", example), Zone: east}, {Vendor: sms.EngageLab, ID: fmt.Sprint("b", example), Zone: east},
			{Vendor: sms.Tencent, ID: fmt.Sprint(1400000000 + example), Zone: east},
		}
		first := sms.Date(2016, 1, 1) + sms.Day(example*3) // days that no other example has
		rows := map[sms.Account][]sms.Delivery{}
		for _, account := range accounts {
			if err := wh.Account(context.Background(), "test", account); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if d, ok := drawRow(t, first+sms.Day(i)); ok {
					rows[account] = append(rows[account], d)
				}
			}
			store(t, wh, account, first, rows[account])
		}
		got := dumpWith(context.Background(), t, wh, `
			SELECT send_date, vendor, requested, delivered, billed_segments, delivery_rate IS NULL, coalesce(not_comparable, '')
			FROM sms.vendor_comparison
			WHERE send_date BETWEEN $1 AND $2
			ORDER BY send_date, vendor`, first.UTC(), (first + 2).UTC())
		if d := cmp.Diff(wantComparison(first, rows), got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	})
}

// drawRow gives a day's row of an account, in which any number may be missing; ok is false for a day without a row.
func drawRow(t *rapid.T, d sms.Day) (row sms.Delivery, ok bool) {
	if rapid.IntRange(0, 3).Draw(t, "row") == 0 {
		return row, false
	}
	count := func(name string) sms.Count {
		if n := rapid.Int64Range(-1, 2).Draw(t, name); n >= 0 {
			return sms.Reported(n)
		}
		return sms.Count{}
	}
	row.Grain = sms.Grain{Day: d, Template: sms.NotReported, Label: sms.NotReported, MessageType: sms.NotReported, Country: sms.NotReported}
	row.Requested, row.Delivered, row.BilledSegments = count("requested"), count("delivered"), count("billed")
	row.Accepted, row.ProcessingFailed, row.SendFailed, row.Pending = sms.Reported(0), sms.Reported(0), sms.Reported(0), sms.Reported(0)
	return row, true
}

// store loads the rows, twice: numbers that are missing are believed at the second telling.
func store(t *rapid.T, wh *load.Warehouse, account sms.Account, first sms.Day, rows []sms.Delivery) {
	window, err := sms.NewWindow(first, first+2, account.Zone)
	if err != nil {
		t.Fatal(err)
	}
	scope := sms.Scope{Account: account, Datasets: wh.Datasets(account.Vendor), Window: window}
	for i := range 2 {
		_, err := tryPut(context.Background(), wh, answer{Scope: scope, Deliveries: rows, Zeros: 1}, func(o *load.PutOptions) {
			o.Rules = gullible{rules(4)}
			o.Now = o.Now.Add(time.Duration(i) * time.Second)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wantComparison adds the rows up as the view should.
func wantComparison(first sms.Day, rows map[sms.Account][]sms.Delivery) string {
	measures := []string{"requested", "delivered", "billed_segments"}
	var lines []string
	for day := first; day <= first+2; day++ {
		sums := map[sms.Vendor]*[3]int64{}
		lacking := [3]map[sms.Vendor]bool{{}, {}, {}}
		for account, all := range rows {
			for _, r := range all {
				if r.Day != day {
					continue
				}
				if sums[account.Vendor] == nil {
					sums[account.Vendor] = &[3]int64{}
				}
				for i, c := range []sms.Count{r.Requested, r.Delivered, r.BilledSegments} {
					n, reported := c.Value()
					sums[account.Vendor][i] += n
					if !reported {
						lacking[i][account.Vendor] = true
					}
				}
			}
		}
		var why []string
		for i, vendors := range lacking {
			if len(vendors) > 0 {
				var names []string
				for v := range vendors {
					names = append(names, string(v))
				}
				slices.Sort(names)
				why = append(why, measures[i]+" is not reported by "+strings.Join(names, " and "))
			}
		}
		for _, vendor := range []sms.Vendor{sms.EngageLab, sms.Tencent} {
			if sums[vendor] == nil {
				continue
			}
			line := fmt.Sprint(day, " ", vendor)
			for i, n := range sums[vendor] {
				if len(lacking[i]) > 0 {
					line += " -"
				} else {
					line += fmt.Sprint(" ", n)
				}
			}
			noRate := len(lacking[0]) > 0 || len(lacking[1]) > 0 || sums[vendor][0] == 0
			lines = append(lines, fmt.Sprint(line, " ", noRate, " ", strings.Join(why, "; ")))
		}
	}
	return strings.Join(lines, "\n")
}

// Reasons are ranked by month, vendor and stage; a number that is not reported is no 0 and makes nobody last.
func TestFailureRanking(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	silent := failure("01-06", "a", busy, 0)
	silent.Messages = sms.Count{}
	batch := answer{Scope: scope(marketing, "01-05..02-01", sms.SendFailed), Failures: []sms.Failure{
		failure("01-05", "a", powerOff, 3), failure("01-05", "b", powerOff, 2), failure("01-06", "a", powerOff, 1), silent, failure("02-01", "a", busy, 4)}}
	put(t, wh, batch, now("02-20 12:00"))
	put(t, wh, batch, now("02-20 14:00"))
	same(t, "ranking", dump(t, wh, `
		SELECT month_start, stage, reason, messages, round(share, 2)::text, rank, rows_not_reported
		FROM sms.failure_ranking ORDER BY month_start, rank`),
		"2026-01-01 sending power_off 6 1.00 1 0",
		"2026-01-01 sending busy - - 2 1",
		"2026-02-01 sending busy 4 1.00 1 0")
}
