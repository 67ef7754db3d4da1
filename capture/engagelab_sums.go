package capture

import (
	"fmt"
	"slices"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// total adds a field up over the rows that have it as a number.
func total(rows []row, field string) (sum int64) {
	for _, r := range rows {
		if n, ok := r.number(field); ok {
			sum += n
		}
	}
	return sum
}

// reasons adds up all counts of the rows of a failure call.
func reasons(rows []row) (sum int64) {
	for _, r := range rows {
		for field := range r {
			if n, ok := r.number(field); ok && isCount(field) {
				sum += n
			}
		}
	}
	return sum
}

// aggregate compares aggregate_by=1 with the rows of the same days, count by count.
func aggregate(e evidence, j *Judgement) {
	compared := 0
	var differ, without []string
	for _, pair := range [][2]string{{extract.AskRows, extract.AskSums}, {extract.AskRows2, extract.AskSums2}} {
		for _, d := range calls {
			rows, sums := e.of(d, pair[0]), e.of(d, pair[1])
			switch {
			case !rows.isGood || sums.Ask == "":
				continue
			case !sums.isGood || sums.sums == nil:
				without = append(without, key(d, pair[1])+": "+sums.summary)
				continue
			}
			for _, field := range sortedKeys(sums.sums) {
				want, isNumber := sums.sums.number(field)
				if !isNumber || !isCount(field) {
					continue
				}
				compared++
				if got := total(rows.rows, field); got != want {
					differ = append(differ, fmt.Sprintf("%s %s: rows %d, sum %d", key(d, pair[0]), field, got, want))
				}
			}
		}
	}
	switch {
	case len(differ) > 0:
		j.settle(false, "differs", "%s", strings.Join(differ, "; "))
	case len(without) > 0:
		j.settle(false, "not given", "%s", strings.Join(without, "; "))
	case compared == 0:
		j.open("no answers to compare")
	default:
		j.settle(true, "agrees", "%d counts of %d are equal", compared, compared)
	}
}

// failureCalls are the failure calls, each with the total of stats_day that its reasons should add up to.
var failureCalls = map[sms.Dataset]string{sms.ProcessFailed: "process_failed", sms.SendFailed: "send_failed"}

// failures compares the reasons with the totals of stats_day, day by day.
func failures(e evidence, j *Judgement) {
	stats := e.of(sms.StatsDay, extract.AskRows)
	var differ []string
	days, messages := 0, int64(0)
	for _, d := range calls[1:] {
		failed, field := e.of(d, extract.AskRows), failureCalls[d]
		if !stats.isGood || !failed.isGood {
			continue
		}
		totals, byReason := byDay(stats.rows), byDay(failed.rows)
		for _, day := range sortedKeys(byDay(slices.Concat(stats.rows, failed.rows))) {
			want, got := total(totals[day], field), reasons(byReason[day])
			days, messages = days+1, messages+want
			if got != want {
				differ = append(differ, fmt.Sprintf("%s %s: stats_day %d, reasons %d", day, field, want, got))
			}
		}
	}
	switch {
	case days == 0:
		j.open("no answers to compare")
	case len(differ) > 0:
		j.settle(false, "differ", "%d of %d days of both calls differ: %s",
			len(differ), days, strings.Join(differ[:min(len(differ), 5)], "; "))
	case messages == 0:
		j.open("no message failed in 28 days")
	default:
		j.settle(true, "agree", "%d failed messages, the same on each day of both calls", messages)
	}
}

func byDay(rows []row) map[string][]row {
	days := map[string][]row{}
	for _, r := range rows {
		days[r.day()] = append(days[r.day()], r)
	}
	return days
}

// readings of `sent`, each with what it says. The third is what the vendor's ancestor meant by it.
var readings = []struct {
	name string
	fits func(sent, targets, processFailed, delivered, results int64) bool
}{
	{"handed on", func(sent, targets, processFailed, _, results int64) bool {
		return sent == results && targets == processFailed+results
	}},
	{"still queued", func(sent, targets, processFailed, _, results int64) bool {
		return targets == processFailed+results+sent
	}},
	{"delivered", func(sent, _, _, delivered, _ int64) bool { return sent == delivered }},
}

// sent looks which of the readings of `sent` all rows fit.
func sent(e evidence, j *Judgement) {
	all, absent, fits := 0, 0, make([]int, len(readings))
	for _, ask := range []string{extract.AskRows, extract.AskDays90} {
		for _, r := range e.of(sms.StatsDay, ask).rows {
			sent, ok := r.number("sent")
			if !ok {
				absent++
				continue
			}
			all++
			n := func(field string) int64 { v, _ := r.number(field); return v }
			results := n("delivered") + n("send_failed") + n("wait_result")
			for i, reading := range readings {
				if reading.fits(sent, n("targets"), n("process_failed"), n("delivered"), results) {
					fits[i]++
				}
			}
		}
	}
	var found, right []string
	for i, reading := range readings {
		found = append(found, fmt.Sprintf("%d fit %q", fits[i], reading.name))
		if fits[i] == all {
			right = append(right, reading.name)
		}
	}
	text := fmt.Sprintf("of %d rows %s; %d rows have no sent", all, strings.Join(found, ", "), absent)
	switch {
	case all == 0 && absent > 0:
		j.settle(false, "absent", "%s", text)
	case len(right) == 1:
		j.settle(right[0] == readings[0].name, right[0], "%s", text)
	case len(right) == 0:
		j.settle(false, "neither", "%s", text)
	default:
		j.open("%s", text)
	}
}

// msgType finds out which messages each call is about when msg_type is left out.
func msgType(e evidence, j *Judgement) {
	var found []string
	equal := map[sms.Dataset]bool{} // whether the answer is the same with msg_type=2
	for _, d := range calls {
		all, two := e.of(d, extract.AskRows), e.of(d, extract.AskRows2)
		if !all.isGood || !two.isGood {
			found = append(found, fmt.Sprintf("%s: %s, with msg_type=2 %s", d, all.summary, two.summary))
			continue
		}
		equal[d] = fingerprint(all.rows) == fingerprint(two.rows)
		found = append(found, fmt.Sprintf("%s: %d rows (%s), with msg_type=2 %d", d, len(all.rows),
			typesOf(all.rows), len(two.rows)))
	}
	text := strings.Join(found, "; ")
	switch {
	case len(equal) < len(calls):
		j.open("%s", text)
	case equal[sms.StatsDay] && equal[sms.ProcessFailed] && equal[sms.SendFailed]:
		j.settle(true, "2", "%s", text)
	case e.asksAlike(equal):
		j.settle(true, "not 2", "%s", text)
	default:
		j.settle(false, differs, "%s", text)
	}
}

// asksAlike says whether the failure calls are about the messages of stats_day. Where some of the answers change with
// msg_type and some do not that can be right all the same: no message of another type may have failed. Sums decide.
func (e evidence) asksAlike(equal map[sms.Dataset]bool) bool {
	agree := func(d sms.Dataset, field, ask string) bool {
		want := total(e.of(sms.StatsDay, ask).rows, field)
		return reasons(e.of(d, ask).rows) == want
	}
	for d, field := range failureCalls {
		isOff := !agree(d, field, extract.AskRows) && agree(d, field, extract.AskRows2)
		if equal[sms.StatsDay] && !equal[d] || isOff {
			return false
		}
	}
	return true
}

// fingerprint is the same for the same rows, in whatever order they come.
func fingerprint(rows []row) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		for _, field := range sortedKeys(r) {
			lines[i] += field + "\x00" + extract.Unquoted(r[field]) + "\x00"
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func typesOf(rows []row) string {
	types := counts{}
	for _, r := range rows {
		types["type "+orNone(extract.Unquoted(r["msg_type"]))]++
	}
	if len(types) == 0 {
		return "no rows"
	}
	return types.String()
}
