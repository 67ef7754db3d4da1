package traffic

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const seed = 1

var profiles = []Profile{Service, Advertising, Busy, Quiet}

func account(p Profile) *Account {
	return NewAccount(seed, 1, p, 5, must("2025-01-01"), must("2027-12-31"))
}

func must(day string) Day {
	d, err := ParseDay(day)
	if err != nil {
		panic(err)
	}
	return d
}

func settled(d Day) time.Time { return (d + 30).Start(0).Time() }

// total adds up the rows of hours.
func total(a *Account, first, last Hour, at time.Time) (sum Tally) {
	for _, r := range a.Rows(first, last, at, nil) {
		sum.Add(&r.Tally)
	}
	return sum
}

func check(t interface {
	Fatalf(format string, arguments ...any)
}, r Row) {
	if got := r.ProcessFailed() + r.Delivered + r.SendFailed() + r.Waiting; got != r.Targets {
		t.Fatalf("%+v: parts add up to %d", r, got)
	}
	if r.Targets <= 0 || r.Queued > r.Waiting || r.Billed < r.Targets-r.ProcessFailed() {
		t.Fatalf("%+v is impossible", r)
	}
	counts := append([]int64{r.Delivered, r.Waiting, r.Queued, r.Billed}, append(r.Process[:], r.Send[:]...)...)
	if slices.Min(counts) < 0 {
		t.Fatalf("%+v has a negative count", r)
	}
}

func TestRowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := account(rapid.SampledFrom(profiles).Draw(t, "profile"))
		first := Hour(rapid.IntRange(int(must("2024-12-20").Start(0)), int(must("2027-12-01").Start(0))).Draw(t, "first"))
		last := first + Hour(rapid.IntRange(0, 60).Draw(t, "hours"))
		at := first.Time().Add(time.Duration(rapid.IntRange(-60, 200*60).Draw(t, "minutes")) * time.Minute)
		change := []Change{{
			Kind: Late, First: 0, Last: 1 << 20, All: true, Share: rapid.Float64Range(0, 1).Draw(t, "late"),
		}}
		seen := map[Key]bool{}
		for _, r := range a.Rows(first, last, at, change) {
			check(t, r)
			if seen[r.Key] {
				t.Fatalf("key %+v stands twice", r.Key)
			}
			seen[r.Key] = true
		}
	})
}

func TestRowsSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := account(rapid.SampledFrom(profiles).Draw(t, "profile"))
		d := Day(rapid.IntRange(int(must("2025-01-01")), int(must("2027-01-01"))).Draw(t, "day"))
		start := d.Start(beijing)
		at := (start + 24).Time().Add(time.Duration(rapid.IntRange(0, 80*60).Draw(t, "minutes")) * time.Minute)
		later := at.Add(time.Duration(rapid.IntRange(0, 80*60).Draw(t, "more")) * time.Minute)
		before, after := total(a, start, start+23, at), total(a, start, start+23, later)
		if before.Targets != after.Targets || before.Process != after.Process || before.Billed != after.Billed {
			t.Fatalf("submitted messages moved:\n%+v\n%+v", before, after)
		}
		if before.Delivered > after.Delivered || before.Waiting < after.Waiting {
			t.Fatalf("results were taken back:\n%+v\n%+v", before, after)
		}
		for i := range before.Send {
			if before.Send[i] > after.Send[i] {
				t.Fatalf("failure %d shrank from %d to %d", i, before.Send[i], after.Send[i])
			}
		}
	})
}

func TestSettlingTakesThreeDays(t *testing.T) {
	a, d := account(Service), must("2026-03-10")
	start := d.Start(beijing)
	tests := []struct {
		after time.Duration // the end of the day
		want  func(share float64) bool
	}{
		{0, func(share float64) bool { return share > 0.01 && share < 0.2 }},
		{20 * time.Hour, func(share float64) bool { return share > 0.005 && share < 0.05 }},
		{SettleHours * time.Hour, func(share float64) bool { return share == 0 }},
	}
	for _, test := range tests {
		sum := total(a, start, start+23, (start + 24).Time().Add(test.after))
		if share := float64(sum.Waiting) / float64(sum.Targets); !test.want(share) {
			t.Errorf("%v after the day %.4f of the messages wait", test.after, share)
		}
	}
}

// A zone only cuts the same hours elsewhere.
func TestZonesKeepTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := account(rapid.SampledFrom(profiles).Draw(t, "profile"))
		offset := rapid.IntRange(-12, 14).Draw(t, "offset")
		first, n := must("2025-06-01"), Day(rapid.IntRange(1, 12).Draw(t, "days"))
		at := first.Start(0).Time().Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "hours")) * time.Hour)
		from, to := first.Start(offset), (first+n).Start(offset)-1
		var byDay Tally
		for d := first; d < first+n; d++ {
			day := total(a, d.Start(offset), d.Start(offset)+23, at)
			byDay.Add(&day)
		}
		if diff := cmp.Diff(total(a, from, to, at), byDay); diff != "" {
			t.Fatalf("days do not add up to their range:\n%s", diff)
		}
	})
	d := must("2026-03-10")
	here, there := d.Start(8), d.Start(-5)
	if total(account(Service), here, here+23, settled(d)) == total(account(Service), there, there+23, settled(d)) {
		t.Error("the day is the same in two zones")
	}
}

func TestSeedsDecide(t *testing.T) {
	d := must("2026-03-10").Start(beijing)
	at := settled(must("2026-03-10"))
	for _, p := range profiles[:3] {
		same := account(p).Rows(d, d+23, at, nil)
		if diff := cmp.Diff(account(p).Rows(d, d+23, at, nil), same); diff != "" {
			t.Errorf("%s: two accounts of one seed differ:\n%s", p, diff)
		}
		other := NewAccount(seed+1, 1, p, 5, must("2025-01-01"), must("2027-12-31")).Rows(d, d+23, at, nil)
		if cmp.Equal(other, same) {
			t.Errorf("%s: two seeds agree", p)
		}
		longer := NewAccount(seed, 1, p, 5, must("2026-03-01"), must("2028-12-31")).Rows(d, d+23, at, nil)
		if diff := cmp.Diff(longer, same); diff != "" {
			t.Errorf("%s: the day depends on where the history starts:\n%s", p, diff)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	a := NewAccount(seed, 1, Busy, 0, must("2026-03-10"), must("2026-03-11"))
	for _, test := range []struct {
		day  string
		want bool
	}{{"2026-03-09", false}, {"2026-03-10", true}, {"2026-03-11", true}, {"2026-03-12", false}} {
		d := must(test.day)
		if got := total(a, d.Start(8), d.Start(8)+23, settled(d)).Targets > 0; got != test.want {
			t.Errorf("%s has messages: %t, want %t", test.day, got, test.want)
		}
	}
	running := must("2026-03-10").Start(8) + 5
	if got := total(a, running, running, running.Time().Add(30*time.Minute)); got.Targets != 0 {
		t.Errorf("an hour that is not over is told: %+v", got)
	}
}

func TestChanges(t *testing.T) {
	a, d := account(Service), must("2026-03-10")
	rows := func(c ...Change) []Row { return a.Rows(d.Start(8), d.Start(8)+23, settled(d), c) }
	plain := rows()
	named := plain[0].Template

	if got := rows(Change{Kind: Silence, First: d, Last: d, All: true}); len(got) != 0 {
		t.Errorf("a silent day has %d rows", len(got))
	}
	if got := rows(Change{Kind: Silence, First: d + 1, Last: d + 1, All: true}); !cmp.Equal(got, plain) {
		t.Error("the silence of tomorrow is heard today")
	}
	for _, r := range rows(Change{Kind: Silence, First: d, Last: d, Template: named}) {
		if r.Template == named {
			t.Errorf("template %d is still there", named)
		}
	}
	var before, after Tally
	for _, r := range plain {
		before.Add(&r.Tally)
	}
	for _, r := range rows(Change{Kind: Late, First: d, Last: d, All: true, Share: 0.5}) {
		check(t, r)
		after.Add(&r.Tally)
	}
	if before.Targets != after.Targets || after.Delivered <= before.Delivered || after.SendFailed() >= before.SendFailed() {
		t.Errorf("late deliveries: %+v became %+v", before, after)
	}
}
