package sandbox

import (
	"sync"
	"time"
)

// clock is the virtual clock: a source, moved or stopped.
type clock struct {
	source func() time.Time

	mu     sync.Mutex
	moved  time.Duration // added to the source
	frozen time.Time     // where the clock stands still; zero while it runs
}

// Now gives the virtual time.
func (s *Sandbox) Now() time.Time {
	c := &s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.source().Add(c.moved)
}

// SetNow stops the virtual clock at t. The zero time lets it run with its source again.
func (s *Sandbox) SetNow(t time.Time) {
	c := &s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen, c.moved = t, 0
}

// Advance moves the virtual clock on, whether it runs or stands.
func (s *Sandbox) Advance(d time.Duration) {
	c := &s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.frozen = c.frozen.Add(d)
		return
	}
	c.moved += d
}
