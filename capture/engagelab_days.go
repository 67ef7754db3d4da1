package capture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// isZero says whether all counts of a row are 0, and there is one.
func (r row) isZero() bool {
	counts := 0
	for field := range r {
		if !isCount(field) {
			continue
		}
		counts++
		if n, ok := r.number(field); !ok || n != 0 {
			return false
		}
	}
	return counts > 0
}

// isBusy says whether some row holds something.
func isBusy(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return !r.isZero() })
}

func emptyDay(e evidence, j *Judgement) {
	a := e.of(sms.StatsDay, extract.AskRows)
	if !a.isGood || len(a.rows) == 0 {
		j.open("stats_day holds no rows in 28 days")
		return
	}
	days, zeros := byDay(a.rows), 0
	for _, rows := range days {
		if !isBusy(rows) {
			zeros++
		}
	}
	empty := e.of(sms.StatsDay, extract.AskEmptyDay)
	switch {
	case zeros > 0:
		j.settle(false, "zeros", "%d of %d days hold nothing but zeros", zeros, len(days))
	case len(days) >= extract.RowDays:
		j.open("all %d days have messages", extract.RowDays)
	case empty.Ask == "":
		j.settle(true, "absent", "%d of %d days have rows", len(days), extract.RowDays)
	case !empty.isGood:
		j.settle(false, "refused", "%s of %s: %s", sms.StatsDay, empty.Window, empty.summary)
	case len(empty.rows) > 0:
		j.settle(false, "rows", "%s alone holds %d rows, and none among other days", empty.Window, len(empty.rows))
	default:
		j.settle(true, "absent", "%d of %d days have rows; a day without, asked for alone: %s",
			len(days), extract.RowDays, shape(empty))
	}
}

// shape says how an answer without rows is written.
func shape(a answer) string {
	if a.isArray {
		return `"result": [], count ` + orNone(string(a.count))
	}
	return "no array as result, count " + orNone(string(a.count))
}

func orNone(text string) string { return cmp.Or(text, "absent") }

func engageLabToday(e evidence, j *Judgement) {
	a, busy := e.of(sms.StatsDay, extract.AskToday), ""
	if isBusy(a.rows) {
		busy = fmt.Sprintf("%d rows", len(a.rows))
	}
	before := len(e.of(sms.StatsDay, extract.AskRows).rows)
	j.today(a, busy, fmt.Sprintf("no rows at %s; the 28 days before hold %d", a.AskedAt, before))
}

func engageLabTooOld(e evidence, j *Judgement) {
	var found []string
	answers := map[string]bool{}
	for _, d := range calls {
		a := e.of(d, extract.AskTooOld)
		if !a.isAnswered() {
			continue
		}
		answer := "empty"
		switch {
		case !a.isGood:
			answer = "refused"
		case isBusy(a.rows):
			answer = "rows"
		case len(a.rows) > 0:
			answer = "zeros"
		}
		answers[answer] = true
		found = append(found, fmt.Sprintf("%s of %s: %s (%s)", d, a.Window, answer, a.summary))
	}
	text := strings.Join(found, "; ")
	switch {
	case len(answers) == 0:
		j.open(notAsked)
	case answers["rows"]:
		j.open("%s: a day that old is kept", text)
	default:
		answer := strings.Join(sortedKeys(answers), ", ")
		j.settle(answer == "refused", answer, "%s. An account that was not there yet would look the same", text)
	}
}
