package cookbook_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"smsetl/internal/dev/cookbook"
	"smsetl/sandbox/huawei"
)

// expected says what each query has to answer, worked out from what the vendors know.
var expected = map[string]func(*world) [][]string{
	"account_day_by_day":                (*world).accountDayByDay,
	"billed_segments_for_invoice":       (*world).billedSegmentsForInvoice,
	"changed_since_last_report":         (*world).changedSinceLastReport,
	"cost_by_vendor_and_month":          (*world).costByVendorAndMonth,
	"cost_per_delivered":                (*world).costPerDelivered,
	"countries":                         (*world).countries,
	"delivery_rate_by_vendor_and_month": (*world).deliveryRateByVendorAndMonth,
	"failure_rate_by_template":          (*world).failureRateByTemplate,
	"failures_by_category":              (*world).failuresByCategory,
	"freshness":                         (*world).freshness,
	"is_last_month_final":               (*world).isLastMonthFinal,
	"largest_templates":                 (*world).largestTemplates,
	"missing_days":                      (*world).missingDays,
	"month_as_reported_then":            (*world).monthAsReportedThen,
	"open_findings":                     (*world).openFindings,
	"pending_now":                       (*world).pendingNow,
	"restated_days":                     (*world).restatedDays,
	"segments_per_delivered_message":    (*world).segmentsPerDelivered,
	"share_of_traffic_by_vendor":        (*world).shareOfTraffic,
	"templates_that_got_worse":          (*world).templatesThatGotWorse,
	"time_to_deliver":                   (*world).timeToDeliver,
	"top_failure_reasons":               (*world).topFailureReasons,
	"traffic_without_a_price":           (*world).trafficWithoutAPrice,
	"unmapped_reasons":                  (*world).unmappedReasons,
	"unusual_days":                      (*world).unusualDays,
	"vendors_side_by_side":              (*world).vendorsSideBySide,
	"week_over_week":                    (*world).weekOverWeek,
	"weekday_profile":                   (*world).weekdayProfile,
	"year_over_year":                    (*world).yearOverYear,
	"how_late_receipts_settle":          (*world).howLateReceiptsSettle,
	"reasons_that_moved":                (*world).reasonsThatMoved,
	"what_moved":                        (*world).whatMoved,
}

func byMonthAndVendor(f fact) []string { return []string{month(f.day), f.vendor} }
func byDayAndAccount(f fact) []string  { return []string{f.day, f.vendor, f.account} }
func byVendor(f fact) []string         { return []string{f.vendor} }
func isOpen(d, vendor, account string, w *world) bool {
	state := w.state(vendor, account, d)
	return state == "provisional" || state == "quarantined"
}

// state gives the state of a day's deliveries: a day is final on its fourth day, when nothing is pending. Of Huawei one export is
// known, and a day is final when it was that old then.
func (w *world) state(vendor, account, d string) string {
	switch {
	case account == "harbor_service" && d == "2026-10-05":
		return "frozen"
	case account == "harbor_offers" && w.held[d]:
		return "quarantined"
	case vendor == huawei.Name:
		some := slices.DeleteFunc(between(w.facts[lastRun], d, d), func(f fact) bool { return f.account != account })
		if waiting := sumOf(some, pending); d <= "2026-11-13" && (waiting == nil || waiting.Sign() == 0) {
			return "final"
		}
		return "provisional"
	case d > "2026-11-18":
		return "provisional"
	default:
		return "final"
	}
}

// timeToDeliver finds the message within whose time so many of all were delivered, and the edge of its bucket.
func (w *world) timeToDeliver() (rows [][]string) {
	keys, all := group(w.times, func(t huawei.Times) []string { return []string{huawei.Name, t.Account, t.Country} })
	for i, k := range keys {
		var seconds []int64
		for _, t := range all[i] {
			seconds = append(seconds, t.Seconds...)
		}
		slices.Sort(seconds)
		within := func(most int64) string {
			n, _ := slices.BinarySearch(seconds, most+1)
			return text(quo(rat(int64(n)), rat(int64(len(seconds)))), 4)
		}
		edge := func(percent int) string {
			at := seconds[(len(seconds)*percent+99)/100-1]
			edges := []int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400, 259200}
			return fmt.Sprint(edges[slices.IndexFunc(edges, func(e int64) bool { return at <= e })])
		}
		rows = append(rows, append(k, fmt.Sprint(len(seconds)), edge(50), edge(95), within(10), within(60), "0"))
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Or(cmp.Compare(len(b[3]), len(a[3])), cmp.Compare(b[3], a[3])) })
	return rows
}

func (w *world) deliveryRateByVendorAndMonth() (rows [][]string) {
	keys, months := group(between(w.now(), "2025-11-01", newestDay), byMonthAndVendor)
	for i, k := range keys {
		r, d := sumOf(months[i], requested), sumOf(months[i], delivered)
		days, _ := group(months[i], byDayAndAccount)
		open := 0
		for _, day := range days {
			open += b2i(isOpen(day[0], day[1], day[2], w))
		}
		rows = append(rows, []string{k[0], k[1], text(r, 0), text(d, 0), text(quo(d, r), 4), strconv.Itoa(open)})
	}
	return rows
}

func (w *world) weekOverWeek() (rows [][]string) {
	const week = "2026-11-09" // the Monday of the last whole week before the 21st, a Saturday
	keys, vendors := group(between(w.now(), day(week, 0, 0, -7), day(week, 0, 0, 6)), byVendor)
	for i, k := range keys {
		last, before := between(vendors[i], week, day(week, 0, 0, 6)), between(vendors[i], day(week, 0, 0, -7), day(week, 0, 0, -1))
		r, rb, d, db := sumOf(last, requested), sumOf(before, requested), sumOf(last, delivered), sumOf(before, delivered)
		rows = append(rows, []string{week, k[0], text(r, 0), text(rb, 0), text(sub(quo(r, rb), rat(1)), 4), text(quo(d, r), 4), text(sub(quo(d, r), quo(db, rb)), 4)})
	}
	return rows
}

func (w *world) yearOverYear() (rows [][]string) {
	keys, months := group(between(w.now(), day(firstDay, 1, 0, 0), newestDay), byMonthAndVendor)
	for i, k := range keys {
		var before []fact
		for _, f := range between(w.now(), firstDay, day(newestDay, -1, 0, 0)) {
			if f.vendor == k[1] && month(day(f.day, 1, 0, 0)) == k[0] {
				before = append(before, f)
			}
		}
		r, d, rb, db := sumOf(months[i], requested), sumOf(months[i], delivered), sumOf(before, requested), sumOf(before, delivered)
		rows = append(rows, []string{k[0], k[1], text(r, 0), text(rb, 0), text(sub(quo(r, rb), rat(1)), 4), text(quo(d, r), 4), text(quo(db, rb), 4)})
	}
	return rows
}

func (w *world) weekdayProfile() (rows [][]string) {
	some := between(w.now(), "2026-09-21", "2026-11-15") // eight weeks from Monday to Sunday
	keys, weekdays := group(some, func(f fact) []string {
		at, _ := time.Parse(time.DateOnly, f.day)
		return []string{f.vendor, strconv.Itoa((int(at.Weekday())+6)%7 + 1), at.Weekday().String()}
	})
	for i, k := range keys {
		days, _ := group(weekdays[i], func(f fact) []string { return []string{f.day} })
		whole := slices.DeleteFunc(slices.Clone(some), func(f fact) bool { return f.vendor != k[0] })
		r, d := sumOf(weekdays[i], requested), sumOf(weekdays[i], delivered)
		rows = append(rows, []string{k[0], k[2], text(quo(r, rat(int64(len(days)))), 0), text(quo(r, sumOf(whole, requested)), 4), text(quo(d, r), 4)})
	}
	return rows
}

func (w *world) shareOfTraffic() (rows [][]string) {
	some := between(w.now(), "2026-06-01", newestDay)
	keys, months := group(some, byMonthAndVendor)
	for i, k := range keys {
		r := sumOf(months[i], requested)
		all := sumOf(between(some, k[0], day(day(k[0], 0, 1, 0), 0, 0, -1)), requested)
		rows = append(rows, []string{k[0], k[1], text(r, 0), text(quo(r, all), 4)})
	}
	return rows
}

func (w *world) accountDayByDay() (rows [][]string) {
	first := day(newestDay, 0, 0, -29)
	keys, days := group(between(w.now(), day(first, 0, 0, -6), newestDay), byDayAndAccount)
	for i, k := range keys {
		if k[0] < first {
			continue
		}
		var week []fact
		for j, other := range keys {
			if other[1] == k[1] && other[2] == k[2] && day(k[0], 0, 0, -6) <= other[0] && other[0] <= k[0] {
				week = append(week, days[j]...)
			}
		}
		r, d := sumOf(days[i], requested), sumOf(days[i], delivered)
		rows = append(rows, append(slices.Clone(k), text(r, 0), text(d, 0), text(quo(d, r), 4),
			text(quo(sumOf(week, delivered), sumOf(week, requested)), 4), w.state(k[1], k[2], k[0])))
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(b[0], a[0]) })
	return rows
}

// templates gives the sums of a month by template, of vendors that tell templates.
func (w *world) templates(of string) (keys [][]string, groups [][]fact) {
	some := slices.DeleteFunc(between(w.now(), of, day(day(of, 0, 1, 0), 0, 0, -1)), func(f fact) bool { return f.template == "(not reported)" })
	return group(some, func(f fact) []string { return []string{f.vendor, f.account, f.template} })
}

// ranked is a row and the number it is ranked by.
type ranked struct {
	by  *big.Rat
	row []string
}

// best gives the first 20 rows, the largest number first.
func best(all []ranked) (rows [][]string) {
	slices.SortStableFunc(all, func(a, b ranked) int { return compare(a.by, b.by, true) })
	for _, r := range all[:min(20, len(all))] {
		rows = append(rows, r.row)
	}
	return rows
}

func (w *world) templatesThatGotWorse() [][]string {
	keys, now := w.templates("2026-10-01")
	keysBefore, before := w.templates("2026-09-01")
	var all []ranked
	for i, k := range keys {
		j := slices.IndexFunc(keysBefore, func(o []string) bool { return slices.Equal(o, k) })
		if j < 0 {
			continue
		}
		r, rb := sumOf(now[i], requested), sumOf(before[j], requested)
		rate, rateBefore := quo(sumOf(now[i], delivered), r), quo(sumOf(before[j], delivered), rb)
		if r == nil || rb == nil || rate == nil || rateBefore == nil || r.Cmp(rat(500)) < 0 || rb.Cmp(rat(500)) < 0 || rate.Cmp(rateBefore) >= 0 {
			continue
		}
		lost := mul(r, sub(rateBefore, rate))
		all = append(all, ranked{lost, append(slices.Clone(k), text(r, 0), text(rateBefore, 4), text(rate, 4), text(sub(rate, rateBefore), 4), text(lost, 0))})
	}
	return best(all)
}

func (w *world) failureRateByTemplate() [][]string {
	keys, templates := w.templates("2026-10-01")
	var all []ranked
	for i, k := range keys {
		r, refused, failed := sumOf(templates[i], requested), sumOf(templates[i], processingFailed), sumOf(templates[i], sendFailed)
		if r == nil || r.Cmp(rat(500)) < 0 {
			continue
		}
		both := add(refused, failed)
		all = append(all, ranked{quo(both, r), append(slices.Clone(k), text(r, 0), text(both, 0), text(quo(both, r), 4), text(quo(refused, r), 4), text(quo(failed, r), 4))})
	}
	return best(all)
}

func (w *world) largestTemplates() [][]string {
	keys, templates := w.templates("2026-10-01")
	var all []ranked
	for i, k := range keys {
		name, isNamed := w.names[k[1]][k[2]]
		if !isNamed {
			name = cookbook.Null
		}
		r := sumOf(templates[i], requested)
		all = append(all, ranked{r, append(slices.Clone(k), name, text(r, 0), text(quo(sumOf(templates[i], delivered), r), 4))})
	}
	return best(all)
}

// failuresBetween gives the failures of some days, both inside.
func (w *world) failuresBetween(first, last string) []failure {
	return slices.DeleteFunc(slices.Clone(w.failures), func(f failure) bool { return f.day < first || f.day > last })
}

func (w *world) topFailureReasons() [][]string {
	first := day(newestDay, 0, 0, -89)
	some := w.failuresBetween(first, newestDay)
	keys, reasons := group(some, func(f failure) []string { return []string{f.vendor, f.stage, f.reason, f.category} })
	var all []ranked
	for i, k := range keys {
		ofVendor := slices.DeleteFunc(slices.Clone(some), func(f failure) bool { return f.vendor != k[0] })
		sent := slices.DeleteFunc(between(w.now(), first, newestDay), func(f fact) bool { return f.vendor != k[0] })
		n := total(reasons[i], failed)
		all = append(all, ranked{n, append(slices.Clone(k), text(n, 0), text(quo(n, total(ofVendor, failed)), 4), text(quo(mul(rat(1000), n), sumOf(sent, requested)), 2))})
	}
	return best(all)
}

func (w *world) failuresByCategory() (rows [][]string) {
	some := slices.DeleteFunc(w.failuresBetween("2026-09-01", newestDay), func(f failure) bool { return f.stage != "sending" })
	months, ofMonth := group(some, func(f failure) []string { return []string{month(f.day), f.vendor} })
	for i, m := range months {
		keys, categories := group(ofMonth[i], func(f failure) []string { return []string{f.category} })
		var all []ranked
		for j, k := range keys {
			n := total(categories[j], failed)
			all = append(all, ranked{n, []string{m[0], m[1], k[0], text(n, 0), text(quo(n, total(ofMonth[i], failed)), 4)}})
		}
		rows = append(rows, best(all)...)
	}
	return rows
}

func (w *world) unmappedReasons() [][]string {
	some := slices.DeleteFunc(slices.Clone(w.failures), func(f failure) bool { return f.category != "unmapped" })
	keys, reasons := group(some, func(f failure) []string { return []string{f.vendor, f.account, f.stage, f.reason} })
	var all []ranked
	for i, k := range keys {
		byDay := func(a, b failure) int { return cmp.Compare(a.day, b.day) }
		n := total(reasons[i], failed)
		all = append(all, ranked{n, append(slices.Clone(k), text(n, 0), slices.MinFunc(reasons[i], byDay).day, slices.MaxFunc(reasons[i], byDay).day)})
	}
	return best(all)
}

func (w *world) segmentsPerDelivered() (rows [][]string) {
	keys, months := group(between(w.now(), "2026-06-01", newestDay), byMonthAndVendor)
	for i, k := range keys {
		b, d := sumOf(months[i], billed), sumOf(months[i], delivered)
		rows = append(rows, []string{k[0], k[1], text(b, 0), text(d, 0), text(quo(b, d), 4)})
	}
	return rows
}

func (w *world) vendorsSideBySide() (rows [][]string) {
	some := between(w.now(), day(newestDay, 0, 0, -29), newestDay)
	days, ofDay := group(some, func(f fact) []string { return []string{f.day} })
	lacking := map[string]*[measures]string{} // by day and measure: the vendor that does not report it
	for i, d := range days {
		lacking[d[0]] = &[measures]string{}
		for _, f := range ofDay[i] {
			for m, n := range f.n {
				if n == nil {
					lacking[d[0]][m] = f.vendor
				}
			}
		}
	}
	keys, vendors := group(some, byVendor)
	for i, k := range keys {
		days, _ := group(vendors[i], func(f fact) []string { return []string{f.day} })
		why := cookbook.Null
		isComparable := [measures]bool{true, true, true, true, true, true, true}
		for _, d := range days {
			var reasons []string
			for m, vendor := range lacking[d[0]] {
				if vendor != "" {
					isComparable[m] = false
					reasons = append(reasons, measureNames[m]+" is not reported by "+vendor)
				}
			}
			if text := strings.Join(reasons, "; "); text != "" && (why == cookbook.Null || text > why) {
				why = text
			}
		}
		sum := func(m int) *big.Rat {
			if !isComparable[m] {
				return nil
			}
			return sumOf(vendors[i], m)
		}
		rows = append(rows, []string{k[0], strconv.Itoa(len(days)), text(sum(requested), 0), text(sum(delivered), 0), text(sum(billed), 0), text(quo(sum(delivered), sum(requested)), 4), why})
	}
	return rows
}

func (w *world) pendingNow() (rows [][]string) {
	keys, days := group(between(w.now(), day(newestDay, 0, 0, -29), newestDay), byDayAndAccount)
	for i, k := range keys {
		p := sumOf(days[i], pending)
		if p == nil || p.Sign() == 0 {
			continue
		}
		at, _ := time.Parse(time.DateOnly, k[0])
		newest, _ := time.Parse(time.DateOnly, newestDay)
		age := strconv.Itoa(int(newest.Sub(at).Hours() / 24))
		rows = append(rows, []string{k[0], age, k[1], k[2], text(p, 0), text(quo(p, sumOf(days[i], requested)), 4), w.state(k[1], k[2], k[0])})
	}
	return rows
}

func (w *world) unusualDays() (rows [][]string) {
	first := day(newestDay, 0, 0, -89)
	keys, days := group(between(w.now(), day(first, 0, 0, -28), newestDay), byDayAndAccount)
	number := map[string]*big.Rat{}
	for i, k := range keys {
		number[strings.Join(k, " ")] = sumOf(days[i], requested)
	}
	for _, k := range keys {
		usual := rat(0)
		for week := 1; week <= 4 && usual != nil; week++ {
			usual = add(usual, number[strings.Join([]string{day(k[0], 0, 0, -7*week), k[1], k[2]}, " ")])
		}
		n := number[strings.Join(k, " ")]
		if usual = quo(usual, rat(4)); k[0] < first || usual == nil || n == nil || usual.Cmp(rat(500)) < 0 {
			continue
		}
		if n.Cmp(quo(usual, rat(2))) < 0 || n.Cmp(mul(usual, rat(2))) > 0 {
			rows = append(rows, append(slices.Clone(k), text(n, 0), text(usual, 0), text(quo(n, usual), 2)))
		}
	}
	return rows
}

func (w *world) countries() [][]string {
	keys, countries := group(between(w.now(), day(newestDay, 0, 0, -89), newestDay), func(f fact) []string { return []string{f.country} })
	var all []ranked
	for i, k := range keys {
		r, d := sumOf(countries[i], requested), sumOf(countries[i], delivered)
		all = append(all, ranked{r, []string{k[0], text(r, 0), text(d, 0), text(quo(d, r), 4), text(sumOf(countries[i], billed), 0)}})
	}
	return best(all)
}

// changedSinceLastReport compares with what the noon before the midnight of two days ago had read.
func (w *world) changedSinceLastReport() (rows [][]string) {
	first := day(newestDay, 0, 0, -59)
	numbers := func(facts []fact) map[string][2]string {
		all := map[string][2]string{}
		keys, days := group(between(facts, first, newestDay), byDayAndAccount)
		for i, k := range keys {
			all[strings.Join(k, " ")] = [2]string{text(sumOf(days[i], requested), 0), text(sumOf(days[i], delivered), 0)}
		}
		return all
	}
	reported := time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)
	before, now := numbers(w.known(reported)), numbers(w.now())
	keys, _ := group(append(between(w.known(reported), first, newestDay), between(w.now(), first, newestDay)...), byDayAndAccount)
	for _, k := range keys {
		b, wasThere := before[strings.Join(k, " ")]
		n, isThere := now[strings.Join(k, " ")]
		if !wasThere {
			b = [2]string{cookbook.Null, cookbook.Null}
		}
		if !isThere {
			n = [2]string{cookbook.Null, cookbook.Null}
		}
		if b != n {
			rows = append(rows, append(slices.Clone(k), b[0], n[0], b[1], n[1]))
		}
	}
	return rows
}

func (w *world) monthAsReportedThen() (rows [][]string) {
	const first, last = "2026-10-01", "2026-10-31"
	keys, vendors := group(between(w.now(), first, last), byVendor)
	keysBefore, before := group(between(w.known(time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)), first, last), byVendor)
	if len(keys) != len(keysBefore) {
		panic(fmt.Sprint(keys, keysBefore))
	}
	for i, k := range keys {
		rb, r, db, d := sumOf(before[i], requested), sumOf(vendors[i], requested), sumOf(before[i], delivered), sumOf(vendors[i], delivered)
		rows = append(rows, []string{first, k[0], text(rb, 0), text(r, 0), text(db, 0), text(d, 0), text(quo(db, rb), 4), text(quo(d, r), 4)})
	}
	return rows
}
