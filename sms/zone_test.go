package sms

import (
	"testing"
	"time"
)

func TestParseZone(t *testing.T) {
	for text, minutes := range map[string]int{"+08:00": 480, "-03:30": -210, "+00:00": 0, "-12:00": -720, "+14:00": 840} {
		zone, err := ParseZone(text)
		if err != nil || zone.Minutes() != minutes || zone.String() != text {
			t.Errorf("%s: %v of %d minutes, %v", text, zone, zone.Minutes(), err)
		}
	}
	for _, text := range []string{"", "8", "+8", "+08", "08:00", "+08:60", "+14:01", "-12:01", "Asia/Shanghai", "+08:00 "} {
		if zone, err := ParseZone(text); err == nil {
			t.Errorf("%q was read as %s", text, zone)
		}
	}
}

// The same moment falls on different days in different zones, and a day starts at its own zone's midnight.
func TestDaysOfZones(t *testing.T) {
	moment := time.Date(2026, 1, 1, 17, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{"+08:00": "2026-01-02", "+00:00": "2026-01-01", "-03:30": "2026-01-01", "+06:30": "2026-01-02", "+06:29": "2026-01-01"} {
		zone, err := ParseZone(text)
		if err != nil {
			t.Fatal(err)
		}
		day := zone.Today(moment)
		if day.String() != want {
			t.Errorf("%s: %s, want %s", text, day, want)
		}
		start := zone.Start(day)
		if start.After(moment) || !zone.Start(day+1).After(moment) || zone.Today(start) != day || zone.Today(start.Add(-time.Nanosecond)) != day-1 {
			t.Errorf("%s: the day starts at %s", text, start)
		}
	}
}

func TestParseDay(t *testing.T) {
	for _, text := range []string{"", "2026-1-1", "2026-02-30", "20260101", "2026-01-01T00:00:00Z", " 2026-01-01"} {
		if day, err := ParseDay(text); err == nil {
			t.Errorf("%q was read as %s", text, day)
		}
	}
	if day, err := ParseDay("1970-01-02"); err != nil || day != 1 {
		t.Errorf("day %d, %v, want 1", day, err)
	}
	if got := Date(2026, time.March, 0).String(); got != "2026-02-28" {
		t.Errorf("%s, want 2026-02-28", got)
	}
}
