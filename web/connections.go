package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits bound the connections of a listener. Without them 1,024 connections that say nothing keep a listener shut.
type Limits struct {
	Total      int // of all addresses together
	PerAddress int // of one address, or of one /64 of IPv6
	// IsTrusted says whether an address is that of a proxy. Many people come from one, so PerAddress is not for it.
	IsTrusted func(netip.Addr) bool
}

// slowAnswer is how long a request may be answered while every place is taken by one.
const slowAnswer = time.Second

// phase is how far a connection is with its request.
type phase int

const (
	fresh phase = iota // it has never sent a whole header
	kept               // it has, was answered, and waits for another request
	busy               // its request is being answered
)

// connections is a listener that always has room for whoever has a request to send: a connection that has sent no whole header
// makes room for a new one.
type connections struct {
	net.Listener
	limits Limits
	now    func() time.Time

	mu   sync.Mutex
	open map[*connection]struct{}
	of   map[netip.Prefix]int // how many are open, by address
}

// connection is one of them. Its phase and since belong to connections.mu.
type connection struct {
	net.Conn
	all     *connections
	from    netip.Prefix
	trusted bool
	phase   phase
	since   time.Time // of the phase
}

func limited(l net.Listener, limits Limits) *connections {
	return &connections{Listener: l, limits: limits, now: time.Now, open: map[*connection]struct{}{}, of: map[netip.Prefix]int{}}
}

// Accept gives the next connection that has room, or makes it.
func (c *connections) Accept() (net.Conn, error) {
	for {
		raw, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if taken := c.admit(raw); taken != nil {
			return taken, nil
		}
		_ = raw.Close() // nobody is told: an answer would be work for whoever floods
	}
}

// admit enters a connection, in the place of another one where there is no room; nil is none.
func (c *connections) admit(raw net.Conn) *connection {
	addr := addressOf(raw.RemoteAddr().String())
	n := &connection{Conn: raw, all: c, from: network(addr), trusted: c.limits.IsTrusted(addr), since: c.now()}
	c.mu.Lock()
	var victim *connection
	hasRoom := true
	switch {
	case !n.trusted && c.of[n.from] >= c.limits.PerAddress:
		victim = c.leastLoss(func(o *connection) bool { return o.from == n.from && o.phase != busy })
		hasRoom = victim != nil
	case len(c.open) >= c.limits.Total:
		if victim = c.leastLoss(func(o *connection) bool { return o.phase != busy }); victim == nil {
			// All are answered at this moment. Whoever has most of them gives one to an address that has fewer, or whoever is slow.
			victim = c.leastLoss(func(o *connection) bool {
				return c.weight(o) > c.of[n.from]+1 || n.since.Sub(o.since) > slowAnswer
			})
		}
		hasRoom = victim != nil
	}
	if victim != nil {
		c.remove(victim)
	}
	if hasRoom {
		c.open[n] = struct{}{}
		c.of[n.from]++
	}
	c.mu.Unlock()
	if victim != nil {
		_ = victim.Conn.Close()
	}
	if !hasRoom {
		return nil
	}
	return n
}

// weight is how many connections the address of this one has. Those of a proxy are many people's.
func (c *connections) weight(o *connection) int {
	if o.trusted {
		return 1
	}
	return c.of[o.from]
}

// leastLoss gives the connection whose end harms least: of the address that has most of them, one that never sent a request, the
// one that has waited longest.
func (c *connections) leastLoss(may func(*connection) bool) (victim *connection) {
	for o := range c.open {
		if may(o) && (victim == nil || c.isLesser(o, victim)) {
			victim = o
		}
	}
	return victim
}

func (c *connections) isLesser(a, b *connection) bool {
	if x, y := c.weight(a), c.weight(b); x != y {
		return x > y
	}
	if a.phase != b.phase {
		return a.phase < b.phase
	}
	return a.since.Before(b.since)
}

// remove takes a connection out; one that is out already is left alone.
func (c *connections) remove(o *connection) {
	if _, is := c.open[o]; !is {
		return
	}
	delete(c.open, o)
	if c.of[o.from]--; c.of[o.from] <= 0 {
		delete(c.of, o.from)
	}
}

// Close ends the connection and gives its place back.
func (o *connection) Close() error {
	err := o.Conn.Close() // first: whoever gets its place may not be one too many
	o.all.mu.Lock()
	o.all.remove(o)
	o.all.mu.Unlock()
	return err
}

// follow is told by the server how far a connection is. It says active when a whole header was read, and not before.
func (c *connections) follow(of net.Conn, state http.ConnState) {
	o := c.ours(of)
	if o == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateActive:
		o.phase, o.since = busy, c.now()
	case http.StateIdle:
		o.phase, o.since = kept, c.now()
	case http.StateNew, http.StateHijacked, http.StateClosed:
	}
}

type connectionKey struct{}

// keep lets a request know its connection.
func (c *connections) keep(ctx context.Context, of net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, of)
}

// let ends the claim of a connection to its place as soon as its last answer is written: the server lingers half a second on
// one whose request was refused before its body came, and a thousand of these would leave no room.
func (c *connections) let(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		of, isKnown := r.Context().Value(connectionKey{}).(net.Conn)
		if !isKnown || w.Header().Get("Connection") != "close" {
			return
		}
		_ = http.NewResponseController(w).Flush() // a client that has gone needs no answer
		if o := c.ours(of); o != nil {
			c.mu.Lock()
			o.phase = fresh
			c.mu.Unlock()
		}
	})
}

// ours gives the connection below the server's.
func (c *connections) ours(of net.Conn) *connection {
	if under, isWrapped := of.(interface{ NetConn() net.Conn }); isWrapped { // TLS
		of = under.NetConn()
	}
	o, _ := of.(*connection)
	return o
}

// addressOf reads host:port; it is no address where it is none.
func addressOf(hostPort string) netip.Addr {
	at, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
