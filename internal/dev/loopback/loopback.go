// Package loopback lets tests serve on this machine and hold connections to what serves.
package loopback

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Serve serves until the test ends, which fails when that ended with an error.
func Serve(t *testing.T, serve func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Hold opens a connection from an address of this machine and sends the text. The other side may end it at once.
func Hold(t *testing.T, to, from, text string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(to, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil && text != "" {
		t.Logf("%s: %v", from, err)
	}
	return conn
}
