package pages

import (
	"context"
	"fmt"
	"strconv"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// shownOfRun is how many windows and loads of a run are shown.
const shownOfRun = 300

// run is one run: what it was asked for, its windows, its loads and what these met.
func (s *site) run(ctx context.Context, q *query) (view, error) {
	again := q.again(refreshRuns)
	id, err := strconv.ParseInt(q.text("id"), 10, 64)
	if err != nil {
		return view{}, bad("id is %q: want the number of a run", q.text("id"))
	}
	all, err := s.warehouse.Run(ctx, id, shownOfRun)
	if err != nil {
		return view{}, err
	}
	if len(all.State) == 0 {
		return view{}, unknown("there is no run %d", id)
	}
	h := all.State[0]
	status := h.Status(s.now())
	v := view{Title: fmt.Sprintf("Run %d", id), Lead: "etl " + h.Command + " " + h.Arguments,
		Crumbs: []line{{Link: "Overview", Href: "/"}, {Link: "Runs", Href: "/runs"}, {Text: fmt.Sprintf("Run %d", id)}}}
	head := section{Heading: upper(status), Facts: facts(
		"Started", sheet.CellOf(h.StartedAt).Show+" UTC", "Took", took(h.StartedAt, h.EndedAt, s.now()), "Started by", startedBy(h.Command, h.Detached), "Machine", h.Host, "Program", h.Program,
		"Windows done", fmt.Sprintf("%s of %s", sheet.Grouped(h.Done), sheet.Grouped(h.Windows)),
		"Loads", sheet.Grouped(h.Loads), "Rows written", sheet.Grouped(h.Written))}
	if h.IsUnderWay(s.now()) {
		v.Refresh, head.Nav, head.Bars = again, []line{againLine(href("/run", "id", q.text("id")), again)}, []bar{runBar(&h, s.now())}
	}
	v.Sections = []section{head,
		{ID: "windows", Heading: "Windows", Table: sheet.Of("run.windows", all.Windows, func(w queue.RunWindow) []sheet.Cell {
			return sheet.Row(w.Source, w.Scope, w.Days, sheet.Text(sheet.Spaced(w.State)).WrongIf(w.State == "failed"), took(w.QueuedAt, w.EndedAt, s.now()), w.Tries, w.NextAt, w.Reason, w.LoadID)
		})},
		{ID: "loads", Heading: "Loads, and what they met", Table: sheet.Of("run.loads", all.Loads, func(l read.RunLoad) []sheet.Cell {
			return sheet.Row(l.LoadID, l.Account, l.Datasets, sheet.Window(l.Window), l.StartedAt, sheet.Text(l.Outcome).WrongIf(l.Outcome == "failed"), l.Reason, l.Calls, l.Received,
				l.Inserted, l.Updated, l.Removed, l.Held, l.Rejected)
		})},
	}
	return v, nil
}
