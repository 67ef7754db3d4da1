package web

import (
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

const (
	// triesAtOnce and trySpacing bound how often one address may guess: 5 times, then once in 15 s, 5,760 times a day.
	triesAtOnce = 5
	trySpacing  = 15 * time.Second
	// hashesAtOnce bounds how many passwords are compared at once in this process: each takes a processor for a quarter of a
	// second. So guessing from more addresses than are counted is bounded still.
	hashesAtOnce = 2
)

// throttle slows down guessing.
type throttle struct {
	addresses *Addresses
	hashes    chan struct{}
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{addresses: NewAddresses(now, rate.Every(trySpacing), triesAtOnce), hashes: make(chan struct{}, hashesAtOnce)}
}

// allows says whether the address may try now; when not, how long to wait.
func (t *throttle) allows(addr netip.Addr) (wait time.Duration, ok bool) {
	if t.addresses.Allows(addr) {
		return 0, true
	}
	return trySpacing, false
}

// succeeded forgets what an address tried: people mistype.
func (t *throttle) succeeded(addr netip.Addr) { t.addresses.Forget(addr) }
