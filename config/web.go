package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Web is how `etl serve` shows itself over HTTP. The zero value leaves everything to the server: loopback only, no login.
type Web struct {
	Listen       string         // host:port; empty is the server's own default
	AllowedHosts []string       // names under which browsers may ask for it, beside addresses and localhost; lower case, without port
	PasswordHash Secret         // bcrypt; empty is no password
	Session      time.Duration  // how long a login lasts; 0 is the server's default
	UserHeader   string         // the header in which a proxy names the user it let in; empty is none
	Proxies      []netip.Prefix // whose headers are believed
	MetricsToken Secret         // opens /metrics without a login; empty is none
}

// Notify is where people are told that they should look.
type Notify struct {
	Webhook Secret // the address that takes {"text": ...}; empty is nowhere
}

var (
	webKeys = []string{
		"listen", "allowed_hosts", "password_hash", "session", "user_header", "trusted_proxies", "metrics_token",
	}
	notifyKeys = []string{"webhook"}

	hostForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$`)
)

const (
	// cheapestHash and dearestHash bound bcrypt's cost: below, a stolen hash is guessed quickly; above, one login holds a
	// processor for half a minute.
	cheapestHash, dearestHash = 10, 16
	// shortestToken is the least length of a token that machines send: nobody types it.
	shortestToken = 16
	longestLogin  = 30 * 24 * time.Hour
)

// section reads one of the mappings at the top of the file; ok is false when it is not there.
func (m *mapping) section(name string, keys []string) (*mapping, bool) {
	e, ok := m.find(name)
	if !ok {
		return nil, false
	}
	own, ok := m.mapping(e.place, e.value)
	if ok {
		own.refuse(keys, func(string) string { return "" })
	}
	return own, ok
}

func (r *reader) web(top *mapping) Web {
	m, ok := top.section("web", webKeys)
	if !ok {
		return Web{}
	}
	w := Web{
		Listen: m.listen(), AllowedHosts: m.hosts(), PasswordHash: m.passwordHash(), UserHeader: m.userHeader(),
		Proxies: m.proxies(), MetricsToken: m.metricsToken(),
	}
	if v, ok := m.scalar("session"); ok {
		w.Session = r.duration(v, longestLogin)
	}
	if header, there := m.find("user_header"); there && w.UserHeader != "" && len(w.Proxies) == 0 && !m.hasMistakeAt("web.trusted_proxies") {
		m.wrongf(header.place, "anybody could send this header: add trusted_proxies with the addresses of the proxy that sets it")
	}
	return w
}

// listen reads where to listen. Names are not looked up, so that what is bound is what stands in the file.
func (m *mapping) listen() string {
	v, ok := m.scalar("listen")
	if !ok {
		return ""
	}
	i := strings.LastIndexByte(v.text, ':')
	if i >= 0 {
		host, port := v.text[:i], v.text[i+1:]
		_, badPort := strconv.ParseUint(port, 10, 16)
		_, badAddr := netip.ParseAddrPort(v.text)
		if badPort == nil && (badAddr == nil || host == "" || host == "localhost") {
			return v.text
		}
	}
	m.wrongf(v.place, "%s is not an address to listen on: want one such as 127.0.0.1:8080, or :8080 for every address of this machine", v.shown())
	return ""
}

func (m *mapping) hosts() []string {
	_, words, _ := m.words("allowed_hosts")
	var hosts []string
	for _, w := range words {
		host := strings.ToLower(w.text)
		if _, err := netip.ParseAddr(host); err != nil && !hostForm.MatchString(host) {
			m.wrongf(w.place, "%s is not the name of a host: want one such as etl.example.com, without scheme, port and path", w.shown())
			continue
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// maybeSecret reads a credential that may be left empty, as ${NAME:-} does where a variable is not set.
func (m *mapping) maybeSecret(name string) (Secret, scalar, bool) {
	s, ok := m.scalar(name)
	if !ok || s.text == "" {
		return Secret{}, s, false
	}
	if strings.ContainsAny(s.text, "\r\n\x00") {
		m.wrongf(s.place, "the credential has more than one line: want a single line")
		return Secret{}, s, false
	}
	return NewSecret(s.text), s, true
}

func (m *mapping) passwordHash() Secret {
	const want = "`etl password` makes one"
	secret, at, ok := m.maybeSecret("password_hash")
	if !ok {
		return Secret{}
	}
	cost, err := bcrypt.Cost([]byte(at.text))
	switch {
	case err != nil || len(at.text) != 60:
		m.wrongf(at.place, "this is not a bcrypt hash: %s; the password itself never stands here", want)
	case cost < cheapestHash || cost > dearestHash:
		m.wrongf(at.place, "the hash has cost %d: want %d to %d; %s", cost, cheapestHash, dearestHash, want)
	default:
		return secret
	}
	return Secret{}
}

func (m *mapping) userHeader() string {
	v, ok := m.text("user_header", "")
	if !ok || v.text == "" {
		return ""
	}
	// These are sent by every browser or mean something else already.
	taken := []string{"authorization", "cookie", "host", "origin", "referer", "user-agent", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
	if !headerForm.MatchString(v.text) || slices.Contains(taken, strings.ToLower(v.text)) {
		m.wrongf(v.place, "%s is not a header that names a user: want one such as X-Forwarded-User", v.shown())
		return ""
	}
	return v.text
}

func (m *mapping) proxies() []netip.Prefix {
	_, words, _ := m.words("trusted_proxies")
	var all []netip.Prefix
	for _, w := range words {
		prefix, err := netip.ParsePrefix(w.text)
		if addr, single := netip.ParseAddr(w.text); single == nil {
			prefix, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			m.wrongf(w.place, "%s is not an address: want one such as 10.0.0.7, or a network such as 10.0.0.0/24", w.shown())
		case prefix.Bits() == 0:
			m.wrongf(w.place, "%s is everybody: want the addresses of the proxy only", w.shown())
		default:
			all = append(all, prefix.Masked())
		}
	}
	return all
}

func (m *mapping) metricsToken() Secret {
	secret, at, ok := m.maybeSecret("metrics_token")
	if ok && len(at.text) < shortestToken {
		m.wrongf(at.place, "the token has fewer than %d characters: machines send it, so make it long, for example with `openssl rand -hex 32`", shortestToken)
	}
	return secret
}

func (r *reader) notify(top *mapping) Notify {
	m, ok := top.section("notify", notifyKeys)
	if !ok {
		return Notify{}
	}
	secret, at, ok := m.maybeSecret("webhook")
	if !ok {
		return Notify{}
	}
	u, err := url.Parse(at.text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		m.wrongf(at.place, "this is no address: want the https address that the chat program gives for incoming webhooks")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		m.wrongf(at.place, "plain http would send the address, which is a credential, readable: want https; http is for this machine only")
	case u.User != nil:
		m.wrongf(at.place, "an address holds no user and password: want the one that the chat program gives for incoming webhooks")
	}
	return Notify{Webhook: secret}
}
