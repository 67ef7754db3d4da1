package extract

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Budget is a rate that several processes share. It gives moments that are at least the time between two requests
// apart, whichever process asks, and none further ahead than half a second.
type Budget interface {
	// Reserve takes up to most of them. An error means that nothing may go.
	Reserve(ctx context.Context, most int) (Grant, error)
	// Delay moves every moment that nobody holds yet.
	Delay(ctx context.Context, by time.Duration) error
	// Pause keeps everybody from getting a moment for d, as far as that can be told. Being told twice changes nothing.
	Pause(ctx context.Context, d time.Duration) error
	// Slower is told that the vendor's limit was exceeded: nobody gets a moment within the next second, and fewer after
	// it.
	Slower(ctx context.Context) error
}

// Grant is Count moments from First, Every apart; with none, Again is when to ask once more.
type Grant struct {
	First time.Time
	Every time.Duration
	Count int
	Again time.Time
}

const (
	// tooLate is when a moment is given up. Until then the others are told before the request goes, which they are as
	// long as nobody holds the moment a second later.
	tooLate = 75 * time.Millisecond
	// tellAhead is how much more they are told than is late already, for the time that telling takes.
	tellAhead = 10 * time.Millisecond
	// mostJitter leaves a tenth of a second of the half that moments are given ahead, for the reservation itself.
	mostJitter = 400 * time.Millisecond
)

// shared hands out the moments of a budget within one process.
type shared struct {
	budget Budget
	// free is how late a request may go without a word: what the spacing leaves of the vendor's second, less the jitter
	// of the way there.
	free time.Duration

	mu     sync.Mutex
	stock  []time.Time // moments reserved and not yet given to a caller
	paused time.Time   // moments before this are not to be used
}

// Share lets the budget space the requests in place of the limiter's own rate, and gives the limiter. The guard over
// the last requests of this process stays below it. Call it before the first Wait.
//
// No request is written earlier than its moment, nor more than 75 ms later: the moment is looked at again when the
// connection stands and nothing is left to do but to write, so that a process that was stopped gives it up. What is
// late by less moves the moments to come first, whoever will get them. So the tenth request after any other is written
// a second and the jitter of the way later, by whichever processes.
func (l *Limiter) Share(budget Budget) *Limiter {
	free := tooLate // nothing is stated that could be exceeded
	if most := len(l.ring); most > 0 {
		left := time.Duration(float64(most)/float64(l.full)*float64(time.Second)) - time.Second
		free = min(max(left-mostMargin, leastMargin), tooLate)
	}
	l.shared = &shared{budget: budget, free: free}
	return l
}

// next returns with a moment when it has come and guarded lets the request go. line is how many callers want one, so
// many are reserved at once. Reserving comes first: it takes its time, and the guard's wait mostly ends before the
// moment does.
func (s *shared) next(ctx context.Context, line int, guarded func(context.Context) error) (time.Time, error) {
	for {
		due, ok := s.pop()
		if !ok {
			moments, err := s.reserve(ctx, line)
			if err != nil {
				return time.Time{}, err
			}
			s.mu.Lock()
			s.stock = moments
			s.mu.Unlock()
			continue
		}
		if err := guarded(ctx); err != nil {
			return time.Time{}, err
		}
		if err := sleep(ctx, time.Until(due)); err != nil {
			return time.Time{}, err
		}
		if !s.isLost(due) {
			return due, nil
		}
	}
}

// pop takes the first moment that can still be used.
func (s *shared) pop() (due time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for len(s.stock) > 0 && !ok {
		due, s.stock = s.stock[0], s.stock[1:]
		// Half of what is bearable: the rest is for what comes before the wire.
		ok = late(now, due) <= tooLate/2
	}
	return due, ok
}

// reserve gives at least one moment. While everything within reach is given away it asks again when some should be
// free: with jitter that grows, because others wait for the same.
func (s *shared) reserve(ctx context.Context, most int) ([]time.Time, error) {
	for tries := 1; ; tries++ {
		g, err := s.budget.Reserve(ctx, most)
		if err != nil {
			return nil, err
		}
		if g.Count > 0 {
			moments := make([]time.Time, g.Count)
			for i := range moments {
				moments[i] = g.First.Add(time.Duration(i) * g.Every)
			}
			return moments, nil
		}
		jitter := rand.N(min(g.Every*time.Duration(tries), mostJitter) + 1) //nolint:gosec // no secret depends on it
		if err := sleep(ctx, time.Until(g.Again)+jitter); err != nil {
			return nil, err
		}
	}
}

// slower drops what was reserved and tells the budget.
func (s *shared) slower(ctx context.Context) error {
	s.pauseUntil(time.Now().Add(slowPause))
	return s.budget.Slower(ctx)
}

func (s *shared) isLost(due time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return due.Before(s.paused) || late(time.Now(), due) > tooLate
}

// late gives how long ago a moment was. The monotonic clock stands still while a machine sleeps and the wall clock may
// be set, so the one that has gone further counts.
func late(now, due time.Time) time.Duration {
	return max(now.Sub(due), now.Round(0).Sub(due.Round(0)))
}

// hold drops what was reserved and keeps the others from reserving.
func (s *shared) hold(ctx context.Context, until time.Time) error {
	s.pauseUntil(until)
	return s.budget.Pause(ctx, time.Until(until))
}

// pauseUntil drops what was reserved before a moment.
func (s *shared) pauseUntil(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stock = nil
	if until.After(s.paused) {
		s.paused = until
	}
}

// ready returns when the slot can be used: with another moment when its own was missed, and when the others know how
// late it is.
func (s *shared) ready(ctx context.Context, slot *Slot) error {
	for {
		if s.isLost(slot.due) {
			moments, err := s.reserve(ctx, 1)
			if err != nil {
				return err
			}
			slot.due, slot.paid = moments[0], 0
			if err := sleep(ctx, time.Until(slot.due)); err != nil {
				return err
			}
			continue
		}
		by := late(time.Now(), slot.due) - s.free - slot.paid
		if by <= 0 {
			return ctx.Err()
		}
		if err := s.budget.Delay(ctx, by+tellAhead); err != nil {
			return err
		}
		slot.paid += by + tellAhead
	}
}
