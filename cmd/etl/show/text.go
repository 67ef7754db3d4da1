// Package show writes what commands have to say: text and tables for people, documents for programs. Values in, text out: it opens
// nothing and asks nobody.
package show

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"smsetl/internal/english"
	"smsetl/load"
)

// text grows line by line.
type text struct{ strings.Builder }

func (t *text) printf(format string, values ...any) { fmt.Fprintf(&t.Builder, format, values...) }

func (t *text) println(values ...any) { fmt.Fprintln(&t.Builder, values...) }

// mostLines is how many lines a report has of one kind: what a screen holds.
const mostLines = 20

// first writes a line for each of the first entries of a report, and how many more there are.
func first[T any](t *text, all []T, unit, hint string, line func(T) string) {
	for i, one := range all {
		if i == mostLines {
			t.printf("  and %s more%s\n", english.Plural(len(all)-mostLines, unit), hint)
			return
		}
		t.printf("  %s\n", line(one))
	}
}

// list writes a table with a row for each of all.
func list[T any](t *text, header []string, all []T, row func(T) []string) {
	rows := make([][]string, len(all))
	for i, one := range all {
		rows[i] = row(one)
	}
	t.table(header, rows)
}

// table writes rows of text in aligned columns. Columns whose header starts with ">" are set flush right.
func (t *text) table(header []string, rows [][]string) {
	names, forms := make([]string, len(header)), make([]string, len(header))
	for i, name := range header {
		var isRight bool
		names[i], isRight = strings.CutPrefix(name, ">")
		width := utf8.RuneCountInString(names[i])
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[i]))
		}
		switch {
		case isRight:
			forms[i] = fmt.Sprintf("%%%ds", width)
		case i < len(header)-1:
			forms[i] = fmt.Sprintf("%%-%ds", width)
		default:
			forms[i] = "%s"
		}
	}
	for _, row := range append([][]string{names}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = fmt.Sprintf(forms[i], cell)
		}
		t.println(strings.Join(cells, "  "))
	}
}

func shortened(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

// counts says what became of rows.
func counts(c load.Counts) string {
	return fmt.Sprintf("%s inserted, %s updated, %s removed, %s unchanged, %s rejected, %s held", english.Number(c.Inserted), english.Number(c.Updated),
		english.Number(c.Removed), english.Number(c.Unchanged), english.Number(c.Rejected), english.Number(c.Held))
}
