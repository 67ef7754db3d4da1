package show

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/explain"
	"smsetl/internal/english"
	"smsetl/load"
)

// Explanation shows where a number comes from.
func Explanation(e explain.Explanation) string {
	t := &text{}
	t.printf("%s of %s %s (days start at midnight in %s)\n\n", e.Date, e.Account.Vendor, e.Account.ID, e.Zone)
	header := []string{"measure", ">total", "unit", "the day is", "", "the vendor's fields"}
	list(t, header, e.Measures, func(m explain.Measure) []string {
		total := orNotReported(m.Total)
		if e.Missing != "" {
			total = "-"
		}
		return []string{m.Measure, total, m.Unit, statesOf(e), m.Support.Support, m.Formula}
	})
	if e.Missing != "" {
		t.printf("There is no number: %s.\n", e.Missing)
	} else {
		t.printf("over %s\n", english.Plural(e.Rows, "row"))
	}
	for _, m := range e.Measures {
		if m.Note != "" {
			t.printf("%s: %s\n", m.Measure, m.Note)
		}
	}
	t.days(e)
	t.answers(e)
	t.pushes(e)
	t.cells(e)
	t.loads(e)
	return t.String()
}

// statesOf gives the states of the day of the datasets that the numbers are made of.
func statesOf(e explain.Explanation) string {
	var all []string
	for _, d := range e.Days {
		if state := string(d.State); !slices.Contains(all, state) {
			all = append(all, state)
		}
	}
	if len(all) == 0 {
		return "not loaded"
	}
	return strings.Join(all, ", ")
}

func (t *text) days(e explain.Explanation) {
	t.println("\nThe day")
	if len(e.Days) == 0 {
		t.println("  was never asked for")
	}
	for _, d := range e.Days {
		t.printf("  %s is %s since %s", d.Dataset, d.State, moment(d.Since))
		if d.Reason != "" {
			t.printf(" (%s)", d.Reason)
		}
		if d.BelievedBy != 0 {
			t.printf("; last believed %s, by load %d", moment(d.ConfirmedAt), d.BelievedBy)
		}
		if d.AnsweredBy != d.BelievedBy {
			t.printf(" from the answer to load %d", d.AnsweredBy)
		}
		t.println()
	}
}

func (t *text) answers(e explain.Explanation) {
	if len(e.Answers) == 0 {
		return
	}
	t.println("\nThe vendor's answers (etl raw show prints their bytes)")
	for _, a := range e.Answers {
		mark := "  "
		if a.IsCurrent {
			mark = "* " // what the day rests on
		}
		t.printf("%sanswer %d to load %d: %s %s, %s, %s",
			mark, a.FetchID, a.LoadID, a.Dataset, a.Window, moment(a.FetchedAt), english.Plural(a.Size, "byte"))
		if a.RequestID != "" {
			t.printf(", request id %s", a.RequestID)
		}
		t.printf("\n    %s\n    %s\n", strings.TrimSpace(a.Method+" "+a.URL+" "+a.Action+" "+a.Body), a.Hash)
		if !a.PrunedAt.IsZero() {
			t.printf("    raw pruned on %s: the hash is left\n", a.PrunedAt.Format(time.DateOnly))
		}
	}
}

func (t *text) pushes(e explain.Explanation) {
	if len(e.Pushes) == 0 {
		return
	}
	t.println("\nThe newest pushes whose reports it rests on (etl raw show prints what is kept of them)")
	for _, p := range e.Pushes {
		trust := "a hint"
		if p.IsSigned {
			trust = "signed"
		}
		t.printf("  %s of %s, %s\n    %s\n", english.Plural(p.Reports, "report"), moment(p.ReceivedAt), trust, p.Hash)
	}
}

func (t *text) cells(e explain.Explanation) {
	for _, c := range e.Cells {
		about := fmt.Sprintf("template %s, label %s, type %s, country %s", c.Template, c.Label, c.MessageType, c.Country)
		if c.Reason != "" {
			about += fmt.Sprintf(", %s failure %s (%s)", c.Stage, c.Reason, c.Category)
		}
		t.printf("\nRow: %s\n", about)
		if !c.IsThere {
			t.println("  was removed")
		}
		for _, p := range c.Places {
			if p.Rows > 0 {
				t.printf(
					"  %s of answer %d (%s), %s of messages that a newer one has too%s; the first is row %d, at byte %d\n",
					english.Plural(p.Rows, "row"), p.FetchID, e.FileOf(p), english.Number(p.Repeats), p.ByReports(), p.Position, p.Offset)
				continue
			}
			t.printf("  row %d of answer %d (%s), at byte %d:\n    %s\n", p.Position, p.FetchID, p.Dataset, p.Offset, p.Row)
		}
		for _, v := range c.Values {
			t.value(v, c)
		}
	}
	if left := e.Rows - len(e.Cells); left > 0 {
		t.printf("\nand %s more; --rows shows them\n", english.Plural(left, "row"))
	}
}

func (t *text) value(v explain.Value, c explain.Cell) {
	if c.IsThere {
		t.printf("  %s %s", v.Measure, orNotReported(v.Value))
		if from := v.From(c.Places); from != "" {
			t.printf("  from %s", from)
		}
		t.println()
	}
	if len(v.History) < 2 {
		return
	}
	for _, h := range v.History {
		until := "now"
		if !h.Until.IsZero() {
			until = moment(h.Until)
		}
		value := orNotReported(h.Value)
		if h.Change == "removed" {
			value = "no row"
		}
		t.printf("    %s  %s .. %s  load %d, %s\n",
			value, moment(h.From), until, h.LoadID, strings.ReplaceAll(h.Cause, "_", " "))
	}
}

func (t *text) loads(e explain.Explanation) {
	t.println("\nLoads")
	for _, l := range e.Loads {
		by := "asked the vendor"
		switch {
		case l.Origin == load.FromReplay:
			by = fmt.Sprintf("rebuilt the answers to load %d with our mapping", l.RawOf)
		case l.RawOf != 0:
			by = fmt.Sprintf("released the answers to load %d", l.RawOf)
		case l.Origin == load.FromImport:
			by = "read files"
		}
		t.printf("  load %d (%s) %s for %s", l.LoadID, l.Outcome, by, l.Window)
		if l.RunID != 0 {
			t.printf(" in run %d, etl %s %s on %s", l.RunID, l.Command, l.Program, l.Host)
		}
		t.printf(", mapping version %d\n", l.Version)
	}
}

// moment writes a time to the second, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
