package extract

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smsetl/sms"
)

// mostHeld is how long a request waits because the vendor asked for time. Over it the request is given up at once: a
// window is tried again elsewhere, hours later, and until then its worker has other things to do.
const mostHeld = 5 * time.Minute

var errHeld = errors.New("the vendor asked for time")

// Hold keeps every request of the limiter from being written for d, those included that were released and are not
// written yet. Where the limiter is shared, the other processes are told unless they know it from here; an error means
// that they could not be.
func (l *Limiter) Hold(ctx context.Context, d time.Duration) error {
	l.mu.Lock()
	until := time.Now().Add(d)
	isLonger := until.After(l.held)
	if isLonger {
		l.held = until
	}
	l.mu.Unlock()
	if !isLonger || l.shared == nil {
		return nil
	}
	return l.shared.hold(ctx, until)
}

// heldFor gives how long nothing may be written from now on; 0 or less when something may.
func (l *Limiter) heldFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.held)
}

// await returns when the vendor has had the time that it asked for.
func (l *Limiter) await(ctx context.Context) error {
	for {
		wait := l.heldFor()
		switch {
		case wait <= 0:
			return nil
		case wait > mostHeld:
			return fmt.Errorf("%w: %w: %s of it are left", sms.ErrTemporary, errHeld, wait.Round(time.Second))
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}
