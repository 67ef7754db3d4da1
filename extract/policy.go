package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"smsetl/sms"
)

// Policy says how often and how long one request is tried again. The zero Policy is the default one; a zero field
// stands for its default. Windows are tried again elsewhere, hours later: a policy bridges a hiccup, not an outage.
type Policy struct {
	First   time.Duration // wait before the second try; doubles from there; default 500 ms
	Longest time.Duration // longest wait that the vendor did not ask for; default 20 s
	Total   time.Duration // no try starts later than this after the first one did; default 1 min
	Tries   int           // tries in all; default 8
	// Notify is told of each try that is followed by another one: what it met, how many there are and how long the wait
	// is. It may be nil.
	Notify func(met error, try, of int, wait time.Duration)
}

// quietTries is how many tries of a request fail before people are told: most vendors are well again by then.
const quietTries = 3

// Retries gives a Notify that logs: a warning once a request has failed so often that somebody who waits would wonder.
func Retries(log *zap.Logger) func(met error, try, of int, wait time.Duration) {
	return func(met error, try, of int, wait time.Duration) {
		level := zapcore.DebugLevel
		if try >= quietTries {
			level = zapcore.WarnLevel
		}
		wait = wait.Round(100 * time.Millisecond)
		log.Log(level, fmt.Sprintf("%v, try %d of %d, again in %s", met, try+1, of, wait), zap.Int("try", try), zap.Int("of", of), zap.Duration("again_in", wait))
	}
}

func (p Policy) orDefaults() Policy {
	p.First = cmp.Or(max(p.First, 0), 500*time.Millisecond)
	p.Longest = cmp.Or(max(p.Longest, 0), 20*time.Second)
	p.Total = cmp.Or(max(p.Total, 0), time.Minute)
	p.Tries = cmp.Or(max(p.Tries, 0), 8)
	return p
}

// retryable marks an error as worth another try.
type retryable struct {
	err         error
	after       time.Duration
	fingerprint sms.Hash // of the answer; zero for an error that is not about that
}

func (a *retryable) Error() string { return a.err.Error() }
func (a *retryable) Unwrap() error { return a.err }

// Retry marks err as worth another try, not before the given wait when that is above 0. Do takes the mark off.
func Retry(err error, after time.Duration) error { return &retryable{err: err, after: after} }

// RetryUnlessSame marks an error about what an answer says, as Retry does. An answer that says the same twice in a row
// will say it a third time: then Do gives up. fingerprint is the hash of what it says, without what differs in every
// answer, such as its id.
func RetryUnlessSame(err error, after time.Duration, fingerprint sms.Hash) error {
	return &retryable{err, after, fingerprint}
}

// asked carries the vendor's own wait to the backoff library beside the error.
type asked struct{ *retryable }

func (a asked) Unwrap() []error {
	return []error{a.err, &backoff.RetryAfterError{Duration: a.after}}
}

// Do calls try until it succeeds, returns an error without the mark of Retry, says the same twice, or the policy is
// used up; then the last error comes back without the mark. Waits are jittered by half, except the vendor's own, which
// are kept to the letter: a vendor who asks for more time than the policy has left ends it at once. When ctx ends, Do
// returns at once with ctx's error.
func (p Policy) Do(ctx context.Context, try func() error) error {
	p = p.orDefaults()
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval, waits.Multiplier = p.First, p.Longest, 2
	tries, start := 0, time.Now()
	var last error
	var fingerprint sms.Hash
	isRepeated := false
	notify := func(_ error, wait time.Duration) {
		if p.Notify != nil {
			p.Notify(last, tries, p.Tries, wait)
		}
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		last = try()
		marked, ok := errors.AsType[*retryable](last)
		switch {
		case last == nil:
			return struct{}{}, nil
		case !ok:
			return struct{}{}, backoff.Permanent(last)
		case marked.fingerprint != sms.Hash{} && marked.fingerprint == fingerprint:
			last, isRepeated = marked.err, true
			return struct{}{}, backoff.Permanent(last)
		}
		fingerprint, last = marked.fingerprint, marked.err
		if marked.after > 0 {
			return struct{}{}, asked{marked}
		}
		return struct{}{}, marked
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(uint(p.Tries)), backoff.WithMaxElapsedTime(p.Total), backoff.WithNotify(notify))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(last, ctx.Err()):
		return last
	case ctx.Err() != nil:
		return fmt.Errorf("%w; the last try said: %v", ctx.Err(), last)
	case isRepeated:
		return fmt.Errorf("%w (said the same twice)", last)
	case tries > 1:
		return fmt.Errorf("%w (%d tries in %s)", last, tries, time.Since(start).Round(time.Millisecond))
	}
	return last
}

// RetryAfter reads the header of that name, in seconds or as an HTTP date. It is 0 when there is none, when it cannot
// be read and when it has passed.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	// More than a week is not a number that anybody means, and would overflow.
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return time.Duration(min(n, 7*24*3600)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// IsTemporary says whether an HTTP status alone promises that the same request may succeed later.
func IsTemporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500
	}
}
