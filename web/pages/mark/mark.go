// Package mark says how the state of a day looks on the pages, and counts days by it.
package mark

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"smsetl/sms"
)

// Mark is how a state looks: a letter, and a colour of the style sheet.
type Mark struct {
	State  sms.State
	Letter string
	About  string
	Class  string // the colour
	rank   int    // from worst to best: a day shows the worst state among its datasets
	IsOpen bool   // numbers are not there, or not believed
}

// All are ordered from worst to best. The letters are those of `etl status`.
var All = []Mark{
	{State: sms.Quarantined, Letter: "Q", About: "an answer was not accepted; the values stored before stay"},
	{State: sms.Failed, Letter: "X", About: "every request for it has failed"},
	{State: sms.Lost, Letter: "L", About: "the vendor no longer keeps it"},
	{State: sms.Missing, Letter: "–", About: "expected, but never loaded"},
	{State: sms.Unverified, Letter: "u", About: "the vendor has no data: before the account began, or no longer kept"},
	{State: sms.Provisional, Letter: "p", About: "loaded, and may still change"},
	{State: sms.Frozen, Letter: "Z", About: "frozen by an operator: it is not loaded again"},
	{State: sms.Final, Letter: "F", About: "loaded and final"},
	{State: sms.Empty, Letter: "e", About: "final: the vendor has no data for it"},
	{State: sms.NotDue, Letter: ".", About: "the day is not over yet"},
}

// lastOpen is the best of the states whose numbers are not there, or not believed.
const lastOpen = sms.Missing

// Other is the class of a state that these pages do not know: they are older than the ledger.
const Other = "other"

// Of gives how a state looks. One that is not known has its own name, and stands beside missing.
func Of(state sms.State) Mark {
	open := slices.IndexFunc(All, func(m Mark) bool { return m.State == lastOpen })
	for i, m := range All {
		if m.State == state {
			m.Class, m.rank, m.IsOpen = string(state), 2*i, i <= open
			return m
		}
	}
	const about = "an unknown state, written by a newer version of the program"
	return Mark{State: state, Letter: "?", About: about, Class: Other, rank: 2*open + 1}
}

// IsOpen reports that a day's numbers are not there or not believed.
func IsOpen(state sms.State) bool { return Of(state).IsOpen }

// IsFinal reports that a day's numbers do not change any more by themselves.
func IsFinal(state sms.State) bool { return state == sms.Final || state == sms.Empty }

// IsNotFinal reports that a day's numbers may change yet.
func IsNotFinal(state sms.State) bool { return !IsFinal(state) }

// IsUnsure reports that a state tells neither that numbers are there nor that they should be.
func IsUnsure(state sms.State) bool { return state == sms.Unverified || Of(state).Class == Other }

// Worse compares how much care days of two states need.
func Worse(a, b sms.State) int { return cmp.Or(Of(a).rank-Of(b).rank, cmp.Compare(a, b)) }

// Counts counts days by their state.
type Counts map[sms.State]int64

// Count counts days, or what else has a state.
func Count[T any](all []T, state func(T) sms.State) Counts {
	counts := Counts{}
	for _, one := range all {
		counts[state(one)]++
	}
	return counts
}

// Add adds up counts of other days.
func (c Counts) Add(more Counts) {
	for state, n := range more {
		c[state] += n
	}
}

// Total counts the days of all states.
func (c Counts) Total() int64 { return c.Of(func(sms.State) bool { return true }) }

// Of counts the days in states that are so.
func (c Counts) Of(is func(sms.State) bool) (n int64) {
	for state, days := range c {
		if is(state) {
			n += days
		}
	}
	return n
}

// Worst gives the states that are counted, the worst first.
func (c Counts) Worst() []sms.State { return slices.SortedFunc(maps.Keys(c), Worse) }

// Marks gives those that are known, and behind them those of states that only the counts know.
func (c Counts) Marks() []Mark {
	var all []Mark
	for _, m := range All {
		all = append(all, Of(m.State))
	}
	for _, state := range slices.Sorted(maps.Keys(c)) {
		if m := Of(state); m.Class == Other {
			all = append(all, m)
		}
	}
	return all
}

// Key is one line of the legend: how a state looks, and its name.
type Key struct{ Letter, Class, Word string }

// Key gives the mark's line of the legend.
func (m Mark) Key() Key { return Key{m.Letter, m.Class, Word(m.State)} }

// Word is the name of a state as people write it.
func Word(state sms.State) string { return strings.ReplaceAll(string(state), "_", " ") }

// next describes what happens to a day next, by the action in the ledger.
var next = map[string]string{
	"none":     "nothing: it is final",
	"wait":     "nothing until the day is over",
	"load":     "the next run asks the vendor for it",
	"reload":   "the next run asks again, for what has changed",
	"confirm":  "the next run asks again; a second answer that agrees is accepted",
	"release":  "etl release: an operator decides whether to accept the answer",
	"unfreeze": "etl unfreeze: an operator has frozen it",
}

// nextImport is the same for sources whose files are imported.
var nextImport = map[string]string{
	"load":    "import files that cover the missing hours",
	"reload":  "import a newer file, for what has changed",
	"confirm": "import a newer file; one that agrees is accepted",
}

// Next says what happens to a day next, of a source that is asked or of one whose files are imported.
func Next(action string, isImported bool) string {
	if words := nextImport[action]; isImported && words != "" {
		return words
	}
	return next[action]
}
