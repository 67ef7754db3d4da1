package capture

import (
	"fmt"
	"strings"

	"smsetl/sms"
)

// Result says what became of an assumption.
type Result string

// The results.
const (
	Held   Result = "held"
	DidNot Result = "did not hold"
	Untold Result = "cannot be told"
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

// told makes an answer that is what was assumed, or is not.
func (j *Judgement) told(asAssumed bool, answer, evidence string, args ...any) {
	j.Result, j.Answer, j.Evidence = DidNot, answer, fmt.Sprintf(evidence, args...)
	if asAssumed {
		j.Result = Held
	}
}

func (j *Judgement) open(evidence string, args ...any) {
	j.Result, j.Answer, j.Evidence = Untold, "", fmt.Sprintf(evidence, args...)
}

// assumption is one line of a vendor's table: what is assumed, and how it is judged.
type assumption[T any] struct {
	question, text string
	judge          func(T, *Judgement)
}

// Judge says what the answers of a capture tell of each assumption, account by account.
func Judge(accounts []Account, all []Fixture) []Judgement {
	var out []Judgement
	for _, one := range accounts {
		answers := map[string]answer{}
		for i := range all {
			if f := &all[i]; f.Vendor == one.Vendor && f.Account == one.ID {
				answers[key(f.Dataset, f.Ask)] = read(f)
			}
		}
		switch one.Vendor {
		case sms.EngageLab:
			out = append(out, judged(one, engageLabTable, engageLab{answers, one.ID})...)
		case sms.Tencent:
			out = append(out, judged(one, tencentTable, tencent{answers})...)
		default:
		}
	}
	return out
}

func judged[T any](of Account, table []assumption[T], told T) []Judgement {
	out := make([]Judgement, len(table))
	for i, a := range table {
		out[i] = Judgement{Vendor: of.Vendor, Account: of.ID, Question: a.question, Assumption: a.text}
		a.judge(told, &out[i])
		if out[i].Advice == "" {
			out[i].Advice = Advice(a.question, out[i].Answer)
		}
	}
	return out
}

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
			evidence := j.Evidence
			if j.Advice != "" {
				evidence += ". " + j.Advice
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(j.Assumption), j.Result, cell(evidence))
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
