package transform

import (
	"cmp"
	"slices"

	"smsetl/sms"
)

// beyond gives the days that the vendor refuses to answer for because they lie before what it keeps: oldest first, and in one
// window where they touch.
func beyond(payloads []sms.Payload) []sms.Window {
	var all []sms.Window
	for i := range payloads {
		if payloads[i].Beyond && payloads[i].Refused != "" {
			all = append(all, payloads[i].Window)
		}
	}
	slices.SortFunc(all, func(a, b sms.Window) int { return cmp.Compare(a.First(), b.First()) })
	var merged []sms.Window
	for _, w := range all {
		last := len(merged) - 1
		if last < 0 || w.First() > merged[last].Last()+1 {
			merged = append(merged, w)
			continue
		}
		longer, err := sms.NewWindow(merged[last].First(), max(merged[last].Last(), w.Last()), w.Zone())
		if err != nil {
			panic(err) // sorted by their first days
		}
		merged[last] = longer
	}
	return merged
}

func (b *batch) isBeyond(day sms.Day) bool {
	for i := range b.Beyond {
		if b.Beyond[i].Contains(day) {
			return true
		}
	}
	return false
}

// saysNothing says that every day of the window is beyond, so that an answer about it is of no use.
func (b *batch) saysNothing(w sms.Window) bool {
	return slices.ContainsFunc(b.Beyond, func(o sms.Window) bool { return o.Contains(w.First()) && o.Contains(w.Last()) })
}
