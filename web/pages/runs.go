package pages

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/queue"
)

const (
	shownRuns = 100
	// refreshRuns is how often the page is asked for again while something runs.
	refreshRuns = 5 * time.Second
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
	under := section{Heading: "Under way", Bars: s.underWay(all), Lines: pauseLines(all.Pauses, "")}
	if len(under.Bars) == 0 {
		under.Lines = append(under.Lines, line{Text: "No run in progress."})
	} else {
		v.Refresh, under.Nav = again, []line{againLine("/runs", again)}
	}
	v.Sections = []section{
		under, {Heading: "Tried again", Table: retriesTable(all.Retries)}, {Heading: "Backfills", Table: backfillsTable(all.Backfills)},
		{Heading: "Runs", Table: s.runsTable(all.Runs)},
	}
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

// pauseLines says who is not asked, since when and why, of one source or, where none is named, of all.
func pauseLines(all []queue.Pause, source string) []line {
	var lines []line
	for _, p := range all {
		if source == "" || p.Source == source || p.Source == "" && p.Queue == source {
			lines = append(lines, line{Text: pauseText(p), Bad: true})
		}
	}
	return lines
}

func pauseText(p queue.Pause) string {
	name, by := p.Source, cmp.Or(p.Who, "somebody unknown")
	if name == "" {
		name, by = p.Queue, "somebody in the queue's own pages"
	}
	return fmt.Sprintf("%s is paused since %s UTC, by %s. Reason: %s. Nobody asks it until it is resumed: etl resume %s.",
		name, moment(&p.Since).Show, by, cmp.Or(strings.TrimSuffix(p.Reason, "."), "none was given"), name)
}

// underWay has a bar for each run that has work left.
func (s *site) underWay(all queue.Runs) []bar {
	var bars []bar
	isTold := map[int64]bool{}
	for _, b := range all.Backfills {
		if b.EndedAt == nil {
			bars, isTold[b.RunID] = append(bars, backfillBar(b)), true
		}
	}
	for i := range all.Runs {
		if r := &all.Runs[i]; r.IsUnderWay(s.now()) && !isTold[r.RunID] {
			bars = append(bars, runBar(r, s.now()))
		}
	}
	return bars
}

func runBar(r *queue.RunState, now time.Time) bar {
	b := bar{Label: fmt.Sprintf("Run %d, %s, since %s UTC, is %s", r.RunID, r.Command, moment(&r.StartedAt).Show, r.Status(now)), Done: r.Windows - r.Open, All: r.Windows}
	if r.Windows == 0 {
		b.Label += fmt.Sprintf(": %d of %d loads done", r.Loads-r.LoadsRunning-r.LoadsFailed, r.Loads)
		return b
	}
	b.Label += fmt.Sprintf(": %d of %d windows done", r.Done, r.Windows)
	for _, p := range []struct {
		n    int64
		word string
	}{{r.Failed, "failed"}, {r.Cancelled, "cancelled"}, {r.Running, "running"}, {r.Again, "waiting to try again"}} {
		if p.n > 0 {
			b.Label += fmt.Sprintf(", %d %s", p.n, p.word)
		}
	}
	return b
}

func backfillBar(b queue.Backfill) bar {
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

func backfillsTable(all []queue.Backfill) *table {
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

// retriesTable says what goes on failing: what it met, how often, and when it is tried again.
func retriesTable(all []queue.Retry) *table {
	t := &table{
		Name: "retries", Caption: "Windows that failed and are tried again, the next one first", Empty: "Nothing waits for another try.",
		Columns: columns("source", "vendor", "account", "datasets", "days", ">failed tries", ">most tries", "what it met", "last failed", "tried again", ">run", ">job"),
	}
	for _, r := range all {
		next := moment(r.NextAt)
		switch {
		case r.IsPaused:
			next = text("when the source is resumed")
		case r.NextAt == nil:
			next = text("now")
		}
		t.Rows = append(t.Rows, []cell{
			text(r.Source), text(string(r.Vendor)), text(r.Account), text(r.Datasets), window(r.Window), whole(r.Tries), whole(r.MostTries),
			text(r.Reason), moment(r.LastAt), next, count(r.RunID), whole(r.JobID),
		})
	}
	return t
}

func (s *site) runsTable(all []queue.RunState) *table {
	t := &table{
		Name: "runs", Caption: fmt.Sprintf("The newest %d runs, and older ones with work left", shownRuns), Empty: "Nothing was ever run.",
		Note: "The status is counted from the run's windows; a command that hands none to the queue has loads alone. A failed try may have been followed by one that loaded the window.",
		Columns: columns(">run", "command", "arguments", "status", "started", "ended", ">windows", ">done", ">failed", ">cancelled", ">left", ">loads", ">failed tries",
			">rows received", ">rows written", ">rows not understood", ">rows left alone", "why", "host", "program"),
	}
	for i := range all {
		r := &all[i]
		status := r.Status(s.now())
		isBad := strings.HasPrefix(status, "failed") || strings.HasPrefix(status, "partial") || strings.HasPrefix(status, "killed")
		why := cell{kind: isNull}
		if r.LoadsFailed+r.Failed > 0 {
			why = text(r.Reason)
		}
		t.Rows = append(t.Rows, []cell{
			whole(r.RunID), text(r.Command), text(r.Arguments), text(status).wrongIf(isBad), moment(&r.StartedAt), moment(r.EndedAt),
			whole(r.Windows), whole(r.Done), whole(r.Failed).wrongIf(r.Failed > 0), whole(r.Cancelled), whole(r.Open), whole(r.Loads), whole(r.LoadsFailed),
			whole(r.Received), whole(r.Written), whole(r.Rejected), whole(r.Held), why, text(r.Host), text(r.Program),
		})
	}
	return t
}
