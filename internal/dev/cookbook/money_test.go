package cookbook_test

import (
	"cmp"
	"encoding/csv"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"smsetl/internal/dev/cookbook"
	"smsetl/sandbox"
)

// priced is a row of sms.cost_daily, worked out from what the vendors know and what they ask for. nil: not known.
type priced struct {
	day, vendor, account, country, kind string
	currency, missing                   string // NULL where there is none
	cost, units                         *big.Rat
	requested, delivered, billed        *big.Rat
}

// priceList is the sandbox's, by its columns.
func priceList() []map[string]string {
	rows, err := csv.NewReader(strings.NewReader(sandbox.Prices)).ReadAll()
	if err != nil {
		panic(err)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, name := range rows[0] {
			line[name] = row[i]
		}
		all = append(all, line)
	}
	return all
}

// price gives the line that counts: of those that fit, the one that names most, and of these the newest.
func price(all []map[string]string, p priced) (best map[string]string) {
	rank := func(line map[string]string) string {
		named := 0
		for _, name := range []string{"account", "country", "message_type"} {
			named += b2i(line[name] != "")
		}
		return strconv.Itoa(named) + line["from"]
	}
	for _, line := range all {
		fits := line["vendor"] == p.vendor && line["from"] <= p.day
		for name, is := range map[string]string{"account": p.account, "country": p.country, "message_type": p.kind} {
			fits = fits && (line[name] == "" || line[name] == is)
		}
		if fits && (best == nil || rank(line) > rank(best)) {
			best = line
		}
	}
	return best
}

var usedFor = map[string]struct {
	measure int
	name    string
}{"segment": {billed, "billed_segments"}, "accepted": {accepted, "accepted"}, "delivered": {delivered, "delivered"}}

// costs gives the rows of some days, both inside.
func (w *world) costs(first, last string) (rows []priced) {
	lines := priceList()
	keys, groups := group(between(w.now(), first, last), func(f fact) []string { return []string{f.day, f.vendor, f.account, f.country, f.kind} })
	for i, k := range keys {
		p := priced{
			day: k[0], vendor: k[1], account: k[2], country: k[3], kind: k[4], currency: cookbook.Null, missing: "no price",
			requested: sumOf(groups[i], requested), delivered: sumOf(groups[i], delivered), billed: sumOf(groups[i], billed),
		}
		if line := price(lines, p); line != nil {
			used := usedFor[line["unit"]]
			each, _ := new(big.Rat).SetString(line["price"])
			p.currency, p.missing, p.units = line["currency"], cookbook.Null, sumOf(groups[i], used.measure)
			if p.cost = mul(p.units, each); p.cost == nil {
				p.missing = used.name + " is not reported"
			}
		}
		rows = append(rows, p)
	}
	return rows
}

// whole is a sum of numbers that are all there.
func whole(rows []priced, number func(priced) *big.Rat) *big.Rat {
	sum := rat(0)
	for _, p := range rows {
		sum = add(sum, number(p))
	}
	return sum
}

func costOf(p priced) *big.Rat      { return p.cost }
func unitsOf(p priced) *big.Rat     { return p.units }
func requestedOf(p priced) *big.Rat { return p.requested }
func deliveredOf(p priced) *big.Rat { return p.delivered }
func billedOf(p priced) *big.Rat    { return p.billed }

// nullsLast orders rows by the words of some columns, NULL behind all words.
func nullsLast(rows [][]string, columns ...int) {
	slices.SortStableFunc(rows, func(a, b []string) int {
		for _, c := range columns {
			if order := cmp.Or(cmp.Compare(b2i(a[c] == cookbook.Null), b2i(b[c] == cookbook.Null)), cmp.Compare(a[c], b[c])); order != 0 {
				return order
			}
		}
		return 0
	})
}

func (w *world) costByVendorAndMonth() (rows [][]string) {
	all := w.costs("2026-09-01", newestDay)
	keys, months := group(all, func(p priced) []string { return []string{month(p.day), p.vendor, p.currency} })
	for i, k := range keys {
		ofVendor := slices.DeleteFunc(slices.Clone(all), func(p priced) bool { return month(p.day) != k[0] || p.vendor != k[1] })
		days, _ := group(months[i], func(p priced) []string { return []string{p.day, p.vendor, p.account} })
		open := 0
		for _, d := range days {
			open += b2i(isOpen(d[0], d[1], d[2], w))
		}
		r := whole(months[i], requestedOf)
		rows = append(rows, append(slices.Clone(k), text(whole(months[i], costOf), 2), text(whole(months[i], unitsOf), 0), text(r, 0),
			text(quo(r, whole(ofVendor, requestedOf)), 4), strconv.Itoa(open)))
	}
	nullsLast(rows, 0, 1, 2)
	return rows
}

func (w *world) costPerDelivered() (rows [][]string) {
	some := slices.DeleteFunc(w.costs("2026-09-01", newestDay), func(p priced) bool { return p.currency == cookbook.Null })
	keys, months := group(some, func(p priced) []string { return []string{month(p.day), p.currency, p.vendor, p.account} })
	for i, k := range keys {
		c, d := whole(months[i], costOf), whole(months[i], deliveredOf)
		rows = append(rows, append(slices.Clone(k), text(c, 2), text(d, 0), text(quo(c, d), 5)))
	}
	return rows
}

func (w *world) trafficWithoutAPrice() (rows [][]string) {
	some := slices.DeleteFunc(w.costs("2026-09-01", newestDay), func(p priced) bool { return p.cost != nil })
	keys, groups := group(some, func(p priced) []string { return []string{p.vendor, p.account, p.country, p.kind, p.missing} })
	var all []ranked
	for i, k := range keys {
		days, _ := group(groups[i], func(p priced) []string { return []string{p.day} })
		r := whole(groups[i], requestedOf)
		all = append(all, ranked{r, append(slices.Clone(k), days[0][0], days[len(days)-1][0], strconv.Itoa(len(days)), text(r, 0), text(whole(groups[i], billedOf), 0))})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return compare(a.by, b.by, true) })
	for _, r := range all {
		rows = append(rows, r.row)
	}
	return rows
}
