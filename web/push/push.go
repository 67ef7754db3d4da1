// Package push takes what vendors push to `etl serve`: status reports of Huawei. It decides who may push, how much and how
// fast, and keeps a push before it answers. What a report means is nobody's business here.
package push

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"smsetl/extract/huawei"
	"smsetl/load/messages"
	"smsetl/web"
)

// Path is where the reports of a source are taken; where it has a secret path, that follows.
const Path = "/huawei/status/"

// The bounds of a push. A report has some 300 bytes and is kept in milliseconds.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 15 * time.Second
	idleTimeout       = 10 * time.Second
	maxHeader         = 16 << 10
	// atOnce bounds how many bodies are in memory, and with a quarter of a MiB each how much of it they take.
	atOnce = 64
	// queueFor is how long a push waits for its turn among them.
	queueFor = time.Second
	// keepTimeout is how long the database may take. The vendor waits as long.
	keepTimeout = 5 * time.Second
	// listenEvery is how often a process writes down that it listens.
	listenEvery = 15 * time.Second
	// maxConnections and maxOfAddress bound what strangers can hold open. A vendor's platform comes from several addresses.
	maxConnections = 1024
	maxOfAddress   = 128
)

// Outcome is what became of a push.
type Outcome string

// The outcomes of a push, with what is answered.
const (
	Kept           Outcome = "kept"            // 200
	Repeated       Outcome = "repeated"        // 200: the same body was kept before
	TooMany        Outcome = "too_many"        // 429: from one address
	WrongAddress   Outcome = "wrong_address"   // 404: no such source, or another secret path
	WrongSignature Outcome = "wrong_signature" // 401: or none, or an old one
	TooLarge       Outcome = "too_large"       // 413
	Unreadable     Outcome = "unreadable"      // 400: no reports, or a query that is none
	NotLocal       Outcome = "not_local"       // 403: without credentials, and not from a program of this machine
	Busy           Outcome = "busy"            // 503: more pushes at once than are taken
	NotKept        Outcome = "not_kept"        // 503: the database is away
)

// Outcomes lists all of them.
var Outcomes = []Outcome{Kept, Repeated, TooMany, WrongAddress, WrongSignature, TooLarge, Unreadable, NotLocal, Busy, NotKept}

var statuses = map[Outcome]int{
	Kept: http.StatusOK, Repeated: http.StatusOK, TooMany: http.StatusTooManyRequests, WrongAddress: http.StatusNotFound,
	WrongSignature: http.StatusUnauthorized, TooLarge: http.StatusRequestEntityTooLarge, Unreadable: http.StatusBadRequest,
	NotLocal: http.StatusForbidden, Busy: http.StatusServiceUnavailable, NotKept: http.StatusServiceUnavailable,
}

// Unknown is the source that is counted where an address names none.
const Unknown = "(unknown)"

// Endpoint is how a source is pushed to.
type Endpoint struct {
	Verifier *huawei.Verifier // nil: nothing is verified, and all that comes is a hint
	Secret   string           // the last part of the address; empty for none
	Reader   *huawei.Reader
}

// isOpen says whether whoever reaches the listener may push.
func (e Endpoint) isOpen() bool { return e.Verifier == nil && e.Secret == "" }

// isLocal says whether a program of this machine pushes by itself: no proxy that lets others in, and no browser that another
// site uses.
func isLocal(r *http.Request) bool {
	for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site"} {
		if _, isBrowser := r.Header[name]; isBrowser {
			return false
		}
	}
	return !web.IsForwarded(r) && web.IsLoopbackHost(r.Host)
}

// Store keeps pushes. What it returns without an error is on a disk.
type Store interface {
	Keep(ctx context.Context, p messages.Push) (isNew bool, err error)
	// Listening writes down that somebody listens for the pushes of a source.
	Listening(ctx context.Context, source string, now time.Time) error
}

// Options are the settings of a Server.
type Options struct {
	Listen       string
	Proxies      []netip.Prefix   // whose word for the address of the sender is believed
	MaxPerSecond float64          // pushes of one address
	TLS          *web.Certificate // nil: connections are not encrypted here
	// Counted is called with each push; reports is how many new ones it held.
	Counted func(source string, outcome Outcome, reports int64)
	Now     func() time.Time // when pushes come, and the clock of their signatures; default time.Now
}

// Server takes pushes.
type Server struct {
	store     Store
	options   Options
	endpoints atomic.Pointer[map[string]Endpoint]
	addresses *web.Addresses
	turns     chan struct{} // to have a body in memory
	refusals  *refusalLog
	listener  net.Listener
	log       *zap.Logger
}

// New gives a server that does not listen yet and has no endpoints.
func New(store Store, options Options, log *zap.Logger) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Counted == nil {
		options.Counted = func(string, Outcome, int64) {}
	}
	log = log.Named("push")
	s := &Server{
		store: store, options: options, turns: make(chan struct{}, atOnce), refusals: newRefusalLog(log), log: log,
		// A second's worth may come at once: a vendor's platform sends in bursts.
		addresses: web.NewAddresses(time.Now, rate.Limit(options.MaxPerSecond), max(1, int(options.MaxPerSecond))),
	}
	s.SetEndpoints(nil)
	return s
}

// SetEndpoints puts other endpoints in the place of those there are, by the names of their sources.
func (s *Server) SetEndpoints(endpoints map[string]Endpoint) { s.endpoints.Store(&endpoints) }

// Listen binds the address.
func (s *Server) Listen(ctx context.Context) (err error) {
	s.listener, err = web.Bind(ctx, s.options.Listen, "pushes.listen names another address")
	return err
}

// URL gives the address under which a source's reports are taken, without its secret. It is known after Listen.
func (s *Server) URL(source string) string {
	return web.URLOf(s.listener, s.options.TLS) + Path + source
}

// Serve takes pushes until the context ends. Listen comes first.
func (s *Server) Serve(ctx context.Context) error {
	s.log.Info("listening for pushes", zap.Stringer("address", s.listener.Addr()))
	ctx, cancel := context.WithCancel(ctx)
	var recording sync.WaitGroup
	recording.Go(func() { s.recordListening(ctx) })
	defer func() { cancel(); recording.Wait() }()
	return web.Serve(ctx, s.listener, s.Handler(), web.Bounds{
		ReadHeader: readHeaderTimeout, Read: readTimeout, Write: writeTimeout, Idle: idleTimeout, MaxHeader: maxHeader,
		Connections: web.Limits{Total: maxConnections, PerAddress: maxOfAddress, IsTrusted: s.isTrusted},
		TLS:         s.options.TLS,
	}, s.log)
}

// Renew reads the files of the certificate again, and gives what puts them in force.
func (s *Server) Renew() (use func(), err error) {
	if s.options.TLS == nil {
		return func() {}, nil
	}
	return s.options.TLS.Reread()
}

// isTrusted says whether an address is that of a proxy whose word for the sender is believed.
func (s *Server) isTrusted(addr netip.Addr) bool {
	return slices.ContainsFunc(s.options.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// recordListening writes down again and again that this process listens: what nobody reported meanwhile was not reported.
func (s *Server) recordListening(ctx context.Context) {
	ticks := time.NewTicker(listenEvery)
	defer ticks.Stop()
	for {
		for source := range *s.endpoints.Load() {
			if err := s.store.Listening(ctx, source, s.options.Now()); err != nil && ctx.Err() == nil {
				s.log.Warn("it is not written down that pushes are listened for", zap.String("source", source), zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// Handler gives everything that the server answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path+"{source}", s.take)
	mux.HandleFunc("POST "+Path+"{source}/{secret}", s.take)
	// `etl doctor` asks this whether it is we who listen. Monitors ask the pages' listener, which strangers do not reach.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only whoever pushes as we agreed keeps a connection. The body of the others is not waited for either.
		w.Header().Set("Connection", "close")
		mux.ServeHTTP(w, r)
	})
}

// take answers a push.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	source, outcome, reports := s.admit(w, r)
	s.options.Counted(source, outcome, reports)
	s.refusals.note(source, outcome)
	switch outcome {
	case Kept, Repeated:
		w.Header().Del("Connection")
	case TooMany, Busy:
		w.Header().Set("Retry-After", "1")
	case NotKept:
		w.Header().Set("Retry-After", "30")
	default:
	}
	// The body stays empty, as the vendor wants it for 200. The others learn nothing from it either.
	w.WriteHeader(statuses[outcome])
}

// admit looks at what costs least first, and at the body last.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (source string, outcome Outcome, reports int64) {
	if !s.addresses.Allows(web.Client(r, s.options.Proxies)) {
		return Unknown, TooMany, 0
	}
	source = r.PathValue("source")
	endpoint, known := (*s.endpoints.Load())[source]
	if !known {
		source = Unknown
	}
	if !isSame(r.PathValue("secret"), endpoint.Secret) || !known {
		return source, WrongAddress, 0
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return source, Unreadable, 0 // a part that cannot be read is in no signature
	}
	if endpoint.isOpen() && !isLocal(r) {
		return source, NotLocal, 0
	}
	now := s.options.Now()
	if endpoint.Verifier != nil && endpoint.Verifier.Claim(r, now) != nil {
		return source, WrongSignature, 0
	}
	if r.ContentLength > huawei.MaxPush {
		return source, TooLarge, 0
	}
	if !s.enter(r.Context()) {
		return source, Busy, 0
	}
	defer func() { <-s.turns }()
	outcome, reports = s.keep(w, r, source, endpoint, now)
	return source, outcome, reports
}

// enter waits for a turn.
func (s *Server) enter(ctx context.Context) bool {
	timer := time.NewTimer(queueFor)
	defer timer.Stop()
	select {
	case s.turns <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// keep reads, verifies, understands and stores a push.
func (s *Server) keep(w http.ResponseWriter, r *http.Request, source string, endpoint Endpoint, now time.Time) (Outcome, int64) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, huawei.MaxPush))
	if err != nil {
		if _, isLarge := errors.AsType[*http.MaxBytesError](err); isLarge {
			return TooLarge, 0
		}
		return Unreadable, 0
	}
	if endpoint.Verifier != nil && endpoint.Verifier.Verify(r, body, now) != nil {
		return WrongSignature, 0
	}
	pushed, err := endpoint.Reader.Reports(r.Header.Get("Content-Type"), body, endpoint.Verifier != nil)
	if err != nil {
		s.log.Debug("a push is no report", zap.String("source", source), zap.Error(err))
		return Unreadable, 0
	}
	// The vendor gets an answer, whatever else ends in the meantime.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), keepTimeout)
	defer cancel()
	isNew, err := s.store.Keep(ctx, messages.Push{
		Source: source, Body: pushed.Body, Reports: pushed.Reports, IsSigned: endpoint.Verifier != nil, ReceivedAt: now.UTC().Truncate(time.Microsecond),
	})
	switch {
	case err != nil:
		s.log.Debug("a push is not kept", zap.String("source", source), zap.Error(err))
		return NotKept, 0
	case !isNew:
		return Repeated, 0
	}
	s.refusals.fields(source, pushed.Unknown)
	return Kept, pushed.Reports
}

// isSame compares in a time that tells nothing about either, not even how long they are.
func isSame(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String names what is refused, for people.
func (o Outcome) String() string { return strings.ReplaceAll(string(o), "_", " ") }
