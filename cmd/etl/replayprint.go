package main

import (
	"context"
	"fmt"
	"time"

	"smsetl/load"
	"smsetl/queue"
)

// endRun ends the run also when the command was told to stop.
func (s *session) endRun(wh *load.Warehouse, runID int64, outcome string, now time.Time) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 10*time.Second)
	defer cancel()
	return queue.EndRun(late, wh.Pool(), runID, outcome, now)
}

func (s *session) printReplay(r replayReport) error {
	done, changed := "rebuilt", "changed"
	if r.DryRun {
		done, changed = "looked at, nothing written", "would change"
	}
	fmt.Fprintf(s.stdout, "%s %s, %s: %s inserted, %s updated, %s removed, %s unchanged, %s rejected, %s held\n",
		plural(r.Days, "day"), done, plural(r.Received, "row"), number(r.Inserted), number(r.Updated), number(r.Removed), number(r.Unchanged),
		number(r.Rejected), number(r.Held))
	if r.Changed == 0 && len(r.Categories) == 0 {
		fmt.Fprintln(s.stdout, "What is stored is what the answers say.")
	} else {
		fmt.Fprintf(s.stdout, "%s %s. The vendors told nothing new: this is our mapping.\n", plural(r.Changed, "day"), changed)
	}
	if err := s.printChanges(r); err != nil {
		return err
	}
	s.printRemarks("A new answer like this would not be believed at once:", r.Doubts)
	s.printRemarks("Not rebuilt, what is stored stays:", r.Left)
	s.printRemarks("Not rebuilt, since newer answers came meanwhile; run the same command again:", r.Overtaken)
	s.printRemarks("Left alone:", r.Frozen)
	return nil
}

func (s *session) printChanges(r replayReport) error {
	if len(r.Measures) > 0 {
		rows := make([][]string, len(r.Measures))
		for i, m := range r.Measures {
			rows[i] = []string{m.Measure, number(m.Rows), orNotReported(m.Old), orNotReported(m.New), signed(m.Old, m.New)}
		}
		fmt.Fprintln(s.stdout, "\nChanged rows, summed:")
		if err := table(s.stdout, []string{"measure", ">rows", ">old", ">new", ">difference"}, rows); err != nil {
			return err
		}
	}
	if len(r.Categories) > 0 {
		rows := make([][]string, len(r.Categories))
		for i, c := range r.Categories {
			rows[i] = []string{c.Vendor, c.Stage, c.Reason, c.Old, c.New, number(c.Rows), number(c.Messages)}
		}
		fmt.Fprintln(s.stdout, "\nOther categories, on every row of the reason:")
		if err := table(s.stdout, []string{"vendor", "stage", "reason", "old", "new", ">rows", ">messages"}, rows); err != nil {
			return err
		}
	}
	if len(r.Examples) == 0 {
		return nil
	}
	rows := make([][]string, len(r.Examples))
	for i, e := range r.Examples {
		rows[i] = []string{
			e.Day, e.Vendor, e.Account, e.Template, e.Label, e.MessageType, e.Reason, e.Change, e.Measure, orNotReported(e.Old), orNotReported(e.New),
		}
	}
	fmt.Fprintln(s.stdout, "\nThe largest differences:")
	return table(s.stdout, []string{"day", "vendor", "account", "template", "label", "type", "reason", "change", "measure", ">old", ">new"}, rows)
}

func (s *session) printRemarks(heading string, all []replayRemark) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(s.stdout, "\n"+heading)
	const most = 20
	for i, r := range all {
		if i == most {
			fmt.Fprintf(s.stdout, "  and %s more; -o json lists them all\n", number(len(all)-most))
			return
		}
		fmt.Fprintf(s.stdout, "  %s  %s\n", r.Scope, r.Reason)
	}
}

// orNotReported writes a count, or that there is none.
func orNotReported(n *int64) string {
	if n == nil {
		return "not reported"
	}
	return number(*n)
}

// signed writes the difference of two counts, where both are there.
func signed(before, after *int64) string {
	if before == nil || after == nil {
		return "-"
	}
	if *after > *before {
		return "+" + number(*after-*before)
	}
	return number(*after - *before)
}
