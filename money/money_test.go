package money_test

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/money"
	"smsetl/read"
	"smsetl/sms"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// open gives a warehouse with one account of each vendor.
func open(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), pgtest.New(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	exec(t, d, `
		INSERT INTO sms.dim_account (vendor_key, account, zone, source)
		SELECT vendor_key, 'main', '+08:00', vendor || '-main' FROM sms.dim_vendor
		UNION ALL
		SELECT vendor_key, 'other', '+08:00', vendor || '-main' FROM sms.dim_vendor`)
	return d
}

func exec(t *testing.T, d *db.DB, query string, arguments ...any) {
	t.Helper()
	if _, err := d.Exec(t.Context(), query, arguments...); err != nil {
		t.Fatal(err)
	}
}

// sent puts a row of deliveries into the warehouse: "2026-10-05 tencent/main CN 0", and requested, accepted, delivered and billed
// segments; -1 for what is not reported.
func sent(t *testing.T, d *db.DB, what string, requested, accepted, delivered, billed int64) {
	t.Helper()
	words := strings.Fields(what)
	vendor, account, _ := strings.Cut(words[1], "/")
	exec(t, d, `
		INSERT INTO sms.dim_message_type (vendor_key, code)
		SELECT vendor_key, $2 FROM sms.dim_vendor WHERE vendor = $1
		ON CONFLICT DO NOTHING`, vendor, words[3])
	exec(t, d, `
		INSERT INTO sms.fact_delivery_daily
		    (date_key, account_key, template_key, label_key, message_type_key, country_key, load_id, requested, accepted, delivered, billed_segments)
		SELECT $1::date, a.account_key, -(1 + (SELECT count(*) FROM sms.fact_delivery_daily)), -3, m.message_type_key, y.country_key, 1,
		       NULLIF($6::bigint, -1), NULLIF($7::bigint, -1), NULLIF($8::bigint, -1), NULLIF($9::bigint, -1)
		FROM sms.dim_vendor       AS v
		JOIN sms.dim_account      AS a ON a.vendor_key = v.vendor_key AND a.account = $3
		JOIN sms.dim_message_type AS m ON m.vendor_key = v.vendor_key AND m.code = $5
		JOIN sms.dim_country      AS y ON y.code = $4
		WHERE v.vendor = $2`, words[0], vendor, account, words[2], words[3], requested, accepted, delivered, billed)
}

const header = "vendor,account,country,message_type,from,currency,unit,price\n"

func imported(t *testing.T, d *db.DB, file, lines string, options ...func(*money.PriceList)) (money.Imported, error) {
	t.Helper()
	list := money.PriceList{File: file, Data: []byte(header + lines), Who: "anna", Now: noon}
	for _, option := range options {
		option(&list)
	}
	return money.Import(t.Context(), d, list)
}

func mustImport(t *testing.T, d *db.DB, lines string, options ...func(*money.PriceList)) money.Imported {
	t.Helper()
	done, err := imported(t, d, "prices.csv", lines, options...)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// asked gives the rows of a question as text, NULL as "-".
func asked(t *testing.T, d interface {
	Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error)
}, query string) string {
	t.Helper()
	rows, err := d.Query(t.Context(), query, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var cells []string
		for _, value := range row.RawValues() {
			if value == nil {
				value = []byte("-")
			}
			cells = append(cells, string(value))
		}
		return strings.Join(cells, " "), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func equal(t *testing.T, what, want, got string) {
	t.Helper()
	if d := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// A month whose price changes in its middle costs what arithmetic without rounding says, to the last decimal; a day before the first
// price has no cost, and not none.
func TestCostIsExact(t *testing.T) {
	t.Parallel()
	d := open(t)
	prices := []struct{ from, price string }{{"2026-10-02", "0.0450"}, {"2026-10-16", "0.04249999999"}, {"2026-10-31", "0"}}
	lines := ""
	for _, p := range prices {
		lines += "tencent,,,," + p.from + ",CNY,segment," + p.price + "\n"
	}
	mustImport(t, d, lines)
	want := ""
	for day := range 31 {
		date := fmt.Sprintf("2026-10-%02d", day+1)
		billed := int64(1_000_003 * (day + 1))
		sent(t, d, date+" tencent/main (none) 0", billed, billed, billed, billed-2)
		sent(t, d, date+" tencent/main (none) 0", 1, 1, 1, 2) // of another template
		cost, price := "-", ""
		for _, p := range prices {
			if p.from <= date {
				price = p.price
			}
		}
		if price != "" {
			exact, _ := new(big.Rat).SetString(price)
			_, decimals, _ := strings.Cut(price, ".")
			cost = exact.Mul(exact, new(big.Rat).SetInt64(billed)).FloatString(len(decimals))
		}
		want += date + " " + cost + "\n"
	}
	equal(t, "costs", want, asked(t, d, `SELECT send_date, cost FROM sms.cost_daily ORDER BY 1`))
	equal(t, "the first day", "- - - - no price 0.0", asked(t, d, `
		SELECT cost, currency, unit, units, missing, round(priced_share, 1) FROM sms.cost_daily WHERE send_date = '2026-10-01'`))
	equal(t, "a price of nothing", "0 31000093 - 1.0", asked(t, d, `
		SELECT cost, units, missing, round(priced_share, 1) FROM sms.cost_daily WHERE send_date = '2026-10-31'`))
}

// The line that names most of account, country and message type counts, also when a less exact one is newer.
func TestTheMostExactPriceCounts(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustImport(t, d, `engagelab,,,,2026-01-01,CNY,segment,1
engagelab,,,,2026-10-01,CNY,segment,2
engagelab,main,,,2026-01-01,CNY,segment,3
engagelab,main,CN,,2026-01-01,CNY,segment,4
engagelab,main,CN,2,2026-01-01,USD,segment,5
engagelab,other,*,2,2026-10-02,CNY,segment,6
`)
	for _, what := range []string{"main CN 2", "main CN 0", "main HK 2", "main (none) 0", "other CN 2", "other CN 0"} {
		for _, day := range []string{"2026-09-30", "2026-10-01", "2026-10-02"} {
			sent(t, d, day+" engagelab/"+what, 1, 1, 1, 1)
		}
	}
	sent(t, d, "2026-10-02 tencent/main CN 2", 1, 1, 1, 1)
	equal(t, "prices", `
engagelab main (none) 0 3,3,3 CNY
engagelab main CN 0 4,4,4 CNY
engagelab main CN 2 5,5,5 USD
engagelab main HK 2 3,3,3 CNY
engagelab other CN 0 1,2,2 CNY
engagelab other CN 2 1,2,6 CNY
tencent main CN 2 - -`, asked(t, d, `
		SELECT vendor, account, country, message_type, string_agg(price::text, ',' ORDER BY send_date), min(currency)
		FROM sms.cost_daily GROUP BY 1, 2, 3, 4 ORDER BY vendor, account, country COLLATE "C", message_type`))
}

// What a price is for decides which number it is applied to; a number that is not reported is no cost, and no zero.
func TestUnits(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustImport(t, d, `huawei,main,,,2026-01-01,CNY,segment,0.05
huawei,main,HK,,2026-01-01,USD,accepted,0.5
huawei,main,JP,,2026-01-01,JPY,delivered,7
`)
	sent(t, d, "2026-10-01 huawei/main CN 0", 50, 40, 30, 60)
	sent(t, d, "2026-10-01 huawei/main HK 0", 30, 20, 10, 35)
	sent(t, d, "2026-10-01 huawei/main JP 0", 20, 15, 10, 25)
	sent(t, d, "2026-10-01 huawei/other CN 0", 20, 15, 10, 25)
	sent(t, d, "2026-10-02 huawei/main CN 0", 50, 40, 30, 60)
	sent(t, d, "2026-10-02 huawei/main CN 0", 50, 40, 30, -1) // one template does not report its segments
	sent(t, d, "2026-10-02 huawei/main HK 0", 25, 20, 10, 35)
	sent(t, d, "2026-10-03 huawei/main CN 0", -1, 40, 30, 60)
	sent(t, d, "2026-10-03 huawei/main SG 0", 5, 5, 5, -1)
	equal(t, "costs", `
2026-10-01 main CN CNY 3.00 60 segment - 1.000
2026-10-01 main HK USD 10.0 20 accepted - 1.000
2026-10-01 main JP JPY 70 10 delivered - 1.000
2026-10-01 other CN - - - - no price 0.000
2026-10-02 main CN CNY - - segment billed_segments is not reported 0.200
2026-10-02 main HK USD 10.0 20 accepted - 0.200
2026-10-03 main CN CNY 3.00 60 segment - -
2026-10-03 main SG CNY - - segment billed_segments is not reported -`, asked(t, d, `
		SELECT send_date, account, country, currency, cost, units, unit, missing, round(priced_share, 3) FROM sms.cost_daily ORDER BY 1, 2, 3`))
	costs, err := read.New(d, func() time.Time { return noon }).Costs(t.Context(), read.Filter{
		Vendor: sms.Huawei, Account: "main", First: sms.Date(2026, 10, 1), Last: sms.Date(2026, 10, 2),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range costs {
		got += fmt.Sprintln(c.Month, c.Account, text(c.Currency), text(c.Cost), text(c.Units), c.Unit, c.Missing, text(c.Requested), text(c.Delivered), text(c.PerDelivered), c.Days)
	}
	equal(t, "costs of the month", `
2026-10-01 main CNY 3.00 60 segment  50 30 0.100000 1
2026-10-01 main JPY 70 10 delivered  20 10 7.000000 1
2026-10-01 main USD 20.0 40 accepted  55 20 1.000000 2
2026-10-01 main - - -  billed_segments is not reported 100 60 - 1`, got)
}

func text[T any](value *T) string {
	if value == nil {
		return "-"
	}
	return fmt.Sprint(*value)
}

// The same file changes nothing; another price supersedes, and what was said before stays to be read.
func TestImportKeepsHistory(t *testing.T) {
	t.Parallel()
	d := open(t)
	sent(t, d, "2026-10-05 tencent/other (none) 0", 10, 10, 10, 10)
	const lines = "tencent,,,,2026-01-01,CNY,segment,0.0450\ntencent,main,,,2026-01-01,CNY,segment,0.04\nhuawei,,CN,,2026-01-01,CNY,segment,0.05\n"
	whole := func(l *money.PriceList) { l.IsWhole = true }
	later := func(l *money.PriceList) { l.Who, l.Now = "berta", noon.Add(time.Hour) }
	check := func(what string, got money.Imported, lines, added, changed, withdrawn, unchanged int) {
		t.Helper()
		want := money.Imported{File: "prices.csv", Lines: lines, Added: added, Changed: changed, Withdrawn: withdrawn, Unchanged: unchanged}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	check("new", mustImport(t, d, lines), 3, 3, 0, 0, 0)
	check("again", mustImport(t, d, strings.ReplaceAll(lines, "0.0450", "0.045"), later), 3, 0, 0, 0, 3)
	equal(t, "after the second time", "3 3 0 anna", asked(t, d, `SELECT count(*), max(price_id), count(superseded_at), max(imported_by) FROM sms.price`))
	check("one more", mustImport(t, d, "tencent,,,,2026-10-01,CNY,segment,0.03\n", later), 1, 1, 0, 0, 0)
	equal(t, "the newest line", "0.30 CNY", asked(t, d, `SELECT cost, currency FROM sms.cost_daily`))
	check("another", mustImport(t, d, "tencent,,,,2026-01-01,USD,segment,0.0450\n", later), 1, 0, 1, 0, 0)
	check("the whole list of a vendor", mustImport(t, d, "tencent,,,,2026-01-01,USD,segment,0.0450\n", whole, later), 1, 0, 0, 2, 1)
	equal(t, "superseded lines do not count", "0.4500 USD", asked(t, d, `SELECT cost, currency FROM sms.cost_daily`))
	all, err := money.Prices(t.Context(), d, true)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, p := range all {
		got += fmt.Sprintln(p.Key, p.From, p.Amount, p.Currency, p.ImportedBy, text(p.SupersededBy))
	}
	equal(t, "history", `
huawei, every account, country CN, every type 2026-01-01 0.05 CNY anna -
tencent, every account, every country, every type 2026-01-01 0.0450 CNY anna berta
tencent, every account, every country, every type 2026-01-01 0.0450 USD berta -
tencent, every account, every country, every type 2026-10-01 0.03 CNY berta berta
tencent, account main, every country, every type 2026-01-01 0.04 CNY anna berta`, got)
	var out strings.Builder
	inForce, err := money.Prices(t.Context(), d, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := money.WriteCSV(&out, inForce); err != nil {
		t.Fatal(err)
	}
	lists, _ := strings.CutPrefix(out.String(), header)
	check("what was written", mustImport(t, d, lists, whole), 2, 0, 0, 0, 2)
}

// Everything wrong with a file is said at once, with its line and what would be right, and nothing of it is kept.
func TestBadPriceLists(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustImport(t, d, "tencent,main,,,2026-01-01,CNY,segment,0.04\n")
	for name, c := range map[string]struct{ lines, want string }{
		"every cell": {
			"tensent,,XX,,2026-13-01,RMB,message,\"0,04\"\ntencent,,,,2026-01-01,CNY,segment,-1\ntencent,,,,2026-01-01\n", `
bad.csv:2: vendor: "tensent": want engagelab, huawei, tencent
bad.csv:2: country: "XX": want a code of ISO 3166-1 such as CN, or nothing for every country
bad.csv:2: from: "2026-13-01": want a day such as 2026-10-15
bad.csv:2: currency: "RMB": want a currency of ISO 4217 such as CNY
bad.csv:2: unit: "message": want segment, accepted, delivered: what one price is paid for
bad.csv:2: price: "0,04": want a decimal number such as 0.045
bad.csv:3: price: "-1": want a decimal number such as 0.045
bad.csv:4: 5 cells, and the header has 8`},
		"cells": {"tencent,,,,2026-01-01\n", `bad.csv:2: 5 cells, and the header has 8`},
		"twice": {
			"tencent,,,,2026-01-01,CNY,segment,1\ntencent,*,,,2026-01-01,CNY,segment,1\n",
			`bad.csv:3: line 2 is for the same (tencent, every account, every country, every type) from the same day: want one of them`,
		},
		"overlapping": {
			"tencent,main,,0,2026-01-01,CNY,segment,1\ntencent,,CN,0,2026-05-01,CNY,segment,1\n",
			`bad.csv:2 and bad.csv:3 (tencent, account main, every country, type 0; tencent, every account, country CN, type 0) are both for ` +
				`tencent, account main, country CN, type 0, and neither names more: want a third line for just that, or one of them narrower`,
		},
		"overlapping with what is stored": {
			"tencent,,CN,,2026-05-01,CNY,segment,1\n",
			`bad.csv:2 and prices.csv:2 of 2026-11-22 (tencent, every account, country CN, every type; tencent, account main, every country, every type) are both for ` +
				`tencent, account main, country CN, every type, and neither names more: want a third line for just that, or one of them narrower`,
		},
		"settled too late": {
			"engagelab,main,,,2026-01-01,CNY,segment,1\nengagelab,,CN,,2026-05-01,CNY,segment,1\nengagelab,main,CN,,2026-05-02,CNY,segment,1\n",
			`bad.csv:2 and bad.csv:3 (engagelab, account main, every country, every type; engagelab, every account, country CN, every type) are both for ` +
				`engagelab, account main, country CN, every type, and neither names more: want a third line for just that, or one of them narrower`,
		},
		"no line": {"", `bad.csv:1: the file has a header and no line`},
		"quotes":  {"tencent,\"main,,,2026-01-01,CNY,segment,1\n", `bad.csv:2: no CSV: extraneous or missing " in quoted-field`},
		"many":    {strings.Repeat("x\n", 25), strings.Repeat("bad.csv:N: 1 cell, and the header has 8\n", 20) + "and 5 mistakes more"},
	} {
		_, err := imported(t, d, "bad.csv", c.lines)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		got := err.Error()
		if name == "many" {
			for line := range 30 {
				got = strings.ReplaceAll(got, fmt.Sprintf("csv:%d:", line), "csv:N:")
			}
		}
		equal(t, name, c.want, got)
	}
	for _, c := range []struct{ data, want string }{
		{"", `bad.csv:1: no header: want vendor, account, country, message_type, from, currency, unit, price`},
		{"vendor;price\n", `bad.csv:1: column "vendor;price": want vendor, account, country, message_type, from, currency, unit, price, with a comma between them`},
		{"\uFEFFvendor,from,currency,unit,unit\nx\n", "bad.csv:1: column \"unit\" is there twice\nbad.csv:1: no column \"price\""},
		{"vendor\xff\n", `bad.csv:1: the text is not UTF-8: save the file as CSV UTF-8`},
	} {
		_, err := imported(t, d, "bad.csv", "", func(l *money.PriceList) { l.Data = []byte(c.data) })
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.data, err, c.want)
		}
	}
	equal(t, "kept", "1", asked(t, d, `SELECT count(*) FROM sms.price`))
	// A third line settles it; names that nobody has seen are taken, and said.
	done := mustImport(t, d, "tencent,,CN,,2026-05-01,CNY,segment,1\ntencent,main,CN,,2026-05-01,CNY,segment,1\ntencent,mian,CN,9,2026-05-01,CNY,segment,1\n")
	equal(t, "notes", `
prices.csv:4: account: no load has brought "mian" of tencent so far
prices.csv:4: message_type: no load has brought "9" of tencent so far`, strings.Join(done.Notes, "\n"))
}

// An analyst reads prices and costs; an operator says prices, and nobody takes them back.
func TestWhoSaysPrices(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	as := func(role string) *db.DB {
		d, err := db.Open(t.Context(), address+"&role="+role, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.Close)
		return d
	}
	mustImport(t, as("sms_operator"), "tencent,,,,2026-01-01,CNY,segment,0.04\n")
	mustImport(t, as("sms_operator"), "tencent,,,,2026-01-01,CNY,segment,0.05\n")
	for _, role := range []string{"sms_analyst", "sms_pages"} {
		conn, err := pgx.Connect(t.Context(), pgtest.As(t, address, role))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		equal(t, role, "2 0", asked(t, conn, `SELECT count(*), (SELECT count(*) FROM sms.cost_daily) FROM sms.price`))
	}
	if _, err := imported(t, as("sms_loader"), "prices.csv", "tencent,,,,2026-01-01,CNY,segment,0.06\n"); err == nil {
		t.Error("a loader says prices")
	}
}
