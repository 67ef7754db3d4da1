package extract

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// gated is a connection that asks before the first byte of a request. Only there is it known when a request is written:
// a new connection takes its time, and a program may be stopped anywhere before.
type gated struct {
	net.Conn

	gate atomic.Pointer[func() error]
}

// dial is a dialer's that gives gated connections.
func dial(by func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := by(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gated{Conn: conn}, nil
	}
}

// guard puts the question before the next byte that is written to the connection. An error as its answer keeps the byte
// from being written.
func guard(conn net.Conn, gate func() error) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if g, ok := conn.(*gated); ok {
		g.gate.Store(&gate)
	}
}

func (g *gated) Write(b []byte) (int, error) {
	if gate := g.gate.Swap(nil); gate != nil {
		if err := (*gate)(); err != nil {
			return 0, err
		}
	}
	return g.Conn.Write(b)
}
