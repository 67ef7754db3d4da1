package web

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostThrottled bounds the memory of who is counted, to some 2 MB. To keep all of them locked takes 500 tries a second.
const mostThrottled = 1 << 13

// throttle bounds how often each key may do something. Its methods may be called from any goroutine.
type throttle[K comparable] struct {
	now   func() time.Time
	limit rate.Limit
	burst int

	mu    sync.Mutex
	tries map[K]*rate.Limiter
	rest  *rate.Limiter // of whoever comes while none of those that are counted may be forgotten
}

// newThrottle lets each key do something burst times at once and then at the rate of limit.
func newThrottle[K comparable](now func() time.Time, limit rate.Limit, burst int) *throttle[K] {
	return &throttle[K]{now: now, limit: limit, burst: burst, tries: map[K]*rate.Limiter{}, rest: rate.NewLimiter(limit, burst)}
}

// allows reports whether the key may do it now, and counts it when it may.
func (t *throttle[K]) allows(key K) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	limiter, known := t.tries[key]
	switch {
	case known:
	case t.makeRoom(now):
		limiter = rate.NewLimiter(t.limit, t.burst)
		t.tries[key] = limiter
	default:
		limiter = t.rest
	}
	return limiter.AllowN(now, 1)
}

// isLocked reports whether the key may not do it now. It counts nothing.
func (t *throttle[K]) isLocked(key K) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	limiter, known := t.tries[key]
	return known && limiter.TokensAt(t.now()) < 1
}

// forget forgets what a key did.
func (t *throttle[K]) forget(key K) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, key)
}

// makeRoom forgets whoever may do as much as a new key, and where that is nobody a sixteenth of the others, those first that may
// do most. Whoever may do nothing at this moment is never forgotten: else 4,200 addresses would let all of them begin anew.
func (t *throttle[K]) makeRoom(now time.Time) bool {
	if len(t.tries) < mostThrottled {
		return true
	}
	type counted struct {
		key  K
		left float64
	}
	var free []counted
	for key, limiter := range t.tries {
		switch left := limiter.TokensAt(now); {
		case left >= float64(t.burst):
			delete(t.tries, key)
		case left >= 1:
			free = append(free, counted{key, left})
		}
	}
	if len(t.tries) < mostThrottled {
		return true
	}
	slices.SortFunc(free, func(a, b counted) int { return cmp.Compare(b.left, a.left) })
	for _, c := range free[:min(len(free), mostThrottled/16)] {
		delete(t.tries, c.key)
	}
	return len(t.tries) < mostThrottled
}
