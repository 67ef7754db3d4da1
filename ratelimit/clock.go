package ratelimit

import "time"

const (
	// exact is how well the server's clock has to be known before slots are taken: what remains of the vendor's second is
	// 50 ms, and most of it is for the way to the vendor.
	exact = 5 * time.Millisecond
	// fresh is how long a look at the server's clock says something about it.
	fresh = 20 * time.Second
	// drift is how much two clocks may come apart, as a part of the time: NTP slews by 500 millionths at the most.
	drift = 2000
	// harmless is a change of the clock that crowds nothing.
	harmless = 5 * time.Millisecond
)

// serverClock maps the server's clock to the monotonic clock of this process. One look at it tells when it was read to within
// half of the round trip. The best look of the last while counts; one that contradicts it means that the clock was changed.
type serverClock struct {
	server    time.Time     // what it showed
	here      time.Time     // when, by our clock; zero for never
	uncertain time.Duration // either way
	last      time.Time     // when somebody last looked and it was still that clock
}

// observe takes in an observation: the server's clock was read between sent and received. It says whether the clock was changed.
func (c *serverClock) observe(sent, server, received time.Time) (isChanged bool) {
	half := received.Sub(sent) / 2
	seen := serverClock{server: server.Round(0), here: sent.Add(half), uncertain: half, last: sent.Add(half)}
	if !c.isFresh(seen.here) {
		*c = seen
		return false
	}
	age := seen.here.Sub(c.here)
	slack := c.uncertain + age.Abs()/drift
	off := c.server.Add(age).Sub(seen.server).Abs() - slack - half
	if off > 0 || half <= slack {
		*c = seen
	}
	c.last = seen.here
	return off > harmless
}

// isFresh says whether somebody looked lately.
func (c *serverClock) isFresh(now time.Time) bool {
	return !c.here.IsZero() && now.Sub(c.last) <= fresh
}

// local gives a moment of the server's clock by ours. It is counted from now and not from the look, after which our wall clock
// may have been set.
func (c *serverClock) local(server time.Time) time.Time {
	now := time.Now()
	return now.Add(server.Sub(c.server) - now.Sub(c.here))
}
