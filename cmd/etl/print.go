package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// printJSON writes one indented document to standard output.
func (s *session) printJSON(document any) error {
	encoder := json.NewEncoder(s.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// table writes rows of text in aligned columns. Columns whose header starts with ">" are set flush right.
func table(w io.Writer, header []string, rows [][]string) error {
	widths := make([]int, len(header))
	right := make([]bool, len(header))
	names := make([]string, len(header))
	for i, name := range header {
		names[i], right[i] = strings.CutPrefix(name, ">")
		widths[i] = len(names[i])
		for _, row := range rows {
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{names}, rows...) {
		for i, cell := range row {
			if right[i] {
				cell = strings.Repeat(" ", widths[i]-len([]rune(cell))) + cell
			}
			if i < len(row)-1 {
				cell += "\t"
			}
			fmt.Fprint(tw, cell)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// number writes 1234567 as 1,234,567.
func number[N int | int64](n N) string {
	return message.NewPrinter(language.English).Sprintf("%d", n)
}

// plural gives "1 window" and "3 windows".
func plural[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + one + "s"
}

func join(words []string) string { return strings.Join(words, "+") }
