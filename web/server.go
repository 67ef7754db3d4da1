// Package web is the HTTP face of `etl serve`: health, readiness, metrics, the queue's own pages under /jobs/, and whatever
// pages are handed to it. It decides who may see them, and keeps browsers from being used against it.
package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

// DefaultListen is where the server listens by default: this machine only.
const DefaultListen = "127.0.0.1:8080"

// The bounds of a request and its answer. A page is small and quick; what is slow or large is an attack or a mistake.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute // a download over a slow line
	idleTimeout       = 15 * time.Second
	maxHeader         = 16 << 10
	maxBody           = 1 << 20
	stopTimeout       = 10 * time.Second
	// maxConnections and maxOfAddress bound who is connected at once. A browser opens six, an office behind one address some dozens.
	maxConnections = 512
	maxOfAddress   = 64
)

// Options are the settings of a Server.
type Options struct {
	Listen       string         // host:port; default DefaultListen
	AllowedHosts []string       // names under which it may be asked for, beside addresses and localhost; lower case, without port
	PasswordHash string         // bcrypt; empty is no password
	Session      time.Duration  // how long a login lasts; default 12 h
	UserHeader   string         // the header in which a proxy names the user; empty is none
	Proxies      []netip.Prefix // whose headers are believed
	MetricsToken string         // opens /metrics without a login; empty is none

	Checks  []Check      // what has to be well before /readyz says so
	Metrics http.Handler // answers /metrics; nil for none
	Jobs    http.Handler // answers everything under /jobs/; nil for none

	LoginFailed func()           // is called for every wrong password; nil for nobody
	Now         func() time.Time // the clock of sessions; default time.Now
}

// Server is an HTTP server whose pages are added before Serve.
type Server struct {
	options  Options
	gate     *gate
	mux      *http.ServeMux
	links    []Link
	ready    *readiness
	listener net.Listener
	log      *zap.Logger
}

// New checks the settings and gives a server that does not listen yet. A server that other machines can reach needs a login:
// without one the error says what to add.
func New(options Options, log *zap.Logger) (*Server, error) {
	if options.Listen == "" {
		options.Listen = DefaultListen
	}
	if options.Session == 0 {
		options.Session = 12 * time.Hour
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.LoginFailed == nil {
		options.LoginFailed = func() {}
	}
	log = log.Named("web")
	g, err := newGate(options, log)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{options: options, gate: g, mux: http.NewServeMux(), ready: newReadiness(options.Checks, log), log: log}
	s.mux.HandleFunc("GET /login", g.showLogin)
	s.mux.HandleFunc("POST /login", g.login)
	s.mux.HandleFunc("POST /logout", g.logout)
	s.mux.Handle("GET /assets/", Assets(assetFiles))
	if options.Jobs != nil {
		s.mux.Handle("/jobs/", jobsPolicy(options.Jobs))
		s.links = append(s.links, Link{"/jobs/", "Queue"})
	}
	if options.Metrics != nil {
		s.mux.Handle("GET /metrics", options.Metrics)
		s.links = append(s.links, Link{"/metrics", "Metrics"})
	}
	s.links = append(s.links, Link{"/readyz", "Ready"})
	return s, nil
}

// Handle adds a page behind the login, with a pattern of http.ServeMux. Call it before Serve.
func (s *Server) Handle(pattern string, handler http.Handler) { s.mux.Handle(pattern, handler) }

// Link is a page that others lead to.
type Link struct{ Path, Title string }

// Links gives the pages that the server has by itself.
func (s *Server) Links() []Link { return s.links }

// Listen binds the address. An error says that it is taken, or not this machine's.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.listener, err = Bind(ctx, s.options.Listen, "--listen or web.listen names another address")
	return err
}

// URL gives the address of the start page, for people. It is known after Listen.
func (s *Server) URL() string { return URLOf(s.listener) + "/" }

// Serve answers until the context ends, and then finishes what it has begun, for at most 10 s. Call it after Listen.
func (s *Server) Serve(ctx context.Context) error {
	s.log.Info("listening", zap.Stringer("address", s.listener.Addr()), zap.Bool("login", s.gate.demandsLogin()))
	return Serve(ctx, s.listener, s.Handler(), Bounds{
		ReadHeader: readHeaderTimeout, Read: readTimeout, Write: writeTimeout, Idle: idleTimeout, MaxHeader: maxHeader,
		Connections: Limits{Total: maxConnections, PerAddress: maxOfAddress, Trusted: s.options.Proxies},
	}, s.log)
}

// Handler gives everything that the server answers, as Serve does. Tests ask it without a socket.
func (s *Server) Handler() http.Handler {
	outer := http.NewServeMux()
	// Open to everybody, under every name: machines ask for them by address, and they reveal nothing.
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") })
	outer.Handle("GET /readyz", s.ready)
	outer.Handle("/", s.gate.guard(s.mux))
	return headers(bounded(outer))
}

// bounded refuses bodies that are larger than anything that is sent here.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // whoever asked has gone
}
