package pages

import (
	"context"
	"fmt"

	"smsetl/read"
)

// How many changes a page shows, and a file holds.
const (
	shownRestatements = 500
	mostRestatements  = 100_000
)

// restatements are the numbers that were others before.
func (s *site) restatements(ctx context.Context, q *query) (view, error) {
	accounts, f, err := s.choice(ctx, q, 90)
	if err != nil {
		return view{}, err
	}
	most := shownRestatements
	isFile := q.format().kind != ""
	if isFile {
		most = mostRestatements
	}
	all, err := s.warehouse.Restatements(ctx, f, most+1)
	if err != nil {
		return view{}, err
	}
	var note string
	if len(all) > most {
		if isFile {
			return view{}, bad("more than %d numbers changed: want fewer days, or one account", most)
		}
		all, note = all[:most], fmt.Sprintf("The newest %d; the files hold all of them.", most)
	}
	return view{
		Title: "Restatements",
		Lead:  fmt.Sprintf("Numbers of the days %s to %s that were others before, the newest change first.", f.First, f.Last),
		Form:  filterForm("/restatements", f, accounts), Sections: []section{{Table: restatementsTable(all, note)}},
	}, nil
}

func restatementsTable(all []read.Restatement, note string) *table {
	t := tableOf("restatements.restatements", all, func(r read.Restatement) []cell {
		explain := pathOf("/explain", r.Vendor, r.Account, r.Day, "measure", r.Measure, "template", r.Template, "label",
			r.Label, "message_type", r.MessageType, "country", r.Country, "stage", r.Stage, "reason", r.Reason)
		return cells(cellOf(r.Day).to(pathOf("/day", r.Vendor, r.Account, r.Day)), r.Vendor, r.Account, r.State, r.Measure,
			count(r.Old).to(explain), count(r.New).to(explain), spaced(r.Cause), r.Change, r.ChangedAt, r.LoadID,
			r.Template, r.Label, r.MessageType, r.Country, r.Stage, r.Reason)
	})
	t.Note = note
	return t
}
