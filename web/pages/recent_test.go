package pages

import (
	"strings"
	"testing"

	"smsetl/read"
	"smsetl/sms"
)

// A card divides sums, leaves out what is not reported, and draws a day without numbers as a gap.
func TestCards(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	last := sms.Date(2026, 11, 30)
	all := []read.DayNumbers{
		{Vendor: "a", Day: last, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(90), SendFailed: n(5), ProcessingFailed: n(5)},
		{Vendor: "a", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(60), SendFailed: n(40)}, // one stage is not reported
		{Vendor: "a", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(200), Delivered: n(150), SendFailed: n(40), ProcessingFailed: n(10)},
		{Vendor: "a", Day: last - 29, State: sms.Final, Rows: 1, Requested: n(0), Delivered: n(0), SendFailed: n(0), ProcessingFailed: n(0)},
		{Vendor: "a", Day: last - 30, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(50)},
		{Vendor: "a", Day: last + 1, State: sms.Final, Rows: 1, Requested: n(1000), Delivered: n(0)},
		{Vendor: "b", Day: last, State: sms.Final, Rows: 1, Requested: n(10), Delivered: n(9), SendFailed: n(1), ProcessingFailed: n(0)},
		{Vendor: "b", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(10), SendFailed: n(1), ProcessingFailed: n(1)}, // delivered is not reported, and that is not 0
		{Vendor: "b", Day: last - 2, State: sms.Missing},                                                                    // has no number to hide the others
	}
	got := cards(all, []string{"a", "b", "c"}, []read.SourceState{{Vendor: "b",
		Counts: map[sms.State]int64{sms.Missing: 1}}, {Vendor: "a"}}, last)
	a, b, c := got[0], got[1], got[2]
	if a.Rate.Raw != "0.750000" || a.Lines[0].Raw != "400" || a.Lines[1].Raw != "300" || !a.Lines[2].IsNone() || a.Trend != "25.00 points more than in the 30 days before, of final days" {
		t.Errorf("%+v", a)
	}
	if !b.Rate.IsNone() || b.Lines[0].Raw != "20" || !b.Lines[1].IsNone() || b.Lines[1].Unit != "delivered: a part of it is not reported" || b.Trend != "no rate: a part of it is not reported" || b.Lines[2].Raw != "3" || len(b.Spark.Points) != 1 {
		t.Errorf("%+v", b)
	}
	if a.Open != nil || b.Open == nil || b.Open.Text != "Incomplete, days of datasets: 1 missing." {
		t.Errorf("incomplete: %v, %v", a.Open, b.Open)
	}
	if a.Standing != "" || b.Standing != "1 of 3 days of accounts are not final: 1 missing" {
		t.Errorf("not final: %q, %q", a.Standing, b.Standing)
	}
	if want := "M422 42.2L437 5.8"; a.Spark.Path != want {
		t.Errorf("the line is %q, want %q", a.Spark.Path, want)
	}
	if want := "Delivery rate by day from 2026-11-01 to 2026-11-30; lowest 70.00 %; highest 90.00 %; 28 of 30 days are gaps."; a.Spark.Desc != want {
		t.Errorf("told as %q, want %q", a.Spark.Desc, want)
	}
	if !c.Rate.IsNone() || !c.Lines[0].IsNone() || c.Trend != "no rate: no day is loaded" || c.Lines[2].Unit != "failed: no day is loaded" || c.Spark.Path != "" || c.Spark.Desc != "No day is known." {
		t.Errorf("of nobody: %+v", c)
	}
}

// A young day whose messages are still under way looks bad and is not: no line leads down to it, it is hollow, and two stretches of
// time are compared by their final days alone.
func TestUnsettledDaysAreNoDrop(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	last := sms.Date(2026, 11, 30)
	var all []read.DayNumbers
	for i := range sms.Day(60) {
		d := read.DayNumbers{Vendor: "a", Day: last - i, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(90), SendFailed: n(10), ProcessingFailed: n(0)}
		if i < 3 {
			d.State, d.Delivered, d.SendFailed = sms.Provisional, n(20), n(0)
		}
		if i == 3 {
			d.State = "unheard_of"
		}
		all = append(all, d)
	}
	c := cards(all, []string{"a"}, nil, last)[0]
	if c.Trend != "as in the days before, of final days" {
		t.Errorf("the trend is %q", c.Trend)
	}
	if c.Standing != "4 of 30 days of accounts are not final: 1 unheard of, 3 provisional" {
		t.Errorf("not final: %q", c.Standing)
	}
	if strings.Count(c.Spark.Path, "M") != 1 || strings.Count(c.Spark.Path, "L") != 25 || strings.Count(c.Spark.OpenPath, "L") != 3 {
		t.Errorf("the lines are %q and %q", c.Spark.Path, c.Spark.OpenPath)
	}
	hollow := 0
	for _, p := range c.Spark.Points {
		if p.IsOpen {
			hollow++
		}
	}
	if hollow != 4 {
		t.Errorf("%d days are hollow", hollow)
	}

	months := []read.VendorMonth{
		{Month: sms.Date(2026, 8, 1), Vendor: "a", Days: 31, LoadedDays: 31, Requested: n(10), Delivered: n(9)},
		{Month: sms.Date(2026, 9, 1), Vendor: "a", Days: 30, LoadedDays: 30, Requested: n(10), Delivered: n(9)},
		{Month: sms.Date(2026, 10, 1), Vendor: "a", Days: 31, LoadedDays: 31, NotFinal: 4, Requested: n(10), Delivered: n(5)},
		{Month: sms.Date(2026, 11, 1), Vendor: "a", Days: 30, LoadedDays: 30, Requested: n(1), Delivered: n(1)}, // not over
	}
	for _, one := range monthCharts(months, last)[:2] { // nobody told what failed
		s := one.Drawings[0].Series[0]
		if strings.Count(s.Path, "L") != 1 || strings.Count(s.OpenPath, "M") != 1 || len(s.Points) != 4 {
			t.Errorf("%s: the lines are %q and %q", one.Title, s.Path, s.OpenPath)
		}
		for i, p := range s.Points {
			if p.IsOpen != (i >= 2) || p.IsOpen != strings.HasSuffix(p.Title, "(not final)") {
				t.Errorf("%s: %+v", one.Title, p)
			}
		}
	}
}
