package sms

import (
	"strings"
	"testing"
	"time"
)

func TestHoursOf(t *testing.T) {
	day := Date(2026, 1, 2)
	for _, c := range []struct{ zone, spans, want string }{
		{"+00:00", "", "none"},
		{"+00:00", "01-02 00:00/01-03 00:00", "00-23"},
		{"+00:00", "01-01 00:00/01-09 00:00", "00-23"},
		{"+00:00", "01-01 00:00/01-02 00:00", "none"},
		{"+00:00", "01-02 00:00/01-02 23:59", "00-22"},
		{"+00:00", "01-02 05:00/01-02 06:00", "05"},
		{"+00:00", "01-02 05:30/01-02 06:30", "none"},
		{"+00:00", "01-02 05:30/01-02 07:30", "06"},
		{"+00:00", "01-02 06:15/01-02 07:00,01-02 05:30/01-02 06:15", "06"},       // two halves that meet
		{"+00:00", "01-02 06:15/01-02 07:00,01-02 05:30/01-02 06:14", "none"},     // and two that do not
		{"+00:00", "01-02 04:00/01-02 12:00,01-02 05:00/01-02 06:00", "04-11"},    // one inside the other
		{"+00:00", "01-02 00:00/01-02 01:00,01-02 03:00/01-02 05:00", "00 03-04"}, // a hole
		{"+00:00", "01-02 06:00/01-02 05:00", "none"},                             // reversed
		{"+08:00", "01-01 16:00/01-02 16:00", "00-23"},                            // the day of another zone
		{"+08:00", "01-02 00:00/01-03 00:00", "08-23"},
		{"+05:30", "01-01 18:00/01-01 20:30", "00-01"},
	} {
		zone, err := ParseZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := HoursOf(day, zone, spans(t, c.spans)); got.String() != c.want || got.IsWhole() != (c.want == "00-23") {
			t.Errorf("%s in %s covers %s (whole: %t), want %s", c.spans, c.zone, got, got.IsWhole(), c.want)
		}
	}
}

func TestHoursMissing(t *testing.T) {
	h := Hours(0b1011)
	if h.Len() != 3 || h.Missing().Len() != 21 || h.Missing().String() != "02 04-23" {
		t.Errorf("%s misses %s", h, h.Missing())
	}
	if got := WholeDay.Missing().String(); got != "none" {
		t.Errorf("a whole day misses %s", got)
	}
}

func TestSpanUntil(t *testing.T) {
	s := spans(t, "01-02 00:00/01-03 00:00")[0]
	if got := s.Until(s.From.Add(time.Hour)); got.To.Sub(got.From) != time.Hour {
		t.Errorf("cut after an hour it goes to %s", got.To)
	}
	if got := s.Until(s.To.Add(time.Hour)); got != s {
		t.Errorf("cut after its end it became %v", got)
	}
	if !s.Until(s.From).IsEmpty() {
		t.Error("nothing is left before its start")
	}
}

// spans reads "01-02 00:00/01-03 00:00,...", times of 2026 in UTC.
func spans(t *testing.T, text string) []Span {
	t.Helper()
	var all []Span
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		from, to, _ := strings.Cut(part, "/")
		all = append(all, Span{instant(t, from), instant(t, to)})
	}
	return all
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", "2026-"+text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
