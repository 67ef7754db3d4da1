package pages

import (
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

// A card divides sums, leaves out what is not reported, and draws a day without numbers as a gap.
func TestCards(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	last := sms.Date(2026, 11, 30)
	all := []load.DayNumbers{
		{Vendor: "a", Day: last, Requested: n(100), Delivered: n(90), SendFailed: n(5), ProcessingFailed: n(5)},
		{Vendor: "a", Day: last - 1, Requested: n(100), Delivered: n(60), SendFailed: n(40)}, // one stage is not reported
		{Vendor: "a", Day: last - 1, Requested: n(200), Delivered: n(150), SendFailed: n(40), ProcessingFailed: n(10)},
		{Vendor: "a", Day: last - 29, Requested: n(0), Delivered: n(0), SendFailed: n(0), ProcessingFailed: n(0)},
		{Vendor: "a", Day: last - 30, Requested: n(100), Delivered: n(50)},
		{Vendor: "a", Day: last + 1, Requested: n(1000), Delivered: n(0)},
		{Vendor: "b", Day: last, Requested: n(10), Delivered: n(9), SendFailed: n(1), ProcessingFailed: n(0)},
		{Vendor: "b", Day: last - 1, Requested: n(10), SendFailed: n(1), ProcessingFailed: n(1)}, // delivered is not reported, and that is not 0
	}
	got := cards(all, []string{"a", "b", "c"}, []load.SourceState{{Vendor: "b", Missing: 1}, {Vendor: "a"}}, last)
	a, b, c := got[0], got[1], got[2]
	if a.Rate.Raw != "0.750000" || a.Lines[0].Raw != "400" || a.Lines[1].Raw != "300" || !a.Lines[2].IsNone() || a.Trend != "25.00 points more than in the 30 days before" {
		t.Errorf("%+v", a)
	}
	if !b.Rate.IsNone() || b.Lines[0].Raw != "20" || !b.Lines[1].IsNone() || b.Lines[2].Raw != "3" || len(b.Spark.Points) != 1 {
		t.Errorf("%+v", b)
	}
	if a.Open != nil || b.Open == nil {
		t.Errorf("not whole: %v, %v", a.Open, b.Open)
	}
	if want := "M422 42.2L437 5.8"; a.Spark.Path != want {
		t.Errorf("the line is %q, want %q", a.Spark.Path, want)
	}
	if want := "Delivery rate by day from 2026-11-01 to 2026-11-30; lowest 70.00 %; highest 90.00 %; 28 of 30 days are gaps."; a.Spark.Desc != want {
		t.Errorf("told as %q, want %q", a.Spark.Desc, want)
	}
	if !c.Rate.IsNone() || !c.Lines[0].IsNone() || c.Trend != "" || c.Spark.Path != "" || c.Spark.Desc != "No day is known." {
		t.Errorf("of nobody: %+v", c)
	}
}
