package show

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/sms"
)

// statusWidth is how many columns a report has: what terminals and tickets have.
const statusWidth = 100

// Status begins with what it comes to, then shows the states of all days, in colours where there are some, and what a person may have to
// look at.
func Status(r pipeline.Status, colours bool) string {
	t := &text{}
	t.println(verdict(r))
	t.println()
	t.heatmap(r.Days, colours)
	t.println()
	header := []string{"source", "account", "dataset", "loaded to", "final to"}
	var states []mark // as many as there are, under the letters of the heatmap
	for _, m := range marks {
		if m.state != sms.NotDue && slices.ContainsFunc(r.Accounts, func(a pipeline.AccountStatus) bool { return a.States[m.state] > 0 }) {
			states = append(states, m)
			header = append(header, ">"+string(m.letter))
		}
	}
	list(t, header, r.Accounts, func(a pipeline.AccountStatus) []string {
		const name = 17
		row := []string{shortened(a.Source, name), shortened(a.Account.ID, name), string(a.Dataset), cmp.Or(a.LoadedUpTo, "-"), cmp.Or(a.FinalUpTo, "-")}
		for _, m := range states {
			row = append(row, english.Number(a.States[m.state]))
		}
		return row
	})
	for _, a := range r.Accounts {
		if n := len(a.Late); n > 0 {
			which := fmt.Sprintf("%s %s %s: %s late: %s", a.Source, a.Account.ID, a.Dataset, english.Plural(n, "day"), a.Late[0])
			if n > 1 {
				which = fmt.Sprintf("%s to %s", which, a.Late[n-1])
			}
			t.println(shortened(which, statusWidth-len("; expect_final_by 10:00")) + "; expect_final_by " + a.FinalBy)
		}
	}
	t.gaps(r)
	for _, f := range r.Failed {
		t.printf("%s: %s in the watched folder could not be imported, the last one %s: %s\n", f.Source, english.Plural(f.Files, "file"), f.Last, f.Reason)
	}
	t.paused(r.Paused)
	t.parked(r.Parked)
	return t.String()
}

// verdict says in a sentence what the days come to, and what to do.
func verdict(r pipeline.Status) string {
	counts, days := map[sms.State]int{}, 0
	for _, a := range r.Accounts {
		for state, n := range a.States {
			counts[state] += n
		}
		days += a.Expected
	}
	var wrong []string
	for _, state := range []sms.State{sms.Quarantined, sms.Failed, sms.Missing, sms.Lost} {
		if n := counts[state]; n > 0 {
			wrong = append(wrong, english.Number(n)+" "+string(state))
		}
	}
	of := english.Plural(days, "expected dataset day")
	switch {
	case days == 0:
		return "Nothing is expected yet: history_start says which day is the first."
	case counts[sms.Missing] == days:
		return "Nothing is loaded yet of " + of + ": `etl run` loads what is due."
	case counts[sms.Quarantined] > 0:
		return fmt.Sprintf("Not all is believed: %s of %s; see `etl check`.", strings.Join(wrong, ", "), of)
	case len(wrong) > 0:
		return fmt.Sprintf("Not complete: %s of %s; `etl run` asks again.", strings.Join(wrong, ", "), of)
	case counts[sms.Provisional] > 0:
		return fmt.Sprintf("Complete: all of %s; %s may still change.", of, english.Number(counts[sms.Provisional]))
	}
	return "Complete: all of " + of + "."
}

// gaps lists what a person may have to look at, as far as a screen holds it.
func (t *text) gaps(r pipeline.Status) {
	lines := gapLines(r)
	for _, line := range lines[:min(mostLines, len(lines))] {
		t.printf("%s\n    %s\n", shortened(line.which, statusWidth), shortened(line.rest, statusWidth-len("    ")))
	}
	if left := len(lines) - mostLines; left > 0 {
		t.printf("and %s more; etl status -o json lists them whole\n", english.Plural(left, "gap"))
	}
}

// gapLine is what is open in an account for one cause: which days, and the rest of it.
type gapLine struct{ which, rest string }

// cause is why days of an account are open, and what brings them on.
type cause struct {
	of, datasets, why, next string
	state                   sms.State
}

// gapLines lists the gaps of one cause together, with the datasets that have them, or without where all of the account do: an outage is
// often one of all of them, and a vendor that limps leaves a gap here and there.
func gapLines(r pipeline.Status) []gapLine {
	var order []cause
	gaps := map[cause][]pipeline.Gap{}
	for _, g := range gapsByDatasets(r) {
		if gaps[g.cause] == nil {
			order = append(order, g.cause)
		}
		gaps[g.cause] = append(gaps[g.cause], g.Gap)
	}
	lines := make([]gapLine, len(order))
	for i, c := range order {
		which, rest := gapText(c, gaps[c])
		lines[i] = gapLine{c.of + c.datasets + ": " + which, rest}
	}
	return lines
}

// causedGap is a gap with its cause.
type causedGap struct {
	cause
	pipeline.Gap
}

// gapsByDatasets gives each gap once, with the datasets that have it.
func gapsByDatasets(r pipeline.Status) []causedGap {
	var all []causedGap
	datasets, perAccount := [][]string{}, map[string]int{}
	for _, a := range r.Accounts {
		of := a.Source + " " + a.Account.ID
		perAccount[of]++
		for _, g := range a.Gaps {
			why := g.Reason
			if why == "" && g.MissingHours != "" {
				why = "no export of hours " + g.MissingHours
			}
			one := causedGap{cause{of: of, why: why, next: g.Next, state: g.State}, g}
			at := slices.IndexFunc(all, func(o causedGap) bool {
				return o.cause == one.cause && o.From == g.From && o.To == g.To && o.Since == g.Since
			})
			if at < 0 {
				at = len(all)
				all, datasets = append(all, one), append(datasets, nil)
			}
			datasets[at] = append(datasets[at], string(a.Dataset))
		}
	}
	for i := range all {
		if len(datasets[i]) < perAccount[all[i].of] {
			all[i].datasets = " " + strings.Join(datasets[i], ", ")
		}
	}
	return all
}

// gapText writes which days of a cause there are, "3 days missing: 2026-01-05/2026-01-06, 2026-01-09", and the rest of it, "5 days left to
// fetch them, since 2026-01-06, next: load; no export of hours 08-15".
func gapText(c cause, gaps []pipeline.Gap) (which, rest string) {
	const mostRanges = 3
	days, since, left := 0, gaps[0].Since, gaps[0].DaysLeft
	var ranges []string
	for _, g := range gaps {
		days, since = days+g.Days, min(since, g.Since)
		if g.DaysLeft != nil && (left == nil || *g.DaysLeft < *left) {
			left = g.DaysLeft
		}
		if g.From == g.To {
			ranges = append(ranges, g.From.String())
		} else {
			ranges = append(ranges, g.From.String()+"/"+g.To.String())
		}
	}
	which = fmt.Sprintf("%s %s: %s", english.Plural(days, "day"), c.state, strings.Join(ranges[:min(mostRanges, len(ranges))], ", "))
	if n := len(ranges) - mostRanges; n > 0 {
		which += fmt.Sprintf(" and %s more", english.Plural(n, "range"))
	}
	rest = "since " + since[:len("2006-01-02")]
	switch {
	case left != nil && days == 1:
		rest = english.Plural(*left, "day") + " left to fetch it, " + rest
	case left != nil:
		rest = english.Plural(*left, "day") + " left to fetch them, " + rest
	}
	if c.next != "none" {
		rest += ", next: " + c.next
	}
	if c.why != "" {
		rest += "; " + c.why
	}
	return which, rest
}
