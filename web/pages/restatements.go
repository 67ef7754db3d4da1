package pages

import (
	"context"
	"fmt"
	"strings"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/chart"
	"smsetl/web/pages/sheet"
)

// How many changes a page shows, and a file holds.
const (
	shownRestatements = 500
	mostRestatements  = 100_000
	// changedDays is how many days before a report are looked at for what changed since: no vendor keeps its days for longer.
	changedDays = 400
)

// restatements are the values that changed after they were first loaded.
func (s *site) restatements(ctx context.Context, q *query) (view, error) {
	since := q.day("since", 0)
	c, err := s.choice(ctx, q, "/restatements")
	if err != nil {
		return view{}, err
	}
	if since != 0 && q.text("from")+q.text("to")+q.text("range") == "" {
		c.First, c.Last, c.preset = since-changedDays, c.last, ""
	}
	most := shownRestatements
	isFile := q.format().kind != ""
	if isFile {
		most = mostRestatements
	}
	all, err := s.warehouse.Restatements(ctx, c.Filter, since, most+1)
	if err != nil {
		return view{}, err
	}
	var note string
	if len(all) > most {
		if isFile {
			return view{}, bad("more than %d values were revised: choose fewer days, or one account", most)
		}
		all, note = all[:most], fmt.Sprintf("The newest %d. The files contain all of them.", most)
	}
	v := view{
		Title: "Changes", Lead: fmt.Sprintf("Values of %s that were revised after they were first loaded, newest revision first.", span(c.First, c.Last)),
		Form: c.form(), Sections: []section{{Table: restatementsTable(all, note)}},
	}
	if since != 0 {
		v.Sections[0].Lines = []line{{Text: "Only what was revised since " + since.String() + ", 00:00 UTC.", Link: "Show all", Href: c.to("/restatements", "since", "")}}
	} else {
		at := monday(c.last + 1)
		v.Sections[0].Nav = []line{{Link: "Since Monday, " + chart.Short(at), Href: c.to("/restatements", "since", at.String(), "range", "", "from", "", "to", "")}}
	}
	return v, nil
}

func restatementsTable(all []read.Restatement, note string) *sheet.Table {
	t := sheet.Of("restatements.restatements", all, func(r read.Restatement) []sheet.Cell {
		explain := pathOf("/explain", r.Vendor, r.Account, r.Day, "measure", r.Measure, "template", r.Template, "label",
			r.Label, "message_type", r.MessageType, "country", r.Country, "stage", r.Stage, "reason", r.Reason)
		return sheet.Row(sheet.CellOf(r.Day).To(pathOf("/day", r.Vendor, r.Account, r.Day)), r.Vendor, r.Account, r.State, sheet.Word(r.Measure),
			sheet.Count(r.Old).To(explain), sheet.Count(r.New).To(explain), rowOf(r), sheet.Spaced(r.Cause), r.ChangedAt, r.Change, r.LoadID,
			r.Template, r.Label, r.MessageType, r.Country, r.Stage, r.Reason)
	})
	t.Note = note
	return t
}

// rowOf names the row of a value by what is known of it.
func rowOf(r read.Restatement) string {
	var parts []string
	for _, p := range [][2]string{{"template", r.Template}, {"label", r.Label}, {"type", r.MessageType}, {"country", r.Country}, {"reason", r.Reason}} {
		if p[1] != "" && p[1] != sms.NotReported.String() && p[1] != sms.None.String() {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	return strings.Join(parts, ", ")
}
