package sms

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Span is a stretch of time: From inside, To outside. A span whose To is not after its From is empty.
type Span struct{ From, To time.Time }

// IsEmpty says whether the span holds no instant.
func (s Span) IsEmpty() bool { return !s.From.Before(s.To) }

// Until gives the part of the span before t: an export tells nothing of what was sent after it was made.
func (s Span) Until(t time.Time) Span {
	if t.Before(s.To) {
		s.To = t
	}
	return s
}

// Without gives what is left of the span on a day without some of the day's hours.
func (s Span) Without(d Day, z Zone, hours Hours) []Span {
	var left []Span
	start := z.Start(d)
	for first := 0; first < 24; first++ {
		if hours>>first&1 == 1 {
			continue
		}
		last := first
		for last < 23 && hours>>(last+1)&1 == 0 {
			last++
		}
		part := Span{From: start.Add(time.Duration(first) * time.Hour), To: start.Add(time.Duration(last+1) * time.Hour)}
		if part.From.Before(s.From) {
			part.From = s.From
		}
		if part = part.Until(s.To); !part.IsEmpty() {
			left = append(left, part)
		}
		first = last
	}
	return left
}

// Hours is a set of the hours of one day, counted from the day's start in its zone: bit 0 is its first hour.
type Hours uint32

// WholeDay holds all 24 hours.
const WholeDay Hours = 1<<24 - 1

// HoursOf gives the hours of a day that the spans cover together. An hour that is covered in part is not covered; two spans
// that meet inside an hour cover it.
func HoursOf(d Day, z Zone, spans []Span) Hours {
	sorted := slices.DeleteFunc(slices.Clone(spans), Span.IsEmpty)
	slices.SortFunc(sorted, func(a, b Span) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To))
	})
	var covered Hours
	start := z.Start(d)
	for i := 0; i < len(sorted); {
		all := sorted[i]
		for i++; i < len(sorted) && !sorted[i].From.After(all.To); i++ {
			if sorted[i].To.After(all.To) {
				all.To = sorted[i].To
			}
		}
		for h := range 24 {
			from := start.Add(time.Duration(h) * time.Hour)
			if !from.Before(all.From) && !from.Add(time.Hour).After(all.To) {
				covered |= 1 << h
			}
		}
	}
	return covered
}

// IsWhole says whether all 24 hours are in the set.
func (h Hours) IsWhole() bool { return h&WholeDay == WholeDay }

// Len gives how many hours are in the set.
func (h Hours) Len() int { return bits.OnesCount32(uint32(h & WholeDay)) }

// Missing gives the other hours of the day.
func (h Hours) Missing() Hours { return ^h & WholeDay }

// String gives the hours as ranges of their numbers, both inside: "00-08 10 13-23"; "none" for the empty set.
func (h Hours) String() string {
	var runs []string
	for first := 0; first < 24; first++ {
		if h>>first&1 == 0 {
			continue
		}
		last := first
		for last < 23 && h>>(last+1)&1 == 1 {
			last++
		}
		if first == last {
			runs = append(runs, fmt.Sprintf("%02d", first))
		} else {
			runs = append(runs, fmt.Sprintf("%02d-%02d", first, last))
		}
		first = last
	}
	if len(runs) == 0 {
		return "none"
	}
	return strings.Join(runs, " ")
}
