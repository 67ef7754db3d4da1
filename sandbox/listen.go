package sandbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Ports to listen on; 0 for any free one.
type Ports struct {
	EngageLab, Tencent, Admin int
}

// Addresses are the base URLs of a listening sandbox, without a slash at the end.
type Addresses struct {
	EngageLab string
	Tencent   string
	Admin     string
}

// Listen serves each vendor and the admin on a loopback port of its own, until ctx ends or stop is called. Neither waits for
// a client: connections are closed at once. stop returns when every server has ended, and may be called more than once.
func (s *Sandbox) Listen(ctx context.Context) (addresses Addresses, stop func(), err error) {
	var g Servers
	defer func() {
		if err != nil {
			g.Stop()
		}
	}()
	trap, err := g.Start(0, http.HandlerFunc(s.trap))
	if err != nil {
		return Addresses{}, nil, err
	}
	// Another name of the same machine is another host to an HTTP client. It is set before a vendor can be asked.
	s.elsewhere = "http://localhost:" + strings.TrimPrefix(trap, "http://127.0.0.1:") + "/"
	for _, one := range []struct {
		url     *string
		port    int
		handler http.Handler
	}{
		{&addresses.EngageLab, s.o.Ports.EngageLab, s.EngageLab()},
		{&addresses.Tencent, s.o.Ports.Tencent, s.Tencent()},
		{&addresses.Admin, s.o.Ports.Admin, s.Admin()},
	} {
		if *one.url, err = g.Start(one.port, one.handler); err != nil {
			return Addresses{}, nil, err
		}
	}
	forget := context.AfterFunc(ctx, g.Close)
	return addresses, func() { forget(); g.Stop() }, nil
}

// Servers are HTTP servers on loopback that end together.
type Servers struct {
	all     []*http.Server
	running sync.WaitGroup
}

// Start serves the handler on a loopback port and gives its base URL.
func (g *Servers) Start(port int, h http.Handler) (url string, err error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return "", fmt.Errorf("sandbox: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	g.all = append(g.all, server)
	g.running.Go(func() {
		server.Serve(l) // ends by close alone
	})
	return "http://" + l.Addr().String(), nil
}

// Close ends every server at once, and does not wait.
func (g *Servers) Close() {
	for _, server := range g.all {
		server.Close()
	}
}

// Stop ends them too, and waits.
func (g *Servers) Stop() {
	g.Close()
	g.running.Wait()
}

// trap is where redirects lead: a client that arrives here has followed one.
func (s *Sandbox) trap(w http.ResponseWriter, _ *http.Request) {
	s.counts.mu.Lock()
	s.counts.followed++
	s.counts.mu.Unlock()
	w.Header().Set("Content-Type", asJSON)
	io.WriteString(w, `{"result":[],"count":0}`)
}
