package temper

import (
	"slices"

	"smsetl/sandbox/traffic"
)

// Mixture is temperaments that go together.
type Mixture struct {
	Tempers []Temper
	Tencent bool
	Kind    Kind // the worst of its temperaments
	Shown   bool // evidence at hand shows every lie of it

	Receipts Receipts // when the last of them come
}

// Random gives one to four temperaments that go together, the same for the same seed.
func Random(seed uint64) Mixture {
	d := traffic.Roll(seed, 0x7e)
	m := Mixture{Tencent: d.Next()%3 == 0}
	fitting := slices.DeleteFunc(All(), func(t Temper) bool { return m.Tencent && !t.OnTencent || !m.Tencent && !t.OnEngageLab })
	for range 1 + d.Next()%4 {
		if len(fitting) == 0 {
			break
		}
		// A group first, so that the many outages are no more frequent than the rest.
		var groups []string
		for _, t := range fitting {
			groups = append(groups, t.Group)
		}
		groups = slices.Compact(slices.Sorted(slices.Values(groups)))
		group := groups[d.Next()%uint64(len(groups))]
		var of []Temper
		for _, t := range fitting {
			if t.Group == group {
				of = append(of, t)
			}
		}
		taken := of[d.Next()%uint64(len(of))]
		m.Tempers = append(m.Tempers, taken)
		fitting = slices.DeleteFunc(fitting, func(t Temper) bool { return t.Group == group || !together(t.Group, group) })
	}
	m.judge()
	return m
}

// World gives a world of the mixture whose story begins on a day.
func (m Mixture) World(seed uint64, first Day) *World {
	return New(Options{Seed: seed, First: first, Tempers: m.Tempers, Tencent: m.Tencent})
}

// Of gives the mixture of temperaments, which the caller knows to go together.
func Of(tencent bool, tempers ...Temper) Mixture {
	m := Mixture{Tempers: tempers, Tencent: tencent}
	m.judge()
	return m
}

func (m *Mixture) judge() {
	m.Shown = true
	for _, t := range m.Tempers {
		m.Kind = max(m.Kind, t.Kind)
		m.Receipts = max(m.Receipts, t.Receipts)
		m.Shown = m.Shown && (t.Kind != Lying || t.Shown)
	}
}

// together says whether traits of two groups can be told apart in one world.
func together(a, b string) bool {
	apart := [][2]string{
		{"plain", a}, {"plain", b},
		{"volume", "receipts"}, // one message has no 2 %
		{"volume", "calendar"},
	}
	return !slices.Contains(apart, [2]string{a, b}) && !slices.Contains(apart, [2]string{b, a})
}
