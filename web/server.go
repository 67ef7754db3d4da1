// Package web is the HTTP face of `etl serve`: health, readiness, metrics, the queue's own pages under /jobs/, and whatever
// pages are handed to it. It decides who may see them, and keeps browsers from being used against it.
package web

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/klauspost/compress/gzhttp"
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
	Listen       string        // host:port; default DefaultListen
	AllowedHosts []string      // names under which it may be asked for, beside addresses and localhost; lower case, without port
	PasswordHash string        // bcrypt, of the operator who has no other name; empty is no password
	Logins       []Login       // who else may log in with a password
	Session      time.Duration // how long a login lasts without a request; default 12 h, and 7 days with them
	UserHeader   string        // the header in which a proxy names the user; empty is none
	GroupHeader  string        // the header in which it names the user's groups, with commas between; empty is none
	Operators    []string      // users of the proxy who may act; the others look
	// OperatorGroups are groups whose members may act.
	OperatorGroups []string
	OIDC           *OIDC          // a provider of logins; nil for none
	Proxies        []netip.Prefix // whose headers are believed
	MetricsToken   string         // opens /metrics without a login; empty is none

	TLS     *Certificate // nil: connections are not encrypted here
	Checks  []Check      // what has to be well before /readyz says so
	Metrics http.Handler // answers /metrics; nil for none
	Jobs    http.Handler // answers everything under /jobs/; nil for none

	Sessions    SessionStore     // nil where nobody can log in here
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
	options.fill()
	log = log.Named("web")
	g, err := newGate(options, log)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{options: options, gate: g, mux: http.NewServeMux(), ready: newReadiness(options.Checks, log), log: log}
	s.mux.HandleFunc("GET /login", g.showLogin)
	s.mux.HandleFunc("POST /login", g.login)
	s.mux.HandleFunc("GET /login/oidc", g.startOIDC)
	s.mux.HandleFunc("GET "+callbackPath, g.endOIDC)
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

// fill puts the defaults where nothing stands.
func (o *Options) fill() {
	o.Listen = cmp.Or(o.Listen, DefaultListen)
	o.Session = cmp.Or(o.Session, 12*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LoginFailed == nil {
		o.LoginFailed = func() {}
	}
}

// Prepare checks other settings, and gives what puts them in force: who may log in and how, which names and proxies are trusted,
// the token of the metrics, and the files of the certificate as they are now. What the server listens on, shows and keeps sessions in
// stays. Settings that would let strangers in are refused, and change nothing.
func (s *Server) Prepare(options Options) (use func(), err error) {
	before := s.gate.options()
	options.Listen, options.Sessions, options.Now, options.LoginFailed = before.Listen, before.Sessions, before.Now, before.LoginFailed
	options.fill()
	if err := options.check(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	renew := func() {}
	if s.options.TLS != nil {
		if renew, err = s.options.TLS.Reread(); err != nil {
			return nil, err
		}
	}
	return func() { renew(); s.gate.current.Store(&options) }, nil
}

// isTrusted says whether an address is that of a proxy whose headers are believed.
func (s *Server) isTrusted(addr netip.Addr) bool { return isAmong(addr, s.gate.options().Proxies) }

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
func (s *Server) URL() string { return URLOf(s.listener, s.options.TLS) + "/" }

// Serve answers until the context ends, and then finishes what it has begun, for at most 10 s. Call it after Listen.
func (s *Server) Serve(ctx context.Context) error {
	s.log.Info("listening", zap.Stringer("address", s.listener.Addr()), zap.Bool("login", s.gate.options().demandsLogin()))
	if !s.gate.loopback && s.options.TLS == nil && len(s.gate.options().Proxies) == 0 {
		s.log.Warn("passwords can be read on the way: add web.certificate_file and web.key_file, or a proxy with TLS and web.trusted_proxies")
	}
	return Serve(ctx, s.listener, s.Handler(), Bounds{
		ReadHeader: readHeaderTimeout, Read: readTimeout, Write: writeTimeout, Idle: idleTimeout, MaxHeader: maxHeader,
		Connections: Limits{Total: maxConnections, PerAddress: maxOfAddress, IsTrusted: s.isTrusted},
		TLS:         s.options.TLS,
	}, s.log)
}

// Handler gives everything that the server answers, as Serve does. Tests ask it without a socket.
func (s *Server) Handler() http.Handler {
	outer := http.NewServeMux()
	// Open to everybody, under every name: machines ask for them by address, and they reveal nothing.
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") })
	outer.Handle("GET /readyz", s.ready)
	outer.Handle("/", s.gate.guard(compressed(s.mux)))
	return headers(bounded(outer))
}

// compressed packs answers for browsers that take that. A packed answer is another one than the plain, so it has another strong ETag.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.SuffixETag("-gzip"))
	if err != nil {
		panic(err) // the options above are wrong
	}
	return wrap(next)
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
