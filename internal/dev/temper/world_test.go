package temper

import (
	"testing"
	"time"
)

var (
	east  = time.FixedZone("+08:00", 8*3600)
	first = Day(20089) // 2025-01-01
)

// on gives a moment of a day of the story.
func on(day int, clock time.Duration) time.Time {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, east).AddDate(0, 0, day).Add(clock)
}

const morning = 3 * time.Hour

func world(t testing.TB, names ...string) *World {
	t.Helper()
	o := Options{Seed: 7, First: first}
	for _, name := range names {
		temper, ok := Named(name)
		if !ok {
			t.Fatalf("no temperament %q", name)
		}
		o.Tempers = append(o.Tempers, temper)
		o.Tencent = o.Tencent || !temper.OnEngageLab
	}
	return New(o)
}

// each calls f with a world of every temperament, on every vendor that can have it.
func each(t *testing.T, f func(*testing.T, *World)) {
	t.Helper()
	for _, temper := range All() {
		for _, isTencent := range []bool{false, true} {
			if isTencent && !temper.OnTencent || !isTencent && !temper.OnEngageLab {
				continue
			}
			name := temper.Name + " on EngageLab"
			if isTencent {
				name = temper.Name + " on Tencent"
			}
			t.Run(name, func(t *testing.T) {
				f(t, New(Options{Seed: 7, First: first, Tempers: []Temper{temper}, Tencent: isTencent}))
			})
		}
	}
}

func TestSameQuestionSameAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *World) {
		other := New(Options{Seed: 7, First: first, Tempers: w.Tempers(), Tencent: w.tencent})
		for day := 119; day >= -30; day -= 7 {
			for _, at := range []time.Time{on(45, morning), on(day+1, morning), on(day+3, 4*time.Hour)} {
				d := first + Day(day)
				if a, b := w.Observe(d, at), other.Observe(d, at); a != b {
					t.Fatalf("%s at %s: %+v, then %+v", d, at, a, b)
				}
				if w.Truth(d, at) != other.Truth(d, at) {
					t.Fatalf("%s at %s has two truths", d, at)
				}
			}
		}
	})
}

func TestTruthAddsUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *World) {
		sent := int64(0)
		for day := -30; day < 120; day++ {
			d := first + Day(day)
			last := Sums{}
			for age := 1; age < 14; age++ {
				s := w.Truth(d, on(day+age, morning))
				sent += s.Requested
				if s.Requested != s.ProcessFailed+s.Delivered+s.SendFailed+s.Pending {
					t.Fatalf("%s at age %d does not add up: %+v", d, age, s)
				}
				templates := int64(0)
				for _, n := range s.Templates {
					templates += n
				}
				if templates != s.Requested || s.Pending < 0 && !w.n.byReceipt {
					t.Fatalf("%s at age %d: %+v", d, age, s)
				}
				isBack := s.Requested != last.Requested || s.Delivered < last.Delivered || s.SendFailed < last.SendFailed
				if isWithdrawing := w.n.fraud+w.n.deleted > 0; !isWithdrawing && age > 1 && isBack {
					t.Fatalf("%s at age %d went back from %+v to %+v", d, age, last, s)
				}
				last = s
			}
		}
		if sent == 0 {
			t.Error("nothing is ever sent")
		}
	})
}

func TestHonestVendorsTellTheTruth(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *World) {
		lies := 0
		for day := -30; day < 120; day++ {
			for age := 1; age < 40; age += 2 {
				at := on(day+age, morning)
				told, truth := w.Observe(first+Day(day), at), w.Truth(first+Day(day), at)
				if told.IsLie {
					lies++
				} else if !told.IsUnknown && told.Stats.Sums != truth {
					t.Fatalf("day %d at age %d: %+v, and the truth is %+v", day, age, told.Stats, truth)
				}
			}
		}
		if isLying := w.tempers[0].Kind == Lying; isLying != (lies > 0) {
			t.Errorf("%d lies", lies)
		}
	})
}

func TestRandomMixtures(t *testing.T) {
	t.Parallel()
	kinds, sizes := map[Kind]int{}, map[int]int{}
	for seed := range uint64(1000) {
		m := Random(seed)
		kinds[m.Kind]++
		sizes[len(m.Tempers)]++
		groups := map[string]bool{}
		for _, temper := range m.Tempers {
			if groups[temper.Group] || m.Tencent && !temper.OnTencent || !m.Tencent && !temper.OnEngageLab {
				t.Fatalf("seed %d: %s does not fit", seed, temper.Name)
			}
			groups[temper.Group] = true
		}
	}
	if kinds[Honest] < 300 || kinds[Lying] < 100 || sizes[1] < 100 || sizes[4] < 100 || sizes[0]+sizes[5] > 0 {
		t.Errorf("kinds %v, sizes %v", kinds, sizes)
	}
}

func TestAtLeastThirtyTemperaments(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, temper := range All() {
		if seen[temper.Name] || temper.What == "" || temper.Group == "" || !temper.OnEngageLab && !temper.OnTencent {
			t.Errorf("%+v", temper)
		}
		if temper.Kind == Lying && temper.Why == "" {
			t.Errorf("%s does not say what shows it", temper.Name)
		}
		seen[temper.Name] = true
	}
	if len(seen) < 30 {
		t.Errorf("%d temperaments", len(seen))
	}
}

func BenchmarkTell(b *testing.B) {
	w := world(b, "late failures", "fraud corrections", "outage of a day, half, rows only")
	at := on(60, morning)
	for i := range b.N {
		w.Observe(first+Day(i%60), at)
	}
}
