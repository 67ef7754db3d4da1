package transform

import (
	"cmp"
	"slices"

	"smsetl/sms"
)

// beyond gives the days that the vendor refuses to answer for because they lie before what it keeps: oldest first, and
// in one window where they touch.
func beyond(payloads []sms.Payload) (merged []sms.Window) {
	var all []sms.Window
	for i := range payloads {
		if payloads[i].Beyond && payloads[i].Refused != "" {
			all = append(all, payloads[i].Window)
		}
	}
	slices.SortFunc(all, func(a, b sms.Window) int { return cmp.Compare(a.First(), b.First()) })
	for _, w := range all {
		last := len(merged) - 1
		if last < 0 || w.First() > merged[last].Last()+1 {
			merged = append(merged, w)
		} else if w.Last() > merged[last].Last() {
			merged[last], _ = sms.NewWindow(merged[last].First(), w.Last(), w.Zone()) // sorted, so it is not reversed
		}
	}
	return merged
}

// isBeyond says whether the vendor keeps none of the days any more.
func (b *batch) isBeyond(first, last sms.Day) bool {
	return slices.ContainsFunc(b.Beyond, func(w sms.Window) bool { return w.Contains(first) && w.Contains(last) })
}
