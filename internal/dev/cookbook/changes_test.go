package cookbook_test

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/cookbook"
)

// The months that questions about changes compare.
const (
	thisFirst, thisLast = "2026-10-01", "2026-10-31"
	withFirst, withLast = "2026-09-01", "2026-09-30"
)

// inWhole gives fractions as whole numbers that add up: what a running sum, rounded, grows by.
func inWhole(parts []*big.Rat) []*big.Rat {
	all, sum, told := make([]*big.Rat, len(parts)), rat(0), rat(0)
	for i, part := range parts {
		if part == nil {
			continue
		}
		sum = add(sum, part)
		now, _ := new(big.Rat).SetString(sum.FloatString(0))
		all[i], told = sub(now, told), now
	}
	return all
}

// atLeast adds up what is there; nil when nothing is.
func atLeast[R any](rows []R, number func(R) *int64) *big.Rat {
	return total(slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return number(r) == nil }), number)
}

// movement is a line of a comparison, and by what lines are ordered.
type movement struct {
	effect *big.Rat
	row    []string
}

func largestFirst(lines []movement, last []string) (rows [][]string) {
	slices.SortStableFunc(lines, func(a, b movement) int {
		if a.effect == nil || b.effect == nil {
			return cmp.Compare(b2i(a.effect == nil), b2i(b.effect == nil))
		}
		return new(big.Rat).Abs(b.effect).Cmp(new(big.Rat).Abs(a.effect))
	})
	for _, l := range lines {
		rows = append(rows, l.row)
	}
	if last != nil {
		rows = append(rows, last)
	}
	return rows
}

// zero is what a sum of no rows is where no rows mean no messages.
func zero(n *big.Rat) *big.Rat {
	if n == nil {
		return rat(0)
	}
	return n
}

func (w *world) whatMoved() [][]string {
	isLacking := func(f fact) bool { return f.n[requested] == nil || f.n[delivered] == nil }
	some := append(between(w.now(), thisFirst, thisLast), between(w.now(), withFirst, withLast)...)
	unknown := slices.DeleteFunc(slices.Clone(some), func(f fact) bool { return !isLacking(f) })
	some = slices.DeleteFunc(some, isLacking)
	sums := func(facts []fact, m int) (this, with *big.Rat) {
		return zero(sumOf(between(facts, thisFirst, thisLast), m)), zero(sumOf(between(facts, withFirst, withLast), m))
	}
	allR1, allR0 := sums(some, requested)
	_, allD0 := sums(some, delivered)
	keys, templates := group(some, func(f fact) []string { return []string{f.vendor, f.account, f.template} })
	gains := make([]*big.Rat, len(keys))
	for i := range keys {
		r1, r0 := sums(templates[i], requested)
		d1, d0 := sums(templates[i], delivered)
		was := quo(allD0, allR0)
		if allR1.Sign() != 0 { // what it has above the average of then, less what it had at the volume of now
			gains[i] = sub(sub(d1, mul(r1, was)), mul(quo(allR1, allR0), sub(d0, mul(r0, was))))
		}
	}
	var lines []movement
	for i, gain := range inWhole(gains) {
		r1, r0 := sums(templates[i], requested)
		d1, d0 := sums(templates[i], delivered)
		var own *big.Rat
		if gain != nil {
			own = rat(0)
			if r1.Sign() != 0 && r0.Sign() != 0 {
				own = sub(d1, mul(r1, quo(d0, r0)))
			}
			own, _ = new(big.Rat).SetString(own.FloatString(0))
		}
		lines = append(lines, movement{gain, append(slices.Clone(keys[i]), text(r0, 0), text(r1, 0), text(quo(d0, r0), 4), text(quo(d1, r1), 4),
			text(own, 0), text(sub(gain, own), 0), text(quo(gain, allR1), 6))})
	}
	if len(unknown) == 0 {
		return largestFirst(lines, nil)
	}
	least := func(first, last string) string {
		return text(atLeast(between(unknown, first, last), func(f fact) *int64 { return f.n[requested] }), 0)
	}
	const null = cookbook.Null
	return largestFirst(lines, []string{null, null, "(not comparable)", least(withFirst, withLast), least(thisFirst, thisLast), null, null, null, null, null})
}

func (w *world) reasonsThatMoved() [][]string {
	facts := append(between(w.now(), thisFirst, thisLast), between(w.now(), withFirst, withLast)...)
	failures := append(w.failuresBetween(thisFirst, thisLast), w.failuresBetween(withFirst, withLast)...)
	lacks := map[[2]string]bool{} // day and account
	for _, f := range facts {
		for _, m := range []int{requested, delivered, processingFailed, sendFailed} {
			lacks[[2]string{f.day, f.account}] = lacks[[2]string{f.day, f.account}] || f.n[m] == nil
		}
	}
	for _, f := range failures {
		lacks[[2]string{f.day, f.account}] = lacks[[2]string{f.day, f.account}] || f.messages == nil
	}
	lackingFact := func(f fact) bool { return lacks[[2]string{f.day, f.account}] }
	lackingFailure := func(f failure) bool { return lacks[[2]string{f.day, f.account}] }
	unknownFacts := slices.DeleteFunc(slices.Clone(facts), func(f fact) bool { return !lackingFact(f) })
	unknownFailures := slices.DeleteFunc(slices.Clone(failures), func(f failure) bool { return !lackingFailure(f) })
	facts, failures = slices.DeleteFunc(facts, lackingFact), slices.DeleteFunc(failures, lackingFailure)
	for _, f := range failures { // what no reason explains is what deliveries count, less what reasons tell
		n := -*f.messages
		failures = append(failures, failure{f.day, f.vendor, f.account, f.stage, "(no reason reported)", "(no reason reported)", &n})
	}
	for _, f := range facts {
		failures = append(failures,
			failure{f.day, f.vendor, f.account, "processing", "(no reason reported)", "(no reason reported)", f.n[processingFailed]},
			failure{f.day, f.vendor, f.account, "sending", "(no reason reported)", "(no reason reported)", f.n[sendFailed]})
	}
	r1, r0 := sumOf(between(facts, thisFirst, thisLast), requested), sumOf(between(facts, withFirst, withLast), requested)
	sums := func(some []failure) (this, with *big.Rat) {
		isThis := func(f failure) bool { return f.day >= thisFirst }
		return zero(total(slices.DeleteFunc(slices.Clone(some), func(f failure) bool { return !isThis(f) }), failed)), zero(total(slices.DeleteFunc(slices.Clone(some), isThis), failed))
	}
	keys, reasons := group(failures, func(f failure) []string { return []string{f.vendor, f.stage, f.reason, f.category} })
	effects := make([]*big.Rat, len(keys))
	for i := range keys {
		m1, m0 := sums(reasons[i])
		effects[i] = sub(m1, mul(r1, quo(m0, r0)))
	}
	var lines []movement
	for i, effect := range inWhole(effects) {
		m1, m0 := sums(reasons[i])
		if keys[i][2] == "(no reason reported)" && m1.Sign() == 0 && m0.Sign() == 0 {
			continue
		}
		thousand := rat(1000)
		lines = append(lines, movement{effect, append(slices.Clone(keys[i]), text(m0, 0), text(m1, 0), text(quo(mul(thousand, m0), r0), 2), text(quo(mul(thousand, m1), r1), 2),
			text(effect, 0), text(quo(effect, r1), 6))})
	}
	if len(unknownFacts)+len(unknownFailures) == 0 {
		return largestFirst(lines, nil)
	}
	least := func(isThis bool) string {
		return text(atLeast(slices.DeleteFunc(slices.Clone(unknownFailures), func(f failure) bool { return (f.day >= thisFirst) != isThis }), failed), 0)
	}
	const null = cookbook.Null
	return largestFirst(lines, []string{null, null, "(not comparable)", null, least(false), least(true), null, null, null, null})
}

// incidents are what went wrong in the sandbox's world, as risk.go in sandbox/traffic has it, with the days and the same weekdays or the
// month before.
var incidents = []struct {
	what, this, with string
	by               string // of sms.rate_change; empty for reasons
	first            string // what has to be named first
}{
	{"carriers intercept EngageLab's messages", "2026-05-05..2026-05-09", "2026-04-28..2026-05-02", "vendor", "engagelab engagelab"},
	{"carriers intercept EngageLab's messages", "2026-05-05..2026-05-09", "2026-04-28..2026-05-02", "template", "engagelab harbor_service 10463"},
	{"carriers intercept EngageLab's messages", "2026-05-05..2026-05-09", "2026-04-28..2026-05-02", "", "engagelab interception"},
	{"Tencent's own errors", "2026-09-01..2026-09-30", "2026-08-01..2026-08-31", "account", "tencent 1400006874 1400006874"},
	{"Tencent's own errors", "2026-09-01..2026-09-30", "2026-08-01..2026-08-31", "", "tencent InternalErrorCount"},
}

// What is known to have gone wrong is named first, by whatever it is split.
func isNamedFirst(t *testing.T, conn asker) {
	t.Helper()
	for _, i := range incidents {
		period := func(text string) string { return "'" + strings.Replace(text, "..", "', '", 1) + "'" }
		sql := "SELECT concat_ws(' ', vendor, account, member) FROM sms.rate_change(" + period(i.this) + ", " + period(i.with) + ", '" + i.by + "') LIMIT 1"
		if i.by == "" {
			sql = "SELECT concat_ws(' ', vendor, reason) FROM sms.reason_change(" + period(i.this) + ", " + period(i.with) + ") LIMIT 1"
		}
		answer, err := ask(t, conn, sql)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Rows) != 1 || answer.Rows[0][0] != i.first {
			t.Errorf("%s, by %s: %v is named first, want %s", i.what, cmp.Or(i.by, "reason"), answer.Rows, i.first)
		}
	}
}
