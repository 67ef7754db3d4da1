package web

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
)

// gate decides about a request before any page sees it: whether its Host is one of ours, whether another site sent it, and
// who asks.
type gate struct {
	current  atomic.Pointer[Options]
	loopback bool // only this machine can reach the server
	sessions *sessions
	tries    *tries        // who may guess a password
	hashes   chan struct{} // a place for each password that is compared
	origin   *http.CrossOriginProtection
	log      *zap.Logger
}

func newGate(options Options, log *zap.Logger) (*gate, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	g := &gate{
		loopback: listensOnLoopback(options.Listen), hashes: make(chan struct{}, hashesAtOnce),
		sessions: newSessions(options.Sessions, options.Now), tries: newTries(options.Now),
		origin: http.NewCrossOriginProtection(), log: log,
	}
	g.current.Store(&options)
	g.origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusForbidden, "Another site sent this request: it is refused.\n")
	}))
	return g, nil
}

// options gives the settings in force.
func (g *gate) options() *Options { return g.current.Load() }

func listensOnLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && isLoopback(host)
}

// check refuses settings with which strangers would be let in.
func (o *Options) check() error {
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return fmt.Errorf("%q is not an address to listen on: want one such as %s", o.Listen, DefaultListen)
	}
	if o.UserHeader != "" && len(o.Proxies) == 0 {
		return errors.New("web.user_header without web.trusted_proxies: anybody could send the header; name the proxy that sets it")
	}
	if o.demandsLogin() {
		return nil
	}
	const add = "add web.password_hash (`etl password` makes it), or web.user_header with web.trusted_proxies"
	if !listensOnLoopback(o.Listen) {
		return fmt.Errorf("%s can be reached from other machines, and no login is configured: %s, or listen on %s", o.Listen, add, DefaultListen)
	}
	for _, name := range o.AllowedHosts {
		if !isLoopback(name) {
			return fmt.Errorf("web.allowed_hosts names %s, so others are let in through a proxy, and no login is configured: %s", name, add)
		}
	}
	return nil
}

// isLoopback reports whether the host of an address is this machine and nothing else. A name other than localhost may
// be anything.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// guard lets through what may be answered.
func (g *gate) guard(next http.Handler) http.Handler {
	checked := g.origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.admit(w, r, next) }))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.hasToken(r) { // a machine, which no site can use
			next.ServeHTTP(w, r)
			return
		}
		if !g.isOurs(r.Host) {
			writeText(w, http.StatusMisdirectedRequest, "This host is not served here. If it should be, add its name to web.allowed_hosts.\n")
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// isOurs guards against names of strangers that they point at this address: a browser would then take their pages and these
// for one site. Addresses cannot be pointed elsewhere, and browsers look up localhost themselves.
func (g *gate) isOurs(host string) bool {
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return true
	}
	return slices.Contains(g.options().AllowedHosts, name)
}

// hostName gives the name or address of a Host header, without port.
func hostName(host string) string {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}

// IsLoopbackHost reports whether a Host header names this machine's loopback. A proxy that passes Host on names itself.
func IsLoopbackHost(host string) bool { return isLoopback(hostName(host)) }

// hasToken reports whether the request asks for the metrics with the token for them.
func (g *gate) hasToken(r *http.Request) bool {
	want := g.options().MetricsToken
	if want == "" || r.URL.Path != "/metrics" {
		return false
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}

// admit finds out who asks, and shows the others the way to the login.
func (g *gate) admit(w http.ResponseWriter, r *http.Request, next http.Handler) {
	o, forwarded := g.options(), IsForwarded(r) // before the headers of a proxy's user are taken away
	who, isNamed := g.named(r, o)
	if !o.demandsLogin() {
		if forwarded {
			writeText(w, http.StatusForbidden, "A proxy sent this request, and no login is configured: add web.password_hash, or web.user_header.\n")
			return
		}
		next.ServeHTTP(w, withIdentity(r, identity{role: Operator}))
		return
	}
	if isNamed {
		next.ServeHTTP(w, withIdentity(r, who))
		return
	}
	who, isIn, err := g.sessions.find(r, o)
	open := r.URL.Path == "/login" || strings.HasPrefix(r.URL.Path, "/login/") || r.URL.Path == "/logout" || strings.HasPrefix(r.URL.Path, "/assets/") ||
		r.URL.Path == "/metrics" && g.loopback && o.MetricsToken == "" && !forwarded
	switch {
	case isIn:
		next.ServeHTTP(w, withIdentity(r, who))
	case open:
		next.ServeHTTP(w, r)
	case err != nil:
		g.log.Warn("a session is not looked up", zap.Error(err))
		writeText(w, http.StatusServiceUnavailable, "Who you are cannot be looked up at this moment. Try again.\n")
	default:
		g.refuse(w, r)
	}
}

// refuse says that a login is needed: people are sent to it, programs get the status.
func (g *gate) refuse(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // the body is not waited for
	}
	isPage := (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
	switch {
	case !g.options().hasLogin():
		writeText(w, http.StatusUnauthorized, "The proxy in front of this server has to name the user.\n")
	case isPage && r.Header.Get("Sec-Fetch-Site") == "cross-site":
		// Somebody followed a link, from a chat for example, and the browser kept the cookie back for that. It sends the
		// cookie when this page makes it ask once more.
		render(w, http.StatusOK, "reload.html", nil)
	case isPage:
		http.Redirect(w, r, "/login?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		writeText(w, http.StatusUnauthorized, "Log in first, at /login.\n")
	}
}

// proxyHeaders are what proxies add to a request, and proxyPrefixes how whole families of them begin.
var (
	proxyHeaders = []string{
		"Cdn-Loop", "Client-Ip", "Fastly-Client-Ip", "Fly-Client-Ip", "Forwarded", "True-Client-Ip", "Via", "X-Client-Ip", "X-Cluster-Client-Ip",
		"X-Host", "X-Original-For", "X-Original-Forwarded-For", "X-Original-Host", "X-Original-Proto", "X-Original-Url", "X-Originating-Ip",
		"X-Proxyuser-Ip", "X-Real-Ip", "X-Remote-Addr", "X-Remote-Ip", "X-Rewrite-Url", "X-Scheme",
	}
	proxyPrefixes = []string{"X-Forwarded-", "Cf-", "X-Envoy-", "X-Amzn-", "X-Azure-", "X-Appengine-"}
)

// IsForwarded reports that a proxy passed the request on. A header without a value counts too. Names come as
// net/http writes them.
func IsForwarded(r *http.Request) bool {
	for name := range r.Header {
		if slices.Contains(proxyHeaders, name) ||
			slices.ContainsFunc(proxyPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return true
		}
	}
	return false
}

// fromProxy reports whether the connection is that of a proxy whose headers are believed.
func (g *gate) fromProxy(r *http.Request) bool { return isAmong(peer(r), g.options().Proxies) }

// isSecure reports whether the browser's connection is encrypted, here or at a trusted proxy.
func (g *gate) isSecure(r *http.Request) bool {
	return r.TLS != nil || g.fromProxy(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
