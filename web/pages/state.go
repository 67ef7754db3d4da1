package pages

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"smsetl/sms"
)

// mark is how a state looks: a letter, and a colour of the style sheet.
type mark struct {
	state  sms.State
	letter string
	about  string
	class  string // the colour
	rank   int    // from worst to best: a day shows the worst state among its datasets
	isOpen bool   // numbers are not there, or not believed
}

// marks are ordered from worst to best. The letters are those of `etl status`.
var marks = []mark{
	{state: sms.Quarantined, letter: "Q", about: "an answer was not believed; what was stored before stays"},
	{state: sms.Failed, letter: "X", about: "asked for in vain"},
	{state: sms.Lost, letter: "L", about: "the vendor can no longer be asked"},
	{state: sms.Missing, letter: "–", about: "expected, and never loaded"},
	{state: sms.Unverified, letter: "u", about: "the vendor had nothing: from before the account began, or no longer " +
		"kept"},
	{state: sms.Provisional, letter: "p", about: "loaded, and may still change"},
	{state: sms.Frozen, letter: "Z", about: "an operator said: leave it"},
	{state: sms.Final, letter: "F", about: "loaded and settled"},
	{state: sms.Empty, letter: "e", about: "settled, and the vendor had nothing"},
	{state: sms.NotDue, letter: ".", about: "not over yet"},
}

// lastOpen is the best of the states whose numbers are not there, or not believed.
const lastOpen = sms.Missing

// other is the class of a state that these pages do not know: they are older than the ledger.
const other = "other"

// markOf gives how a state looks. One that is not known has its own name, and stands beside missing.
func markOf(state sms.State) mark {
	open := slices.IndexFunc(marks, func(m mark) bool { return m.state == lastOpen })
	for i, m := range marks {
		if m.state == state {
			m.class, m.rank, m.isOpen = string(state), 2*i, i <= open
			return m
		}
	}
	const about = "a state that these pages do not know: a newer program wrote it"
	return mark{state: state, letter: "?", about: about, class: other, rank: 2*open + 1}
}

// isOpen says that a day's numbers are not there or not believed.
func isOpen(state sms.State) bool { return markOf(state).isOpen }

// isFinal says that a day's numbers do not change any more by themselves.
func isFinal(state sms.State) bool { return state == sms.Final || state == sms.Empty }

func isNotFinal(state sms.State) bool { return !isFinal(state) }

// isUnsure says that a state tells neither that numbers are there nor that they should be.
func isUnsure(state sms.State) bool { return state == sms.Unverified || markOf(state).class == other }

// worse compares how much care days of two states need.
func worse(a, b sms.State) int { return cmp.Or(markOf(a).rank-markOf(b).rank, cmp.Compare(a, b)) }

// stateCounts counts days by their state.
type stateCounts map[sms.State]int64

func countStates[T any](all []T, state func(T) sms.State) stateCounts {
	counts := stateCounts{}
	for _, one := range all {
		counts[state(one)]++
	}
	return counts
}

// add adds up counts of other days.
func (c stateCounts) add(more stateCounts) {
	for state, n := range more {
		c[state] += n
	}
}

// total counts the days of all states.
func (c stateCounts) total() int64 { return c.of(func(sms.State) bool { return true }) }

// of counts the days in states that are so.
func (c stateCounts) of(is func(sms.State) bool) (n int64) {
	for state, days := range c {
		if is(state) {
			n += days
		}
	}
	return n
}

// words tells the states that are so, the worst first: "3 missing, 2 provisional".
func (c stateCounts) words(is func(sms.State) bool) string {
	var parts []string
	for _, state := range slices.SortedFunc(maps.Keys(c), worse) {
		if is(state) && c[state] > 0 {
			parts = append(parts, grouped(c[state])+" "+spaced(state))
		}
	}
	return strings.Join(parts, ", ")
}

// marks gives those that are known, and behind them those of states that only the counts know.
func (c stateCounts) marks() []mark {
	var all []mark
	for _, m := range marks {
		all = append(all, markOf(m.state))
	}
	for _, state := range slices.Sorted(maps.Keys(c)) {
		if m := markOf(state); m.class == other {
			all = append(all, m)
		}
	}
	return all
}

// cells gives a number for each mark.
func (c stateCounts) cells(all []mark) []cell {
	row := make([]cell, len(all))
	for i, m := range all {
		row[i] = whole(c[m.state]).wrongIf(m.isOpen && c[m.state] > 0)
	}
	return row
}

// stateColumns gives headings of names and, behind them, of marks.
func stateColumns(all []mark, names ...string) []column {
	for _, m := range all {
		names = append(names, ">"+spaced(m.state))
	}
	return columns(names...)
}

// key is one line of the legend: how a state looks, and its name.
type key struct{ Letter, Class, Word string }

func (m mark) key() key { return key{m.letter, m.class, spaced(m.state)} }

// state is the name of a state with its sign before it.
func state(of sms.State) cell {
	c, m := text(spaced(of)).unbroken(), markOf(of)
	c.Mark = key{Letter: m.letter, Class: m.class}
	return c.wrongIf(m.isOpen)
}
