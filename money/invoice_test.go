package money_test

import (
	"errors"
	"fmt"
	"testing"

	"smsetl/config"
	"smsetl/internal/csvfile"
	"smsetl/internal/db"
	"smsetl/money"
)

func compared(t *testing.T, d *db.DB, month, data string) money.Compared {
	t.Helper()
	c, err := money.CompareInvoice(t.Context(), d, money.Invoice{File: "invoice.csv", Data: []byte(data), Month: month, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said writes what a comparison found.
func said(c money.Compared) string {
	lines := c.Verdict + "\n"
	for _, g := range c.Gaps {
		lines += fmt.Sprintln(g.First, g.Last, g.Vendor, g.Account, g.Currency, text(g.InvoicedUnits), text(g.Units), text(g.UnitsGap),
			text(g.InvoicedAmount), text(g.Cost), text(g.AmountGap), g.Missing, g.IsDifferent, g.IsUnknown)
	}
	return lines
}

// Each way in which an invoice can differ is found with its size, and rounding is no difference.
func TestInvoice(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustImport(t, d, "tencent,,,,2026-01-01,CNY,segment,0.0455\nhuawei,main,CN,,2026-01-01,CNY,segment,0.05\nhuawei,main,US,,2026-01-01,USD,delivered,0.01\n")
	for day, billed := range map[string]int64{"2026-09-30": 500, "2026-10-01": 101, "2026-10-02": 200, "2026-10-03": 300, "2026-10-05": 0, "2026-11-01": 7} {
		sent(t, d, day+" tencent/main (none) 0", billed, billed, billed, billed)
	}
	sent(t, d, "2026-10-01 tencent/other (none) 0", 1, 1, 1, 1) // not on the invoice
	for _, what := range []string{"2026-10-01 huawei/main CN 0", "2026-10-09 huawei/main US 0"} {
		sent(t, d, what, 100, 100, 90, 100)
	}
	const october = "vendor,account,day,currency,units,amount\n" +
		"tencent,main,2026-10-01,CNY,3,0.14\ntencent,main,2026-10-01,CNY,3,0.14\ntencent,main,2026-10-01,CNY,3,0.14\ntencent,main,2026-10-01,CNY,92,4.19\n" // 4.5955, rounded four times
	const month = "2026-10"
	equal(t, "equal", "The invoice agrees with the warehouse: 4 lines compared.",
		said(compared(t, d, month, october+"tencent,main,2026-10-02,CNY,200,9.10\ntencent,main,2026-10-03,CNY,300,13.65\ntencent,main,2026-11-01,CNY,9,9.00\n")))
	equal(t, "all kinds", `
The invoice differs from the warehouse on 3 of 5 lines, by -195 units and -8.5100 CNY in all.
2026-10-03 2026-10-03 tencent main CNY - 300 -300 - 13.6500 -13.6500  true false
2026-10-04 2026-10-04 tencent main CNY 100 - 100 4.55 - 4.55  true false
2026-10-02 2026-10-02 tencent main CNY 205 200 5 9.69 9.1000 0.5900  true false`,
		said(compared(t, d, month, october+"tencent,main,2026-10-02,CNY,205,9.69\ntencent,main,2026-10-04,CNY,100,4.55\n")))
	equal(t, "units alone", `
The invoice differs from the warehouse on 1 of 4 lines, by +5 units in all.
2026-10-02 2026-10-02 tencent main CNY 205 200 5 - 9.1000 -  true false`,
		said(compared(t, d, "", "vendor,account,day,currency,units\ntencent,main,2026-10-01,CNY,101\ntencent,main,2026-10-02,CNY,205\ntencent,main,2026-10-03,CNY,300\n")))
	equal(t, "months, and currencies apart", `
The invoice differs from the warehouse on 1 of 3 lines, by +0.10 USD in all.
2026-10-01 2026-10-31 huawei main USD - 90 - 1.00 0.90 0.10  true false`,
		said(compared(t, d, "", "vendor,account,month,currency,amount\nhuawei,main,2026-10,CNY,5.00\nhuawei,main,2026-10,USD,1.00\ntencent,main,2026-10,CNY,27.35\n")))
	sent(t, d, "2026-10-02 huawei/main JP 0", 100, 100, 90, 70)
	equal(t, "traffic without a price", `
The invoice does not contradict the warehouse: 1 line compared. 1 cannot be compared: no price.
2026-10-01 2026-10-31 huawei main CNY 170 170 0 8.50 - - no price false true`,
		said(compared(t, d, "", "vendor,account,month,currency,units,amount\nhuawei,main,2026-10,CNY,170,8.50\n")))
}

func TestBadInvoices(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, c := range map[string]struct{ data, want string }{
		"cells": {
			"vendor,account,day,month,currency,units,amount\n,,2026-10-01,2026-10,EURO,1.5,1e3\ntencent,main,,,CNY,,\ntencent,main,2026-10-32,,CNY,1,\ntencent,main,,October,CNY,1,\n", `
bad.csv:2: vendor: "": want the vendor's name as in schedules.yaml
bad.csv:2: account: "": want the account's name as in schedules.yaml
bad.csv:2: currency: "EURO": want a currency of ISO 4217 such as CNY
bad.csv:2: units: "1.5": want a whole number, or nothing
bad.csv:2: amount: "1e3": want a decimal number such as 1234.50, or nothing
bad.csv:2: day "2026-10-01" and month "2026-10": want one of them
bad.csv:3: day "" and month "": want one of them
bad.csv:3: neither units nor amount: want one of them at least
bad.csv:4: day: "2026-10-32": want a day such as 2026-10-15
bad.csv:5: month: "October": want a month such as 2026-10`,
		},
		"both forms": {
			"vendor,account,day,month,currency,units\ntencent,main,2026-10-01,,CNY,1\ntencent,main,,2026-10,CNY,1\n",
			`bad.csv:3: line 2 has this month of tencent/main in the other form: want all of it by day, or all as month`,
		},
		"another month": {"vendor,account,month,currency,units\ntencent,main,2026-09,CNY,1\n", `bad.csv:1: no line is of 2026-10`},
	} {
		_, err := money.CompareInvoice(t.Context(), d, money.Invoice{File: "bad.csv", Data: []byte(c.data), Month: "2026-10", Now: noon})
		if _, is := errors.AsType[csvfile.Mistakes](err); !is {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		equal(t, name, c.want, err.Error())
	}
	_, err := money.CompareInvoice(t.Context(), d, money.Invoice{File: "bad.csv", Month: "10/2026", Now: noon})
	if _, is := errors.AsType[*config.InputError](err); !is || err.Error() != `month "10/2026": want one such as 2026-10` {
		t.Error(err)
	}
}
