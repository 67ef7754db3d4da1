package cookbook_test

import (
	"cmp"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/cookbook"
	"smsetl/sandbox"
	"smsetl/sandbox/huawei"
)

// The measures of a fact, in the order of its numbers.
const (
	requested = iota
	accepted
	processingFailed
	delivered
	sendFailed
	pending
	billed
	measures
)

var measureNames = [measures]string{"requested", "accepted", "processing_failed", "delivered", "send_failed", "pending", "billed_segments"}

// fact is a row of what the vendors know. nil: not reported.
type fact struct {
	day                                             string
	vendor, account, template, label, kind, country string
	n                                               [measures]*int64
}

// failure is a failed message or more. nil: the vendor names the reason and not the number.
type failure struct {
	day, vendor, account    string
	stage, reason, category string
	messages                *int64
}

// world is what the vendors know at the noons at which they were asked, as far as anybody asked. Nothing of it comes from the
// warehouse or from the code that fills it.
type world struct {
	facts    map[time.Time][]fact // by the noon at which they were known
	failures []failure            // as known at the last run
	times    []huawei.Times
	names    map[string]map[string]string // of templates, by account
	noons    []time.Time
	held     map[string]bool // the young days of harbor_offers whose answers of the last run wait, because the newest day was empty
}

// known gives the facts as they were known at a moment: what the last run before it had read.
func (w *world) known(at time.Time) []fact {
	var newest []fact
	for _, noon := range w.noons {
		if !noon.After(at) {
			newest = w.facts[noon]
		}
	}
	return newest
}

func (w *world) now() []fact { return w.facts[lastRun] }

// newWorld asks the vendors what they know. Of the newest day of an account nothing is believed, and Huawei's messages are known since
// the export.
func newWorld(t testing.TB, vendors *sandbox.Sandbox, console *huawei.Console) *world {
	t.Helper()
	w := &world{facts: map[time.Time][]fact{}, held: map[string]bool{}, names: map[string]map[string]string{}}
	for _, user := range sandbox.DefaultUsers() {
		w.names[user.SMSUser], _ = vendors.Names(user.SMSUser)
	}
	var before sandbox.Truth
	imported := console.Truth(exportFrom, exportTo, 8, exportAt)
	for noon := firstRun; !noon.After(lastRun); noon = noon.AddDate(0, 0, 1) {
		truth, err := vendors.Truth(firstDay, noon.AddDate(0, 0, -1).Format(time.DateOnly), noon)
		if err != nil {
			t.Fatal(err)
		}
		if noon.Equal(lastRun) {
			truth = w.hold(truth, before)
		}
		before = truth
		var facts []fact
		for _, d := range truth.Deliveries {
			if d.Account != "harbor_offers" || d.SendDate != newestDay {
				facts = append(facts, factOf(d, "(not reported)"))
			}
		}
		if !noon.Before(exportAt) {
			for _, d := range imported.Deliveries {
				facts = append(facts, factOf(d.Delivery, d.Country))
			}
		}
		w.noons = append(w.noons, noon)
		w.facts[noon] = facts
		if noon.Equal(lastRun) {
			for _, f := range truth.Failures {
				if f.Account != "harbor_offers" || f.SendDate != newestDay {
					w.failures = append(w.failures, failureOf(f))
				}
				if f.Reason == "switched_off" { // the field that it replaced is missing
					lacking := failureOf(f)
					lacking.reason, lacking.category, lacking.messages = "power_off", "unreachable", nil
					w.failures = append(w.failures, lacking)
				}
			}
		}
	}
	w.times = imported.Times
	for _, f := range imported.Failures {
		w.failures = append(w.failures, failureOf(f.Failure))
	}
	if len(w.failures) == 0 || len(w.now()) == 0 {
		t.Fatal("the truth is empty, so equality would mean nothing")
	}
	return w
}

// hold gives what is known at the last run: the answer of harbor_offers lacks the newest day, so what it says anew of days that are
// not settled may be old, and what was known at the noon before stands.
func (w *world) hold(now, before sandbox.Truth) sandbox.Truth {
	ofDay := func(t sandbox.Truth, d string) []sandbox.Delivery {
		return slices.DeleteFunc(slices.Clone(t.Deliveries), func(row sandbox.Delivery) bool { return row.Account != "harbor_offers" || row.SendDate != d })
	}
	for d := day(newestDay, 0, 0, -3); d < newestDay; d = day(d, 0, 0, 1) {
		w.held[d] = !reflect.DeepEqual(ofDay(now, d), ofDay(before, d))
	}
	isHeld := func(account, d string) bool { return account == "harbor_offers" && w.held[d] }
	stands := sandbox.Truth{}
	for _, some := range []struct {
		sandbox.Truth
		held bool
	}{{now, false}, {before, true}} {
		for _, row := range some.Deliveries {
			if isHeld(row.Account, row.SendDate) == some.held {
				stands.Deliveries = append(stands.Deliveries, row)
			}
		}
		for _, row := range some.Failures {
			if isHeld(row.Account, row.SendDate) == some.held {
				stands.Failures = append(stands.Failures, row)
			}
		}
	}
	return stands
}

func factOf(d sandbox.Delivery, country string) fact {
	return fact{d.SendDate, d.Vendor, d.Account, d.Template, d.Label, d.MessageType, country,
		[measures]*int64{d.Requested, d.Accepted, d.ProcessingFailed, d.Delivered, d.SendFailed, d.Pending, d.BilledSegments}}
}

func failureOf(f sandbox.Failure) failure {
	return failure{f.SendDate, f.Vendor, f.Account, f.Stage, f.Reason, f.Category, &f.Messages}
}

// between gives the rows of some days, both inside.
func between(facts []fact, first, last string) (some []fact) {
	for _, f := range facts {
		if first <= f.day && f.day <= last {
			some = append(some, f)
		}
	}
	return some
}

// day gives a day some days, or months, later.
func day(from string, years, months, days int) string {
	at, err := time.Parse(time.DateOnly, from)
	if err != nil {
		panic(err)
	}
	return at.AddDate(years, months, days).Format(time.DateOnly)
}

func month(of string) string { return of[:7] + "-01" }

// group puts rows with the same words together, in the order of the words.
func group[R any](rows []R, by func(R) []string) (keys [][]string, groups [][]R) {
	index := map[string]int{}
	for _, r := range rows {
		words := by(r)
		key := strings.Join(words, "\x00")
		at, known := index[key]
		if !known {
			at = len(groups)
			index[key] = at
			keys, groups = append(keys, words), append(groups, nil)
		}
		groups[at] = append(groups[at], r)
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(keys[a], keys[b]) })
	sortedKeys, sortedGroups := make([][]string, len(keys)), make([][]R, len(keys))
	for i, at := range order {
		sortedKeys[i], sortedGroups[i] = keys[at], groups[at]
	}
	return sortedKeys, sortedGroups
}

// total is a sum of numbers that are all there, else nil, as it is for no numbers.
func total[R any](rows []R, number func(R) *int64) *big.Rat {
	if len(rows) == 0 {
		return nil
	}
	sum := new(big.Rat)
	for _, r := range rows {
		n := number(r)
		if n == nil {
			return nil
		}
		sum.Add(sum, new(big.Rat).SetInt64(*n))
	}
	return sum
}

func sumOf(facts []fact, measure int) *big.Rat {
	return total(facts, func(f fact) *int64 { return f.n[measure] })
}

func failed(f failure) *int64 { return f.messages }

func quo(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil || b.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(a, b)
}

func sub(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return new(big.Rat).Sub(a, b)
}

func add(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return new(big.Rat).Add(a, b)
}

func mul(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return new(big.Rat).Mul(a, b)
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// text writes a number with so many places, as PostgreSQL does.
func text(n *big.Rat, places int) string {
	if n == nil {
		return cookbook.Null
	}
	s := n.FloatString(places)
	if rest, negative := strings.CutPrefix(s, "-"); negative && strings.Trim(rest, "0.") == "" {
		return rest
	}
	return s
}

// compare orders numbers, those that are not there last in either direction.
func compare(a, b *big.Rat, descending bool) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(b2i(a == nil), b2i(b == nil))
	case descending:
		return b.Cmp(a)
	default:
		return a.Cmp(b)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
