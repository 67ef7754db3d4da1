package pages

import (
	"context"
	"fmt"
	"strings"

	"smsetl/read"
)

// How many changes a page shows, and a file holds.
const (
	shownRestatements = 500
	mostRestatements  = 100_000
)

// restatements are the numbers that were others before.
func (s *site) restatements(ctx context.Context, q query) (view, error) {
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
		Title: "Restatements", Lead: "Numbers of the days " + f.First.String() + " to " + f.Last.String() + " that were others before, the newest change first.",
		Form: filterForm("/restatements", f, accounts), Sections: []section{{Table: restatementsTable(all, note)}},
	}, nil
}

func restatementsTable(all []read.Restatement, note string) *table {
	t := &table{
		Name: "restatements", Caption: "Changed numbers", Note: note, Empty: "No number of these days has changed since it was first loaded.",
		Columns: columns("day", "vendor", "account", "state", "measure", ">before", ">after", "cause", "change", "changed", ">load", "template", "label", "message type", "country", "stage", "reason"),
	}
	for _, r := range all {
		at := []string{"vendor", string(r.Vendor), "account", r.Account, "date", r.Day.String()}
		explain := href("/explain", append(at[:6:6], "measure", r.Measure, "template", r.Template, "label", r.Label, "message_type", r.MessageType,
			"country", r.Country, "stage", r.Stage, "reason", r.Reason)...)
		t.Rows = append(t.Rows, []cell{
			day(&r.Day).to(href("/day", at...)), text(string(r.Vendor)), text(r.Account), state(r.State), text(r.Measure), count(r.Old).to(explain), count(r.New).to(explain),
			text(strings.ReplaceAll(r.Cause, "_", " ")), text(r.Change), moment(r.ChangedAt), whole(r.LoadID),
			text(r.Template), text(r.Label), text(r.MessageType), text(r.Country), text(r.Stage), text(r.Reason),
		})
	}
	return t
}
