package job

import (
	"errors"
	"sync"
	"time"

	"smsetl/sms"
)

// refusals remembers which accounts and sources a vendor has refused, or does not answer for, so that the windows
// behind the first one do not ask again, and so that a refused account does not stop the others. A refusal is forgotten
// after a while: credentials get repaired.
type refusals struct {
	// leaves says that a source that is down is left alone too: people wait for this run, and the next one finds the days.
	leaves bool
	now    func() time.Time

	mu    sync.Mutex
	until map[string]refusal
}

type refusal struct {
	err     error
	expires time.Time
}

func newRefusals(leaves bool, now func() time.Time) *refusals {
	return &refusals{leaves: leaves, now: now, until: map[string]refusal{}}
}

// isDown says that err ends this try for good, because the vendor was asked for as long as a run waits and gave no
// answer.
func (r *refusals) isDown(err error) bool {
	_, fromVendor := errors.AsType[*unansweredError](err)
	return r.leaves && fromVendor && errors.Is(err, sms.ErrTemporary)
}

// unansweredError is a failure of the conversation with a vendor, and not of this program or its database.
type unansweredError struct{ error }

// Unwrap gives what happened.
func (e *unansweredError) Unwrap() error { return e.error }

// earlierError is a refusal that an earlier window met, told to one behind it.
type earlierError struct{ error }

func (e *earlierError) Error() string {
	return "not asked, because an earlier window met: " + e.error.Error()
}

// Unwrap gives what the earlier window met.
func (e *earlierError) Unwrap() error { return e.error }

// note remembers what err refuses, if it refuses anything. What is only repeated is no news: each window would otherwise put its own
// sentence before the one that it was told, in the ledger too, and a refusal that is met every quarter of an hour would never end.
func (r *refusals) note(source string, account sms.Account, err error) {
	if _, isRepeated := errors.AsType[*earlierError](err); isRepeated {
		return
	}
	var key string
	switch {
	case errors.Is(err, sms.ErrSourceDenied):
		key = source
	case errors.Is(err, sms.ErrAccountDenied), errors.Is(err, sms.ErrContradicted):
		key = source + "\x00" + account.ID
	case r.isDown(err):
		key = source
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[key] = refusal{err, r.now().Add(15 * time.Minute)}
}

// check gives the refusal that stands in the way of an account, or nil.
func (r *refusals) check(source string, account sms.Account) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range []string{source, source + "\x00" + account.ID} {
		if refused, ok := r.until[key]; ok && r.now().Before(refused.expires) {
			return &earlierError{refused.err}
		}
	}
	return nil
}
