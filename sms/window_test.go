package sms

import (
	"testing"

	"pgregory.net/rapid"
)

func date(t testing.TB, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNewWindowRefusesReversedRanges(t *testing.T) {
	if _, err := NewWindow(date(t, "2026-01-02"), date(t, "2026-01-01"), Zone{}); err == nil {
		t.Error("a reversed window was made")
	}
	w, err := NewWindow(date(t, "2026-01-01"), date(t, "2026-01-01"), Zone{})
	if err != nil || w.Len() != 1 || w.String() != "2026-01-01/2026-01-01" {
		t.Errorf("%v of %d days, %v", w, w.Len(), err)
	}
}

func TestHalves(t *testing.T) {
	for window, want := range map[string][2]string{
		"2026-01-01/2026-01-02": {"2026-01-01/2026-01-01", "2026-01-02/2026-01-02"},
		"2026-01-01/2026-01-03": {"2026-01-01/2026-01-02", "2026-01-03/2026-01-03"},
		"2026-02-27/2026-03-02": {"2026-02-27/2026-02-28", "2026-03-01/2026-03-02"},
	} {
		w, err := NewWindow(date(t, window[:10]), date(t, window[11:]), Zone{})
		if err != nil {
			t.Fatal(err)
		}
		older, newer, ok := w.Halves()
		if !ok || older.String() != want[0] || newer.String() != want[1] {
			t.Errorf("%s: %s and %s, want %v", window, older, newer, want)
		}
	}
	if _, _, ok := OneDay(0, Zone{}).Halves(); ok {
		t.Error("a single day was cut in halves")
	}
}

// Chunks, like days, cover a window once each, whatever its size.
func TestChunksCoverTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := Day(rapid.Int32Range(-1000, 30000).Draw(t, "first"))
		days := rapid.IntRange(1, 800).Draw(t, "days")
		size := rapid.IntRange(1, 90).Draw(t, "size")
		w, err := NewWindow(first, first+Day(days)-1, Zone{})
		if err != nil {
			t.Fatal(err)
		}
		next := first
		for _, chunk := range w.Chunks(size) {
			if chunk.Len() > size {
				t.Fatalf("a chunk of %d days, want at most %d", chunk.Len(), size)
			}
			for d := range chunk.Days() {
				if d != next || !w.Contains(d) {
					t.Fatalf("day %s, want %s", d, next)
				}
				next++
			}
		}
		if next != first+Day(days) {
			t.Fatalf("the chunks end at %s, want %s", next-1, w.Last())
		}
	})
}
