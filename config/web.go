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

// Web is how `etl serve` shows itself over HTTP. The zero value leaves everything to the server: loopback only, no
// login.
type Web struct {
	Listen         string         // host:port; empty is the server's own default
	AllowedHosts   []string       // names for browsers, beside addresses and localhost; lower case, without port
	PasswordHash   Secret         // bcrypt; empty is no password
	Users          []WebUser      // who else may log in with a password
	Session        time.Duration  // how long a login lasts without a request; 0 is the server's default
	UserHeader     string         // the header in which a proxy names the user it let in; empty is none
	GroupHeader    string         // the header in which it names the user's groups; empty is none
	Operators      []string       // users of the proxy or provider who may act on the queue; the others look
	OperatorGroups []string       // groups whose members may
	Proxies        []netip.Prefix // whose headers are believed
	MetricsToken   Secret         // opens /metrics without a login; empty is none
	OIDC           OIDC
	TLS            TLS
}

// OIDC is a provider of logins. The zero value is none.
type OIDC struct {
	Issuer       string // its address
	ClientID     string
	ClientSecret Secret
	RedirectURL  string   // of these pages, where it sends people back to
	GroupsClaim  string   // where its tokens name the user's groups; empty is the server's default
	Scopes       []string // that are asked for beside openid and email
}

// WebUser is somebody who may log in with a password.
type WebUser struct {
	Name         string
	Role         string // viewer or operator
	PasswordHash Secret // bcrypt
}

// TLS names the files of a certificate, for a listener without a proxy that does TLS. The zero value is none.
type TLS struct {
	CertificateFile string // PEM, the chain from the server's own on
	KeyFile         string // PEM
}

// IsOn says whether connections are encrypted here.
func (t TLS) IsOn() bool { return t.CertificateFile != "" }

// Notify is where people are told that they should look.
type Notify struct {
	Webhook  Secret // the address that takes {"text": ...}; empty is nowhere
	Services Secret // addresses as shoutrrr has them, with blanks between; empty is none
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
	// longestLogin is how long the server keeps a login at most.
	longestLogin = 7 * 24 * time.Hour
)

func (w *Web) keys() []Key {
	const name = "%s is not a name: want a user or group as the proxy names it"
	isName := func(text string) bool { return len(text) <= longestName && !strings.ContainsAny(text, ",\r\n") }
	return append(w.TLS.keys(), []Key{
		{Name: "listen", Doc: "host:port; anything that is not loopback needs a login", Read: listen(&w.Listen)},
		{Name: "allowed_hosts", Doc: "names under which browsers may ask for it", IsList: true, Read: Read{form{pattern: "^[A-Za-z0-9.:-]+$"}, w.allow}},
		{Name: "password_hash", Hidden: true, Read: Credential(&w.PasswordHash, checkHash)},
		{Name: "users", Doc: "people with names", Keys: (&WebUser{}).keys(), Items: w.user},
		{Name: "session", Doc: "how long a login lasts without a request", Read: Span(&w.Session, longestLogin)},
		{Name: "user_header", Doc: "the header in which a proxy names the user it let in", Read: proxyHeader(&w.UserHeader, "a user", "X-Forwarded-User")},
		{Name: "group_header", Doc: "the header in which it names the user's groups", Read: proxyHeader(&w.GroupHeader, "groups", "X-Forwarded-Groups")},
		{Name: "oidc", Doc: "a provider of OpenID Connect", Keys: w.OIDC.keys()},
		{Name: "operators", Doc: "who of the users may act, by name", IsList: true, Read: Words(&w.Operators, isName, name)},
		{Name: "operator_groups", Doc: "or by group", IsList: true, Read: Words(&w.OperatorGroups, isName, name)},
		{Name: "trusted_proxies", Doc: "whose headers are believed", IsList: true, Read: proxies(&w.Proxies)},
		{Name: "metrics_token", Hidden: true, Read: Credential(&w.MetricsToken, func(text string) error {
			if len(text) < shortestToken {
				return fmt.Errorf("the token has fewer than %d characters: machines send it, so make it long, "+
					"for example with `openssl rand -hex 32`", shortestToken)
			}
			return nil
		})},
	}...)
}

func (o *OIDC) keys() []Key {
	address := func(into *string, what, path string) Read {
		return Read{form{pattern: "^https?://"}, func(v Value) error {
			u, err := url.Parse(v.Text)
			if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || !strings.HasSuffix(u.Path, path) ||
				u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
				return fmt.Errorf("%s is not %s", v, what)
			}
			*into = v.Text
			return nil
		}}
	}
	isWord := func(text string) bool { return text != "" && !strings.ContainsAny(text, " \t\r\n") }
	const issuer, back = "the address of a provider: want https and what its documents call issuer",
		"where a provider sends people back to: want https, the name of these pages, and /login/callback"
	return []Key{
		{Name: "issuer", Required: true, Want: issuer, Read: address(&o.Issuer, issuer, "")},
		{Name: "client_id", Required: true, Want: "what the provider calls this program", Read: Text(&o.ClientID, isWord, "%s is not a client's id")},
		{Name: "client_secret", Required: true, Hidden: true, Want: "the secret that the provider gives", Read: Credential(&o.ClientSecret, nil)},
		{Name: "redirect_url", Required: true, Want: back, Read: address(&o.RedirectURL, back, "/login/callback")},
		{Name: "groups_claim", Read: Text(&o.GroupsClaim, isWord, "%s is not the name of a claim")},
		{Name: "scopes", IsList: true, Read: Words(&o.Scopes, isWord, "%s is not a scope")},
	}
}

const longestName = 128

var userForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$`)

func (u *WebUser) keys() []Key {
	const bad = "%s is not a name to log in with: want letters, digits and . _ @ + - such as anna"
	return []Key{
		{Name: "name", Required: true, Want: "a name to log in with, such as anna", Read: Like(&u.Name, userForm, bad)},
		{Name: "role", Required: true, Want: "viewer or operator", Read: Choice(&u.Role, "is not a role", "viewer", "operator")},
		{
			Name: "password_hash", Required: true, Hidden: true, Want: "the hash of a password, as `etl password` makes it",
			Read: Credential(&u.PasswordHash, checkHash),
		},
	}
}

// user takes somebody who may log in.
func (w *Web) user(own *mapping) {
	var u WebUser
	own.read(u.keys())
	if e := own.find("name"); e != nil && slices.ContainsFunc(w.Users, func(other WebUser) bool { return other.Name == u.Name }) {
		own.wrongf(e.Value, "somebody has this name already: every user needs their own")
	}
	w.Users = append(w.Users, u)
}

func (t *TLS) keys() []Key {
	isPath := func(text string) bool { return text != "" && !strings.ContainsAny(text, "\r\n\x00") }
	const bad = "%s is not the path of a file"
	return []Key{
		{Name: "certificate_file", Read: Text(&t.CertificateFile, isPath, bad)},
		{Name: "key_file", Read: Text(&t.KeyFile, isPath, bad)},
	}
}

// check refuses one file without the other.
func (t *TLS) check(e entry, own *mapping) {
	if (own.find("certificate_file") == nil) != (own.find("key_file") == nil) {
		own.wrongf(e.Key, "certificate_file and key_file go together: name the files of both")
	}
}

// check refuses what would let in whom nobody meant.
func (w *Web) check(e entry, own *mapping) {
	w.TLS.check(e, own)
	if users := own.find("users"); users != nil && own.find("password_hash") != nil &&
		slices.ContainsFunc(w.Users, func(u WebUser) bool { return u.Name == "operator" }) {
		own.wrongf(users.Key, "the one with password_hash is called operator: give this user another name, or leave password_hash out")
	}
	for _, key := range []string{"group_header", "operators", "operator_groups"} {
		if k := own.find(key); k != nil && own.find("user_header") == nil && (key == "group_header" || own.find("oidc") == nil) {
			own.wrongf(k.Key, "this is about users whom a proxy or a provider names: add user_header or oidc")
		}
	}
	if w.UserHeader != "" && len(w.Proxies) == 0 && !own.hasMistakeAt("web.trusted_proxies") {
		const what = "add trusted_proxies with the addresses of the proxy that sets it"
		own.wrongf(own.find("user_header").Key, "anybody could send this header: %s", what)
	}
}

// listen takes an address to listen on. Names are not looked up, so that what is bound is what stands in the file.
func listen(into *string) Read {
	return Read{form{pattern: `^[^/\s]*:[0-9]{1,5}$`}, func(v Value) error {
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
	}}
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

// proxyHeader takes the name of a header in which a proxy says who somebody is.
func proxyHeader(into *string, what, example string) Read {
	return Read{form{pattern: "^([A-Za-z][A-Za-z0-9-]*)?$"}, func(v Value) error {
		// These are sent by every browser or mean something else already.
		taken := []string{
			"authorization", "cookie", "host", "origin", "referer", "user-agent",
			"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
		}
		if v.Text != "" && (!headerForm.MatchString(v.Text) || slices.Contains(taken, strings.ToLower(v.Text))) {
			return fmt.Errorf("%s is not a header that names %s: want one such as %s", v, what, example)
		}
		*into = v.Text
		return nil
	}}
}

// proxies takes the addresses and networks of proxies.
func proxies(into *[]netip.Prefix) Read {
	return Read{form{pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"}, func(v Value) error {
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
	}}
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
	})}, {Name: "services", Hidden: true, Read: Read{form{pattern: `^\s*([a-z0-9+]+://\S+\s*)*$`}, Credential(&n.Services, func(text string) error {
		for i, address := range strings.Fields(text) {
			if service, rest, _ := strings.Cut(address, "://"); service == "" || rest == "" {
				return fmt.Errorf("address %d is none of a service: want such as slack://..., smtp://..., with blanks between several", i+1)
			}
		}
		return nil
	}).take}}}
}
