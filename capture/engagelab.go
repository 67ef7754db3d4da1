package capture

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"smsetl/sms"
)

// engageLab is what an account of EngageLab answered.
type engageLab struct {
	answers map[string]answer
	user    string
}

// engageLabTable are the assumptions about EngageLab.
var engageLabTable = []assumption[engageLab]{
	{"paths", "The path in the URL block of the vendor's page answers", engageLab.paths},
	{"count", "count is the number of rows", engageLab.count},
	{"sms_user", "Rows name their sms_user", engageLab.users},
	{"keys", "No two rows of an answer have the same key", engageLab.keys},
	{"aggregate", "aggregate_by=1 is given and agrees with the rows", engageLab.aggregate},
	{"failures", "The failure calls add up to the totals of stats_day", engageLab.failures},
	{"days_90", "A window of 90 days, both ends included, is taken", engageLab.ninety},
	{"sent", "`sent` is what was handed on: delivered + send_failed + wait_result", engageLab.sent},
	{"msg_type_default", "Without msg_type the three calls answer for the same messages", engageLab.msgType},
	{"no_label", "Where there is no template or label, it is always written in the same way", engageLab.none},
	{"numbers", "Counts are whole numbers without quotes", engageLab.numbers},
	{"send_date", "send_date is a date without a time", engageLab.dates},
	{"empty_day", "A day without messages has no rows", engageLab.emptyDay},
	{"today", "The day that is not over is told of", engageLab.today},
	{"too_old", "A day before what the vendor keeps is refused, and not answered as empty or as 0", engageLab.tooOld},
}

// calls are EngageLab's datasets.
var calls = []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}

// of gives an answer; there may be none.
func (e engageLab) of(d sms.Dataset, ask string) answer {
	if a, ok := e.answers[key(d, ask)]; ok {
		return a
	}
	return answer{Fixture: &Fixture{}, said: "not asked"}
}

// everyRow goes through the rows of all answers, each dataset in the order of its table.
func (e engageLab) everyRow(do func(a answer, r row)) {
	for _, d := range calls {
		for _, ask := range []string{Rows, Rows2, Days89, Days90, EmptyDay, Today, TooOld} {
			a := e.of(d, ask)
			for _, r := range a.rows {
				do(a, r)
			}
		}
	}
}

func (e engageLab) paths(j *Judgement) {
	var said, wrong, open []string
	for _, d := range calls {
		a, o := e.of(d, Rows), e.of(d, OtherPath)
		said = append(said, fmt.Sprintf("%s %s", a.Request.Path, a.said))
		if o.Request.Path != "" {
			said = append(said, fmt.Sprintf("%s %s", o.Request.Path, o.said))
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
		j.told(false, strings.Join(wrong, ", "), "%s", strings.Join(said, "; "))
	case len(open) > 0:
		j.open("%s", strings.Join(said, "; "))
	default:
		j.told(true, "as documented", "%s", strings.Join(said, "; "))
	}
}

func (e engageLab) count(j *Judgement) {
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
		j.told(false, "differs", "%s", strings.Join(wrong, "; "))
	case missing > 0:
		j.told(false, "absent", "%d answers have no count, in %d it is the number of rows", missing, checked)
	case checked == 0:
		j.open("no answer holds rows")
	default:
		j.told(true, "rows", "so in %d answers", checked)
	}
}

func (e engageLab) users(j *Judgement) {
	named, all := map[sms.Dataset]int{}, map[sms.Dataset]int{}
	foreign := tally{}
	e.everyRow(func(a answer, r row) {
		all[a.Dataset]++
		v, ok := r["sms_user"]
		if !ok || v.Kind() == 'n' || unquoted(v) == "" {
			return
		}
		named[a.Dataset]++
		if unquoted(v) != e.user {
			foreign[unquoted(v)]++
		}
	})
	var said, without []string
	total := 0
	for _, d := range calls {
		total += all[d]
		said = append(said, fmt.Sprintf("%s: %d of %d rows", d, named[d], all[d]))
		if named[d] < all[d] {
			without = append(without, string(d))
		}
	}
	switch {
	case total == 0:
		j.open("no answer holds rows")
	case len(without) > 0:
		j.told(false, "not in "+strings.Join(without, ", "), "%s. A row without it is the authenticated user's", strings.Join(said, "; "))
	case len(foreign) > 0:
		j.told(true, "named, others too", "%s; of other users: %s", strings.Join(said, "; "), foreign)
	default:
		j.told(true, "named", "%s", strings.Join(said, "; "))
	}
}

func (e engageLab) keys(j *Judgement) {
	total, twice := 0, tally{}
	for _, d := range calls {
		a := e.of(d, Rows)
		seen := map[string]bool{}
		for _, r := range a.rows {
			k := r.key()
			if seen[k] {
				twice[string(d)]++
			}
			seen[k] = true
			total++
		}
	}
	switch {
	case total == 0:
		j.open("no answer holds rows")
	case len(twice) > 0:
		j.told(false, "repeated", "repeated rows: %s", twice)
	default:
		j.told(true, "once", "%d rows of 28 days, each key once", total)
	}
}

// key is what a row is about. All ways to say "none" are one; 0 is a type of messages.
func (r row) key() string {
	parts := []string{r.day(), unquoted(r["msg_type"])}
	for _, field := range []string{"sms_user", "template_id", "label_id"} {
		text := unquoted(r[field])
		if isNone(text) {
			text = ""
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\x00")
}

func (e engageLab) ninety(j *Judgement) {
	var said, refused []string
	asked := 0
	for _, d := range calls {
		for _, ask := range []string{Days89, Days90, Days91} {
			a, ok := e.answers[key(d, ask)]
			if !ok {
				continue
			}
			said = append(said, fmt.Sprintf("%s of %s days: %s", d, strings.TrimPrefix(ask, "days_"), a.said))
			if ask == Days90 && a.Failed == "" {
				asked++
				if !a.isGood {
					refused = append(refused, string(d))
				}
			}
		}
	}
	switch {
	case asked == 0:
		j.open("it was not asked, or not answered")
	case len(refused) == 0:
		j.told(true, "taken", "%s", strings.Join(said, "; "))
	case e.of(sms.StatsDay, Days89).isGood:
		j.told(false, refused90, "%s", strings.Join(said, "; "))
	default:
		j.told(false, "refused, 89 too", "%s", strings.Join(said, "; "))
	}
}

func (e engageLab) none(j *Judgement) {
	forms := map[string]tally{"template_id": {}, "label_id": {}}
	e.everyRow(func(_ answer, r row) {
		for field, seen := range forms {
			v, ok := r[field]
			switch {
			case !ok:
				seen["absent"]++
			case v.Kind() == 'n':
				seen["null"]++
			case isNone(unquoted(v)):
				seen[string(v)]++
			}
		}
	})
	var said []string
	several := false
	for _, field := range []string{"template_id", "label_id"} {
		if len(forms[field]) > 0 {
			said = append(said, field+": "+forms[field].String())
			several = several || len(forms[field]) > 1
		}
	}
	switch {
	case len(said) == 0:
		j.open("every row has a template and a label")
	case several:
		j.told(false, "several", "%s", strings.Join(said, "; "))
	default:
		j.told(true, "one", "%s", strings.Join(said, "; "))
	}
}

// notCounts are the fields of a row that are no count.
var notCounts = []string{"send_date", "msg_type", "sms_user", "template_id", "label_id", "template_name", "label_name"}

func isCount(field string) bool {
	return !slices.Contains(notCounts, field) && !strings.HasSuffix(field, "_percent")
}

func (e engageLab) numbers(j *Judgement) {
	forms := tally{}
	e.everyRow(func(_ answer, r row) {
		for field, v := range r {
			if isCount(field) {
				forms[form(v, true)]++
			}
		}
	})
	switch {
	case len(forms) == 0:
		j.open("no answer holds rows")
	default:
		j.told(len(forms) == 1 && forms["number"] > 0, strings.Join(sortedKeys(forms), ", "), "%s", forms)
	}
}

func (e engageLab) dates(j *Judgement) {
	forms := tally{}
	e.everyRow(func(_ answer, r row) {
		text := unquoted(r["send_date"])
		switch {
		case text == r.day() && len(text) == len("2006-01-02"):
			forms["date"]++
		case len(text) > len("2006-01-02"):
			forms["date and time"]++
		default:
			forms["other"]++
		}
	})
	if len(forms) == 0 {
		j.open("no answer holds rows")
		return
	}
	j.told(len(forms) == 1 && forms["date"] > 0, strings.Join(sortedKeys(forms), ", "), "%s", forms)
}
