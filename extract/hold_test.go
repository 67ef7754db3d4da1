package extract

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smsetl/sms"
)

// releases lets calls go through the limiter side by side, each from its release to the moment of its first byte, and
// gives these moments in order. Between the two lies the time that a new connection takes.
func releases(t *testing.T, l *Limiter, calls int, connect time.Duration) (add func(int), moments func() []time.Time) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all []time.Time
	add = func(n int) {
		for i := range n {
			wg.Go(func() {
				permit, err := l.Wait(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer permit.Done()
				if i%2 == 0 {
					permit.Written() // net/http may say so before the bytes leave its buffer
				}
				time.Sleep(connect)
				if err := permit.Ready(t.Context()); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				all = append(all, time.Now())
				mu.Unlock()
				permit.Answered()
			})
		}
	}
	add(calls)
	return add, func() []time.Time {
		wg.Wait()
		slices.SortFunc(all, time.Time.Compare)
		return all
	}
}

func TestNothingIsWrittenWhileTheVendorAskedForTime(t *testing.T) {
	for name, most := range map[string]int{"no limit stated": 0, "ten a second": 10} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLimiter(9.5, most)
				add, moments := releases(t, l, 40, 700*time.Millisecond)
				time.Sleep(time.Second) // some are written, some are connecting, the others stand in line
				asked := time.Now()
				if err := l.Hold(t.Context(), 3*time.Second); err != nil {
					t.Fatal(err)
				}
				if err := l.Hold(t.Context(), time.Second); err != nil { // a shorter wish does not end the longer one
					t.Fatal(err)
				}
				if err := l.Slower(t.Context()); err != nil {
					t.Fatal(err)
				}
				add(20)
				all := moments()
				before, after := 0, 0
				for i, at := range all {
					switch {
					case at.Before(asked):
						before++
					case at.Before(asked.Add(3 * time.Second)):
						t.Errorf("call %d is written %s after the vendor asked for 3s", i, at.Sub(asked))
					default:
						after++
					}
					if most > 0 && i >= most && at.Sub(all[i-most]) <= time.Second {
						t.Errorf("calls %d to %d are written within %s", i-most, i, at.Sub(all[i-most]))
					}
				}
				if before == 0 || before+after != 60 {
					t.Errorf("%d calls before and %d after, want 60 in all", before, after)
				}
			})
		})
	}
}

// A call that ended while it waited a second time must not keep others waiting for news of it.
func TestPermitsThatEndWhileHeldLetOthersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(100, 2)
		permit, err := l.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := l.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		permit.Done()
		permit.replace(fresh)
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			next, err := l.Wait(ctx)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			next.Done()
		}
	})
}

func TestLongHoldsEndCallsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(100, 10)
		permit, err := l.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Hold(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := permit.Ready(t.Context()); !errors.Is(err, sms.ErrTemporary) {
			t.Errorf("a call under way: %v", err)
		}
		if _, err := l.Wait(t.Context()); !errors.Is(err, sms.ErrTemporary) {
			t.Errorf("a new call: %v", err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("that took %s", d)
		}
	})
}

// told is a budget that notes what it is told.
type told struct{ pauses []time.Duration }

func (b *told) Reserve(context.Context, int) (sms.Reservation, error) {
	return sms.Reservation{}, errors.New("not asked here")
}
func (b *told) Slower(context.Context) error               { return nil }
func (b *told) Delay(context.Context, time.Duration) error { return errors.New("nothing is late here") }

func (b *told) Pause(_ context.Context, d time.Duration) error {
	b.pauses = append(b.pauses, d)
	return nil
}

func TestOtherProcessesAreToldOnceOfAHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &told{}
		l := NewLimiter(9.5, 10).Share(b)
		for range 12 { // every call under way has the same answer
			if err := l.Hold(t.Context(), 7*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		if err := l.Hold(t.Context(), 7*time.Second); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.pauses, []time.Duration{7 * time.Second, 7 * time.Second}) {
			t.Errorf("told %v", b.pauses)
		}
		if err := l.Slower(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !l.shared.isLost(time.Now().Add(6 * time.Second)) {
			t.Error("a moment within the hold is used after the limit was exceeded")
		}
	})
}

// Over a real wire: every call that is not on it yet keeps away for as long as one answer asked.
func TestRetryAfterIsKeptByAllCalls(t *testing.T) {
	var mu sync.Mutex
	var arrivals []time.Time
	var refused time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		arrivals = append(arrivals, time.Now())
		isOver := len(arrivals) == 20
		if isOver {
			refused = time.Now()
		}
		mu.Unlock()
		if isOver {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport(base, Limits{}, nil)
	defer transport.CloseIdle()
	limiter := NewLimiter(200, 0)
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := transport.Ask(req, limiter); err != nil && !strings.Contains(err.Error(), "length") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(arrivals) != 60 {
		t.Fatalf("%d calls arrived, want 60", len(arrivals))
	}
	// What was written before the answer had come cannot be called back.
	const underWay = 100 * time.Millisecond
	for i, at := range arrivals {
		if d := at.Sub(refused); d > underWay && d < time.Second {
			t.Errorf("call %d arrives %s after the vendor asked for a second", i, d)
		}
	}
}
