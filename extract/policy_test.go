package extract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/sms"
)

func TestPolicy(t *testing.T) {
	soft, hard := errors.New("soft"), errors.New("hard")
	tests := []struct {
		name      string
		policy    Policy
		answers   []error // the last one repeats
		wantErr   error
		wantTries int
		min, max  time.Duration // that Do takes
	}{
		{"good at once", Policy{}, []error{nil}, nil, 1, 0, 0},
		{"final error", Policy{}, []error{hard}, hard, 1, 0, 0},
		{"good after two", Policy{First: time.Second}, []error{Retry(soft, 0), Retry(soft, 0), nil}, nil, 3, 1500 * time.Millisecond, 4500 * time.Millisecond},
		{"final after one", Policy{First: time.Second}, []error{Retry(soft, 0), hard}, hard, 2, 500 * time.Millisecond, 1500 * time.Millisecond},
		{"tries used up", Policy{First: time.Second, Tries: 3}, []error{Retry(soft, 0)}, soft, 3, 1500 * time.Millisecond, 4500 * time.Millisecond},
		{"longest wait", Policy{First: time.Second, Longest: time.Second, Tries: 5}, []error{Retry(soft, 0)}, soft, 5, 2 * time.Second, 6 * time.Second},
		{"vendor's wait is kept to the letter", Policy{First: time.Second}, []error{Retry(soft, 7*time.Second), nil}, nil, 2, 7 * time.Second, 7 * time.Second},
		{"vendor's wait is longer than what is left", Policy{Total: time.Minute}, []error{Retry(soft, time.Hour)}, soft, 1, 0, 0},
		{"total", Policy{First: 10 * time.Second, Total: time.Minute, Tries: 100}, []error{Retry(soft, 0)}, soft, 0, 25 * time.Second, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries, start := 0, time.Now()
				err := tt.policy.Do(t.Context(), func() error {
					tries++
					return tt.answers[min(tries, len(tt.answers))-1]
				})
				if !errors.Is(err, tt.wantErr) {
					t.Errorf("error %v, want %v", err, tt.wantErr)
				}
				if _, isMarked := errors.AsType[*retryable](err); isMarked {
					t.Errorf("the mark of Retry is still on: %#v", err)
				}
				if tt.wantTries > 0 && tries != tt.wantTries {
					t.Errorf("%d tries, want %d", tries, tt.wantTries)
				}
				if d := time.Since(start); d < tt.min || d > tt.max {
					t.Errorf("took %s, want %s to %s", d, tt.min, tt.max)
				}
			})
		})
	}
}

func TestPolicyJitters(t *testing.T) {
	waits := make(map[time.Duration]bool)
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			start := time.Now()
			_ = Policy{Tries: 2}.Do(t.Context(), func() error { return Retry(errors.New("soft"), 0) })
			waits[time.Since(start)] = true
		}
	})
	if len(waits) < 10 {
		t.Errorf("20 waits had %d different lengths", len(waits))
	}
}

func TestPolicyListensToTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := Policy{}.Do(ctx, func() error { return Retry(sms.ErrTemporary, time.Minute) })
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sms.ErrTemporary) {
			t.Errorf("error %v, want the context's alone", err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("took %s, want 3s", d)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 7 ":                           7 * time.Second,
		"0":                             0,
		"-3":                            0,
		"soon":                          0,
		"99999999999":                   7 * 24 * time.Hour,
		"99999999999999999999":          0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:00:00 GMT": 0,
	}
	for value, want := range tests {
		h := http.Header{}
		h.Set("Retry-After", value)
		if got := RetryAfter(h, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestAnswersThatSayTheSameTwiceAreGivenUp(t *testing.T) {
	a, b := sms.Hash{1}, sms.Hash{2}
	soft := errors.New("soft")
	says := func(h sms.Hash) error { return RetryUnlessSame(soft, 0, h) }
	for name, tt := range map[string]struct {
		answers []error // the last one repeats
		tries   int
		text    string
	}{
		"twice":                     {[]error{says(a)}, 2, "soft (said the same twice)"},
		"something else in between": {[]error{says(a), says(b), says(a), says(b), says(b)}, 5, "soft (said the same twice)"},
		"the network in between":    {[]error{says(a), Retry(soft, 0), says(a), says(a)}, 4, "soft (said the same twice)"},
		"never the same":            {[]error{says(a), says(b), says(a), says(b), says(a), says(b), says(a), says(b)}, 8, ""},
		"no word of what was said":  {[]error{Retry(soft, 0)}, 8, ""},
		"good the second time":      {[]error{says(a), nil}, 2, "none"},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			err := Policy{First: time.Millisecond}.Do(t.Context(), func() error {
				tries++
				return tt.answers[min(tries, len(tt.answers))-1]
			})
			if tries != tt.tries || (err == nil) != (tt.text == "none") || err != nil && tt.text != "" && err.Error() != tt.text || err != nil && !errors.Is(err, soft) {
				t.Errorf("%s: %v after %d tries, want %q after %d", name, err, tries, tt.text, tt.tries)
			}
		})
	}
}

func TestAWindowIsTriedForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_ = Policy{Tries: 1000}.Do(t.Context(), func() error { return Retry(errors.New("soft"), 0) })
		if d := time.Since(start); d > time.Minute || d < 30*time.Second { // no wait is over 30 s: 20, jittered by half
			t.Errorf("tried for %s", d)
		}
	})
}

// Whoever waits is told what was met, how often and for how long.
func TestRetriesAreTold(t *testing.T) {
	var told []string
	p := Policy{First: time.Millisecond, Longest: time.Millisecond, Tries: 3, Notify: func(met error, try, of int, wait time.Duration) {
		told = append(told, fmt.Sprintf("%v, try %d of %d, waits %v", met, try, of, wait > 0))
	}}
	_ = p.Do(t.Context(), func() error { return Retry(errors.New("HTTP 500"), 0) })
	want := []string{"HTTP 500, try 1 of 3, waits true", "HTTP 500, try 2 of 3, waits true"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	core, logs := observer.New(zapcore.WarnLevel)
	log := Retries(zap.New(core))
	for try := 1; try <= 4; try++ {
		log(errors.New("HTTP 500"), try, 8, 6*time.Second)
	}
	if logs.Len() != 2 || logs.All()[0].ContextMap()["again_in"] != 6*time.Second ||
		logs.All()[0].Message != "HTTP 500, try 4 of 8, again in 6s" {
		t.Errorf("warned %d times: %v", logs.Len(), logs.All())
	}
}
