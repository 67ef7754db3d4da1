package extract

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// How much later than a second after the tenth request before it a request goes, counted from the moment that one was
// written. What counts is when requests arrive at the vendor. An answer proves that its request had arrived, so a
// second after the answer is always safe; when answers take longer than most, most stands for the jitter of the way
// there.
const (
	leastMargin = 2 * time.Millisecond
	mostMargin  = 40 * time.Millisecond
)

// How a limiter gives way when the vendor says that the limit is exceeded, and how it comes back.
const (
	slowPause    = time.Second
	slowFactor   = 0.95
	slowFloor    = 0.1 // of the full rate
	recoverAfter = time.Minute
)

// Limiter spaces requests evenly and makes sure that no sliding second holds more than a given number of them. Spacing
// alone does not: at 9.5 a second eleven requests span 1.053 s, and a request held up for 53 ms between its release and
// the wire makes eleven in a second. So a request also waits for the tenth before it to have been written, and a second
// from then. Waiting callers stand in line; none of them loses its place to a later one, and no permit stays unused
// while somebody waits. Safe for use by many goroutines.
//
// A vendor that asks for time, by Retry-After, gets it from everybody: see Hold.
//
// All this is within one process. Where several share a limit, Share spaces the requests of all of them.
type Limiter struct {
	turn   chan struct{} // held by the caller whose request goes next
	line   atomic.Int32  // callers of Wait
	rate   *rate.Limiter
	shared *shared    // takes the place of rate; nil for none
	ring   []*passage // the last requests released; guarded by turn
	next   int        // the oldest of them

	observe func(waited time.Duration) // may be nil

	mu     sync.Mutex
	full   rate.Limit
	paused time.Time // nothing is released before this
	slowed time.Time // when the rate was last changed
	held   time.Time // nothing is written before this, whatever was released
}

// NewLimiter gives a limiter of perSecond requests a second, evenly spaced, and of at most most in any sliding second;
// 0 means that the vendor states no such limit.
func NewLimiter(perSecond float64, most int) *Limiter {
	return &Limiter{
		turn: make(chan struct{}, 1),
		rate: rate.NewLimiter(rate.Limit(perSecond), 1),
		ring: make([]*passage, most),
		full: rate.Limit(perSecond),
	}
}

// Observe lets observe know how long each wait took, also of those that were given up. Call it before the first Wait.
func (l *Limiter) Observe(observe func(waited time.Duration)) { l.observe = observe }

// Wait returns when the caller's request may be sent, or with ctx's error, or with that of a shared budget. The permit
// that it gives must be asked once more right before the first byte is written, Ready, and learn what became of the
// request: Written, Answered, and Done on every path.
func (l *Limiter) Wait(ctx context.Context) (*Permit, error) {
	if l.observe != nil {
		since := time.Now()
		defer func() { l.observe(time.Since(since)) }()
	}
	l.line.Add(1)
	defer l.line.Add(-1)
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	if err := l.await(ctx); err != nil {
		return nil, err
	}
	permit := &Permit{limiter: l, passage: newPassage()}
	if l.shared != nil {
		due, err := l.shared.next(ctx, int(l.line.Load()), l.guarded)
		if err != nil {
			return nil, err
		}
		permit.shared, permit.due = l.shared, due
	} else if err := l.spaced(ctx); err != nil {
		return nil, err
	}
	if len(l.ring) > 0 {
		l.ring[l.next] = permit.passage
		l.next = (l.next + 1) % len(l.ring)
	}
	return permit, nil
}

// guarded returns when the tenth request before the next one was written by this process a second ago.
func (l *Limiter) guarded(ctx context.Context) error {
	if len(l.ring) == 0 || l.ring[l.next] == nil {
		return nil
	}
	return l.ring[l.next].clear(ctx)
}

// spaced returns when the next request is due by the pace of this process.
func (l *Limiter) spaced(ctx context.Context) error {
	if err := l.guarded(ctx); err != nil {
		return err
	}
	l.recover()
	reserved := l.rate.Reserve()
	if err := sleep(ctx, reserved.Delay()); err != nil {
		reserved.Cancel()
		return err
	}
	if err := l.pause(ctx); err != nil {
		return err
	}
	return l.await(ctx)
}

// Slower is told when the vendor says that its limit is exceeded: nothing goes for a second, and the rate falls by 5 %.
// Answers to requests that were already under way count once. Each quiet minute gives one step back. An error means
// that the other processes could not be told.
func (l *Limiter) Slower(ctx context.Context) error {
	if l.shared != nil {
		return l.shared.slower(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.paused) {
		return nil
	}
	l.paused, l.slowed = now.Add(slowPause), now
	l.rate.SetLimit(max(l.rate.Limit()*slowFactor, l.full*slowFloor))
	return nil
}

// IsCounted says that the vendor states how many requests a sliding second may hold.
func (l *Limiter) IsCounted() bool { return len(l.ring) > 0 }

// Rate gives the present number of requests a second of a limiter that is not shared.
func (l *Limiter) Rate() float64 { return float64(l.rate.Limit()) }

func (l *Limiter) recover() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.rate.Limit() < l.full && now.Sub(l.slowed) >= recoverAfter {
		l.slowed = now
		l.rate.SetLimit(min(l.rate.Limit()/slowFactor, l.full))
	}
}

func (l *Limiter) pause(ctx context.Context) error {
	for {
		l.mu.Lock()
		wait := time.Until(l.paused)
		l.mu.Unlock()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep waits for d, or less long when ctx ends: then it returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
