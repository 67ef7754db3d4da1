package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/sandbox"
	"smsetl/vendors"
)

// money runs a command that needs the database and no configuration.
func (w *world) money(arguments ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { return w.url, name == "DATABASE_URL" }, read: os.ReadFile}
	code = run(w.t.Context(), arguments, env, &out, &errs)
	return code, out.String(), errs.String()
}

func (w *world) mustMoney(want int, arguments ...string) string {
	w.t.Helper()
	code, out, errs := w.money(arguments...)
	if code != want {
		w.t.Fatalf("%v: exit %d, want %d\n%s%s", arguments, code, want, out, errs)
	}
	return out
}

func (w *world) save(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// invoiceRow is a line of an invoice that the vendor would write.
type invoiceRow struct {
	day, vendor, account, currency string
	units                          int64
	each                           string
}

func (r invoiceRow) amount() *big.Rat {
	each, _ := new(big.Rat).SetString(r.each)
	return each.Mul(each, new(big.Rat).SetInt64(r.units))
}

// invoiceOf is October as the vendors bill it, from their own truth and the sandbox's prices, read a second time here.
func invoiceOf(t *testing.T, w *world) (rows []invoiceRow) {
	t.Helper()
	truth, err := w.vendors.Truth("2026-10-01", "2026-10-31", today)
	if err != nil {
		t.Fatal(err)
	}
	at := map[invoiceRow]int{}
	for _, d := range truth.Deliveries {
		r := invoiceRow{day: d.SendDate, vendor: d.Vendor, account: d.Account, currency: "CNY", each: "0.04"}
		units := d.BilledSegments
		switch isLate := d.SendDate >= "2026-10-16"; {
		case d.Vendor == sandbox.Tencent && d.Account == "1400006874" && isLate:
			r.each = "0.0385"
		case d.Account == "harbor_offers":
			r.currency, r.each, units = "USD", "0.00725", d.Delivered
		case d.Account == "harbor_service" && d.MessageType == "0":
			r.each = "0.0450"
		case d.Account == "harbor_service" && isLate:
			r.each = "0.0295"
		case d.Account == "harbor_service":
			r.each = "0.0310"
		}
		i, isThere := at[r]
		if !isThere {
			i, at[r] = len(rows), len(rows)
			rows = append(rows, r)
		}
		rows[i].units += *units
	}
	slices.SortFunc(rows, func(a, b invoiceRow) int {
		return strings.Compare(a.day+a.vendor+a.account+a.currency, b.day+b.vendor+b.account+b.currency)
	})
	return rows
}

func writeInvoice(rows []invoiceRow) string {
	text := "vendor,account,day,currency,units,amount\n"
	for _, r := range rows {
		text += fmt.Sprintf("%s,%s,%s,%s,%d,%s\n", r.vendor, r.account, r.day, r.currency, r.units, r.amount().FloatString(2))
	}
	return text
}

// Five differences that are planted into the invoice of a month are found, each by its account and day, and nothing else.
func TestInvoiceWithFivePlantedDifferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(70))
	w.must(exitOK, "run", at(today)...)
	w.mustMoney(exitOK, "prices", "import", w.save("prices.csv", sandbox.Prices+"engagelab,harbor_service,,0,2026-01-01,CNY,segment,0.0450\n"))
	rows := invoiceOf(t, w)
	compare := func(want int, rows []invoiceRow, more ...string) string {
		arguments := append([]string{"invoice", "compare", w.save("invoice.csv", writeInvoice(rows)), "--now", today.Format(time.RFC3339)}, more...)
		return w.mustMoney(want, arguments...)
	}
	if out := compare(exitOK, rows); !strings.HasPrefix(out, "The invoice agrees with the warehouse: ") {
		t.Error(out)
	}
	var want []string
	note := func(r invoiceRow) {
		want = append(want, fmt.Sprintf("%s %s/%s %s", r.day, r.vendor, r.account, r.currency))
	}
	find := func(day, account, currency string) int {
		return slices.IndexFunc(rows, func(r invoiceRow) bool {
			return r.units > 300 && (day == "" || r.day == day) && r.account == account && r.currency == currency
		})
	}
	more := find("2026-10-05", "1400006874", "CNY")
	rows[more].units += 1234
	note(rows[more])
	one := find("2026-10-09", "harbor_service", "CNY")
	rows[one].units++
	note(rows[one])
	dearer := find("2026-10-20", "harbor_service", "CNY")
	rows[dearer].each = "0.0310" // the price of before
	note(rows[dearer])
	foreign := find("", "harbor_offers", "USD")
	rows[foreign].units *= 2
	note(rows[foreign])
	lost := find("2026-10-31", "1400006874", "CNY")
	note(rows[lost])
	rows = slices.Delete(rows, lost, lost+1)

	var found struct {
		Verdict string
		Gaps    []struct {
			Vendor, Account, Currency string
			First                     string `json:"first_day"`
			IsDifferent               bool   `json:"is_different"`
			IsUnknown                 bool   `json:"is_unknown"`
			OpenDays                  int    `json:"open_days"`
		}
	}
	if err := json.Unmarshal([]byte(compare(exitQuality, rows, "--month", "2026-10", "-o", "json")), &found); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range found.Gaps {
		if !g.IsDifferent || g.IsUnknown || g.OpenDays != 0 {
			t.Errorf("%+v", g)
		}
		got = append(got, fmt.Sprintf("%s %s/%s %s", g.First, g.Vendor, g.Account, g.Currency))
	}
	slices.Sort(want)
	sorted := slices.Sorted(slices.Values(got))
	if d := cmp.Diff(want, sorted); d != "" {
		t.Errorf("(-planted +found):\n%s", d)
	}
	if got[0] != "2026-10-31 tencent/1400006874 CNY" || !strings.HasPrefix(found.Verdict, "The invoice differs from the warehouse on 5 of ") {
		t.Errorf("%q, the largest first: %q", found.Verdict, got)
	}
	if out := compare(exitQuality, rows); !strings.HasPrefix(out, found.Verdict+"\n") {
		t.Errorf("the verdict is not first:\n%s", out)
	}
}

// The commands around a price list: what is wrong is the user's to repair, what is written can be read again.
func TestPricesCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(3))
	list := w.save("prices.csv", sandbox.Prices)
	if out := w.mustMoney(exitOK, "prices", "list"); out != "No price is known: etl prices import\n" {
		t.Errorf("%q", out)
	}
	w.mustMoney(exitOK, "prices", "import", list, "--who", "anna")
	if out := w.mustMoney(exitOK, "prices", "import", list, "--whole"); !strings.HasPrefix(out, "prices.csv: 7 prices: 0 added, 0 changed, 0 withdrawn, 7 unchanged\n") {
		t.Error(out)
	}
	exported := w.mustMoney(exitOK, "prices", "export")
	if out := w.mustMoney(exitOK, "prices", "import", w.save("again.csv", exported), "--whole"); !strings.Contains(out, "7 unchanged") {
		t.Error(out)
	}
	if out := w.mustMoney(exitOK, "prices", "list"); strings.Count(out, ", anna  in force") != 7 {
		t.Error(out)
	}
	var prices []struct{ Vendor string }
	if err := json.Unmarshal([]byte(w.mustMoney(exitOK, "prices", "list", "--all", "-o", "json")), &prices); err != nil || len(prices) != 7 {
		t.Errorf("%d prices, %v", len(prices), err)
	}
	code, _, errs := w.money("prices", "import", w.save("bad.csv", "vendor,from,currency,unit,price\ntencent,2026-01-01,CNY,piece,1\n"))
	if code != exitUsage || errs != "etl: bad.csv:2: unit: \"piece\": want segment, accepted, delivered: what one price is paid for\nSee \"etl prices import --help\".\n" {
		t.Errorf("exit %d: %s", code, errs)
	}
	for _, wrong := range [][]string{
		{"prices", "import", "nowhere.csv"}, {"invoice", "compare", "nowhere.csv"}, {"invoice", "compare", list, "--month", "10/2026"}, {"invoice", "compare", list},
	} {
		if code, out, errs := w.money(wrong...); code != exitUsage {
			t.Errorf("%v: exit %d\n%s%s", wrong, code, out, errs)
		}
	}
}
