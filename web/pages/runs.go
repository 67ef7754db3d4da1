package pages

import (
	"context"
	"fmt"
	"time"

	"smsetl/load"
)

const (
	shownRuns = 100
	// refreshRuns is how often the page is asked for again while something runs.
	refreshRuns = 5 * time.Second
	// forgotten is when a run without an end is taken for one that was killed: the page would refresh for ever.
	forgotten = 24 * time.Hour
)

// bar is how far something is.
type bar struct {
	Label     string
	Done, All int64
}

// runs are commands and backfills, with their progress while they run.
func (s *site) runs(ctx context.Context, q query) (view, error) {
	again := q.again(refreshRuns)
	all, err := s.warehouse.Runs(ctx, shownRuns)
	if err != nil {
		return view{}, err
	}
	v := view{Title: "Runs", Lead: "Commands that loaded, and backfills that the queue works."}
	under := section{Heading: "Under way", Bars: s.underWay(all)}
	if len(under.Bars) == 0 {
		under.Lines = []line{{Text: "Nothing runs."}}
	} else {
		v.Refresh, under.Nav = again, []line{againLine("/runs", again)}
	}
	v.Sections = []section{under, {Heading: "Backfills", Table: backfillsTable(all.Backfills)}, {Heading: "Runs", Table: runsTable(all.Runs)}}
	return v, nil
}

// again gives the seconds after which a browser asks for the page again: 0 where somebody wants to read in peace.
func (q query) again(every time.Duration) int {
	switch answer := q.text("refresh"); answer {
	case "":
		return int(every.Seconds())
	case "no":
	default:
		q.wrong("refresh is %q: want no, or nothing", answer)
	}
	return 0
}

// againLine leads to the page that stands still, and back.
func againLine(path string, again int) line {
	if again == 0 {
		return line{Link: "Ask again by itself", Href: path}
	}
	return line{Link: fmt.Sprintf("The page asks again every %d s: stop that", again), Href: href(path, "refresh", "no")}
}

// underWay has a bar for each run that has not ended.
func (s *site) underWay(all load.Runs) []bar {
	var bars []bar
	for _, b := range all.Backfills {
		if b.EndedAt == nil {
			bars = append(bars, backfillBar(b))
		}
	}
	for _, r := range all.Runs {
		if r.EndedAt == nil && !r.Detached && s.now().Sub(r.StartedAt) < forgotten {
			bars = append(bars, runBar(r))
		}
	}
	return bars
}

func runBar(r load.RunState) bar {
	b := bar{Label: fmt.Sprintf("Run %d, %s, since %s UTC", r.RunID, r.Command, moment(&r.StartedAt).Show), Done: r.Windows - r.Open, All: r.Windows}
	if r.Windows > 0 {
		b.Label += fmt.Sprintf(": %d of %d windows done", b.Done, b.All)
	}
	if r.Failed > 0 {
		b.Label += fmt.Sprintf(", %d loads failed", r.Failed)
	}
	return b
}

func backfillBar(b load.Backfill) bar {
	label := fmt.Sprintf("Backfill %d is %s: %d of %d windows done", b.RunID, b.State, b.Done, b.Windows)
	if b.Failed > 0 {
		label += fmt.Sprintf(", %d failed", b.Failed)
	}
	if b.Seconds > 0 {
		left := time.Duration(b.Seconds * float64(time.Second))
		if left >= time.Minute {
			label += ", about " + age(left) + " left"
		} else {
			label += ", less than a minute left"
		}
	}
	return bar{Label: label, Done: int64(b.Windows - b.Left), All: int64(b.Windows)}
}

func backfillsTable(all []load.Backfill) *table {
	t := &table{
		Name: "backfills", Caption: "Backfills that run in the queue", Empty: "No backfill was handed to the queue: etl backfill --detach does that.",
		Columns: columns(">run", "state", "asked for", "started", "ended", ">windows", ">done", ">failed", ">cancelled", ">left", ">days left", ">rows", "why"),
	}
	for i := range all {
		b := &all[i]
		t.Rows = append(t.Rows, []cell{
			whole(b.RunID), text(b.State), text(b.Arguments), moment(&b.StartedAt), moment(b.EndedAt), whole(int64(b.Windows)), whole(int64(b.Done)),
			whole(int64(b.Failed)).wrongIf(b.Failed > 0), whole(int64(b.Cancelled)), whole(int64(b.Left)), whole(int64(b.Days)), whole(b.Rows), text(b.Reason),
		})
	}
	return t
}

func runsTable(all []load.RunState) *table {
	t := &table{
		Name: "runs", Caption: fmt.Sprintf("The newest %d runs", shownRuns), Note: "A run without an end still runs, or was killed.", Empty: "Nothing was ever run.",
		Columns: columns(">run", "command", "arguments", "outcome", "started", "ended", ">loads", ">failed", ">rows received", ">rows written", "host", "program"),
	}
	for i := range all {
		r := &all[i]
		t.Rows = append(t.Rows, []cell{
			whole(r.RunID), text(r.Command), text(r.Arguments), text(r.Outcome).wrongIf(r.Outcome == "failed"), moment(&r.StartedAt), moment(r.EndedAt),
			whole(r.Loads), whole(r.Failed).wrongIf(r.Failed > 0), whole(r.Received), whole(r.Written), text(r.Host), text(r.Program),
		})
	}
	return t
}
