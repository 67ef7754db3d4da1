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

// text grows line by line. Whatever is put into it is cleaned of what a terminal obeys; colours are painted on.
type text struct{ strings.Builder }

// printf fills a format of ours with values that may be anybody's.
func (t *text) printf(format string, values ...any) {
	for i, value := range values {
		values[i] = visibleValue(value)
	}
	fmt.Fprintf(&t.Builder, format, values...)
}

// println writes a line of ours.
func (t *text) println(line ...string) { t.WriteString(Visible(strings.Join(line, "")) + "\n") }

// paint writes what is for a terminal to obey. Nothing of anybody else's is in it.
func (t *text) paint(colours string) { t.WriteString(colours) }

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
	rows = visibleRows(rows)
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

func visibleRows(rows [][]string) [][]string {
	all := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			all[i] = append(all[i], visibleCell(cell))
		}
	}
	return all
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
