package extract

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// breaches counts the requests that were the eleventh or later in a sliding second.
func breaches(arrived []time.Time, most int) (n int) {
	for i := most; i < len(arrived); i++ {
		if arrived[i].Sub(arrived[i-most]) < time.Second {
			n++
		}
	}
	return n
}

// send plays requests of several callers whose way to the vendor and back takes the times given, and tells when each
// one arrived.
func send(ctx context.Context, l *Limiter, callers, each int, delay, there, back func() time.Duration) []time.Time {
	var mu sync.Mutex
	var arrived []time.Time
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				slot, err := l.Wait(ctx)
				if err != nil {
					return
				}
				time.Sleep(delay())
				slot.Written()
				time.Sleep(there())
				mu.Lock()
				arrived = append(arrived, time.Now())
				mu.Unlock()
				time.Sleep(back())
				slot.Answered()
				slot.Done()
			}
		})
	}
	wg.Wait()
	return arrived
}

func constant(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func jitter(most time.Duration) func() time.Duration {
	return func() time.Duration { return rand.N(most) }
}

func TestLimiterHoldsASlidingSecond(t *testing.T) {
	ms := time.Millisecond
	tests := []struct {
		name               string
		callers            int
		delay, there, back func() time.Duration
		leastRate          float64
	}{
		{"one caller, no latency", 1, constant(0), constant(0), constant(ms), 9.4},
		{"four callers", 4, constant(0), constant(5 * ms), constant(5 * ms), 9.4},
		{"many callers, far away", 16, constant(ms), constant(100 * ms), constant(100 * ms), 9.4},
		{"jitter on the way", 8, jitter(2 * ms), jitter(40 * ms), jitter(40 * ms), 9.4},
		// Here the answers prove the arrival, so no delay before the wire makes a breach, whatever it costs in speed.
		{"hiccups before the wire", 8, func() time.Duration {
			if rand.IntN(10) == 0 {
				return 300 * ms
			}
			return 0
		}, jitter(10 * ms), constant(ms), 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				arrived := send(t.Context(), NewLimiter(9.5, 10), tt.callers, 600/tt.callers, tt.delay, tt.there, tt.back)
				if n := breaches(arrived, 10); n > 0 {
					t.Errorf("%d of %d requests were too many in their second", n, len(arrived))
				}
				rate := float64(len(arrived)) / time.Since(start).Seconds()
				if rate < tt.leastRate {
					t.Errorf("%.2f requests a second, want %.2f", rate, tt.leastRate)
				}
			})
		})
	}
}

// The same requests without the guard: the test above must be able to fail.
func TestSpacingAloneBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hiccup := func() time.Duration {
			if rand.IntN(10) == 0 {
				return 300 * time.Millisecond
			}
			return 0
		}
		if n := breaches(send(t.Context(), NewLimiter(9.5, 0), 8, 75, hiccup, constant(0), constant(0)), 10); n == 0 {
			t.Error("no breach without the guard")
		}
	})
}

func TestLimiterWaitsForTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(1000, 2)
		first, _ := l.Wait(t.Context())
		second, _ := l.Wait(t.Context())
		second.Written()
		go func() {
			time.Sleep(5 * time.Second)
			first.Written()
		}()
		start := time.Now()
		if _, err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(start), 6*time.Second+mostMargin; got != want {
			t.Errorf("the third went after %s, want %s: a second after the first was written", got, want)
		}
	})
}

func TestLimiterForgetsWhatWasNeverWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(1000, 2)
		for range 2 {
			slot, _ := l.Wait(t.Context())
			slot.Done()
		}
		start := time.Now()
		if _, err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 10*time.Millisecond {
			t.Errorf("waited %s for requests that the vendor never saw", d)
		}
	})
}

func TestLimiterListensToTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(0.1, 1)
		slot, _ := l.Wait(t.Context()) // never written: the next one waits for it, the one after in line
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				_, err := l.Wait(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
					t.Errorf("%v after %s, want the deadline after 3s", err, time.Since(start))
				}
			})
		}
		wg.Wait()
		slot.Done()
		// Who gave up has left no gap: the next slot comes ten seconds after the first one.
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline", err)
		}
		if _, err := l.Wait(t.Context()); err != nil || time.Since(start).Round(time.Microsecond) != 7*time.Second {
			t.Errorf("the next went after %s (%v), want 7s", time.Since(start), err)
		}
	})
}

func TestLimiterGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(10, 0)
		wait := func() time.Duration {
			start := time.Now()
			slot, err := l.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slot.Done()
			return time.Since(start)
		}
		wait()
		for range 5 { // answers to requests that were under way together
			_ = l.Slower(t.Context())
		}
		if got := l.Rate(); got != 9.5 {
			t.Errorf("rate %v, want 9.5", got)
		}
		if got := wait(); got != time.Second {
			t.Errorf("waited %s, want the pause of 1s", got)
		}
		for range 100 {
			_ = l.Slower(t.Context())
			time.Sleep(slowPause)
		}
		if got := l.Rate(); got != 1 {
			t.Errorf("rate %v, want the floor of 1", got)
		}
		time.Sleep(time.Minute)
		wait()
		if got := l.Rate(); got <= 1 || got > 1.06 {
			t.Errorf("rate %v after a quiet minute, want one step back", got)
		}
		for range 100 {
			time.Sleep(time.Minute)
			wait()
		}
		if got := l.Rate(); got != 10 {
			t.Errorf("rate %v after many quiet minutes, want 10", got)
		}
	})
}
