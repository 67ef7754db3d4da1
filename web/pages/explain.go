package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"smsetl/explain"
	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
	"smsetl/web/pages/trail"
)

// explanation follows a number back to the vendor's answers.
func (s *site) explanation(ctx context.Context, q *query) (view, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return view{}, err
	}
	account, date, err := q.accountDay(accounts)
	if err != nil {
		return view{}, err
	}
	zone, err := sms.ParseZone(account.Zone)
	if err != nil {
		return view{}, err
	}
	question, err := q.question(sms.Account{Vendor: account.Vendor, ID: account.Account, Zone: zone}, date)
	if err != nil {
		return view{}, err
	}
	e, err := s.explain(ctx, question)
	switch {
	case errors.Is(err, explain.ErrNever):
		return view{}, unknown("%s", capital(strings.TrimPrefix(err.Error(), "explain: "+explain.ErrNever.Error()+": ")))
	case errors.Is(err, explain.ErrQuestion):
		return view{}, bad("%s", strings.TrimPrefix(err.Error(), "explain: "))
	case errors.Is(err, load.ErrUnknownAccount):
		return view{}, unknown("there is no account %q", account.Account)
	case err != nil:
		return view{}, err
	}
	known, err := s.warehouse.Day(ctx, account.Vendor, account.Account, date)
	if err != nil {
		return view{}, err
	}
	of := stateOfDay(known.Datasets, e)
	back := pathOf("/day", account.Vendor, account.Account, date)
	v := view{
		Title: "Where it comes from",
		Lead:  fmt.Sprintf("%s of %s/%s; days start at midnight in %s. %s.", e.Date, e.Account.Vendor, e.Account.ID, e.Zone, sumOf(e.Rows)),
		Crumbs: []line{{Link: "Overview", Href: "/"}, {Link: string(account.Vendor), Href: href("/coverage", "vendor", string(account.Vendor))},
			{Link: account.Account, Href: href("/coverage", "vendor", string(account.Vendor), "account", account.Account)},
			{Link: date.String(), Href: back}, {Text: cmp.Or(sheet.Spaced(question.Measure), "all measures")}},
	}
	if len(e.Measures) == 1 {
		v.Sections = append(v.Sections, big(e, of))
	}
	v.Sections = append(v.Sections,
		section{ID: "number", Heading: "The number", Table: trail.Measures(e, of), Lines: whyLines(e, of, back)},
		section{ID: "values", Heading: "1. Every value it had", Table: trail.History(e, of)},
		section{ID: "made-of", Heading: "2. The rows it is made of", Table: trail.Rows(e, of)},
		section{ID: "said", Heading: "3. What the vendor answered", Quotes: trail.Quotes(e), Table: trail.Answers(e.Answers)},
		section{ID: "by", Heading: "The loads that did it", Table: trail.Loads(e.Loads)})
	return v, nil
}

// big is the number itself, with one sentence about it.
func big(e explain.Explanation, of sms.State) section {
	m := e.Measures[0]
	values := 0
	for _, c := range e.Cells {
		for _, v := range c.Values {
			values += max(0, len(v.History)-1)
		}
	}
	text := "It has not changed since it was first loaded"
	if values > 0 {
		text = "It was revised since it was first loaded: " + plural(int64(values), "time") + " in its rows"
	}
	if isFinal := mark.IsFinal(of); isFinal {
		text += ", and is not expected to change."
	} else {
		text += ", and may still change: the day is " + sheet.Spaced(of) + "."
	}
	return section{Big: cmp.Or(sheet.CellOf(m.Total).Show, "–"), Lines: []line{{Text: text}},
		Facts: facts("Measure", sheet.Spaced(m.Measure), "Unit", m.Unit, "The vendor’s fields", m.Formula, "Made of", plural(int64(e.Rows), "row"), "Answers", sheet.Grouped(int64(len(e.Answers))))}
}

// question reads what is asked of a day.
func (q *query) question(account sms.Account, date sms.Day) (explain.Question, error) {
	question := explain.Question{
		Account: account, Day: date,
		Template: q.text("template"), Label: q.text("label"), MessageType: q.text("message_type"), Country: q.text("country"),
		Stage: q.stage(), Reason: q.text("reason"), Measure: q.text("measure"), Dataset: sms.Dataset(q.text("dataset")),
	}
	return question, q.done()
}

func sumOf(rows int) string {
	if rows == 1 {
		return "The numbers of one row"
	}
	return "Sums of " + sheet.Grouped(int64(rows)) + " rows"
}

// stateOfDay gives the state of the day as every page shows it: the worst among the datasets that the numbers are made
// of.
func stateOfDay(known []read.DayState, e explain.Explanation) sms.State {
	var worst sms.State
	for _, d := range known {
		isOf := len(e.Days) == 0 || slices.ContainsFunc(e.Days, func(x read.DayLine) bool { return x.Dataset == d.Dataset })
		if isOf && (worst == "" || mark.Worse(d.State, worst) < 0) {
			worst = d.State
		}
	}
	return cmp.Or(worst, sms.Missing)
}

// whyLines says how the day stands, and why there is no number where there is none.
func whyLines(e explain.Explanation, of sms.State, back string) []line {
	var lines []line
	if e.Missing != "" {
		lines = append(lines, line{Text: "There is no number: " + e.Missing + ".", Bad: true})
	}
	return append(lines, line{Text: "The day is " + sheet.Spaced(of) + ": " + mark.Of(of).About + ".",
		Link: "Its states and attempts", Href: back, Bad: mark.IsOpen(of)})
}

// upper begins a text in upper case.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// capital makes a sentence of a message.
func capital(s string) string { return strings.TrimSuffix(upper(s), ".") + "." }
