package sheet

import (
	"strings"

	"smsetl/sms"
	"smsetl/web/pages/mark"
)

// StateWords lists the states that are so, the worst first: "3 missing, 2 provisional".
func StateWords(counts mark.Counts, is func(sms.State) bool) string {
	var parts []string
	for _, state := range counts.Worst() {
		if is(state) && counts[state] > 0 {
			parts = append(parts, Grouped(counts[state])+" "+mark.Word(state))
		}
	}
	return strings.Join(parts, ", ")
}

// StateRow gives a number for each mark.
func StateRow(counts mark.Counts, all []mark.Mark) []Cell {
	row := make([]Cell, len(all))
	for i, m := range all {
		row[i] = Whole(counts[m.State]).WrongIf(m.IsOpen && counts[m.State] > 0)
	}
	return row
}

// StateColumns gives headings of names and, behind them, of marks.
func StateColumns(all []mark.Mark, names ...string) []Column {
	for _, m := range all {
		names = append(names, ">"+mark.Word(m.State))
	}
	return Columns(names...)
}

// state is the name of a state with its sign before it.
func state(of sms.State) Cell {
	c, m := Text(mark.Word(of)).Unbroken(), mark.Of(of)
	c.Mark = m.Key()
	return c.WrongIf(m.IsOpen)
}
