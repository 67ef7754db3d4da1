package temper

import (
	"testing"
	"time"
)

// told adds up what is told of days of the story at a moment.
func told(w *World, from, to int, at time.Time) (s Sums) {
	for day := from; day <= to; day++ {
		t := w.Observe(first+Day(day), at)
		if t.Stats.Form == Reported {
			s.Requested += t.Stats.Requested
			s.SendFailed += t.Stats.SendFailed
			s.Pending += t.Stats.Pending
			s.Templates[0] += t.Stats.Templates[0]
			s.Templates[1] += t.Stats.Templates[1]
		}
		s.SendReasons += t.Send.SendReasons
	}
	return s
}

// Each temperament does what its sentence says.
func TestTemperaments(t *testing.T) {
	t.Parallel()
	plain := world(t, "plain")
	for name, isSo := range map[string]func(w *World) bool{
		"plain": func(w *World) bool {
			return told(w, 10, 10, on(14, morning)).Pending == 0 && told(w, 10, 10, on(11, morning)).Pending > 0
		},
		"new account": func(w *World) bool {
			return told(w, -30, 39, on(60, 0)).Requested == 0 && told(w, 40, 40, on(60, 0)).Requested > 0
		},
		"dead account": func(w *World) bool {
			return told(w, 60, 60, on(90, 0)).Requested > 0 && told(w, 61, 89, on(90, 0)).Requested == 0
		},
		"old account": func(w *World) bool {
			return told(w, -131, -131, on(1, 0)).Requested == 0 && told(w, -130, -130, on(1, 0)).Requested > 0
		},
		"silent Sundays": func(w *World) bool {
			silent := 0
			for day := range 112 {
				if told(w, day, day, on(120, 0)).Requested == 0 {
					silent++
					if on(day, 0).Weekday() != time.Sunday {
						return false
					}
				}
			}
			return silent == 4
		},
		"holidays": func(w *World) bool {
			a, b := told(w, 50, 56, on(90, 0)), told(plain, 50, 56, on(90, 0))
			return a.Requested*15 < b.Requested && a.Requested > 0
		},
		"bursts": func(w *World) bool {
			return told(w, 34, 34, on(90, 0)).Requested > 8*told(plain, 34, 34, on(90, 0)).Requested
		},
		"one message a day": func(w *World) bool { return told(w, 0, 89, on(100, 0)).Requested == 90 },
		"permanent pending": func(w *World) bool { return told(w, 0, 9, on(110, 0)).Pending > 150 },
		"late receipts": func(w *World) bool {
			early, late := told(w, 10, 10, on(14, morning)), told(w, 10, 10, on(19, morning))
			return early.Pending > 10 && late.Pending == 0 && late.SendFailed == early.SendFailed
		},
		"late failures": func(w *World) bool {
			early, between, late := told(w, 10, 10, on(14, morning)), told(w, 10, 10, on(16, morning)), told(w, 10, 10, on(19, morning))
			return early.Pending > between.Pending && between.Pending > 0 && late.Pending == 0 && late.SendFailed-early.SendFailed == early.Pending
		},
		"growing failures": func(w *World) bool {
			early, late := told(w, 12, 12, on(13, morning)), told(w, 12, 12, on(16, morning))
			return early.SendFailed > 100 && early.SendFailed < 250 && late.SendFailed > 850 && late.SendFailed < 1600 && late.Pending == 0
		},
		"receipts by receipt day": func(w *World) bool {
			// Of a day that is over nothing changes, and all receipts are counted once.
			a, b := told(w, 10, 10, on(11, morning)), told(w, 10, 10, on(30, morning))
			all, plainly := told(w, 0, 99, on(110, 0)), told(plain, 0, 99, on(110, 0))
			return a == b && all.SendFailed != plainly.SendFailed && distance(all.SendFailed, plainly.SendFailed) < 100
		},
		"a day late": func(w *World) bool {
			return told(w, 10, 10, on(11, morning)).Requested == 0 && told(w, 10, 10, on(11, 12*time.Hour)).Requested > 0
		},
		"few failures":         func(w *World) bool { n := told(w, 0, 99, on(110, 0)).SendFailed; return n > 20 && n < 400 },
		"no failures":          func(w *World) bool { s := told(w, 0, 99, on(110, 0)); return s.SendFailed+s.SendReasons == 0 },
		"silent failure calls": func(w *World) bool { s := told(w, 0, 99, on(110, 0)); return s.SendFailed > 1000 && s.SendReasons == 0 },
		"retention, silent":    func(w *World) bool { return forgets(w, Silent) },
		"retention, refusing":  func(w *World) bool { return forgets(w, Refused) },
		"retention, zeros":     func(w *World) bool { return forgets(w, Reported) },
		"fraud corrections": func(w *World) bool {
			before, after, other := told(w, 22, 26, on(37, time.Hour)), told(w, 22, 26, on(37, morning)), told(w, 27, 27, on(90, 0))
			return distance(after.Requested*10, before.Requested*4) < before.Requested/2 && after.SendReasons < before.SendReasons/2 &&
				other == told(plain, 27, 27, on(90, 0)) &&
				len(w.Withdrawals(on(80, 0))) == 2
		},
		"deleted template": func(w *World) bool {
			before, after := told(w, 10, 10, on(45, time.Hour)), told(w, 10, 10, on(45, morning))
			return before.Templates[0] > before.Requested/2-50 && after.Requested == before.Requested-before.Templates[0] && after.Templates[0] == 0
		},
		"merged templates": func(w *World) bool {
			before, after := told(w, 10, 10, on(45, time.Hour)), told(w, 10, 10, on(45, morning))
			return after.Requested == before.Requested && after.Templates[0] == before.Templates[0]+before.Templates[1] && before.Templates[1] > 0 &&
				len(w.Rows(first+10, on(45, morning))) == len(w.Rows(first+10, on(45, time.Hour)))-1
		},
		"deleted label": func(w *World) bool {
			has := func(at time.Time) bool {
				for _, r := range w.Rows(first+10, at) {
					if r.Label == 12 {
						return true
					}
				}
				return false
			}
			before, after := told(w, 10, 10, on(45, time.Hour)), told(w, 10, 10, on(45, morning))
			return has(on(45, time.Hour)) && !has(on(45, morning)) && before.Requested == after.Requested
		},
		"revoked credentials": func(w *World) bool {
			return !w.Observe(first, on(28, morning)).IsDenied && w.Observe(first, on(28, 4*time.Hour)).IsDenied && !w.Observe(first, on(30, 4*time.Hour)).IsDenied
		},
	} {
		if !isSo(world(t, name)) {
			t.Errorf("%s is not so", name)
		}
	}
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// forgets says whether days older than 25 days are told in a form, with no number.
func forgets(w *World, form Form) bool {
	at := on(50, morning)
	gone, kept := w.Observe(first+24, at), w.Observe(first+25, at)
	return gone.Stats.Form == form && gone.Stats.Requested == 0 && gone.IsUnknown && kept.Stats.Form == Reported && kept.Stats.Requested > 0 &&
		w.Truth(first+24, at).Requested > 0
}

// Each outage answers as its name says, for as long as its name says, and on other weekdays each time.
func TestOutages(t *testing.T) {
	t.Parallel()
	plain := world(t, "plain")
	lengths := map[string]int{"an hour": 1, "two hours": 2, "a day": 24, "three days": 72}
	for _, length := range []string{"an hour", "two hours", "a day", "three days"} {
		for lie, isSo := range map[string]func(said, before Observation, truth Sums) bool{
			"nothing": func(said, _ Observation, _ Sums) bool { return said.Stats.Form == Silent },
			"zeros": func(said, _ Observation, _ Sums) bool {
				return said.Stats.Form == Reported && said.Stats.Requested == 0
			},
			"nulls": func(said, _ Observation, _ Sums) bool { return said.Stats.Form == Null },
			"half": func(said, _ Observation, truth Sums) bool {
				return distance(said.Stats.Requested*2, truth.Requested) < 60
			},
			"double":             func(said, _ Observation, truth Sums) bool { return said.Stats.Requested == truth.Requested*2 },
			"yesterday's answer": func(said, before Observation, _ Sums) bool { return said.Stats == before.Stats },
		} {
			w := world(t, "outage of "+length+", "+lie)
			rowsOnly := world(t, "outage of "+length+", "+lie+", rows only")
			weekdays, hours := map[time.Weekday]bool{}, 0
			for hour := range 24 * 120 {
				at := on(0, time.Duration(hour)*time.Hour)
				newest := at.Add(-24 * time.Hour)
				d := momentOf(newest).day()
				if said := w.Observe(d-1, at); said.IsLie || lie == "yesterday's answer" && w.Observe(d, at).IsLie {
					hours++
					weekdays[at.Weekday()] = true
					if !isSo(said, plain.Observe(d-1, newest), w.Truth(d-1, at)) {
						t.Fatalf("%s, %s at %s: %+v", length, lie, at, said)
					}
				}
				if said := rowsOnly.Observe(d, at); said.IsLie && (said.Send.Sums != rowsOnly.Truth(d, at) || said.Check.Sums != rowsOnly.Truth(d, at)) {
					t.Fatalf("%s, %s, rows only at %s: %+v", length, lie, at, said)
				}
			}
			if len(weekdays) < 6 || hours < 5*lengths[length] || hours > 15*lengths[length] {
				t.Errorf("%s, %s: %d hours on %d weekdays", length, lie, hours, len(weekdays))
			}
		}
	}
}
