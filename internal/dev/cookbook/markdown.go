package cookbook

import (
	"fmt"
	"strings"
)

// shown is how many rows of an answer the page has.
const shown = 12

// Markdown gives the page that shows every question with its answer.
func Markdown(queries []Query, answers map[string]Table) string {
	var w strings.Builder
	fmt.Fprintf(&w, `# Cookbook

%d questions that people ask of this warehouse, each as SQL to copy. Every one works as it is: what it is asked about stands in the
part "asked" on top and is counted from the newest day that is loaded, so change it there. They run in psql and in any BI tool, as
the role sms_analyst, and read views of schema sms and the summary that tells the newest day.

The answers below are those of the sandbox's vendors on a fixed day, 2026-11-22, and a test compares each of them with what these
vendors know. `+"`go test ./internal/dev/cookbook -update`"+` makes the page. How long each takes over ten million rows stands in
[benchmarks](../benchmarks.md).

Four rules hold for all of them. NULL means that a number is not reported, and is never 0: a sum with a hole is NULL and not too
small. Rates are sums divided by sums, never averages of rates. Deliveries and failures have different grains: add up each, then
let the sums meet. Provisional days still change.

`, len(queries))
	for _, q := range queries {
		fmt.Fprintf(&w, "- [%s](#%s)\n", q.Question, anchor(q.Question))
	}
	for _, q := range queries {
		fmt.Fprintf(&w, "\n## %s\n\n[%s.sql](%[2]s.sql)\n\n**Read:** %[3]s\n\n**Beware:** %[4]s\n\n", q.Question, q.Name, escape(q.Read), escape(q.Beware))
		answers[q.Name].write(&w)
	}
	return w.String()
}

func (t Table) write(w *strings.Builder) {
	if len(t.Rows) == 0 {
		w.WriteString("No line.\n")
		return
	}
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
	for _, row := range t.Rows[:min(shown, len(t.Rows))] {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escape(cell)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	if len(t.Rows) > shown {
		fmt.Fprintf(w, "\nThe first %d of %d rows.\n", shown, len(t.Rows))
	}
}

// anchor gives the name that readers of Markdown give to a heading.
func anchor(heading string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == ' ':
			return '-'
		default:
			return -1
		}
	}, strings.ToLower(heading))
	return kept
}

func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(text)
}
