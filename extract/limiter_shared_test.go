package extract

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// common is a budget as the warehouse keeps it, without its round trips' uncertainty.
type common struct {
	mu     sync.Mutex
	every  time.Duration
	next   time.Time
	trip   func() time.Duration // of one call
	err    error
	delays int
	slower int
}

func (c *common) Reserve(ctx context.Context, most int) (Grant, error) {
	if err := sleep(ctx, c.trip()/2); err != nil {
		return Grant{}, err
	}
	g, err := c.reserve(most)
	if err := sleep(ctx, c.trip()/2); err != nil {
		return Grant{}, err
	}
	return g, err
}

func (c *common) reserve(most int) (Grant, error) {
	const reach = 500 * time.Millisecond
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	g := Grant{First: later(c.next, now.Add(c.trip()+time.Millisecond)), Every: c.every}
	g.Again = g.First.Add(-reach)
	for g.Count < most && !g.First.Add(time.Duration(g.Count)*c.every).After(now.Add(reach)) {
		g.Count++
	}
	if g.Count > 0 {
		c.next = g.First.Add(time.Duration(g.Count) * c.every)
	}
	return g, c.err
}

func (c *common) Delay(ctx context.Context, by time.Duration) error {
	if err := sleep(ctx, c.trip()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delays++
	c.next = later(c.next, time.Now()).Add(by)
	return c.err
}

func (c *common) Pause(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = later(c.next, time.Now().Add(d))
	return c.err
}

func (c *common) Slower(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slower++
	c.next = later(c.next, time.Now().Add(time.Second))
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// process plays the requests of one process: what happens between the moment and the wire, on the way there, and on the
// way back.
type process struct {
	callers, requests  int
	delay, there, back func() time.Duration
	arrive             func()
}

func (p *process) run(ctx context.Context, l *Limiter) {
	var wg sync.WaitGroup
	for range p.callers {
		wg.Go(func() {
			for range p.requests {
				slot, err := l.Wait(ctx)
				if err != nil {
					return
				}
				time.Sleep(p.delay())
				if slot.Ready(ctx) != nil {
					return
				}
				slot.Written()
				time.Sleep(p.there())
				p.arrive()
				time.Sleep(p.back())
				slot.Answered()
				slot.Done()
			}
		})
	}
	wg.Wait()
}

func sometimes(chance float64, most time.Duration) func() time.Duration {
	return func() time.Duration {
		if rand.Float64() < chance {
			return rand.N(most)
		}
		return rand.N(2 * time.Millisecond)
	}
}

func TestSharedLimitersHoldASlidingSecond(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		name               string
		processes, callers int
		delay, there, back func() time.Duration
		trip               func() time.Duration
		leastRate          float64
	}{
		{"one process", 1, 12, constant(0), constant(10 * ms), constant(50 * ms), constant(2 * ms), 9.45},
		{"one process, database far away", 1, 12, constant(0), constant(10 * ms), constant(50 * ms), constant(60 * ms), 9.3},
		{"eight processes", 8, 12, jitter(2 * ms), jitter(10 * ms), constant(50 * ms), jitter(4 * ms), 9.4},
		{"eight processes of one caller", 8, 1, jitter(2 * ms), jitter(10 * ms), constant(30 * ms), jitter(4 * ms), 9.4},
		{"fifty processes", 50, 2, jitter(2 * ms), jitter(10 * ms), constant(50 * ms), jitter(4 * ms), 9.4},
		{"jitter on the way", 8, 4, jitter(ms), jitter(40 * ms), constant(ms), jitter(4 * ms), 9.4},
		{"late before the wire", 8, 4, sometimes(0.1, 70*ms), jitter(10 * ms), constant(ms), jitter(4 * ms), 8.5},
		{"stopped before the wire", 8, 4, sometimes(0.1, 3*time.Second), jitter(10 * ms), constant(ms), jitter(4 * ms), 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				budget := &common{every: time.Second * 10 / 95, trip: tt.trip}
				var mu sync.Mutex
				var arrived []time.Time
				var wg sync.WaitGroup
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				defer stop()
				for range tt.processes {
					p := &process{callers: tt.callers, delay: tt.delay, there: tt.there, back: tt.back, requests: 1000, arrive: func() {
						mu.Lock()
						defer mu.Unlock()
						arrived = append(arrived, time.Now())
					}}
					wg.Go(func() { p.run(ctx, NewLimiter(9.5, 10).Share(budget)) })
				}
				wg.Wait()
				slices.SortFunc(arrived, time.Time.Compare)
				if n := breaches(arrived, 10); n > 0 {
					t.Errorf("%d of %d requests were too many in their second", n, len(arrived))
				}
				if rate := float64(len(arrived)) / 60; rate < tt.leastRate {
					t.Errorf("%.2f requests a second, want %.2f", rate, tt.leastRate)
				}
			})
		})
	}
}

// A request that comes to the wire too late for its moment gets another one, and one that is a little late tells the
// others first.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := &common{every: 100 * time.Millisecond, trip: constant(0)}
		l := NewLimiter(9.5, 10).Share(budget)
		wait := func(late time.Duration) time.Duration {
			t.Helper()
			slot, err := l.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(late)
			start := time.Now()
			if err := slot.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			slot.Done()
			return time.Since(start)
		}
		if d := wait(10 * time.Millisecond); d != 0 || budget.delays != 0 {
			t.Errorf("10 ms late: waited %s, told %d times; want neither", d, budget.delays)
		}
		if d := wait(60 * time.Millisecond); d != 0 || budget.delays != 1 {
			t.Errorf("60 ms late: waited %s, told %d times; want no wait and the others told", d, budget.delays)
		}
		if d := wait(time.Second); d <= 0 || budget.delays != 1 {
			t.Errorf("1 s late: waited %s, told %d times; want another moment", d, budget.delays)
		}
		budget.err = errors.New("no database")
		slot := &Slot{limiter: l, passage: newPassage(), shared: l.shared, due: time.Now().Add(-time.Second)}
		if err := slot.Ready(t.Context()); err == nil {
			t.Error("a request may go although its lost moment could not be replaced")
		}
		slot.due = time.Now().Add(-50 * time.Millisecond)
		if err := slot.Ready(t.Context()); err == nil {
			t.Error("a late request may go although nobody could be told")
		}
		if _, err := l.Wait(t.Context()); !errors.Is(err, budget.err) {
			t.Errorf("error %v, want the budget's", err)
		}
	})
}

// What was reserved before the vendor complained is not used within the pause.
func TestSharedLimiterGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := &common{every: 100 * time.Millisecond, trip: constant(0)}
		l := NewLimiter(10, 0).Share(budget)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var went []time.Duration
		start := time.Now()
		for range 5 {
			wg.Go(func() {
				slot, err := l.Wait(t.Context())
				if err != nil || slot.Ready(t.Context()) != nil {
					return
				}
				slot.Written()
				slot.Done()
				mu.Lock()
				defer mu.Unlock()
				went = append(went, time.Since(start))
				if len(went) == 2 {
					if err := l.Slower(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if len(went) != 5 || budget.slower != 1 || went[2]-went[1] < time.Second {
			t.Errorf("went at %v, told %d times: want the third a second after the second", went, budget.slower)
		}
	})
}
