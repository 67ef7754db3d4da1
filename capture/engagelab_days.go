package capture

import (
	"fmt"
	"strings"

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

// isAllZero says whether every row is.
func isAllZero(rows []row) bool {
	for _, r := range rows {
		if !r.isZero() {
			return false
		}
	}
	return true
}

func (e engageLab) emptyDay(j *Judgement) {
	a := e.of(sms.StatsDay, Rows)
	if !a.isGood || len(a.rows) == 0 {
		j.open("stats_day holds no rows in 28 days")
		return
	}
	counts := map[string]bool{} // by day: something is not 0
	for _, r := range a.rows {
		counts[r.day()] = counts[r.day()] || !r.isZero()
	}
	zeros := 0
	for _, isBusy := range counts {
		if !isBusy {
			zeros++
		}
	}
	empty, wasAsked := e.answers[key(sms.StatsDay, EmptyDay)]
	switch {
	case zeros > 0:
		j.told(false, "zeros", "%d of %d days hold nothing but zeros", zeros, len(counts))
	case len(counts) >= RowDays:
		j.open("all %d days have messages", RowDays)
	case !wasAsked:
		j.told(true, "absent", "%d of %d days have rows", len(counts), RowDays)
	case !empty.isGood:
		j.told(false, "refused", "%s of %s: %s", sms.StatsDay, empty.Window, empty.said)
	case len(empty.rows) > 0:
		j.told(false, "rows", "%s alone holds %d rows, and none among other days", empty.Window, len(empty.rows))
	default:
		j.told(true, "absent", "%d of %d days have rows; a day without, asked for alone: %s", len(counts), RowDays, shape(empty))
	}
}

// shape says how an answer without rows is written.
func shape(a answer) string {
	if a.isArray {
		return `"result": [], count ` + orNone(string(a.count))
	}
	return "no array as result, count " + orNone(string(a.count))
}

func orNone(text string) string {
	if text == "" {
		return "absent"
	}
	return text
}

func (e engageLab) today(j *Judgement) {
	a, before := e.of(sms.StatsDay, Today), e.of(sms.StatsDay, Rows)
	switch {
	case a.Failed != "" || a.Ask == "":
		j.open("%s", a.said)
	case !a.isGood:
		j.told(false, "refused", "%s", a.said)
	case len(a.rows) > 0 && !isAllZero(a.rows):
		j.told(true, "told", "%d rows at %s", len(a.rows), a.AskedAt)
	default:
		j.open("no rows at %s; the 28 days before hold %d: nothing was sent yet, or nothing is told yet", a.AskedAt, len(before.rows))
	}
}

func (e engageLab) tooOld(j *Judgement) {
	var said []string
	answers := map[string]bool{}
	for _, d := range calls {
		a := e.of(d, TooOld)
		if a.Ask == "" || a.Failed != "" {
			continue
		}
		answer := "empty"
		switch {
		case !a.isGood:
			answer = "refused"
		case len(a.rows) > 0 && isAllZero(a.rows):
			answer = "zeros"
		case len(a.rows) > 0:
			answer = "rows"
		}
		answers[answer] = true
		said = append(said, fmt.Sprintf("%s of %s: %s (%s)", d, a.Window, answer, a.said))
	}
	evidence := strings.Join(said, "; ")
	switch {
	case len(answers) == 0:
		j.open("it was not asked, or not answered")
	case answers["rows"]:
		j.open("%s: a day that old is kept", evidence)
	default:
		answer := strings.Join(sortedKeys(answers), ", ")
		j.told(answer == "refused", answer, "%s. An account that was not there yet would look the same", evidence)
	}
}
