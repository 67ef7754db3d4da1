package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/web"
)

// served serves pages on loopback as `etl serve` does, and gives the address.
func served(t *testing.T, options web.Options) (address string) {
	t.Helper()
	options.Listen = "127.0.0.1:0"
	server, err := web.New(options, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	server.Handle("/page", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "user="+web.User(r.Context()))
	}))
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSuffix(server.URL(), "/")
}

// hold opens a connection from an address of this machine and sends the text.
func hold(t *testing.T, to, from, text string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(to, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, _ = io.WriteString(conn, text) // it may be ended at once
	return conn
}

func openConnections(t *testing.T, conns []net.Conn) (n int) {
	t.Helper()
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		if e, isNet := err.(net.Error); isNet && e.Timeout() {
			n++
		}
	}
	return n
}

// The pages had no bound on their connections.
func TestDoorPagesHaveNoConnectionCap(t *testing.T) {
	for name, text := range map[string]string{
		"that say nothing": "",
		"that owe a form":  "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\npass",
	} {
		t.Run(name, func(t *testing.T) {
			address := served(t, web.Options{PasswordHash: hash(t, password)})
			var all []net.Conn
			for i := range 700 {
				all = append(all, hold(t, address, fmt.Sprintf("127.1.%d.%d", i/100, i%100/2+1), text))
			}
			if n := openConnections(t, all); n > 512 {
				t.Errorf("%d connections are open, want 512 at most", n)
			}
			client := http.Client{Timeout: 2 * time.Second}
			answer, err := client.Get(address + "/healthz")
			if err != nil {
				t.Fatalf("the pages are silent: %v", err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("health: %d", answer.StatusCode)
			}
		})
	}
}

// What proxies add to a request, as names and not as one list of ours: a header that is missed lets everybody behind it in.
var forwarded = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-User", "X-Forwarded-Groups",
	"X-Forwarded-Email", "X-Forwarded-Prefix", "X-Forwarded-Client-Cert", "X-Forwarded-Scheme", "X-Real-IP", "Via", "CF-Connecting-IP", "CF-Ray", "True-Client-IP",
	"X-Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "X-Envoy-External-Address", "X-Amzn-Trace-Id", "X-Azure-ClientIP",
	"X-Original-Forwarded-For", "X-Original-Host", "CDN-Loop", "x-forwarded-anything",
}

// Pages without a login, and metrics, were open to whoever came through a proxy that sets another header than six.
func TestDoorForwardedHeadersAreMissed(t *testing.T) {
	open := served(t, web.Options{Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
	login := served(t, web.Options{PasswordHash: hash(t, password), Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
	for _, name := range forwarded {
		for _, value := range []string{"198.51.100.7", ""} {
			if status := ask(t, open+"/page", name, value); status != http.StatusForbidden {
				t.Errorf("a page without a login, %s: %q: %d, want 403", name, value, status)
			}
			if status := ask(t, login+"/metrics", name, value); status != http.StatusUnauthorized {
				t.Errorf("metrics on loopback, %s: %q: %d, want 401", name, value, status)
			}
		}
	}
	if status := ask(t, open+"/page", "Accept", "text/html"); status != http.StatusOK {
		t.Errorf("a browser of this machine: %d", status)
	}
}

// ask sends a request with a header.
func ask(t *testing.T, address, name, value string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(name, value)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}
