package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// Counters says what happened so far.
type Counters struct {
	Calls    []Calls         `json:"calls"`
	Faults   map[Fault]int64 `json:"faults"`   // fired
	Breaches int64           `json:"breaches"` // calls above a limit
	Bytes    int64           `json:"bytes"`    // of bodies sent, as they went over the wire
	Followed int64           `json:"followed"` // requests at the address that redirects point to; a client should send none
}

// Calls counts requests that ended alike.
type Calls struct {
	Vendor  string `json:"vendor"`
	Action  string `json:"action"` // dataset, or Tencent's action; "" before it is known
	Account string `json:"account,omitempty"`
	Status  int    `json:"status"` // as it was sent, or would have been had the connection lived
	Code    string `json:"code,omitempty"`
	Fault   Fault  `json:"fault,omitempty"`
	N       int64  `json:"n"`
	Bytes   int64  `json:"bytes"`
}

type counter struct {
	mu       sync.Mutex
	calls    map[Calls]*Calls // by the same Calls with nothing counted
	followed int64
}

func (c *counter) add(x *exchange, answer reply, bytes int) {
	key := Calls{
		Vendor: x.vendor, Action: x.action, Account: x.account,
		Status: answer.status, Code: answer.code, Fault: x.fault,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.calls[key]
	if !ok {
		if c.calls == nil {
			c.calls = map[Calls]*Calls{}
		}
		counted := key
		n = &counted
		c.calls[key] = n
	}
	n.N++
	n.Bytes += int64(bytes)
}

// Counters gives what happened so far, calls sorted.
func (s *Sandbox) Counters() Counters {
	out := Counters{Calls: []Calls{}, Faults: map[Fault]int64{}, Breaches: s.Breaches()}
	s.faults.mu.Lock()
	maps.Copy(out.Faults, s.faults.fired)
	s.faults.mu.Unlock()

	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	out.Followed = s.counts.followed
	for _, n := range s.counts.calls {
		out.Calls = append(out.Calls, *n)
		out.Bytes += n.Bytes
	}
	slices.SortFunc(out.Calls, func(a, b Calls) int {
		return cmp.Or(
			cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Fault, b.Fault))
	})
	return out
}

// Count gives the number of calls of a vendor; of one action, unless it is "".
func (c Counters) Count(vendor, action string) int64 {
	var n int64
	for _, calls := range c.Calls {
		if calls.Vendor == vendor && (action == "" || calls.Action == action) {
			n += calls.N
		}
	}
	return n
}

// ResetCounters sets every counter back to zero and forgets the arrivals.
func (s *Sandbox) ResetCounters() {
	s.counts.mu.Lock()
	s.counts.calls, s.counts.followed = nil, 0
	s.counts.mu.Unlock()
	s.faults.mu.Lock()
	s.faults.fired = nil
	s.faults.mu.Unlock()
	s.arrivals.mu.Lock()
	s.arrivals.all, s.arrivals.breaches = nil, 0
	s.arrivals.mu.Unlock()
}
