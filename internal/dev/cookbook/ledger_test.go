package cookbook_test

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"smsetl/internal/dev/cookbook"
	"smsetl/sandbox"
	"smsetl/sandbox/huawei"
)

// accounts are those of the warehouse, in their order, with the first day that is expected of each.
var accounts = []struct{ vendor, account, first string }{
	{sandbox.EngageLab, "harbor_offers", firstDay}, {sandbox.EngageLab, "harbor_service", firstDay},
	{huawei.Name, "harbor-home", "2026-11-10"}, {huawei.Name, "harbor-world", "2026-11-10"},
	{sandbox.Tencent, "1400006874", firstDay}, {sandbox.Tencent, "1400012345", firstDay},
}

// states gives the states of the statistics of a day of an account, without those that are like others.
func (w *world) states(vendor, account, d string) []string {
	switch {
	case vendor == huawei.Name && d > "2026-11-16":
		return []string{"missing"}
	case account == "harbor_offers" && d == newestDay:
		return []string{"quarantined"}
	default:
		return []string{w.state(vendor, account, d)}
	}
}

func isSettled(states []string) bool {
	return !slices.ContainsFunc(states, func(s string) bool { return s != "final" })
}

func (w *world) billedSegmentsForInvoice() (rows [][]string) {
	for _, first := range []string{"2026-09-01", "2026-10-01", "2026-11-01"} {
		last := min(newestDay, day(day(first, 0, 1, 0), 0, 0, -1))
		for _, a := range accounts {
			open, expected := 0, 0
			for d := max(first, a.first); d <= last; d = day(d, 0, 0, 1) {
				expected++
				open += b2i(!isSettled(w.states(a.vendor, a.account, d)))
			}
			if expected == 0 {
				continue
			}
			facts := slices.DeleteFunc(between(w.now(), first, last), func(f fact) bool { return f.account != a.account })
			isComplete := map[bool]string{true: "t", false: "f"}[open == 0 && first != "2026-11-01"]
			rows = append(rows, []string{first, a.vendor, a.account, text(sumOf(facts, billed), 0), strconv.Itoa(open), isComplete})
		}
	}
	return rows
}

func (w *world) isLastMonthFinal() (rows [][]string) {
	next := map[string]string{"provisional": "reload", "frozen": "unfreeze"}
	for _, a := range accounts {
		open, waits := 0, cookbook.Null
		for d := "2026-10-01"; d <= "2026-10-31" && a.first < d; d = day(d, 0, 0, 1) {
			states := w.states(a.vendor, a.account, d)
			if isSettled(states) {
				continue
			}
			open++
			if state := states[slices.IndexFunc(states, func(s string) bool { return s != "final" })]; waits == cookbook.Null {
				waits = state + ": " + next[state]
			}
		}
		if a.vendor != huawei.Name {
			rows = append(rows, []string{"2026-10-01", a.vendor, a.account, "31", strconv.Itoa(open), map[bool]string{true: "t", false: "f"}[open == 0], waits})
		}
	}
	return rows
}

func (w *world) freshness() (rows [][]string) {
	for _, a := range accounts {
		loadedTo, finalTo, behind := cookbook.Null, cookbook.Null, 0
		isLoadedSoFar, isFinalSoFar := true, true
		for d := max(a.first, day(newestDay, 0, 0, -59)); d <= newestDay; d = day(d, 0, 0, 1) {
			states := w.states(a.vendor, a.account, d)
			isLoaded := states[0] != "missing" && (states[0] != "quarantined" || w.held[d]) // of which something is stored
			isLoadedSoFar = isLoadedSoFar && isLoaded
			isFinalSoFar = isFinalSoFar && (isSettled(states) || states[0] == "frozen")
			if isLoadedSoFar {
				loadedTo = d
			}
			if isFinalSoFar {
				finalTo = d
			}
			behind += b2i(!isLoaded)
		}
		rows = append(rows, []string{a.vendor, a.account, loadedTo, finalTo, strconv.Itoa(behind)})
	}
	return rows
}

// missingDays are what was done to the warehouse: a day was frozen, Huawei's files end on the 16th, an answer was empty.
func (w *world) missingDays() (rows [][]string) {
	for _, dataset := range []string{"process_failed", "send_failed", "stats_day"} {
		rows = append(rows, []string{"engagelab", "harbor_service", dataset, "2026-10-05", "2026-10-05", "1", "frozen", "etl unfreeze, when the operator's reason is gone"})
	}
	for _, account := range []string{"harbor-home", "harbor-world"} {
		for _, dataset := range []string{"details_failed", "details_refused", "sending_details"} {
			rows = append(rows, []string{"huawei", account, dataset, "2026-11-17", newestDay, "5", "missing", "etl import huawei"})
		}
	}
	for d := day(newestDay, 0, 0, -3); d <= newestDay; d = day(d, 0, 0, 1) {
		for _, dataset := range []string{"process_failed", "send_failed", "stats_day"} {
			if w.held[d] || d == newestDay {
				rows = append(rows, []string{"engagelab", "harbor_offers", dataset, d, d, "1", "quarantined", "wait: the next run asks again, beside the days around it"})
			}
		}
	}
	return rows
}

// openFindings are what was done too: codes that nobody knows, a field that was gone, and an application that is too quiet for a
// probe.
func (w *world) openFindings() (rows [][]string) {
	add := func(severity, check, vendor, account, subject, first, last, days string) {
		rows = append(rows, []string{severity, check, vendor, account, subject, first, last, days})
	}
	for _, account := range []string{"harbor-home", "harbor-world"} {
		add("warning", "unmapped_reason", "huawei", account, "QQ:0042", "2026-11-10", "2026-11-16", cookbook.Null)
	}
	for _, check := range []string{"missing_field power_off", "unmapped_reason switched_off"} {
		name, subject, _ := strings.Cut(check, " ")
		for _, account := range []string{"harbor_offers", "harbor_service"} {
			add("warning", name, "engagelab", account, subject, "2026-07-12", "2026-07-13", cookbook.Null)
		}
	}
	for _, subject := range []string{"end of a window", "zone of the hours"} {
		add("info", "probe_open", "tencent", "1400012345", subject, cookbook.Null, cookbook.Null, cookbook.Null)
	}
	return rows
}

// images gives what one row of an account's day said at each noon; nil where it was not there.
func (w *world) images() map[[6]string][]*fact {
	all := map[[6]string][]*fact{}
	for i, noon := range w.noons {
		for at := range w.facts[noon] {
			f := &w.facts[noon][at]
			key := [6]string{f.day, f.account, f.template, f.label, f.kind, f.country}
			if all[key] == nil {
				all[key] = make([]*fact, len(w.noons))
			}
			all[key][i] = f
		}
	}
	return all
}

// restatedDays follows every row from noon to noon, since the day was known.
func (w *world) restatedDays() (rows [][]string) {
	type sums struct {
		changes int
		n       [measures]*big.Rat
	}
	all := map[string]*sums{}
	known := map[string]int{} // the noon since which a day of an account is known
	for i, noon := range w.noons {
		for _, f := range w.facts[noon] {
			if _, is := known[f.day+f.account]; !is {
				known[f.day+f.account] = i
			}
		}
	}
	var keys [][]string
	for _, images := range w.images() {
		for i := 1; i < len(images); i++ {
			before, now := images[i-1], images[i]
			some := now
			if some == nil {
				some = before
			}
			if some == nil || some.day < day(newestDay, 0, 0, -29) || known[some.day+some.account] >= i {
				continue
			}
			cause := "late_delivery"
			if age := w.noons[i].Sub(mustParse(some.day)); age > 5*24*time.Hour {
				cause = "vendor_restatement"
			}
			key := []string{some.day, some.vendor, some.account, cause}
			for _, m := range []int{requested, delivered, sendFailed, pending} {
				old, isOld := number(before, m)
				value, isNew := number(now, m)
				if isOld == isNew && (!isOld && old == nil && value == nil || old != nil && value != nil && *old == *value) || before != nil && now != nil && old == nil && value == nil {
					continue
				}
				s := all[strings.Join(key, " ")]
				if s == nil {
					s = &sums{n: [measures]*big.Rat{rat(0), rat(0), rat(0), rat(0), rat(0), rat(0), rat(0)}}
					all[strings.Join(key, " ")] = s
					keys = append(keys, key)
				}
				s.changes++
				s.n[m] = add(s.n[m], sub(ratOf(value, now == nil), ratOf(old, before == nil)))
			}
		}
	}
	slices.SortFunc(keys, slices.Compare[[]string])
	for _, k := range keys {
		s := all[strings.Join(k, " ")]
		rows = append(rows, append(slices.Clone(k), strconv.Itoa(s.changes), text(s.n[requested], 0), text(s.n[delivered], 0), text(s.n[sendFailed], 0), text(s.n[pending], 0)))
	}
	return rows
}

// number gives a measure of a row, and whether there is a row.
func number(f *fact, measure int) (n *int64, isThere bool) {
	if f == nil {
		return nil, false
	}
	return f.n[measure], true
}

// ratOf counts a row that is not there as 0.
func ratOf(n *int64, isGone bool) *big.Rat {
	switch {
	case n != nil:
		return rat(*n)
	case isGone:
		return rat(0)
	default:
		return nil
	}
}

func mustParse(d string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, d, beijing)
	if err != nil {
		panic(err)
	}
	return at
}

// howLateReceiptsSettle follows the days that a run read again: young ones each noon until the fourth day after them, two old ones
// once.
func (w *world) howLateReceiptsSettle() (rows [][]string) {
	type sums struct{ days, messages, moved int64 }
	all := map[string]map[int]*sums{}
	for _, a := range accounts {
		if a.vendor == huawei.Name {
			continue // files are no answers to questions
		}
		for i := 1; i < len(w.noons); i++ {
			for d := firstDay; d <= newestDay; d = day(d, 0, 0, 1) {
				age := int(w.noons[i].Sub(mustParse(d)) / (24 * time.Hour))
				isAgain := age >= 2 && age <= 4 || w.noons[i].Equal(noon(time.November, 20)) && (d == "2026-10-28" || d == "2026-10-29")
				if !isAgain {
					continue
				}
				ofDay := func(noon time.Time) []fact {
					return slices.DeleteFunc(between(w.facts[noon], d, d), func(f fact) bool { return f.account != a.account })
				}
				before, now, last := ofDay(w.noons[i-1]), ofDay(w.noons[i]), ofDay(lastRun)
				messages := sumOf(last, requested)
				if len(before) == 0 || messages == nil || messages.Sign() == 0 {
					continue
				}
				if all[a.vendor] == nil {
					all[a.vendor] = map[int]*sums{}
				}
				if all[a.vendor][age] == nil {
					all[a.vendor][age] = &sums{}
				}
				s := all[a.vendor][age]
				s.days++
				s.messages += messages.Num().Int64()
				s.moved += moved(before, now)
			}
		}
	}
	for _, vendor := range []string{sandbox.EngageLab, sandbox.Tencent} {
		for age := range 40 {
			if s := all[vendor][age]; s != nil {
				rows = append(rows, []string{vendor, strconv.Itoa(age), strconv.FormatInt(s.days, 10), strconv.FormatInt(s.messages, 10),
					strconv.FormatInt(s.moved, 10), text(quo(rat(s.moved), rat(s.messages)), 4)})
			}
		}
	}
	return rows
}

// moved gives how many messages became something else between two readings of a day. What is not reported did not move.
func moved(before, now []fact) int64 {
	var more, less int64
	for _, m := range []int{delivered, sendFailed, pending, processingFailed} {
		sum := func(facts []fact) (n int64) {
			for _, f := range facts {
				if f.n[m] != nil {
					n += *f.n[m]
				}
			}
			return n
		}
		change := sum(now) - sum(before)
		more, less = more+max(change, 0), less-min(change, 0)
	}
	return max(more, less)
}
