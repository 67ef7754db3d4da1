package capture

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// engageLabTable are the assumptions about EngageLab.
var engageLabTable = []assumption{
	{"paths", "The path in the URL block of the vendor's page answers", paths},
	{"count", "count is the number of rows", countOfRows},
	{"sms_user", "Rows name their sms_user", namedUsers},
	{"keys", "No two rows of an answer have the same key", uniqueKeys},
	{"aggregate", "aggregate_by=1 is given and agrees with the rows", aggregate},
	{"failures", "The failure calls add up to the totals of stats_day", failures},
	{"days_90", "A window of 90 days, both ends included, is taken", ninety},
	{"sent", "`sent` is what was handed on: delivered + send_failed + wait_result", sent},
	{"msg_type_default", "Without msg_type the three calls answer for the same messages", msgType},
	{"no_label", "Where there is no template or label, it is always written in the same way", writtenNone},
	{"numbers", "Counts are whole numbers without quotes", engageLabNumbers},
	{"send_date", "send_date is a date without a time", dates},
	{"empty_day", "A day without messages has no rows", emptyDay},
	{"today", "The day that is not over is told of", engageLabToday},
	{"too_old", "A day before what the vendor keeps is refused, and not answered as empty or as 0", engageLabTooOld},
}

// calls are EngageLab's datasets.
var calls = []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}

// everyRow goes through the rows of all answers, each dataset in the order of its table.
func (e evidence) everyRow(do func(d sms.Dataset, r row)) {
	asks := []string{extract.AskRows, extract.AskRows2, extract.AskDays89, extract.AskDays90, extract.AskEmptyDay,
		extract.AskToday, extract.AskTooOld}
	for _, d := range calls {
		for _, ask := range asks {
			for _, r := range e.of(d, ask).rows {
				do(d, r)
			}
		}
	}
}

func paths(e evidence, j *Judgement) {
	var found, wrong, open []string
	for _, d := range calls {
		a, o := e.of(d, extract.AskRows), e.of(d, extract.AskOtherPath)
		found = append(found, a.Request.Path+" "+a.summary)
		if o.Request.Path != "" {
			found = append(found, o.Request.Path+" "+o.summary)
		}
		switch {
		case a.isGood:
		case o.isGood:
			wrong = append(wrong, string(d)+" at "+o.Request.Path)
			j.Advice = fmt.Sprintf("Set paths: {%s: %s}", d, o.Request.Path)
		case a.Status == http.StatusNotFound:
			wrong = append(wrong, string(d)+" not found")
		default:
			open = append(open, string(d))
		}
	}
	switch {
	case len(wrong) > 0:
		j.settle(false, strings.Join(wrong, ", "), "%s", strings.Join(found, "; "))
	case len(open) > 0:
		j.open("%s", strings.Join(found, "; "))
	default:
		j.settle(true, "as documented", "%s", strings.Join(found, "; "))
	}
}

func countOfRows(e evidence, j *Judgement) {
	var checked, missing int
	var wrong []string
	for _, name := range sortedKeys(e.answers) {
		a := e.answers[name]
		if !a.isGood || !a.isArray {
			continue
		}
		n, ok := row{"count": a.count}.number("count")
		switch {
		case !ok:
			missing++
		case n != int64(len(a.rows)):
			wrong = append(wrong, fmt.Sprintf("%s: count %d, %d rows", name, n, len(a.rows)))
		default:
			checked++
		}
	}
	switch {
	case len(wrong) > 0:
		j.settle(false, "differs", "%s", strings.Join(wrong, "; "))
	case missing > 0:
		j.settle(false, "absent", "%d answers have no count, in %d it is the number of rows", missing, checked)
	case checked == 0:
		j.open(noRows)
	default:
		j.settle(true, "rows", "so in %d answers", checked)
	}
}

func namedUsers(e evidence, j *Judgement) {
	named, all, foreign := counts{}, counts{}, counts{}
	e.everyRow(func(d sms.Dataset, r row) {
		all[string(d)]++
		v := r["sms_user"]
		if v == nil || v.Kind() == 'n' || extract.Unquoted(v) == "" {
			return
		}
		named[string(d)]++
		if extract.Unquoted(v) != e.account {
			foreign[extract.Unquoted(v)]++
		}
	})
	var parts, without []string
	for _, d := range calls {
		parts = append(parts, fmt.Sprintf("%s: %d of %d rows", d, named[string(d)], all[string(d)]))
		if named[string(d)] < all[string(d)] {
			without = append(without, string(d))
		}
	}
	text := strings.Join(parts, "; ")
	switch {
	case len(all) == 0:
		j.open(noRows)
	case len(without) > 0:
		j.settle(false, "not in "+strings.Join(without, ", "), "%s. A row without it is the authenticated user's", text)
	case len(foreign) > 0:
		j.settle(true, "named, others too", "%s; of other users: %s", text, foreign)
	default:
		j.settle(true, "named", "%s", text)
	}
}

func uniqueKeys(e evidence, j *Judgement) {
	rows, twice := 0, counts{}
	for _, d := range calls {
		seen := map[string]bool{}
		for _, r := range e.of(d, extract.AskRows).rows {
			k := r.key()
			if seen[k] {
				twice[string(d)]++
			}
			seen[k] = true
			rows++
		}
	}
	switch {
	case rows == 0:
		j.open(noRows)
	case len(twice) > 0:
		j.settle(false, "repeated", "repeated rows: %s", twice)
	default:
		j.settle(true, "once", "%d rows of 28 days, each key once", rows)
	}
}

// day gives the row's day, as its text; a time behind it is left out.
func (r row) day() string {
	text := extract.Unquoted(r["send_date"])
	return text[:min(len(text), len("2006-01-02"))]
}

// key is what a row is about. All ways to say "none" are one; 0 is a type of messages.
func (r row) key() string {
	parts := []string{r.day(), extract.Unquoted(r["msg_type"])}
	for _, field := range []string{"sms_user", "template_id", "label_id"} {
		text := extract.Unquoted(r[field])
		if isNone(text) {
			text = ""
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\x00")
}

func ninety(e evidence, j *Judgement) {
	asks := []string{extract.AskDays89, extract.AskDays90, extract.AskDays91}
	taken, refused, all := e.windows(calls, asks, extract.AskDays90)
	switch {
	case taken+refused == 0:
		j.open(notAsked)
	case refused == 0:
		j.settle(true, "taken", "%s", all)
	case e.of(sms.StatsDay, extract.AskDays89).isGood:
		j.settle(false, refused90, "%s", all)
	default:
		j.settle(false, "refused, 89 too", "%s", all)
	}
}

func writtenNone(e evidence, j *Judgement) {
	fields := []string{"template_id", "label_id"}
	forms := map[string]counts{fields[0]: {}, fields[1]: {}}
	e.everyRow(func(_ sms.Dataset, r row) {
		for field, seen := range forms {
			switch v := r[field]; {
			case v == nil || v.Kind() == 'n':
				seen[form(v)]++
			case isNone(extract.Unquoted(v)):
				seen[string(v)]++
			}
		}
	})
	var found []string
	several := false
	for _, field := range fields {
		if len(forms[field]) > 0 {
			found = append(found, field+": "+forms[field].String())
			several = several || len(forms[field]) > 1
		}
	}
	switch {
	case len(found) == 0:
		j.open("every row has a template and a label")
	case several:
		j.settle(false, "several", "%s", strings.Join(found, "; "))
	default:
		j.settle(true, "one", "%s", strings.Join(found, "; "))
	}
}

// notCounts are the fields of a row that are no count.
var notCounts = []string{"send_date", "msg_type", "sms_user", "template_id", "label_id", "template_name", "label_name"}

func isCount(field string) bool {
	return !slices.Contains(notCounts, field) && !strings.HasSuffix(field, "_percent")
}

func engageLabNumbers(e evidence, j *Judgement) {
	forms := counts{}
	e.everyRow(func(_ sms.Dataset, r row) {
		for field, v := range r {
			if isCount(field) {
				forms[form(v)]++
			}
		}
	})
	j.written(forms, "number", noRows)
}

func dates(e evidence, j *Judgement) {
	forms := counts{}
	e.everyRow(func(_ sms.Dataset, r row) {
		switch text := extract.Unquoted(r["send_date"]); {
		case len(text) == len("2006-01-02"):
			forms["date"]++
		case len(text) > len("2006-01-02"):
			forms["date and time"]++
		default:
			forms["other"]++
		}
	})
	j.written(forms, "date", noRows)
}
