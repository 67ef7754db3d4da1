package config

import (
	"slices"

	"smsetl/belief"
	"smsetl/sms"
)

var thresholdKeys = []string{"shrink_ratio", "shrink_min_messages", "grow_ratio"}

// thresholds reads when an answer is surprising by its size.
func (m *mapping) thresholds(s *belief.Settings) {
	s.ShrinkRatio = m.number("shrink_ratio", s.ShrinkRatio, 0, 1)
	s.MinMessages = m.whole("shrink_min_messages", s.MinMessages, 0, 1e12)
	s.GrowRatio = m.number("grow_ratio", s.GrowRatio, 0, 1000)
	if v, ok := m.scalar("grow_ratio"); ok && !m.hasMistakeAt(v.key) && s.GrowRatio > 0 && s.GrowRatio <= 1 {
		m.wrongf(v.place, "%s would doubt every answer: want more than 1, such as 1.8, or 0 for never", v.shown())
	}
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
	s.SettingsOf = map[sms.Dataset]belief.Settings{}
	for _, name := range names {
		if one, ok := own.section(name, thresholdKeys); ok {
			settings := s.Settings
			one.thresholds(&settings)
			s.SettingsOf[sms.Dataset(name)] = settings
		}
	}
}
