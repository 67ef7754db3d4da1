// Package trail is the tables of a number that is followed back: what it is, what it was, what it is made of, and what the vendor said.
package trail

import (
	"cmp"
	"fmt"
	"strings"

	"smsetl/explain"
	"smsetl/internal/english"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/sheet"
)

// Measures has a line for each measure of the sum, and says why one has no number.
func Measures(e explain.Explanation, of sms.State) *sheet.Table {
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

// Rows has a line for each measure of each row.
func Rows(e explain.Explanation, of sms.State) *sheet.Table {
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

// Quotes are the vendor's rows themselves, with what the number is made of marked where one number is asked for.
func Quotes(e explain.Explanation) (all []sheet.Quote) {
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
			from := string(p.Dataset)
			if p.Rows > 0 {
				from = e.FileOf(p)
			}
			caption := fmt.Sprintf("Row %s of answer %d (%s), at byte %s. The whole answer: etl raw show %d", sheet.Grouped(p.Position), p.FetchID, from, sheet.Grouped(p.Offset), p.FetchID)
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
				english.Plural(p.Rows, "row"), p.FetchID, e.FileOf(p), sheet.Grouped(p.Repeats), p.ByReports()))
			continue
		}
		parts = append(parts, fmt.Sprintf("row %d of answer %d (%s), at byte %d", p.Position, p.FetchID, p.Dataset, p.Offset))
	}
	return strings.Join(parts, "; ")
}

// History has a line for each value that a row has had.
func History(e explain.Explanation, of sms.State) *sheet.Table {
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

// Answers has a line for each answer of the vendor about the day.
func Answers(all []explain.Answer) *sheet.Table {
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

// Loads has a line for each load that did something to the rows.
func Loads(all []read.Load) *sheet.Table {
	return sheet.Of("explain.loads", all, func(l read.Load) []sheet.Cell {
		run := sheet.Whole(l.RunID)
		if l.RunID == 0 {
			run = sheet.None
		}
		return sheet.Row(l.LoadID, run, l.Command, l.Host, l.Program, l.Origin, l.Outcome, sheet.Window(l.Window), l.StartedAt,
			l.LoadedAt, l.Version)
	})
}
