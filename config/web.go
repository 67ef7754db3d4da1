package config

import (
	"errors"
	"fmt"
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

func (w *Web) keys() []Key {
	return []Key{
		{Name: "listen", Read: listen(&w.Listen)},
		{Name: "allowed_hosts", IsList: true, Read: w.allow},
		{Name: "password_hash", Hidden: true, Read: Credential(&w.PasswordHash, checkHash)},
		{Name: "session", Read: Span(&w.Session, longestLogin)},
		{Name: "user_header", Read: w.userHeader},
		{Name: "trusted_proxies", IsList: true, Read: proxies(&w.Proxies)},
		{Name: "metrics_token", Hidden: true, Read: Credential(&w.MetricsToken, func(text string) error {
			if len(text) < shortestToken {
				return fmt.Errorf("the token has fewer than %d characters: machines send it, so make it long, "+
					"for example with `openssl rand -hex 32`", shortestToken)
			}
			return nil
		})},
	}
}

// checkHeader refuses a header that anybody could send.
func (w *Web) checkHeader(_ entry, own *mapping) {
	if w.UserHeader != "" && len(w.Proxies) == 0 && !own.hasMistakeAt("web.trusted_proxies") {
		const what = "add trusted_proxies with the addresses of the proxy that sets it"
		own.wrongf(own.find("user_header").Key, "anybody could send this header: %s", what)
	}
}

// listen takes an address to listen on. Names are not looked up, so that what is bound is what stands in the file.
func listen(into *string) func(Value) error {
	return func(v Value) error {
		if i := strings.LastIndexByte(v.Text, ':'); i >= 0 {
			host, port := v.Text[:i], v.Text[i+1:]
			_, badPort := strconv.ParseUint(port, 10, 16)
			_, badAddr := netip.ParseAddrPort(v.Text)
			if badPort == nil && (badAddr == nil || host == "" || host == "localhost") {
				*into = v.Text
				return nil
			}
		}
		const want = "want one such as 127.0.0.1:8080, or :8080 for every address of this machine"
		return fmt.Errorf("%s is not an address to listen on: %s", v, want)
	}
}

func (w *Web) allow(v Value) error {
	host := strings.ToLower(v.Text)
	if _, err := netip.ParseAddr(host); err != nil && !hostForm.MatchString(host) {
		const want = "want one such as etl.example.com, without scheme, port and path"
		return fmt.Errorf("%s is not the name of a host: %s", v, want)
	}
	w.AllowedHosts = append(w.AllowedHosts, host)
	return nil
}

func checkHash(text string) error {
	const want = "`etl password` makes one"
	cost, err := bcrypt.Cost([]byte(text))
	switch {
	case err != nil || len(text) != 60:
		return errors.New("this is not a bcrypt hash: " + want + "; the password itself never stands here")
	case cost < cheapestHash || cost > dearestHash:
		return fmt.Errorf("the hash has cost %d: want %d to %d; %s", cost, cheapestHash, dearestHash, want)
	}
	return nil
}

func (w *Web) userHeader(v Value) error {
	// These are sent by every browser or mean something else already.
	taken := []string{
		"authorization", "cookie", "host", "origin", "referer", "user-agent",
		"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
	}
	if v.Text != "" && (!headerForm.MatchString(v.Text) || slices.Contains(taken, strings.ToLower(v.Text))) {
		return fmt.Errorf("%s is not a header that names a user: want one such as X-Forwarded-User", v)
	}
	w.UserHeader = v.Text
	return nil
}

// proxies takes the addresses and networks of proxies.
func proxies(into *[]netip.Prefix) func(Value) error {
	return func(v Value) error {
		prefix, err := netip.ParsePrefix(v.Text)
		if addr, single := netip.ParseAddr(v.Text); single == nil {
			prefix, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s is not an address: want one such as 10.0.0.7, or a network such as 10.0.0.0/24", v)
		case prefix.Bits() == 0:
			return fmt.Errorf("%s is everybody: want the addresses of the proxy only", v)
		}
		*into = append(*into, prefix.Masked())
		return nil
	}
}

func (n *Notify) keys() []Key {
	return []Key{{Name: "webhook", Hidden: true, Read: Credential(&n.Webhook, func(text string) error {
		const want = "want the https address that the chat program gives for incoming webhooks"
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
			return errors.New("this is no address: " + want)
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			return errors.New("plain http would send the address, which is a credential, readable: " +
				"want https; http is for this machine only")
		case u.User != nil:
			return errors.New("an address holds no user and password: " +
				"want the one that the chat program gives for incoming webhooks")
		}
		return nil
	})}}
}
