package show

import (
	"cmp"
	"fmt"
	"strings"

	"smsetl/internal/english"
	"smsetl/pipeline"
	"smsetl/sms"
)

// Status shows the states of all days, in colours where there are some, and what a person may have to look at.
func Status(r pipeline.Status, colours bool) string {
	t := &text{}
	t.heatmap(r.Days, colours)
	t.println()
	header := []string{"source", "account", "dataset", "loaded up to", "final up to", ">expected"}
	for _, state := range counted {
		header = append(header, ">"+string(state))
	}
	list(t, header, r.Accounts, func(a pipeline.AccountStatus) []string {
		row := []string{a.Source, a.Account.ID, string(a.Dataset), cmp.Or(a.LoadedUpTo, "-"), cmp.Or(a.FinalUpTo, "-"), english.Number(a.Expected)}
		for _, state := range counted {
			row = append(row, english.Number(a.States[state]))
		}
		return row
	})
	t.gaps(r)
	for _, f := range r.Failed {
		t.printf("%s: %s in the watched folder could not be imported, the last one %s: %s\n", f.Source, english.Plural(f.Files, "file"), f.Last, f.Reason)
	}
	t.paused(r.Paused)
	t.parked(r.Parked)
	return t.String()
}

// counted are the states of expected days, the good ones first.
var counted = []sms.State{sms.Final, sms.Empty, sms.Provisional, sms.Missing, sms.Failed, sms.Quarantined, sms.Lost, sms.Unverified, sms.Frozen}

// gaps lists what a person may have to look at, as far as a screen holds it.
func (t *text) gaps(r pipeline.Status) {
	const width = 160
	lines := gapLines(r)
	for _, line := range lines[:min(mostLines, len(lines))] {
		t.printf("%s\n", shortened(line, width))
	}
	if left := len(lines) - mostLines; left > 0 {
		t.printf("and %s more; etl status -o json lists them whole\n", english.Plural(left, "gap"))
	}
}

// gapLines lists each gap once, with the datasets that have it, or without where all of the account do: an outage is often one
// of all of them.
func gapLines(r pipeline.Status) []string {
	type shown struct{ of, text string }
	var order []shown
	datasets, perAccount := map[shown][]string{}, map[string]int{}
	for _, a := range r.Accounts {
		of := a.Source + " " + a.Account.ID
		perAccount[of]++
		for _, g := range a.Gaps {
			reason := g.Reason
			if reason == "" && g.MissingHours != "" {
				reason = "no export of hours " + g.MissingHours
			}
			line := shown{of, gapText(g) + "  " + reason}
			if datasets[line] == nil {
				order = append(order, line)
			}
			datasets[line] = append(datasets[line], string(a.Dataset))
		}
	}
	lines := make([]string, len(order))
	for i, line := range order {
		lines[i] = line.of
		if len(datasets[line]) < perAccount[line.of] {
			lines[i] += " " + strings.Join(datasets[line], ", ")
		}
		lines[i] += ": " + line.text
	}
	return lines
}

// gapText writes "2 days missing, 5 days left to fetch them: 2026-01-05/2026-01-06, since 2026-01-06; next: load".
func gapText(g pipeline.Gap) string {
	text := english.Plural(g.Days, "day") + " " + string(g.State)
	if g.DaysLeft != nil {
		text += ", " + english.Plural(*g.DaysLeft, "day") + " left to fetch "
		if g.Days == 1 {
			text += "it"
		} else {
			text += "them"
		}
	}
	text += fmt.Sprintf(": %s/%s, since %s", g.From, g.To, g.Since[:len("2006-01-02")])
	if g.Next != "none" {
		text += "; next: " + g.Next
	}
	return text
}
