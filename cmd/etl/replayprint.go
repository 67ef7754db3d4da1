package main

import (
	"fmt"

	"smsetl/job"
	"smsetl/load"
	"smsetl/sms"
)

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
		fmt.Fprintf(s.stdout, "%s %s. The vendors sent nothing new: this is our mapping.\n", plural(r.Changed, "day"), changed)
	}
	if err := s.printChanges(r); err != nil {
		return err
	}
	s.printRemarks("A new answer like this would not be believed at once:", r.Suspect)
	s.printRemarks("Not rebuilt, what is stored stays:", r.Left)
	s.printRemarks("Not rebuilt, since newer answers came meanwhile; run the same command again:", r.Overtaken)
	s.printRemarks("Left alone:", r.Frozen)
	return nil
}

func (s *session) printChanges(r replayReport) error {
	if len(r.Measures) > 0 {
		fmt.Fprintln(s.stdout, "\nChanged rows, summed:")
		header := []string{"measure", ">rows", ">old", ">new", ">difference"}
		err := list(s.stdout, header, r.Measures, func(m load.MeasureChange) []string {
			return []string{m.Measure, number(m.Rows), orNotReported(m.Old), orNotReported(m.New), signed(m.Old, m.New)}
		})
		if err != nil {
			return err
		}
	}
	if len(r.Categories) > 0 {
		fmt.Fprintln(s.stdout, "\nOther categories, on every row of the reason:")
		header := []string{"vendor", "stage", "reason", "old", "new", ">rows", ">messages"}
		err := list(s.stdout, header, r.Categories, func(c categoryChange) []string {
			return []string{
				string(c.Vendor), string(c.Stage), c.Code, string(c.Old), string(c.New), number(c.Rows), number(c.Messages),
			}
		})
		if err != nil {
			return err
		}
	}
	if len(r.Examples) == 0 {
		return nil
	}
	fmt.Fprintln(s.stdout, "\nThe largest differences:")
	header := []string{"day", "vendor", "account", "template", "label", "type", "reason", "change", "measure", ">old", ">new"}
	return list(s.stdout, header, r.Examples, func(e load.CellChange) []string {
		return []string{
			e.Day.String(), string(e.Account.Vendor), e.Account.ID, e.Template, e.Label, e.MessageType, e.Reason, e.Change,
			e.Measure, orNotReported(e.Old), orNotReported(e.New),
		}
	})
}

func (s *session) printRemarks(heading string, all []job.Remark) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(s.stdout, "\n"+heading)
	printFirst(s.stdout, all, "window", "; -o json lists them all", func(r job.Remark) string {
		return fmt.Sprintf("%s  %s", r.Scope, r.Reason)
	})
}

// orNotReported writes a count, or that there is none.
func orNotReported(c sms.Count) string {
	n, reported := c.Value()
	if !reported {
		return "not reported"
	}
	return number(n)
}

// signed writes the difference of two counts, where both are there.
func signed(before, after sms.Count) string {
	difference, reported := after.Minus(before).Value()
	switch {
	case !reported:
		return "-"
	case difference > 0:
		return "+" + number(difference)
	default:
		return number(difference)
	}
}
