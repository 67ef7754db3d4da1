package tencent

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"smsetl/sms"
)

// tread walks over days whose activity is written as a string, x for an active day, and gives the spans resolved and
// the number of requests: one for a span that the sums of what was sent tell to be asked in parts, two for the others.
func tread(days string) (resolved []sms.Window, requests int) {
	all, err := sms.NewWindow(0, sms.Day(len(days)-1), sms.Zone{})
	if err != nil {
		panic(err)
	}
	for w := newScan(all); !w.isDone(); {
		span := w.span()
		isActive := strings.Contains(days[span.First():span.Last()+1], "x")
		o := quiet
		switch {
		case isActive && span.Len() > 1:
			o = several
			requests++
		case isActive:
			o = active
			fallthrough
		default:
			requests += 2
			resolved = append(resolved, span)
		}
		w.saw(span, o)
	}
	return resolved, requests
}

func TestScan(t *testing.T) {
	tests := []struct {
		name, days string
		requests   int // wanted at most
	}{
		{"one active day", "x", 2},
		{"one quiet day", ".", 2},
		{"quiet month", strings.Repeat(".", 32), 2},
		{"busy month", strings.Repeat("x", 32), 65},
		{"working days", strings.Repeat("xxxxx..", 4) + "xxxx", 65},
		{"dies on the third day", "xx" + strings.Repeat(".", 30), 19},
		{"one day in the middle", strings.Repeat(".", 16) + "x" + strings.Repeat(".", 15), 32},
		{"starts in the middle", strings.Repeat(".", 16) + strings.Repeat("x", 16), 50},
		{"every other day", strings.Repeat("x.", 16), 65},
		{"once a week", strings.Repeat("x......", 4) + "x...", 65},
	}
	for _, tt := range tests {
		if _, got := tread(tt.days); got > tt.requests {
			t.Errorf("%s: %d requests, want at most %d", tt.name, got, tt.requests)
		}
	}
}

func TestScanCoversEachDayOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.StringOfN(rapid.SampledFrom([]rune("x.....")), 1, MaxDays, -1).Draw(t, "days")
		resolved, requests := tread(days)
		next := sms.Day(0)
		for _, span := range resolved {
			if span.First() != next {
				t.Fatalf("%s after day %d", span, next)
			}
			if span.Len() > 1 && strings.Contains(days[span.First():span.Last()+1], "x") {
				t.Fatalf("%s is not quiet", span)
			}
			next = span.Last() + 1
		}
		if int(next) != len(days) {
			t.Fatalf("ended before day %d of %d", next, len(days))
		}
		if most := 2*len(days) + len(days)/2 + 1; requests > most {
			t.Fatalf("%d requests for %s, want at most %d", requests, days, most)
		}
	})
}

// The vendor's numbers may change between two questions: the scan must end whatever it is told, and skip no day.
func TestScanEndsWhateverItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, _ := sms.NewWindow(0, sms.Day(rapid.IntRange(0, MaxDays-1).Draw(t, "last")), sms.Zone{})
		next, steps := sms.Day(0), 0
		for w := newScan(all); !w.isDone(); steps++ {
			span := w.span()
			if span.First() != next || span.Last() > all.Last() || steps > 300 {
				t.Fatalf("step %d asks for %s after day %d", steps, span, next)
			}
			o := quiet
			if rapid.Bool().Draw(t, "active") {
				o = active
				if span.Len() > 1 {
					o = several
				}
			}
			w.saw(span, o)
			if o != several {
				next = span.Last() + 1
			}
		}
	})
}
