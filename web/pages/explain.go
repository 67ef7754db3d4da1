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
	"smsetl/web/pages/sheet"
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
		section{ID: "number", Heading: "The number", Table: measuresTable(e, of), Lines: whyLines(e, of, back)},
		section{ID: "values", Heading: "1. Every value it had", Table: historyTable(e, of)},
		section{ID: "made-of", Heading: "2. The rows it is made of", Table: rowsTable(e, of)},
		section{ID: "said", Heading: "3. What the vendor answered", Quotes: quotes(e), Table: answersTable(e.Answers)},
		section{ID: "by", Heading: "The loads that did it", Table: loadsTable(e.Loads)})
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
	if isFinal := sheet.IsFinal(of); isFinal {
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
		if isOf && (worst == "" || sheet.Worse(d.State, worst) < 0) {
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
	return append(lines, line{Text: "The day is " + sheet.Spaced(of) + ": " + sheet.MarkOf(of).About + ".",
		Link: "Its states and attempts", Href: back, Bad: sheet.IsOpen(of)})
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

func measuresTable(e explain.Explanation, of sms.State) *sheet.Table {
	return sheet.Of("explain.measures", e.Measures, func(m explain.Measure) []sheet.Cell {
		why := ""
		switch {
		case !m.Total.IsReported():
			why = cmp.Or(e.Missing, "the vendor does not report it")
		case e.Rows == 0:
			why = "the vendor has no data for this day"
		}
		return sheet.Row(m.Measure, m.Total, of, m.Unit, sheet.Spaced(m.Support.Support), m.Formula, m.Note, why)
	})
}

// rowsTable has a line for each measure of each row.
func rowsTable(e explain.Explanation, of sms.State) *sheet.Table {
	t := sheet.New("explain.rows")
	for _, c := range e.Cells {
		for _, v := range c.Values {
			t.Rows = append(t.Rows, sheet.Row(c.Template, c.Label, c.MessageType, c.Country, c.Stage, c.Reason, v.Measure, v.Value,
				of,
				v.From(c.Places), places(&e, c.Places)))
		}
	}
	if left := e.Rows - len(e.Cells); left > 0 {
		t.Note = fmt.Sprintf("The largest rows. To see %d more: etl explain --rows", left)
	}
	return t
}

// shownQuotes is how many of the vendor's rows are shown, those of the largest numbers first.
const shownQuotes = 3

// quotes are the vendor's rows themselves, with what the number is made of marked where one number is asked for.
func quotes(e explain.Explanation) (all []sheet.Quote) {
	for _, c := range e.Cells {
		for i, p := range c.Places {
			if len(all) == shownQuotes {
				return all
			}
			var fields []string
			for _, v := range c.Values {
				for _, f := range v.Fields {
					if f.Place == i && len(e.Measures) == 1 {
						fields = append(fields, f.Field)
					}
				}
			}
			caption := fmt.Sprintf("Row %s of answer %d (%s), at byte %s. The whole answer: etl raw show %d", sheet.Grouped(p.Position), p.FetchID, e.FileOf(p), sheet.Grouped(p.Offset), p.FetchID)
			if p.Rows > 1 {
				caption = fmt.Sprintf("The first of %s rows that are counted. %s", sheet.Grouped(p.Rows), caption)
			}
			all = append(all, sheet.QuoteRow(caption, p.Row, fields))
		}
	}
	return all
}

func places(e *explain.Explanation, all []explain.Place) string {
	var parts []string
	for _, p := range all {
		if p.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s of answer %d (%s), %s of them for messages that a newer answer reports%s",
				plural(p.Rows, "row"), p.FetchID, e.FileOf(p), sheet.Grouped(p.Repeats), p.ByReports()))
			continue
		}
		parts = append(parts, fmt.Sprintf("row %d of answer %d (%s), at byte %d", p.Position, p.FetchID, p.Dataset, p.Offset))
	}
	return strings.Join(parts, "; ")
}

func historyTable(e explain.Explanation, of sms.State) *sheet.Table {
	t := sheet.New("explain.history")
	for _, c := range e.Cells {
		for _, v := range c.Values {
			for _, h := range v.History {
				t.Rows = append(t.Rows, sheet.Row(c.Template, c.Label, c.MessageType, c.Country, c.Reason, v.Measure, h.Value, of,
					h.From, h.Until, h.LoadID, h.Change, sheet.Spaced(h.Cause)))
			}
		}
	}
	return t
}

func answersTable(all []explain.Answer) *sheet.Table {
	return sheet.Of("explain.answers", all, func(a explain.Answer) []sheet.Cell {
		current := ""
		if a.IsCurrent {
			current = "in use"
		}
		request := strings.TrimSpace(a.Method + " " + a.URL + " " + a.Action + " " + a.Body)
		return sheet.Row(a.FetchID, a.LoadID, current, a.Dataset, sheet.Window(a.Window), request, a.FetchedAt, a.Status, a.Size,
			a.RequestID, a.Hash, a.PrunedAt)
	})
}

func loadsTable(all []read.Load) *sheet.Table {
	return sheet.Of("explain.loads", all, func(l read.Load) []sheet.Cell {
		run := sheet.Whole(l.RunID)
		if l.RunID == 0 {
			run = sheet.None
		}
		return sheet.Row(l.LoadID, run, l.Command, l.Host, l.Program, l.Origin, l.Outcome, sheet.Window(l.Window), l.StartedAt,
			l.LoadedAt, l.Version)
	})
}
