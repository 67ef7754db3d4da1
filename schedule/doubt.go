package schedule

import (
	"slices"

	"smsetl/sms"
)

// Doubt says when a day's new answer is so much smaller or larger than what is stored, or was usual, that it is not
// believed at once unless other answers of the vendor confirm it.
type Doubt struct {
	ShrinkRatio float64 // surprising down to this share of the stored messages; 0 is never
	MinMessages int64   // days with fewer stored messages are believed whatever happens to them
	GrowRatio   float64 // surprising from this multiple of the stored messages on; 0 is never
}

// The defaults. Half of a day's messages do not vanish by late receipts, and a day that is over does not get nearly as many
// again.
var usualDoubt = Doubt{ShrinkRatio: 0.5, MinMessages: 100, GrowRatio: 1.8}

var doubtKeys = []string{"shrink_ratio", "shrink_min_messages", "grow_ratio"}

func (m *mapping) doubt(usual Doubt) Doubt {
	d := Doubt{
		ShrinkRatio: m.number("shrink_ratio", usual.ShrinkRatio, 0, 1),
		MinMessages: m.whole("shrink_min_messages", usual.MinMessages, 0, 1e12),
		GrowRatio:   m.number("grow_ratio", usual.GrowRatio, 0, 1000),
	}
	if v, ok := m.scalar("grow_ratio"); ok && !m.hasMistakeAt(v.key) && d.GrowRatio > 0 && d.GrowRatio <= 1 {
		m.wrongf(v.place, "%s would doubt every answer: want more than 1, such as 1.8, or 0 for never", v.shown())
	}
	return d
}

// datasets reads what differs between the datasets of a source.
func (m *mapping) datasets(s *Source) {
	e, ok := m.find("datasets")
	if !ok {
		return
	}
	own, ok := m.mapping(e.place, e.value)
	if !ok || s.Vendor == "" {
		return
	}
	var names []string
	for _, dataset := range slices.Concat(s.Vendor.Groups()...) {
		names = append(names, string(dataset))
	}
	own.refuse(names, func(string) string { return "" })
	s.DoubtOf = map[sms.Dataset]Doubt{}
	for _, name := range names {
		if one, ok := own.section(name, doubtKeys); ok {
			s.DoubtOf[sms.Dataset(name)] = one.doubt(s.Doubt)
		}
	}
}
