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
	return view{
		Title: "Where it comes from",
		Lead:  fmt.Sprintf("%s of %s/%s; days start at midnight in %s. %s.", e.Date, e.Account.Vendor, e.Account.ID, e.Zone, sumOf(e.Rows)),
		Sections: []section{
			{Heading: "Number", Table: measuresTable(e, of), Lines: whyLines(e, of, back)},
			{Heading: "Rows", Table: rowsTable(e, of)},
			{Heading: "History", Table: historyTable(e, of)},
			{Heading: "Vendor answers", Table: answersTable(e.Answers)},
			{Heading: "Loads", Table: loadsTable(e.Loads)},
		},
	}, nil
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
	return "Sums of " + grouped(int64(rows)) + " rows"
}

// stateOfDay gives the state of the day as every page shows it: the worst among the datasets that the numbers are made
// of.
func stateOfDay(known []read.DayState, e explain.Explanation) sms.State {
	var worst sms.State
	for _, d := range known {
		isOf := len(e.Days) == 0 || slices.ContainsFunc(e.Days, func(x read.DayLine) bool { return x.Dataset == d.Dataset })
		if isOf && (worst == "" || worse(d.State, worst) < 0) {
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
	return append(lines, line{Text: "The day is " + spaced(of) + ": " + markOf(of).about + ".",
		Link: "Its states and attempts", Href: back, Bad: isOpen(of)})
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func measuresTable(e explain.Explanation, of sms.State) *table {
	return tableOf("explain.measures", e.Measures, func(m explain.Measure) []cell {
		why := ""
		switch {
		case !m.Total.IsReported():
			why = cmp.Or(e.Missing, "the vendor does not report it")
		case e.Rows == 0:
			why = "the vendor has no data for this day"
		}
		return cells(m.Measure, m.Total, of, m.Unit, spaced(m.Support.Support), m.Formula, m.Note, why)
	})
}

// rowsTable has a line for each measure of each row.
func rowsTable(e explain.Explanation, of sms.State) *table {
	t := newTable("explain.rows")
	for _, c := range e.Cells {
		for _, v := range c.Values {
			t.Rows = append(t.Rows, cells(c.Template, c.Label, c.MessageType, c.Country, c.Stage, c.Reason, v.Measure, v.Value,
				of,
				v.From(c.Places), places(&e, c.Places)))
		}
	}
	if left := e.Rows - len(e.Cells); left > 0 {
		t.Note = fmt.Sprintf("The largest rows. To see %d more: etl explain --rows", left)
	}
	return t
}

func places(e *explain.Explanation, all []explain.Place) string {
	var parts []string
	for _, p := range all {
		if p.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s rows of answer %d (%s), %s of them for messages that a newer answer reports%s",
				grouped(p.Rows), p.FetchID, e.FileOf(p), grouped(p.Repeats), p.ByReports()))
			continue
		}
		parts = append(parts, fmt.Sprintf("row %d of answer %d (%s), at byte %d", p.Position, p.FetchID, p.Dataset, p.Offset))
	}
	return strings.Join(parts, "; ")
}

func historyTable(e explain.Explanation, of sms.State) *table {
	t := newTable("explain.history")
	for _, c := range e.Cells {
		for _, v := range c.Values {
			for _, h := range v.History {
				t.Rows = append(t.Rows, cells(c.Template, c.Label, c.MessageType, c.Country, c.Reason, v.Measure, h.Value, of,
					h.From, h.Until, h.LoadID, h.Change, spaced(h.Cause)))
			}
		}
	}
	return t
}

func answersTable(all []explain.Answer) *table {
	return tableOf("explain.answers", all, func(a explain.Answer) []cell {
		current := ""
		if a.IsCurrent {
			current = "in use"
		}
		request := strings.TrimSpace(a.Method + " " + a.URL + " " + a.Action + " " + a.Body)
		return cells(a.FetchID, a.LoadID, current, a.Dataset, window(a.Window), request, a.FetchedAt, a.Status, a.Size,
			a.RequestID, a.Hash, a.PrunedAt)
	})
}

func loadsTable(all []read.Load) *table {
	return tableOf("explain.loads", all, func(l read.Load) []cell {
		run := whole(l.RunID)
		if l.RunID == 0 {
			run = none
		}
		return cells(l.LoadID, run, l.Command, l.Host, l.Program, l.Origin, l.Outcome, window(l.Window), l.StartedAt,
			l.LoadedAt, l.Version)
	})
}
