package capture

import (
	"cmp"
	"fmt"
	"strings"

	"smsetl/sms"
)

// Result says what became of an assumption.
type Result string

// The results.
const (
	Held      Result = "held"
	DidNot    Result = "did not hold"
	Undecided Result = "cannot be told"
)

// Judgement is an assumption that the program rests on, with what the answers of an account say of it.
type Judgement struct {
	Vendor     sms.Vendor `json:"vendor"`
	Account    string     `json:"account"`
	Question   string     `json:"question"` // its short name, the same for ever: msg_type_default
	Assumption string     `json:"assumption"`
	Result     Result     `json:"result"`
	Answer     string     `json:"answer"` // in one word or a few; empty when it cannot be told
	Evidence   string     `json:"evidence"`
	Advice     string     `json:"advice,omitzero"` // what would be right to set; empty when nothing has to be done
}

// Text gives the evidence with the advice.
func (j Judgement) Text() string {
	if j.Advice == "" {
		return j.Evidence
	}
	return j.Evidence + ". " + j.Advice
}

// Advice says what to set after an answer to a question; empty where nothing has to be done.
func Advice(question, answer string) string {
	switch {
	case question == "msg_type_default" && answer == differs:
		return "Set msg_type: 2, so that the three calls are about the same messages"
	case question == "days_90" && answer == refused90:
		return "Set chunk_days: 89"
	case question == "end_hour" && answer == "exclusive":
		return "Run etl probe tencent, and set end_hour: exclusive if it says the same"
	default:
		return ""
	}
}

// Answers that are followed by an advice.
const (
	differs   = "differs between the calls"
	refused90 = "refused, 89 taken"
)

// settle says what was found, which is what was assumed or is not.
func (j *Judgement) settle(asAssumed bool, answer, evidence string, args ...any) {
	j.Result, j.Answer, j.Evidence = DidNot, answer, fmt.Sprintf(evidence, args...)
	if asAssumed {
		j.Result = Held
	}
}

func (j *Judgement) open(evidence string, args ...any) {
	j.Result, j.Answer, j.Evidence = Undecided, "", fmt.Sprintf(evidence, args...)
}

// The evidence where there are no answers to judge by.
const (
	noRows   = "no answer holds rows"
	notAsked = "it was not asked, or not answered"
)

// written judges the forms in which something is written, of which one is assumed.
func (j *Judgement) written(forms counts, assumed, nothing string) {
	if len(forms) == 0 {
		j.open("%s", nothing)
		return
	}
	j.settle(len(forms) == 1 && forms[assumed] > 0, strings.Join(sortedKeys(forms), ", "), "%s", forms)
}

// today judges an answer about the day that is not over. busy is what it holds, empty for nothing; quiet is the
// evidence then.
func (j *Judgement) today(a answer, busy, quiet string) {
	switch {
	case !a.isAnswered():
		j.open("%s", a.summary)
	case !a.isGood:
		j.settle(false, "refused", "%s", a.summary)
	case busy != "":
		j.settle(true, "told", "%s at %s", busy, a.AskedAt)
	default:
		j.open("%s: nothing was sent yet, or nothing is told yet", quiet)
	}
}

// evidence is the answers of one account.
type evidence struct {
	answers map[string]answer
	account string
}

// of gives an answer; there may be none.
func (e evidence) of(d sms.Dataset, ask string) answer {
	if a, ok := e.answers[key(d, ask)]; ok {
		return a
	}
	return answer{Fixture: &Fixture{}, summary: "not asked"}
}

// windows looks how windows of so many days are answered: how many of those that are assumed to be taken were taken,
// and how many were refused.
func (e evidence) windows(datasets []sms.Dataset, asks []string, assumed string) (taken, refused int, all string) {
	var found []string
	for _, d := range datasets {
		for _, ask := range asks {
			a := e.of(d, ask)
			if a.Ask == "" {
				continue
			}
			found = append(found, fmt.Sprintf("%s of %s days: %s", d, strings.TrimPrefix(ask, "days_"), a.summary))
			switch {
			case ask != assumed || a.Failed != "":
			case a.isGood:
				taken++
			default:
				refused++
			}
		}
	}
	return taken, refused, strings.Join(found, "; ")
}

// assumption is one line of a vendor's table: what is assumed, and how it is judged.
type assumption struct {
	question, text string
	judge          func(evidence, *Judgement)
}

// Judge says what the answers of a capture tell of each assumption, account by account.
func Judge(accounts []Account, all []Fixture) []Judgement {
	var out []Judgement
	for _, one := range accounts {
		e := evidence{map[string]answer{}, one.ID}
		for i := range all {
			if f := &all[i]; f.Vendor == one.Vendor && f.Account == one.ID {
				e.answers[key(f.Dataset, f.Ask)] = read(f)
			}
		}
		for _, a := range assumptions[one.Vendor] {
			j := Judgement{Vendor: one.Vendor, Account: one.ID, Question: a.question, Assumption: a.text}
			a.judge(e, &j)
			j.Advice = cmp.Or(j.Advice, Advice(a.question, j.Answer))
			out = append(out, j)
		}
	}
	return out
}

// assumptions are the tables of the vendors.
var assumptions = map[sms.Vendor][]assumption{sms.EngageLab: engageLabTable, sms.Tencent: tencentTable}

func key(d sms.Dataset, ask string) string { return string(d) + " " + ask }

// Markdown gives the table of a capture for people.
func (m *Manifest) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Assumptions\n\nCaptured at %s. Accounts, templates, labels and ids are pseudonyms.\n", m.CapturedAt)
	for _, one := range m.Accounts {
		fmt.Fprintf(&b, "\n## %s %s\n\n| assumption | result | evidence |\n|---|---|---|\n", one.Vendor, one.ID)
		for _, j := range m.Held {
			if j.Vendor != one.Vendor || j.Account != one.ID {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(j.Assumption), j.Result, cell(j.Text()))
		}
	}
	if len(m.Skipped) > 0 {
		fmt.Fprint(&b, "\n## Not asked, or not answered\n\n")
		for _, line := range m.Skipped {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
