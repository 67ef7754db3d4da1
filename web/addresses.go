package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Addresses bounds how often each address may do something. Its methods may be called from any goroutine.
type Addresses struct{ *throttle[netip.Prefix] }

// NewAddresses lets each address do something burst times at once and then at the rate of limit.
func NewAddresses(now func() time.Time, limit rate.Limit, burst int) *Addresses {
	return &Addresses{newThrottle[netip.Prefix](now, limit, burst)}
}

// Allows reports whether the address may do it now, and counts it when it may.
func (a *Addresses) Allows(addr netip.Addr) bool { return a.allows(network(addr)) }

// network gives what counts as one address: an IPv6 customer has a /64 of them.
func network(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: those share one
	}
	return prefix
}

// Client gives the address of whoever asks: that of the connection, or the one that a trusted proxy saw. Of the chain only
// the part that trusted proxies wrote counts, and that is read from its end.
func Client(r *http.Request, proxies []netip.Prefix) netip.Addr {
	at := peer(r)
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0 && isAmong(at, proxies); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		at = addr.Unmap()
	}
	return at
}

func isAmong(addr netip.Addr, proxies []netip.Prefix) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// peer gives the address at the other end of the connection.
func peer(r *http.Request) netip.Addr { return addressOf(r.RemoteAddr) }
