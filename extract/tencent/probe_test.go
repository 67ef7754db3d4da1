package tencent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"smsetl/sms"
)

// played is a vendor as the probe meets it. What was sent is given by the hours of the world, counted from
// 1970-01-01 00 UTC.
type played struct {
	sent      func(hour) int64
	zone      sms.Zone // of its hours
	now       time.Time
	lag       time.Duration // how late it counts
	exclusive bool
	refuses   bool // a call whose EndTime is its BeginTime
	tells     bool // of such a call the hour, although EndTime is outside
	halves    bool // the second half of a day is reported twice
	empty     bool // such a call tells nothing, although EndTime is inside
	clamps    bool // at the end of yesterday
	moves     bool // the numbers grow with every call
	wholeDays bool // hours are ignored

	calls int
}

func (p *played) answer(c call) reply {
	p.calls++
	first, last := c.begin, c.end
	switch {
	case p.wholeDays:
		first, last = hourOf(first.day(), 0), hourOf(last.day(), 23)
	case p.refuses && first == last:
		return reply{refused: "refused"}
	case p.empty && first == last:
		return reply{}
	case p.tells && first == last:
	case p.exclusive:
		last--
	}
	newest := hourAt(p.now.Add(-p.lag), p.zone)
	if p.clamps {
		newest = hourOf(hourAt(p.now, p.zone).day(), 0) - 1
	}
	var n int64
	for h := first; h <= min(last, newest); h++ {
		n += p.sent(h - hour(p.zone.Minutes()/60))
	}
	if p.halves && c.begin%24 == 12 && c.end%24 == 23 {
		n *= 2
	}
	if p.moves {
		n += int64(p.calls)
	}
	return reply{sums: sums{2 * n, n, n}}
}

// meet holds the whole probe.
func (p *played) meet(zones ...sms.Zone) sms.ProbeResult {
	i := newProbe(hourAt(p.now, sms.Zone{}).day()-4, p.now, append(zones, sms.Zone{}, zone8)...)
	for calls := i.next(); len(calls) > 0 && p.calls < 500; calls = i.next() {
		for _, c := range calls {
			i.replies[c] = p.answer(c)
		}
	}
	return i.conclude()
}

func always100(hour) int64 { return 100 }

// clockTime reads "22 18:30" of January 2026 in UTC.
func clockTime(s string) time.Time {
	t, err := time.Parse("2006-01 02 15:04", "2026-01 "+s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestVerdict(t *testing.T) {
	only := func(of ...int) func(hour) int64 { // hours of the day in +08:00
		return func(h hour) int64 {
			if slices.Contains(of, (int(h)+8)%24) {
				return 100
			}
			return 0
		}
	}
	// No message two weeks before the day of asking.
	young := func(h hour) int64 {
		if h.day() < sms.Date(2026, 1, 12) {
			return 0
		}
		return 100
	}
	utc := sms.Zone{}
	zone9, _ := sms.ParseZone("+09:00")
	tests := []struct {
		name string
		p    played
		at   string
		want string // end, zone, today
		most int    // calls
	}{
		{"as configured", played{zone: zone8}, "22 18:30", "inclusive +08:00 told", 34},
		{"as configured, at noon", played{zone: zone8}, "22 04:00", "inclusive +08:00 told", 34},
		{"exclusive", played{zone: zone8, exclusive: true}, "22 18:30", "exclusive +08:00 told", 34},
		{"exclusive, refusing an empty window", played{zone: zone8, exclusive: true, refuses: true}, "22 18:30", "exclusive +08:00 told", 34},
		{"exclusive, nothing around noon", played{zone: zone8, exclusive: true, sent: only(3, 15, 20)}, "22 18:30", "exclusive +08:00 ", 62},
		{"exclusive, one hour a day", played{zone: zone8, exclusive: true, sent: only(9)}, "22 03:30", "exclusive +08:00 told", 58},
		{"a single hour tells nothing", played{zone: zone8, empty: true}, "22 18:30", " +08:00 told", 58},
		{"a single hour tells nothing, and nothing around noon", played{zone: zone8, empty: true, sent: only(3, 15, 20)}, "22 18:30", " +08:00 ", 62},
		{"a single hour tells nothing, and only the day's first has messages", played{zone: zone8, empty: true, sent: only(0)}, "22 22:30", " +08:00 told", 66},
		{"exclusive, but a single hour is told", played{zone: zone8, exclusive: true, tells: true}, "22 18:30", " +08:00 told", 34},
		{"halves are odd", played{zone: zone8, halves: true}, "22 18:30", " +08:00 told", 34},
		{"hours are ignored", played{zone: zone8, wholeDays: true}, "22 18:30", "  ", 40},
		{"the numbers move", played{zone: zone8, moves: true}, "22 18:30", "  ", 34},

		{"UTC", played{zone: utc}, "22 18:30", "inclusive UTC told", 50},
		{"UTC, at noon in Beijing", played{zone: utc}, "22 04:00", "inclusive UTC told", 50},
		{"UTC, exclusive", played{zone: utc, exclusive: true}, "22 11:10", "exclusive UTC told", 50},
		{"UTC, late by two hours", played{zone: utc, lag: 2 * time.Hour}, "22 18:30", "inclusive UTC told", 50},
		{"UTC, a young application", played{zone: utc, sent: young}, "22 18:30", "inclusive  ", 50},
		{"late by two hours", played{zone: zone8, lag: 2 * time.Hour}, "22 18:30", "inclusive +08:00 told", 40},
		{"late by six hours", played{zone: zone8, lag: 6 * time.Hour}, "22 10:30", "inclusive  ", 40},
		{"late by five hours, with few messages", played{zone: zone8, lag: 5 * time.Hour, sent: func(hour) int64 { return 60 }}, "22 17:30", "inclusive  ", 45},
		{"another zone", played{zone: zone9}, "22 10:30", "inclusive  ", 40},

		{"clamped, early in the day", played{zone: zone8, clamps: true}, "22 22:30", "inclusive +08:00 withheld", 45},
		{"clamped, right after midnight", played{zone: zone8, clamps: true}, "22 18:30", "inclusive +08:00 ", 45},
		{"clamped, at noon", played{zone: zone8, clamps: true}, "22 04:30", "inclusive  withheld", 50},
		{"clamped, UTC", played{zone: utc, clamps: true}, "22 22:30", "inclusive UTC withheld", 60},
		{"clamped, UTC, one minute after its midnight", played{zone: utc, clamps: true}, "22 00:01", "inclusive  ", 60},

		{"quiet", played{zone: zone8, sent: func(h hour) int64 { return map[bool]int64{true: 9}[h.day() == sms.Date(2026, 1, 18)] }}, "22 18:30", "inclusive  ", 45},
		{"the clock is a day slow", played{zone: zone8, lag: -24 * time.Hour}, "22 18:30", "inclusive  ", 40},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.p.now = clockTime(tt.at); tt.p.sent == nil {
				tt.p.sent = always100
			}
			v := tt.p.meet()
			got := strings.ReplaceAll(v.EndHour+" "+v.HoursIn+" "+v.Today, "+00:00", "UTC")
			if got != tt.want || tt.p.calls > tt.most {
				t.Errorf("%q after %d calls, want %q after at most %d\n%s", got, tt.p.calls, tt.want, tt.most, strings.Join(v.Evidence, "\n"))
			}
			if len(v.Evidence) < 2 {
				t.Errorf("no evidence: %q", v.Evidence)
			}
		})
	}
}

// Whatever was sent, and whenever it is asked: what is named is right. What was sent repeats by the week, as the
// evidence of silence supposes.
func TestVerdictIsNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		week := rapid.SliceOfN(rapid.SampledFrom([]int64{0, 0, 1, 3, 40, 200, 5000}), 168, 168).Draw(t, "week")
		p := played{
			sent:      func(h hour) int64 { return week[h%168] },
			now:       clockTime("10 00:00").Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "minutes")) * time.Minute),
			lag:       time.Duration(rapid.IntRange(0, 120).Draw(t, "lag")) * time.Minute,
			exclusive: rapid.Bool().Draw(t, "exclusive"),
			clamps:    rapid.Bool().Draw(t, "clamps"),
			refuses:   rapid.Bool().Draw(t, "refuses"),
			zone:      rapid.SampledFrom([]sms.Zone{{}, zone8}).Draw(t, "zone"),
		}
		p.refuses = p.refuses && p.exclusive
		p.empty = !p.exclusive && rapid.Bool().Draw(t, "empty")
		v := p.meet()
		end, today := string(Inclusive), reported
		if p.exclusive {
			end = string(Exclusive)
		}
		if p.clamps {
			today = withheld
		}
		if v.EndHour != "" && v.EndHour != end || v.HoursIn != "" && v.HoursIn != p.zone.String() || v.Today != "" && v.Today != today {
			t.Fatalf("named %q %q %q, want %q %q %q\n%s", v.EndHour, v.HoursIn, v.Today, end, p.zone, today, strings.Join(v.Evidence, "\n"))
		}
		if p.calls > 100 {
			t.Fatalf("%d calls", p.calls)
		}
	})
}

// A busy application is always told apart, but for what the hour of asking hides: around the end of a UTC day a vendor
// who counts in UTC has reported what one in +08:00 who withholds the present day would have reported.
func TestBusyIsAlwaysToldApart(t *testing.T) {
	for minute := range 24 * 60 {
		for _, zone := range []sms.Zone{{}, zone8} {
			p := played{sent: always100, zone: zone, exclusive: minute%2 == 0, now: clockTime("22 00:00").Add(time.Duration(minute) * time.Minute)}
			isHidden := zone == sms.Zone{} && (minute < 5 || minute >= 22*60+55 || minute >= 15*60+55 && minute < 16*60+5)
			if v := p.meet(); v.EndHour == "" || v.HoursIn != zone.String() && !isHidden {
				t.Errorf("%s: %q %q for %s\n%s", p.now, v.EndHour, v.HoursIn, zone, strings.Join(v.Evidence, "\n"))
			}
		}
	}
}
