package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// triesAtOnce and trySpacing bound how often one address may guess: 5 times, then once in 15 s, 5,760 times a day.
	triesAtOnce = 5
	trySpacing  = 15 * time.Second
	// mostAddresses bounds the memory of addresses that guessed.
	mostAddresses = 4096
	// hashesAtOnce bounds how many passwords are compared at once in this process: each takes a processor for a quarter of a second.
	hashesAtOnce = 2
)

// throttle slows down guessing.
type throttle struct {
	now    func() time.Time
	hashes chan struct{}

	mu    sync.Mutex
	tries map[netip.Prefix]*rate.Limiter
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, hashes: make(chan struct{}, hashesAtOnce), tries: map[netip.Prefix]*rate.Limiter{}}
}

// allows says whether the address may try now; when not, how long to wait.
func (t *throttle) allows(addr netip.Addr) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, key := t.now(), network(addr)
	limiter, known := t.tries[key]
	if !known {
		t.forget(now)
		limiter = rate.NewLimiter(rate.Every(trySpacing), triesAtOnce)
		t.tries[key] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0, true
	}
	return trySpacing, false
}

// succeeded forgets what an address tried: people mistype.
func (t *throttle) succeeded(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, network(addr))
}

// forget makes room: addresses that may try as often as a new one go, and when none does, all go. Whoever can guess from so
// many addresses is not stopped by counting them; the comparing at once is bounded still.
func (t *throttle) forget(now time.Time) {
	if len(t.tries) < mostAddresses {
		return
	}
	for key, limiter := range t.tries {
		if limiter.TokensAt(now) >= triesAtOnce {
			delete(t.tries, key)
		}
	}
	if len(t.tries) >= mostAddresses {
		clear(t.tries)
	}
}

// network gives what counts as one address: an IPv6 customer has a /64 of them.
func network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: those share one
	}
	return prefix
}
