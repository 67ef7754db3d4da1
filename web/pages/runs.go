package pages

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smsetl/queue"
	"smsetl/web/pages/sheet"
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
func (s *site) runs(ctx context.Context, q *query) (view, error) {
	again := q.again(refreshRuns)
	all, err := s.warehouse.Runs(ctx, shownRuns)
	if err != nil {
		return view{}, err
	}
	v := view{Title: "Runs", Lead: "Everything that loads: schedules, commands by hand, imports, and backfills in the queue."}
	under := section{Heading: "In progress", Bars: s.underWay(all), Lines: pauseLines(all.Pauses, "")}
	if len(under.Bars) == 0 {
		under.Lines = append(under.Lines, line{Text: "No run in progress."})
	} else {
		v.Refresh, under.Nav = again, []line{againLine("/runs", again)}
	}
	v.Sections = []section{
		under, {Heading: "Retries", Table: retriesTable(all.Retries)}, {Heading: "Backfills",
			Table: backfillsTable(all.Backfills)},
		{Heading: "Runs", Table: s.runsTable(all.Runs)},
	}
	return v, nil
}

// again gives the seconds after which a browser asks for the page again: 0 where somebody wants to read in peace.
func (q *query) again(every time.Duration) int {
	if q.oneOf("refresh", "no") != "" {
		return 0
	}
	return int(every.Seconds())
}

// againLine leads to the page that stands still, and back.
func againLine(path string, again int) line {
	if again == 0 {
		return line{Link: "Refresh automatically", Href: path}
	}
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	return line{Link: fmt.Sprintf("Refreshes every %d s · Pause", again), Href: path + join + "refresh=no"}
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
	return fmt.Sprintf("%s is paused since %s UTC, by %s. Reason: %s. No requests are sent until it is resumed: etl "+
		"resume %s.",
		name, sheet.CellOf(p.Since).Show, by, cmp.Or(strings.TrimSuffix(p.Reason, "."), "none was given"), name)
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
	b := bar{Done: r.Windows - r.Open, All: r.Windows}
	b.Label = fmt.Sprintf("Run %d, %s, since %s UTC, is %s: ", r.RunID, r.Command, sheet.CellOf(r.StartedAt).Show, r.Status(now))
	if r.Windows == 0 {
		b.Label += fmt.Sprintf("%d of %d loads done", r.Loads-r.LoadsRunning-r.LoadsFailed, r.Loads)
		return b
	}
	b.Label += fmt.Sprintf("%d of %d windows done", r.Done, r.Windows)
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
	if left := time.Duration(b.Seconds * float64(time.Second)); left >= time.Minute {
		label += ", about " + age(left) + " left"
	} else if left > 0 {
		label += ", less than a minute left"
	}
	return bar{Label: label, Done: int64(b.Windows - b.Left), All: int64(b.Windows)}
}

func backfillsTable(all []queue.Backfill) *sheet.Table {
	return sheet.Of("runs.backfills", all, func(b queue.Backfill) []sheet.Cell {
		return sheet.Row(b.RunID, b.State, b.Arguments, b.StartedAt, b.EndedAt, b.Windows, b.Done,
			sheet.CellOf(b.Failed).WrongIf(b.Failed > 0), b.Cancelled, b.Left, b.Days, b.Rows, b.Reason)
	})
}

// retriesTable says what goes on failing: what it met, how often, and when it is tried again.
func retriesTable(all []queue.Retry) *sheet.Table {
	return sheet.Of("runs.retries", all, func(r queue.Retry) []sheet.Cell {
		next := sheet.CellOf(r.NextAt)
		switch {
		case r.IsPaused:
			next = sheet.Text("when the source is resumed")
		case r.NextAt == nil:
			next = sheet.Text("now")
		}
		return sheet.Row(r.Source, r.Vendor, r.Account, r.Datasets, sheet.Window(r.Window), r.Tries, r.MostTries, r.Reason, r.LastAt,
			next, r.RunID, r.JobID)
	})
}

// startedBy says who or what began a run.
func startedBy(command string, isDetached bool) string {
	switch {
	case command == "serve":
		return "a schedule"
	case isDetached:
		return "a person, worked in the queue"
	default:
		return "a person"
	}
}

// took is how long something lasted, or lasts until now.
func took(from time.Time, until *time.Time, now time.Time) string {
	if until == nil {
		return age(now.Sub(from)) + " so far"
	}
	switch d := until.Sub(from); {
	case d < time.Second:
		return "under 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	default:
		return age(d)
	}
}

// facts makes facts of names and values.
func facts(pairs ...string) []line {
	var all []line
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, line{Text: pairs[i], Link: pairs[i+1]})
		}
	}
	return all
}

// badStatus is how the status of a run begins that did not do all it should.
var badStatus = regexp.MustCompile(`^(failed|partial|killed)`)

func (s *site) runsTable(all []queue.RunState) *sheet.Table {
	return sheet.Of("runs.runs", all, func(r queue.RunState) []sheet.Cell {
		status, why := r.Status(s.now()), ""
		if r.LoadsFailed+r.Failed > 0 {
			why = r.Reason
		}
		id := sheet.Whole(r.RunID).To(href("/run", "id", strconv.FormatInt(r.RunID, 10)))
		return sheet.Row(id, r.Command, r.Arguments, startedBy(r.Command, r.Detached), sheet.Text(status).WrongIf(badStatus.MatchString(status)), r.StartedAt,
			sheet.Text(took(r.StartedAt, r.EndedAt, s.now())).Unbroken(), r.Windows, r.Done, sheet.Whole(r.Failed).WrongIf(r.Failed > 0), r.Cancelled, r.Open, r.Loads, r.LoadsFailed,
			r.Received, r.Written, r.Rejected, r.Held, why, r.Host, r.Program)
	})
}
