package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Arrival is a request that proved who it is and met a limit.
type Arrival struct {
	Vendor  string    `json:"vendor"`
	Caller  string    `json:"caller"` // sms_user or secret id
	Action  string    `json:"action"`
	At      time.Time `json:"at"` // wall clock
	Refused bool      `json:"refused"`
}

// maxArrivals bounds what is remembered, so that a sandbox can stay up for weeks.
const maxArrivals = 1 << 18

// bucket is what a limit is counted by.
type bucket struct{ vendor, caller, action string }

// arrivals is the limiter of both vendors: a sliding second, not one that starts on the clock's stroke.
type arrivals struct {
	mu       sync.Mutex
	all      []Arrival
	recent   map[bucket][]time.Time // those of the last second that count
	breaches int64
}

// admit records an arrival and says whether it is within perSecond calls in the second that ends now. A call a whole
// second after another no longer meets it. strict: refused calls count as well. 0 is no limit.
func (l *arrivals) admit(b bucket, now time.Time, perSecond int, strict bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recent == nil {
		l.recent = map[bucket][]time.Time{}
	}
	recent := slices.DeleteFunc(l.recent[b], func(t time.Time) bool { return now.Sub(t) >= time.Second })
	refused := perSecond > 0 && len(recent) >= perSecond
	if !refused || strict {
		recent = append(recent, now)
	}
	l.recent[b] = recent
	if refused {
		l.breaches++
	}
	if len(l.all) == maxArrivals {
		l.all = slices.Delete(l.all, 0, maxArrivals/4)
	}
	l.all = append(l.all, Arrival{b.vendor, b.caller, b.action, now, refused})
	return !refused
}

// Arrivals gives the requests that met a limit, oldest first: at least the last 190,000.
func (s *Sandbox) Arrivals() []Arrival {
	s.arrivals.mu.Lock()
	defer s.arrivals.mu.Unlock()
	return slices.Clone(s.arrivals.all)
}

// Breaches gives how many requests came above a limit.
func (s *Sandbox) Breaches() int64 {
	s.arrivals.mu.Lock()
	defer s.arrivals.mu.Unlock()
	return s.arrivals.breaches
}

// Rate is the pace of one caller's action.
type Rate struct {
	Vendor string    `json:"vendor"`
	Caller string    `json:"caller"`
	Action string    `json:"action"`
	Calls  int       `json:"calls"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Peak   int       `json:"peak"` // most calls in any second
}

// PerSecond gives the mean pace between the first and the last call, in calls a second; 0 for fewer than two calls.
func (r Rate) PerSecond() float64 {
	span := r.Last.Sub(r.First).Seconds()
	if span <= 0 {
		return 0
	}
	return float64(r.Calls-1) / span
}

// Rates gives the pace of each caller's actions over the arrivals since a moment of the wall clock; zero for all.
func (s *Sandbox) Rates(since time.Time) []Rate {
	var order []bucket
	times := map[bucket][]time.Time{}
	for _, a := range s.Arrivals() {
		if a.At.Before(since) {
			continue
		}
		b := bucket{a.Vendor, a.Caller, a.Action}
		if times[b] == nil {
			order = append(order, b)
		}
		times[b] = append(times[b], a.At)
	}
	rates := make([]Rate, 0, len(order))
	for _, b := range order {
		at := times[b]
		slices.SortFunc(at, time.Time.Compare)
		rates = append(rates, Rate{
			Vendor: b.vendor, Caller: b.caller, Action: b.action,
			Calls: len(at), First: at[0], Last: at[len(at)-1], Peak: peak(at),
		})
	}
	return rates
}

// peak gives the most of the sorted times in any half-open second.
func peak(at []time.Time) int {
	most, from := 0, 0
	for i, t := range at {
		for t.Sub(at[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
