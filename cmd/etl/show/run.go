package show

import (
	"fmt"
	"strings"
	"time"

	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/plan"
)

// Run tells what a run did, and what is still open.
func Run(r pipeline.Report) string {
	t := &text{}
	t.printf("%s in %s: %s, %s (%s)\n",
		english.Plural(r.Windows, "window"), r.Elapsed.Round(time.Millisecond), english.Plural(r.Calls, "call"), english.Plural(r.Received, "row"),
		counts(r.Counts))
	t.paused(r.Paused)
	for _, contradiction := range r.Contradictions {
		t.printf("CONTRADICTION: %s\n", contradiction)
	}
	t.waiting(r.Waiting)
	t.failures(r.Failures)
	for _, note := range r.Notes {
		t.printf("Note: %s\n", note)
	}
	if r.Windows == 0 && len(r.Open)+len(r.Paused) == 0 {
		t.println("Nothing was due. `etl status` shows every day, `etl plan` what comes next.")
	}
	if len(r.Open) == 0 {
		return t.String()
	}
	days := 0
	for _, open := range r.Open {
		days += open.Days
	}
	t.printf("%s still open; run the same command again to resume:\n", english.Plural(days, "day"))
	first(t, r.Open, "window", "; `etl status` lists them", func(o plan.OpenDays) string {
		return fmt.Sprintf("%s  %s  %s", o.Source, o.Scope, withoutScope(o.Reason, o.Scope))
	})
	return t.String()
}

// waiting lists days whose answer was not believed, with the reason.
func (t *text) waiting(waiting []pipeline.WaitingDays) {
	if len(waiting) == 0 {
		return
	}
	days := 0
	for _, w := range waiting {
		days += w.Days
	}
	t.printf("%s not changed by this run, because nothing in the answers is believed; what is stored stays:\n", english.Plural(days, "day"))
	first(t, waiting, "reason", "", func(w pipeline.WaitingDays) string {
		return fmt.Sprintf("%s  %s  %s to %s (%s)  %s", w.Source, w.Scope, w.From, w.To, english.Plural(w.Days, "day"), w.Reason)
	})
}

// failures lists windows that were given up, with what was met.
func (t *text) failures(failures []pipeline.FailedWindow) {
	if len(failures) == 0 {
		return
	}
	t.printf("%s FAILED; days loaded before keep their numbers:\n", english.Plural(len(failures), "window"))
	first(t, failures, "window", "", func(f pipeline.FailedWindow) string {
		return fmt.Sprintf("%s  %s  %s", f.Source, f.Scope, withoutScope(f.Reason, f.Scope))
	})
}

// withoutScope gives a reason that does not repeat what stands before it.
func withoutScope(reason, scope string) string {
	return strings.TrimSpace(strings.ReplaceAll(reason, scope+": ", ""))
}

func (t *text) paused(paused []pipeline.PausedSource) {
	for _, p := range paused {
		t.printf("%s is paused since %s: nobody asks it. `etl resume %s` ends that.\n", p.Source, p.Since.Format(time.RFC3339), p.Source)
	}
}
