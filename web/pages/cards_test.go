package pages

import (
	"strings"
	"testing"

	"smsetl/read"
	"smsetl/sms"
)

func chosen(last sms.Day, vendors ...sms.Vendor) choice {
	c := choice{Filter: read.Filter{First: last - 29, Last: last}, last: last, kept: map[string][]string{}}
	for _, v := range vendors {
		c.accounts = append(c.accounts, read.KnownAccount{Vendor: v, Account: string(v), Zone: "+08:00"})
	}
	return c
}

// shows writes the parts of a card for eyes.
func (c card) shows() string {
	all := []string{c.Rate.Show}
	for _, p := range c.Parts {
		all = append(all, strings.TrimSpace(p.Name+" "+p.Count.Raw+" "+p.Share))
	}
	return strings.Join(all, ", ")
}

// A card divides sums, leaves out what is not reported, draws a day without numbers as a gap, and its parts add up to the requested.
func TestCards(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	last := sms.Date(2026, 11, 30)
	now := []read.DayNumbers{
		{Vendor: "a", Day: last, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(90), SendFailed: n(5), ProcessingFailed: n(5), Pending: n(0)},
		{Vendor: "a", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(60), SendFailed: n(40), Pending: n(0)}, // one stage is not reported
		{Vendor: "a", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(200), Delivered: n(150), SendFailed: n(40), ProcessingFailed: n(10), Pending: n(0)},
		{Vendor: "a", Day: last - 29, State: sms.Final, Rows: 1, Requested: n(0), Delivered: n(0), SendFailed: n(0), ProcessingFailed: n(0), Pending: n(0)},
		{Vendor: "b", Day: last, State: sms.Final, Rows: 1, Requested: n(10), Delivered: n(9), SendFailed: n(1), ProcessingFailed: n(0)},
		{Vendor: "b", Day: last - 1, State: sms.Final, Rows: 1, Requested: n(10), SendFailed: n(1), ProcessingFailed: n(1)}, // delivered is not reported, and that is not 0
		{Vendor: "b", Day: last - 2, State: sms.Missing}, // has no number to hide the others
	}
	before := []read.DayNumbers{{Vendor: "a", Day: last - 30, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(50)}}
	got := cards(chosen(last, "a", "b", "c"), now, before)
	all, a, b, c := got[0], got[1], got[2], got[3]
	for of, want := range map[string]string{
		a.shows():   "75.00 %, Delivered 300 75.00 %, Failed, Pending 0 0.00 %, Not accounted for 100 25.00 %, Requested 400",
		b.shows():   ", Delivered, Failed 3 15.00 %, Pending, Not accounted for 17 85.00 %, Requested 20",
		c.shows():   ", Delivered, Failed, Pending, Requested",
		all.shows(): ", Delivered, Failed, Pending, Not accounted for 420 100.00 %, Requested 420",
	} {
		if of != want {
			t.Errorf("a card says %q, want %q", of, want)
		}
	}
	if a.Trend != "▲ 25.00 points" || a.Note != "against the days before, final days" || a.Way != "up" || b.Note != "No rate: a part is not reported" || c.Note != "No rate: no day is loaded" {
		t.Errorf("trends: %q, %q, %q", a.Trend, b.Trend, c.Trend)
	}
	if a.Open != nil || b.Open == nil || b.Open.Text != "1 missing" || a.NotFinal != "" || b.NotFinal != "1 of 3 account days are not final: 1 missing" {
		t.Errorf("incomplete: %v, %v, %q, %q", a.Open, b.Open, a.NotFinal, b.NotFinal)
	}
	if want := "M422 42.2L437 5.8"; a.Spark.Path != want {
		t.Errorf("the line is %q, want %q", a.Spark.Path, want)
	}
	if !strings.HasPrefix(a.Spark.Desc, "Delivery rate by day from 2026-11-01 to 2026-11-30. rate: 70.00 % on 2026-11-29, 90.00 % on 2026-11-30; ") ||
		!strings.HasSuffix(a.Spark.Desc, "28 of 30 days are gaps.") || c.Spark.Path != "" || !strings.HasSuffix(c.Spark.Desc, "rate: no data.") {
		t.Errorf("told as %q and %q", a.Spark.Desc, c.Spark.Desc)
	}
}

// Shares are rounded so that what is shown adds up to 100.00 %.
func TestSharesAddUp(t *testing.T) {
	n := int64(1)
	s := sums{hasDays: true, requested: new(int64(3)), delivered: &n, failed: &n, pending: &n}
	if got := (card{Parts: chosen(sms.Date(2026, 11, 30)).parts(&s, "a")}).shows(); got != ", Delivered 1 33.33 %, Failed 1 33.34 %, Pending 1 33.33 %, Requested 3" {
		t.Errorf("the shares are %s", got)
	}
}

// A young day whose messages are still under way looks bad and is not: no line leads down to it, it is hollow and on grey, and two stretches
// of time are compared by their final days alone.
func TestUnsettledDaysAreNoDrop(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	last := sms.Date(2026, 11, 30)
	var now, before []read.DayNumbers
	for i := range sms.Day(60) {
		d := read.DayNumbers{Vendor: "a", Day: last - i, State: sms.Final, Rows: 1, Requested: n(100), Delivered: n(90), SendFailed: n(10), ProcessingFailed: n(0)}
		if i < 3 {
			d.State, d.Delivered, d.SendFailed = sms.Provisional, n(20), n(0)
		}
		if i == 3 {
			d.State = "unheard_of"
		}
		if i < 30 {
			now = append(now, d)
		} else {
			before = append(before, d)
		}
	}
	choice := chosen(last, "a")
	c := cards(choice, now, before)[0]
	if c.Trend != "no change" || c.NotFinal != "4 of 30 account days are not final: 1 unheard of, 3 provisional" {
		t.Errorf("the trend is %q, not final: %q", c.Trend, c.NotFinal)
	}
	if strings.Count(c.Spark.Path, "M") != 1 || strings.Count(c.Spark.Path, "L") != 25 || strings.Count(c.Spark.OpenPath, "L") != 3 || len(c.Spark.Points) != 4 {
		t.Errorf("the lines are %q and %q, the points %v", c.Spark.Path, c.Spark.OpenPath, c.Spark.Points)
	}
	for _, d := range choice.chart(now).Drawings {
		s := d.Series[0]
		if strings.Count(s.Path, "L") != 25 || strings.Count(s.OpenPath, "M") != 1 || len(d.Shades) != 4 || len(d.Bars) != 30 {
			t.Errorf("%s: the lines are %q and %q, %d days shaded, %d bars", d.Class, s.Path, s.OpenPath, len(d.Shades), len(d.Bars))
		}
		for i, p := range s.Points {
			if p.IsOpen != (i >= 26) || p.IsOpen != strings.HasSuffix(p.Title, "(not final)") {
				t.Errorf("%s: %+v", d.Class, p)
			}
		}
	}
}

// What is compared with is as long, but for a whole month, which is compared with the one before.
func TestWhatIsComparedWith(t *testing.T) {
	for _, c := range []struct{ first, last, compare, want string }{
		{"11-10", "11-20", "", "30 Oct – 9 Nov 2026"},
		{"11-01", "11-30", "", "1 Oct – 31 Oct 2026"},
		{"11-01", "11-30", "year", "1 Nov – 30 Nov 2025"},
		{"11-01", "11-01", "before", "31 Oct 2026"},
	} {
		parse := func(s string) sms.Day {
			d, err := sms.ParseDay("2026-" + s)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		f, ok := choice{Filter: read.Filter{First: parse(c.first), Last: parse(c.last)}, compare: c.compare}.before()
		if got := span(f.First, f.Last); got != c.want || !ok {
			t.Errorf("%s to %s, %q: %s, want %s", c.first, c.last, c.compare, got, c.want)
		}
	}
	if _, ok := (choice{compare: "none"}).before(); ok {
		t.Error("nothing is compared with something")
	}
}

// What is shown of accounts adds up in every line and in all of them, though each is rounded: a third of a hundredth is not lost.
func TestPointsThatAreShownAddUp(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	var change read.RateChange
	for range 3 {
		change.Members = append(change.Members, read.Moved{RequestedThis: n(10_000), RequestedWith: n(10_000), DeliveredThis: n(9_001), DeliveredWith: n(9_000), MixEffect: -3, RateEffect: 4})
	}
	change.Total = read.Sum(change.Members)
	table := (choice{}).moved(change)
	var got []string
	for _, row := range append(table.Rows, table.Sum) {
		got = append(got, row[4].Show+" "+row[5].Show+" "+row[6].Show)
	}
	if want := "−0.01 +0.01 +0.00, +0.00 +0.01 +0.01, −0.01 +0.01 +0.00, −0.02 +0.03 +0.01"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
}
