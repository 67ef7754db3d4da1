package traffic

import (
	"math"
	"time"
)

// risk is what goes wrong with a kind of message, and what an incident adds to it.
type risk struct {
	plain    rates
	incident rates // added at full height of an incident
	// The incident falls once a year into the spread days from first on (a day of the year), so that any 400 days hold one.
	first, spread int
	// rarely is the index of a send failure that happens on one day in three only; -1 for none.
	rarely int
}

// height is how strong an incident is on its days: a bad start, a bad week, a slow recovery.
var height = [...]float64{0.55, 1, 1, 0.85, 0.45, 0.2, 0.08}

// on gives the rates of a date.
func (r *risk) on(seed uint64, d date) rates {
	out := r.plain
	luck := Roll(seed, uint64(d.day), uint64(r.first))
	if r.rarely >= 0 && luck.Share() > 1.0/3 {
		out.send[r.rarely] = 0
	}
	r.weather(&out, seed, d, luck)
	luck = Roll(seed, uint64(d.year), uint64(r.first), uint64(r.spread))
	since := d.doy - r.first - int(luck.Next()%uint64(r.spread))
	if since < 0 || since >= len(height) {
		return out
	}
	for i, p := range r.incident.process {
		out.process[i] += p * height[since]
	}
	for i, p := range r.incident.send {
		out.send[i] += p * height[since]
	}
	return out
}

// weather lets the rates wander: over half a year, over months and from day to day, and phones are off at the spring
// festival.
func (r *risk) weather(out *rates, seed uint64, d date, today Dice) {
	phase := Roll(seed, uint64(r.first))
	slow := 1 + 0.2*math.Sin(2*math.Pi*(float64(d.day)/171+phase.Share())) +
		0.12*math.Sin(2*math.Pi*(float64(d.day)/61+phase.Share()))
	if days, ok := d.after(springFestival); ok && days >= -2 && days <= 7 {
		slow *= 1.35
	}
	for i := range out.process {
		out.process[i] *= slow * today.Between(0.8, 1.2)
	}
	for i := range out.send {
		out.send[i] *= slow * today.Between(0.8, 1.2)
	}
}

// The risks of EngageLab's streams. Process: global_block, partial_block, unsubscribe, keyword_block, variable_error,
// content_error, frequency_overrun, other. Send: empty, out_of_service, blacklist, busy, no_answer, interception,
// break_down, not_in_service, power_off, other. Busy and no_answer come from voice calls and stay 0.
var (
	service = &risk{
		plain: rates{
			process: [ProcessKinds]float64{0.0016, 0.0008, 0.0002, 0.0002, 0.0006, 0.0002, 0.0013, 0.0002},
			send:    [SendKinds]float64{0.0092, 0.0061, 0.0011, 0, 0, 0.0034, 0.0015, 0.0042, 0.0083, 0.0011},
		},
		incident: rates{
			process: [ProcessKinds]float64{0: 0.02},
			send:    [SendKinds]float64{1: 0.05, 5: 0.17, 6: 0.09},
		},
		first: 122, spread: 21, rarely: -1,
	}
	advertising = &risk{
		plain: rates{
			process: [ProcessKinds]float64{0.0058, 0.0041, 0.0118, 0.0027, 0.0009, 0.0006, 0.0019, 0.0005},
			send:    [SendKinds]float64{0.0182, 0.0109, 0.0072, 0, 0, 0.0214, 0.0021, 0.0063, 0.0142, 0.0029},
		},
		incident: rates{
			process: [ProcessKinds]float64{0: 0.03},
			send:    [SendKinds]float64{1: 0.06, 5: 0.24, 6: 0.1},
		},
		first: 122, spread: 21, rarely: -1,
	}
)

// direct is the risk of Tencent's streams. Process: not submitted. Send: InternalErrorCount, InvalidNumberCount,
// ShutdownErrorCount, BlackListCount, FrequencyLimitCount, and what none of the five counts.
var direct = &risk{
	plain: rates{
		process: [ProcessKinds]float64{0.0041},
		send:    [SendKinds]float64{0.0026, 0.0059, 0.0072, 0.0009, 0.0013, 0.0024},
	},
	incident: rates{
		process: [ProcessKinds]float64{0.01},
		send:    [SendKinds]float64{0: 0.075, 4: 0.02},
	},
	first: 252, spread: 24, rarely: 5,
}

// bursts gives the season of an application that is used on a few days of a year: 1 on them, else 0.
func bursts(seed uint64) season {
	return func(d date) float64 {
		for i := range 6 {
			luck := Roll(seed, uint64(d.year), uint64(i), 0xb0457)
			first := time.Date(d.year, time.Month(1+2*i), 3+int(luck.Next()%40), 0, 0, 0, 0, time.UTC).YearDay()
			if since := d.doy - first; since >= 0 && since <= int(luck.Next()%3) {
				return 1
			}
		}
		return 0
	}
}
