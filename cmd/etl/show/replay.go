package show

import (
	"fmt"

	"smsetl/internal/english"
	"smsetl/job"
	"smsetl/load"
	"smsetl/sms"
)

// Replayed is what a replay changed.
type Replayed struct {
	RunID   int64 `json:"run_id"` // 0 for a dry run
	DryRun  bool  `json:"dry_run"`
	Version int   `json:"transform_version"`
	Changed int   `json:"changed_days"`
	job.Replayed

	Categories []category `json:"categories"`
	Seconds    float64    `json:"seconds"`
}

// category is a failure reason in another category, with all the rows that have it.
type category struct {
	load.CategoryChange

	Rows     int64 `json:"rows"`
	Messages int64 `json:"messages"`
}

// Add tells of a reason that is in another category now, with all the rows that have it.
func (r *Replayed) Add(change load.CategoryChange, rows, messages int64) {
	r.Categories = append(r.Categories, category{CategoryChange: change, Rows: rows, Messages: messages})
}

// Text tells what a replay changed.
func (r Replayed) Text() string {
	t := &text{}
	done, changed := "rebuilt", "changed"
	if r.DryRun {
		done, changed = "looked at, nothing written", "would change"
	}
	t.printf("%s %s, %s: %s\n",
		english.Plural(r.Days, "day"), done, english.Plural(r.Received, "row"), counts(r.Counts))
	if r.Changed == 0 && len(r.Categories) == 0 {
		t.println("What is stored is what the answers say.")
	} else {
		t.printf("%s %s. The vendors sent nothing new: this is our mapping.\n", english.Plural(r.Changed, "day"), changed)
	}
	t.changes(r)
	t.remarks("A new answer like this would not be believed at once:", r.Suspect)
	t.remarks("Not rebuilt, what is stored stays:", r.Left)
	t.remarks("Not rebuilt, since newer answers came meanwhile; run the same command again:", r.Overtaken)
	t.remarks("Left alone:", r.Frozen)
	return t.String()
}

func (t *text) changes(r Replayed) {
	if len(r.Measures) > 0 {
		t.println("\nChanged rows, summed:")
		header := []string{"measure", ">rows", ">old", ">new", ">difference"}
		list(t, header, r.Measures, func(m load.MeasureChange) []string {
			return []string{m.Measure, english.Number(m.Rows), orNotReported(m.Old), orNotReported(m.New), signed(m.Old, m.New)}
		})
	}
	if len(r.Categories) > 0 {
		t.println("\nOther categories, on every row of the reason:")
		header := []string{"vendor", "stage", "reason", "old", "new", ">rows", ">messages"}
		list(t, header, r.Categories, func(c category) []string {
			return []string{
				string(c.Vendor), string(c.Stage), c.Code, string(c.Old), string(c.New), english.Number(c.Rows), english.Number(c.Messages),
			}
		})
	}
	if len(r.Examples) == 0 {
		return
	}
	t.println("\nThe largest differences:")
	header := []string{"day", "vendor", "account", "template", "label", "type", "reason", "change", "measure", ">old", ">new"}
	list(t, header, r.Examples, func(e load.CellChange) []string {
		return []string{
			e.Day.String(), string(e.Account.Vendor), e.Account.ID, e.Template, e.Label, e.MessageType, e.Reason, e.Change,
			e.Measure, orNotReported(e.Old), orNotReported(e.New),
		}
	})
}

func (t *text) remarks(heading string, all []job.Remark) {
	if len(all) == 0 {
		return
	}
	t.println("\n" + heading)
	first(t, all, "window", "; -o json lists them all", func(r job.Remark) string {
		return fmt.Sprintf("%s  %s", r.Scope, r.Reason)
	})
}

// orNotReported writes a count, or that there is none.
func orNotReported(c sms.Count) string {
	n, reported := c.Value()
	if !reported {
		return "not reported"
	}
	return english.Number(n)
}

// signed writes the difference of two counts, where both are there.
func signed(before, after sms.Count) string {
	difference, reported := after.Minus(before).Value()
	switch {
	case !reported:
		return "-"
	case difference > 0:
		return "+" + english.Number(difference)
	default:
		return english.Number(difference)
	}
}
