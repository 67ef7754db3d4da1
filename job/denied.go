package job

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"smsetl/sms"
)

// denials remembers which accounts and sources a vendor has refused, or does not answer for, so that the windows behind the
// first one do not ask again, and so that a refused account does not stop the others. A denial is forgotten after a while:
// credentials get repaired.
type denials struct {
	lasts time.Duration
	// leaves says that a source that is down is left alone too: people wait for this run, and the next one finds the days.
	leaves bool
	now    func() time.Time

	mu    sync.Mutex
	until map[string]denial
}

type denial struct {
	err     error
	expires time.Time
}

func newDenials(lasts time.Duration, leaves bool, now func() time.Time) *denials {
	return &denials{lasts: lasts, leaves: leaves, now: now, until: map[string]denial{}}
}

// isDown says that err ends this try for good, because the vendor was asked for as long as a run waits and gave no answer.
func (d *denials) isDown(err error) bool {
	_, fromVendor := errors.AsType[*unansweredError](err)
	return d.leaves && fromVendor && errors.Is(err, sms.ErrTemporary)
}

// unansweredError is a failure of the conversation with a vendor, and not of this program or its database.
type unansweredError struct{ error }

// Unwrap gives what happened.
func (e *unansweredError) Unwrap() error { return e.error }

// note remembers what err denies, if it denies anything.
func (d *denials) note(source string, account sms.Account, err error) {
	var key string
	switch {
	case errors.Is(err, sms.ErrSourceDenied):
		key = source
	case errors.Is(err, sms.ErrAccountDenied), errors.Is(err, sms.ErrContradicted):
		key = source + "\x00" + account.ID
	case d.isDown(err):
		key = source
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until[key] = denial{err, d.now().Add(d.lasts)}
}

// check gives the denial that stands in the way of an account, or nil.
func (d *denials) check(source string, account sms.Account) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range []string{source, source + "\x00" + account.ID} {
		if denied, ok := d.until[key]; ok && d.now().Before(denied.expires) {
			return fmt.Errorf("not asked, because an earlier window met: %w", denied.err)
		}
	}
	return nil
}
