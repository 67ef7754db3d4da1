package main

import (
	"context"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/bi/metabase"
	"smsetl/sandbox"
)

var (
	optionalClause = regexp.MustCompile(`(?s)\[\[(.*?)\]\]`)
	tagClause      = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// expanded is what Metabase makes of a card's SQL: [[clauses]] go away unless their filter has a value, and a filter becomes a
// condition on its column under the column's full name.
func expanded(c metabase.Card, values map[string]string) string {
	sql := optionalClause.ReplaceAllStringFunc(c.SQL, func(clause string) string {
		if _, set := values[tagClause.FindStringSubmatch(clause)[1]]; !set {
			return ""
		}
		return strings.Trim(clause, "[]")
	})
	for _, f := range c.Filters {
		sql = strings.ReplaceAll(sql, "{{"+f.Tag+"}}", fmt.Sprintf(`"sms"."%s"."%s" %s`, f.Table, f.Column, values[f.Tag]))
	}
	return sql
}

// delivered is a row of sms.delivery_daily.
type deliveredRow struct {
	Day                          time.Time
	Vendor, Account              string
	Template, Country            string
	Requested, Delivered         *int64
	ProcessingFailed, SendFailed *int64
	BilledSegments               *int64
}

// failedRow is a row of sms.failure_daily.
type failedRow struct {
	Day                                      time.Time
	Vendor, Account, Stage, Category, Reason string
	Messages                                 *int64
}

// scope is which rows a filter lets through.
type scope struct {
	name            string
	from, to        string
	vendor, account string
}

func (s scope) holds(day time.Time, vendor, account string) bool {
	d := day.Format(time.DateOnly)
	return (s.from == "" || s.from <= d && d <= s.to) && (s.vendor == "" || s.vendor == vendor) && (s.account == "" || s.account == account)
}

func (s scope) values() map[string]string {
	all := map[string]string{}
	if s.from != "" {
		all["day"] = fmt.Sprintf("BETWEEN date '%s' AND date '%s'", s.from, s.to)
	}
	if s.vendor != "" {
		all["vendor"] = fmt.Sprintf("= '%s'", s.vendor)
	}
	if s.account != "" {
		all["account"] = fmt.Sprintf("IN ('%s')", s.account)
	}
	return all
}

// total gives a sum, and "" where a row does not report it or there is no row.
func total(rows []deliveredRow, of ...func(deliveredRow) *int64) string {
	var sum int64
	for _, r := range rows {
		for _, measure := range of {
			n := measure(r)
			if n == nil {
				return ""
			}
			sum += *n
		}
	}
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprint(sum)
}

// rate gives sum over sum to twelve digits, and "" where it cannot be told.
func rate(rows []deliveredRow) string {
	over, under := total(rows, delivered), total(rows, requested)
	if over == "" || under == "" || under == "0" {
		return ""
	}
	return digits(over + "/" + under)
}

func digits(number string) string {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return number
	}
	return r.FloatString(12)
}

func requested(r deliveredRow) *int64        { return r.Requested }
func delivered(r deliveredRow) *int64        { return r.Delivered }
func processingFailed(r deliveredRow) *int64 { return r.ProcessingFailed }
func sendFailed(r deliveredRow) *int64       { return r.SendFailed }
func billedSegments(r deliveredRow) *int64   { return r.BilledSegments }

// grouped gives a line for each key, with the key's words first.
func grouped[R any](rows []R, key func(R) string, line func([]R) []string) []string {
	groups := map[string][]R{}
	for _, r := range rows {
		groups[key(r)] = append(groups[key(r)], r)
	}
	var all []string
	for k, group := range groups {
		all = append(all, k+"|"+strings.Join(line(group), "|"))
	}
	slices.Sort(all)
	return all
}

// expectedCards computes the answer of each card row by row from the flat views, without any SQL of the cards.
func expectedCards(deliveries []deliveredRow, failures []failedRow) map[string][]string {
	day := func(r deliveredRow) string { return r.Day.Format(time.DateOnly) }
	dayVendor := func(r deliveredRow) string { return day(r) + "|" + r.Vendor }
	return map[string][]string{
		"requested_total":     {total(deliveries, requested)},
		"delivered_total":     {total(deliveries, delivered)},
		"delivery_rate_total": {rate(deliveries)},
		"failed_total":        {total(deliveries, processingFailed, sendFailed)},
		"delivery_rate":       grouped(deliveries, dayVendor, func(g []deliveredRow) []string { return []string{rate(g)} }),
		"messages":            grouped(deliveries, dayVendor, func(g []deliveredRow) []string { return []string{total(g, requested)} }),
		"failures":            grouped(deliveries, day, func(g []deliveredRow) []string { return []string{total(g, processingFailed), total(g, sendFailed)} }),
		"vendors_by_month": grouped(deliveries, func(r deliveredRow) string { return r.Day.Format("2006-01") + "-01|" + r.Vendor }, func(g []deliveredRow) []string {
			return []string{total(g, requested), total(g, delivered), rate(g), total(g, billedSegments)}
		}),
		"templates": grouped(deliveries, func(r deliveredRow) string { return r.Vendor + "|" + r.Account + "|" + r.Template }, func(g []deliveredRow) []string {
			return []string{total(g, requested), total(g, delivered), rate(g)}
		}),
		"countries": grouped(deliveries, func(r deliveredRow) string { return r.Vendor + "|" + r.Country }, func(g []deliveredRow) []string {
			return []string{total(g, requested), total(g, delivered), rate(g)}
		}),
		"failure_reasons": grouped(failures, func(r failedRow) string { return strings.Join([]string{r.Vendor, r.Stage, r.Category, r.Reason}, "|") }, func(g []failedRow) []string {
			sum, told, silent := int64(0), false, 0
			for _, r := range g {
				if r.Messages == nil {
					silent++
					continue
				}
				sum, told = sum+*r.Messages, true
			}
			if !told {
				return []string{"", fmt.Sprint(silent)}
			}
			return []string{fmt.Sprint(sum), fmt.Sprint(silent)}
		}),
	}
}

// cardsWorld is a warehouse filled by loads, with an account of which a few days do not report what was delivered, or anything.
func cardsWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, quick(60))
	w.must(exitOK, "run", at(today)...)
	if err := w.vendors.Restate(sandbox.Restatement{Kind: sandbox.LateDeliveries, Share: 0.1, Account: "1400006874", From: "2026-11-18", To: "2026-11-20"}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE sms.fact_delivery_daily SET delivered = NULL
		 WHERE date_key BETWEEN '2026-10-05' AND '2026-10-07' AND account_key = (SELECT account_key FROM sms.dim_account WHERE account = '1400012345')`,
		`UPDATE sms.delivery_by_day SET delivered = NULL
		 WHERE date_key BETWEEN '2026-10-05' AND '2026-10-07' AND account_key = (SELECT account_key FROM sms.dim_account WHERE account = '1400012345')`,
		`UPDATE sms.fact_failure_daily SET messages = NULL WHERE date_key = '2026-10-06'`,
	} {
		if tag, err := w.conn.Exec(context.Background(), sql); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%v: %v", tag, err)
		}
	}
	return w
}

func collect[R any](t *testing.T, w *world, query string) []R {
	t.Helper()
	rows, err := w.conn.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[R])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// answerLines gives the rows of a question as text, with "" for NULL, and the names of its columns.
func answerLines(t *testing.T, conn *pgx.Conn, sql string) (columns, all []string) {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	defer rows.Close()
	for _, d := range rows.FieldDescriptions() {
		columns = append(columns, d.Name)
	}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for i, v := range values {
			cells = append(cells, cellText(columns[i], v))
		}
		all = append(all, strings.Join(cells, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return columns, all
}

func cellText(column string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.DateOnly)
	case interface{ MarshalJSON() ([]byte, error) }: // numeric
		text, err := v.MarshalJSON()
		if err != nil {
			return err.Error()
		}
		if column == "delivery_rate" {
			return digits(string(text))
		}
		return string(text)
	}
	return fmt.Sprint(v)
}

// Every card answers as an analyst, with every combination of filters, what the flat views hold, and never a 0 where something is not reported.
func TestCardsTellWhatTheViewsHold(t *testing.T) {
	t.Parallel()
	w := cardsWorld(t)
	analyst, err := pgx.Connect(context.Background(), w.as("sms_analyst").url)
	if err != nil {
		t.Fatal(err)
	}
	defer analyst.Close(context.Background())
	deliveries := collect[deliveredRow](t, w, `SELECT send_date, vendor, account, template, country, requested, delivered, processing_failed, send_failed, billed_segments FROM sms.delivery_daily`)
	failures := collect[failedRow](t, w, `SELECT send_date, vendor, account, stage, category, reason, messages FROM sms.failure_daily`)
	missing := 0
	for _, s := range []scope{
		{name: "everything"},
		{name: "days that do not report", from: "2026-10-05", to: "2026-10-07"},
		{name: "a vendor", vendor: "tencent"},
		{name: "an account on a day", from: "2026-10-06", to: "2026-10-06", account: "1400012345"},
		{name: "all three", from: "2026-10-20", to: "2026-11-10", vendor: "engagelab", account: "harbor_service"},
		{name: "nothing", from: "2016-01-01", to: "2016-12-31"},
	} {
		want := expectedCards(
			slices.DeleteFunc(slices.Clone(deliveries), func(r deliveredRow) bool { return !s.holds(r.Day, r.Vendor, r.Account) }),
			slices.DeleteFunc(slices.Clone(failures), func(r failedRow) bool { return !s.holds(r.Day, r.Vendor, r.Account) }),
		)
		for _, c := range metabase.Cards() {
			expected, computed := want[c.Key]
			if !computed {
				continue
			}
			_, got := answerLines(t, analyst, expanded(c, s.values()))
			slices.Sort(got)
			for _, line := range got {
				if strings.HasSuffix(line, "|") || strings.Contains(line, "||") || line == "" {
					missing++
				}
			}
			if d := cmp.Diff(expected, got); d != "" {
				t.Errorf("%s of %s (-want +got):\n%s", c.Key, s.name, d)
			}
		}
	}
	if missing < 20 {
		t.Errorf("only %d answers were not reported: the test proves little", missing)
	}
}

// The cards about the data itself count what their views hold.
func TestCardsOfQuality(t *testing.T) {
	t.Parallel()
	w := cardsWorld(t)
	w.must(exitOK, "run", at(today.Add(2*time.Hour))...)
	if _, err := w.conn.Exec(context.Background(), `SET etl.now = '2026-11-26 03:00:00+08'`); err != nil {
		t.Fatal(err)
	}
	analyst, err := pgx.Connect(context.Background(), w.as("sms_analyst").url)
	if err != nil {
		t.Fatal(err)
	}
	defer analyst.Close(context.Background())
	if _, err := analyst.Exec(context.Background(), `SET etl.now = '2026-11-26 03:00:00+08'`); err != nil {
		t.Fatal(err)
	}
	byKey := map[string]metabase.Card{}
	for _, c := range metabase.Cards() {
		byKey[c.Key] = c
	}
	for key, count := range map[string]string{
		"open_days":    `SELECT count(*) FROM sms.coverage_daily WHERE is_expected AND state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen') AND account = '1400006874'`,
		"findings":     `SELECT count(*) FROM sms.findings WHERE is_open AND account = '1400006874'`,
		"restatements": `SELECT least(count(*), 200) FROM sms.restatements WHERE account = '1400006874'`,
		"coverage":     `SELECT count(DISTINCT dataset) FROM sms.coverage_daily WHERE is_expected AND account = '1400006874'`,
	} {
		_, got := answerLines(t, analyst, expanded(byKey[key], map[string]string{"account": "= '1400006874'"}))
		if n := w.number(count); int64(len(got)) != n {
			t.Errorf("%s: %d lines, want %d\n%s", key, len(got), n, strings.Join(got, "\n"))
		}
		if len(got) == 0 && key != "findings" {
			t.Errorf("%s: no line: the test proves nothing", key)
		}
		_, none := answerLines(t, analyst, expanded(byKey[key], map[string]string{"vendor": "= 'nobody'"}))
		if len(none) != 0 {
			t.Errorf("%s: the filter lets through %v", key, none)
		}
	}
	type covered struct {
		Vendor, Account, Dataset, State string
		Day                             time.Time
	}
	want := grouped(collect[covered](t, w, `SELECT vendor, account, dataset, state, send_date FROM sms.coverage_daily WHERE is_expected ORDER BY send_date`),
		func(c covered) string { return strings.Join([]string{c.Vendor, c.Account, c.Dataset}, "|") },
		func(g []covered) []string {
			counts := map[string]int{}
			var upTo string
			hole := false
			for _, c := range g {
				kind := map[string]string{"final": "settled", "empty": "settled", "unverified": "settled", "provisional": "provisional", "not_due": "not due"}[c.State]
				if kind == "" {
					kind = "open"
				}
				counts[kind]++
				if hole = hole || kind == "open" || kind == "not due"; !hole {
					upTo = c.Day.Format(time.DateOnly)
				}
			}
			return []string{fmt.Sprint(len(g) - counts["not due"]), fmt.Sprint(counts["settled"]), fmt.Sprint(counts["provisional"]), fmt.Sprint(counts["open"]), upTo}
		})
	_, got := answerLines(t, analyst, expanded(byKey["coverage"], nil))
	for i := range got {
		got[i] = got[i][:strings.LastIndex(got[i], "|")] // when the last answer came
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
