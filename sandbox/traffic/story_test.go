package traffic

import (
	"testing"
	"time"
)

// span adds up whole Beijing days, both inside.
func span(a *Account, first, last string) Tally {
	d := must(last)
	return total(a, must(first).Start(8), d.Start(8)+23, settled(d))
}

func rate(t Tally) float64 { return float64(t.Delivered) / float64(t.Targets) }

func TestVendorsDiffer(t *testing.T) {
	service, offers, busy := rate(span(account(Service), "2026-01-01", "2026-04-30")),
		rate(span(account(Advertising), "2026-01-01", "2026-04-30")), rate(span(account(Busy), "2026-01-01", "2026-04-30"))
	if busy < service+0.01 || service < offers+0.03 || offers < 0.8 || busy > 0.99 {
		t.Errorf("delivery rates: busy %.3f, service %.3f, offers %.3f", busy, service, offers)
	}
}

func TestTrafficGrows(t *testing.T) {
	for _, p := range []Profile{Service, Advertising, Busy} {
		before, after := span(account(p), "2025-03-01", "2025-08-31"), span(account(p), "2026-03-01", "2026-08-31")
		if growth := float64(after.Targets) / float64(before.Targets); growth < 1.1 || growth > 1.6 {
			t.Errorf("%s grew %.2f times in a year", p, growth)
		}
	}
}

func TestCalendarShows(t *testing.T) {
	a := account(Service)
	plain := span(a, "2026-03-10", "2026-03-10").Targets
	if feast := span(a, "2026-02-18", "2026-02-18").Targets; feast > plain*9/10 {
		t.Errorf("spring festival: %d, a plain day %d", feast, plain)
	}
	if singles := span(a, "2026-11-11", "2026-11-11").Targets; singles < plain*14/10 {
		t.Errorf("singles' day: %d, a plain day %d", singles, plain)
	}
	if sunday := span(account(Advertising), "2026-03-15", "2026-03-15").Targets; sunday > 1000 {
		t.Errorf("%d advertisements on a plain Sunday", sunday)
	}
	d := Day(0).date()
	d.year = 2026
	if got := d.blackFriday(); got != 27 {
		t.Errorf("Black Friday of 2026 is November %d, want 27", got)
	}
	if got := must("2026-02-17").date(); got.weekday != time.Tuesday || got.doy != 48 {
		t.Errorf("2026-02-17: %+v", got)
	}
}

// Any 400 days hold an incident of several days, and a recovery.
func TestIncidentEveryYear(t *testing.T) {
	for _, p := range []Profile{Service, Busy} {
		a := account(p)
		for _, start := range []string{"2025-01-01", "2025-06-15", "2026-03-01"} {
			bad, usual := 0, 0.97*rate(span(a, start, (must(start)+399).String()))
			for d := must(start); d < must(start)+400; d++ {
				if rate(span(a, d.String(), d.String())) < usual {
					bad++
				}
			}
			if bad < 2 || bad > 14 {
				t.Errorf("%s: %d bad days in the 400 from %s", p, bad, start)
			}
		}
	}
}

func TestTemplatesComeAndGo(t *testing.T) {
	for _, p := range []Profile{Service, Advertising} {
		a := account(p)
		first, last := map[int64]Day{}, map[int64]Day{}
		for d := must("2025-10-01"); d < must("2025-10-01")+400; d++ {
			for _, r := range a.Rows(d.Start(8), d.Start(8)+23, settled(d), nil) {
				if _, ok := first[r.Template]; !ok {
					first[r.Template] = d
				}
				last[r.Template] = d
			}
		}
		came, went := 0, 0
		for k := range first {
			if first[k] > must("2025-11-01") {
				came++
			}
			if last[k] < must("2026-10-01") {
				went++
			}
		}
		if came < 3 || went < 3 {
			t.Errorf("%s: %d templates came and %d went", p, came, went)
		}
		if _, ok := first[0]; !ok {
			t.Errorf("%s: no row without a template", p)
		}
	}
}

func TestQuietIsQuiet(t *testing.T) {
	a, active := account(Quiet), 0
	for d := must("2025-10-01"); d < must("2025-10-01")+400; d++ {
		if total(a, d.Start(8), d.Start(8)+23, settled(d)).Targets > 0 {
			active++
		}
	}
	if active < 4 || active > 25 {
		t.Errorf("%d active days of 400", active)
	}
}

func TestResidualOnSomeDays(t *testing.T) {
	a, with := account(Busy), 0
	for d := must("2026-01-01"); d < must("2026-01-01")+90; d++ {
		if total(a, d.Start(8), d.Start(8)+23, settled(d)).Send[5] > 0 {
			with++
		}
	}
	if with < 15 || with > 50 {
		t.Errorf("%d of 90 days have failures without a reason", with)
	}
}

func TestWideRows(t *testing.T) {
	a := NewAccount(seed, 1, Wide, 300, must("2025-01-01"), must("2027-12-31"))
	for d := must("2026-01-01"); d < must("2026-01-01")+20; d++ {
		if got := len(a.Rows(d.Start(8), d.Start(8)+23, settled(d), nil)); got != 300 {
			t.Errorf("%s has %d rows, want one for each of 300 templates", d, got)
		}
	}
}
