package job

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"smsetl/sms"
)

// denials remembers which accounts and sources a vendor has refused, so that the windows behind the first refused one do
// not ask again, and so that a refused account does not stop the others. A denial is forgotten after a while: credentials
// get repaired.
type denials struct {
	lasts time.Duration
	now   func() time.Time

	mu    sync.Mutex
	until map[string]denial
}

type denial struct {
	err     error
	expires time.Time
}

func newDenials(lasts time.Duration, now func() time.Time) *denials {
	return &denials{lasts: lasts, now: now, until: map[string]denial{}}
}

// note remembers what err denies, if it denies anything.
func (d *denials) note(source string, account sms.Account, err error) {
	var key string
	switch {
	case errors.Is(err, sms.ErrSourceDenied):
		key = source
	case errors.Is(err, sms.ErrAccountDenied), errors.Is(err, sms.ErrContradicted):
		key = source + "\x00" + account.ID
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
