package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"

	"smsetl/web"
)

const (
	password = "canary correct horse"
	token    = "canary-metrics-token-0123456789"
)

// hash is cheap: what bcrypt costs is not tested here.
func hash(t testing.TB, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}

// site is a server that does not listen, with a page that says who asks.
type site struct {
	t       *testing.T
	handler http.Handler
	logs    *observer.ObservedLogs
}

func newSite(t *testing.T, options web.Options) *site {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	options.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") })
	if options.Sessions == nil {
		options.Sessions = web.InMemory()
	}
	server, err := web.New(options, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	server.Handle("/page", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "user="+web.User(r.Context())+" header=["+r.Header.Get("X-Forwarded-User")+"]")
	}))
	return &site{t, server.Handler(), logs}
}

// ask sends a request as a browser at that address would.
func (s *site) ask(method, target, from string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8080", from+":40000"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) {
		for _, v := range values {
			r.Header.Add(name, v)
		}
	}
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func form(values ...string) func(*http.Request) {
	return func(r *http.Request) {
		v := url.Values{}
		for i := 0; i < len(values); i += 2 {
			v.Set(values[i], values[i+1])
		}
		r.Body = io.NopCloser(strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

func TestWhoMayListenWhere(t *testing.T) {
	secret := hash(t, password)
	for name, test := range map[string]struct {
		options web.Options
		want    string // part of the error; "" is none
	}{
		"default":                          {web.Options{}, ""},
		"loopback":                         {web.Options{Listen: "127.0.0.1:0"}, ""},
		"another loopback":                 {web.Options{Listen: "127.0.0.2:80"}, ""},
		"loopback of IPv6":                 {web.Options{Listen: "[::1]:8080"}, ""},
		"loopback written as IPv6":         {web.Options{Listen: "[::ffff:127.0.0.1]:8080"}, ""},
		"localhost":                        {web.Options{Listen: "localhost:8080"}, ""},
		"every address":                    {web.Options{Listen: ":8080"}, "add web.password_hash"},
		"every address, written":           {web.Options{Listen: "0.0.0.0:8080"}, "0.0.0.0:8080 can be reached from other machines"},
		"every address of IPv6":            {web.Options{Listen: "[::]:8080"}, "can be reached"},
		"one address":                      {web.Options{Listen: "10.1.2.3:8080"}, "can be reached"},
		"a name that may be anything":      {web.Options{Listen: "localhost.example.com:8080"}, "can be reached"},
		"a token for metrics is no login":  {web.Options{Listen: ":8080", MetricsToken: token}, "can be reached"},
		"every address, password":          {web.Options{Listen: ":8080", PasswordHash: secret}, ""},
		"every address, proxy":             {web.Options{Listen: ":8080", UserHeader: "X-Forwarded-User", Proxies: proxies}, ""},
		"a header that anybody may send":   {web.Options{Listen: ":8080", UserHeader: "X-Forwarded-User"}, "anybody could send the header"},
		"loopback, for others by a proxy":  {web.Options{AllowedHosts: []string{"etl.example.com"}}, "etl.example.com"},
		"loopback, a proxy and a password": {web.Options{AllowedHosts: []string{"etl.example.com"}, PasswordHash: secret}, ""},
		"no port":                          {web.Options{Listen: "127.0.0.1"}, "not an address"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := web.New(test.options, zap.NewNop())
			switch {
			case err == nil && test.want != "":
				t.Errorf("taken, want an error with %q", test.want)
			case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestWhoMaySeeWhat(t *testing.T) {
	open := web.Options{Listen: "127.0.0.1:8080"}
	withPassword := web.Options{Listen: ":8080", PasswordHash: hash(t, password)}
	withHeader := web.Options{Listen: ":8080", UserHeader: "X-Forwarded-User", Proxies: proxies}
	atHome := web.Options{Listen: "127.0.0.1:8080", PasswordHash: hash(t, password)}
	withToken := withPassword
	withToken.MetricsToken = token
	tokenAtHome := atHome
	tokenAtHome.MetricsToken = token

	user := header("X-Forwarded-User", "alice")
	html := header("Accept", "text/html")
	for name, test := range map[string]struct {
		options web.Options
		path    string
		from    string
		change  []func(*http.Request)
		status  int
		want    string // part of the answer
	}{
		"loopback needs no login":           {open, "/page", "127.0.0.1", nil, 200, "user= "},
		"not through a proxy":               {open, "/page", "127.0.0.1", []func(*http.Request){header("X-Forwarded-For", "8.8.8.8")}, 403, "A proxy sent this"},
		"a user's header is a proxy's":      {open, "/page", "127.0.0.1", []func(*http.Request){user}, 403, "A proxy sent this"},
		"a password is demanded":            {withPassword, "/page", "192.0.2.1", nil, 401, "Log in first"},
		"on loopback too, where configured": {atHome, "/page", "127.0.0.1", nil, 401, "Log in first"},
		"people are shown the way":          {withPassword, "/page?a=b", "192.0.2.1", []func(*http.Request){html}, 303, ""},
		"a link from a chat is asked again": {withPassword, "/page", "192.0.2.1", []func(*http.Request){html, header("Sec-Fetch-Site", "cross-site")}, 200, "refresh"},
		"the way there is open":             {withPassword, "/login", "192.0.2.1", nil, 200, `name="password"`},
		"and its looks":                     {withPassword, "/assets/style.css", "192.0.2.1", nil, 200, "color-scheme"},
		"but nothing beside them":           {withPassword, "/assets/../page", "192.0.2.1", nil, 307, ""},
		"a header is no password":           {withPassword, "/page", "10.0.0.7", []func(*http.Request){user}, 401, ""},
		"the start page":                    {withPassword, "/", "192.0.2.1", nil, 401, ""},
		"what is not there":                 {withPassword, "/nothing", "192.0.2.1", nil, 401, ""},
		"health":                            {withPassword, "/healthz", "192.0.2.1", []func(*http.Request){host("pod.internal")}, 200, "ok"},
		"readiness":                         {withPassword, "/readyz", "192.0.2.1", []func(*http.Request){host("pod.internal")}, 200, ""},

		"the proxy's user":                   {withHeader, "/page", "10.0.0.7", []func(*http.Request){user}, 200, "user=alice header=[]"},
		"mapped into IPv6":                   {withHeader, "/page", "[::ffff:10.0.0.7]", []func(*http.Request){user}, 200, "user=alice header=[]"},
		"the header from a stranger":         {withHeader, "/page", "10.0.0.8", []func(*http.Request){user}, 401, "proxy"},
		"from this machine":                  {withHeader, "/page", "127.0.0.1", []func(*http.Request){user}, 401, ""},
		"a stranger who names the proxy":     {withHeader, "/page", "10.0.0.8", []func(*http.Request){user, header("X-Forwarded-For", "10.0.0.7")}, 401, ""},
		"the proxy names nobody":             {withHeader, "/page", "10.0.0.7", nil, 401, ""},
		"or an empty name":                   {withHeader, "/page", "10.0.0.7", []func(*http.Request){header("X-Forwarded-User", "")}, 401, ""},
		"two names, one of them the guest's": {withHeader, "/page", "10.0.0.7", []func(*http.Request){header("X-Forwarded-User", "mallory", "alice")}, 401, ""},
		"no login page behind a proxy":       {withHeader, "/login", "10.0.0.8", nil, 303, ""},

		"metrics on loopback":              {open, "/metrics", "127.0.0.1", nil, 200, "metrics"},
		"metrics, login elsewhere":         {atHome, "/metrics", "127.0.0.1", nil, 200, "metrics"},
		"metrics through a proxy":          {atHome, "/metrics", "127.0.0.1", []func(*http.Request){header("Via", "1.1 proxy")}, 401, ""},
		"metrics from outside":             {withPassword, "/metrics", "192.0.2.1", nil, 401, ""},
		"metrics with the token":           {withToken, "/metrics", "192.0.2.1", []func(*http.Request){header("Authorization", "Bearer "+token), host("etl-7:8080")}, 200, "metrics"},
		"metrics with another token":       {withToken, "/metrics", "192.0.2.1", []func(*http.Request){header("Authorization", "Bearer "+token+"x")}, 401, ""},
		"metrics with an empty token":      {withPassword, "/metrics", "192.0.2.1", []func(*http.Request){header("Authorization", "Bearer ")}, 401, ""},
		"a token is demanded on loopback":  {tokenAtHome, "/metrics", "127.0.0.1", nil, 401, ""},
		"the token opens the metrics only": {withToken, "/page", "192.0.2.1", []func(*http.Request){header("Authorization", "Bearer "+token)}, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := newSite(t, test.options).ask("GET", test.path, test.from, test.change...)
			if got.Code != test.status || !strings.Contains(got.Body.String(), test.want) {
				t.Errorf("%d, want %d with %q:\n%s", got.Code, test.status, test.want, got.Body)
			}
		})
	}
}

// A name of a stranger that is pointed at this address is not answered, whatever the login.
func TestHosts(t *testing.T) {
	for name, status := range map[string]int{
		"127.0.0.1:8080": 200, "[::1]:8080": 200, "localhost:8080": 200, "LOCALHOST": 200, "192.0.2.9": 200, "localhost.": 200,
		"etl.example.com": 200, "ETL.example.com:443": 200,
		"evil.example.com": 421, "etl.example.com.evil.com": 421, "localhost.evil.com": 421, "127.0.0.1.nip.io": 421, "": 421,
		"evil.com#127.0.0.1": 421, "0x7f.1": 421,
	} {
		s := newSite(t, web.Options{AllowedHosts: []string{"etl.example.com"}, UserHeader: "X-Forwarded-User", Proxies: proxies})
		if got := s.ask("GET", "/page", "10.0.0.7", host(name), header("X-Forwarded-User", "a")); got.Code != status {
			t.Errorf("Host %q: %d, want %d", name, got.Code, status)
		}
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	s := newSite(t, web.Options{})
	for name, test := range map[string]struct {
		method string
		change func(*http.Request)
		status int
	}{
		"another site":                   {"POST", header("Sec-Fetch-Site", "cross-site"), 403},
		"a sibling":                      {"POST", header("Sec-Fetch-Site", "same-site"), 403},
		"another origin, an old browser": {"POST", header("Origin", "http://evil.example.com"), 403},
		"another port of this machine":   {"POST", header("Origin", "http://127.0.0.1:9999"), 403},
		"a page without an origin":       {"POST", header("Origin", "null"), 403},
		"deletes from another site":      {"DELETE", header("Sec-Fetch-Site", "cross-site"), 403},
		"puts from another site":         {"PUT", header("Sec-Fetch-Site", "cross-site"), 403},
		"our own page":                   {"POST", header("Sec-Fetch-Site", "same-origin"), 200},
		"our own page, an old browser":   {"POST", header("Origin", "http://127.0.0.1:8080"), 200},
		"a program":                      {"POST", header("User-Agent", "curl"), 200},
		"a link":                         {"GET", header("Sec-Fetch-Site", "cross-site"), 200},
	} {
		if got := s.ask(test.method, "/page", "127.0.0.1", test.change); got.Code != test.status {
			t.Errorf("%s: %d, want %d", name, got.Code, test.status)
		}
	}
}

func TestLogin(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	options := web.Options{Listen: ":8080", PasswordHash: hash(t, password), Proxies: proxies, Session: time.Hour, Now: func() time.Time { return now },
		Sessions: web.InMemory()}
	s := newSite(t, options)
	in := s.ask("POST", "/login", "192.0.2.1", form("password", password, "to", "/page?x=1"))
	if in.Code != http.StatusSeeOther || in.Header().Get("Location") != "/page?x=1" {
		t.Fatalf("%d to %s", in.Code, in.Header().Get("Location"))
	}
	cookie := in.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.Name != "etl_session" || cookie.Path != "/" {
		t.Errorf("the cookie is %s", cookie)
	}
	with := func(c *http.Cookie) func(*http.Request) { return func(r *http.Request) { r.AddCookie(c) } }
	if got := s.ask("GET", "/page", "192.0.2.1", with(cookie)); got.Code != 200 || !strings.HasPrefix(got.Body.String(), "user=operator") {
		t.Errorf("with the cookie: %d %s", got.Code, got.Body)
	}
	// Another process of the same configuration knows the cookie; one with another password does not.
	if got := newSite(t, options).ask("GET", "/page", "192.0.2.1", with(cookie)); got.Code != 200 {
		t.Errorf("another process: %d", got.Code)
	}
	other := options
	other.PasswordHash = hash(t, password)
	if got := newSite(t, other).ask("GET", "/page", "192.0.2.1", with(cookie)); got.Code != 401 {
		t.Errorf("after the password was set anew: %d", got.Code)
	}
	for i := range cookie.Value {
		forged := *cookie
		letter := byte('A')
		if cookie.Value[i] == letter {
			letter = 'B'
		}
		forged.Value = cookie.Value[:i] + string(letter) + cookie.Value[i+1:]
		if got := s.ask("GET", "/page", "192.0.2.1", with(&forged)); got.Code != 401 && i < len(cookie.Value)-1 { // the last letter has unused bits
			t.Fatalf("with letter %d forged: %d", i, got.Code)
		}
	}
	secure := s.ask("POST", "/login", "10.0.0.7", form("password", password), header("X-Forwarded-Proto", "https")).Result().Cookies()[0]
	if !secure.Secure || secure.Name != "__Host-etl_session" {
		t.Errorf("behind TLS the cookie is %s", secure)
	}
	if got := s.ask("GET", "/page", "10.0.0.7", with(secure)); got.Code != 200 {
		t.Errorf("with the secure cookie: %d", got.Code)
	}
	if stranger := s.ask("POST", "/login", "192.0.2.2", form("password", password), header("X-Forwarded-Proto", "https")).Result().Cookies()[0]; stranger.Secure {
		t.Error("a stranger's word for TLS was believed")
	}
	out := s.ask("POST", "/logout", "192.0.2.1", with(cookie)).Result().Cookies()[0]
	if out.MaxAge >= 0 || out.Value != "" {
		t.Errorf("after the logout the cookie is %s", out)
	}
	now = now.Add(time.Hour)
	if got := s.ask("GET", "/page", "192.0.2.1", with(cookie)); got.Code != 401 {
		t.Errorf("after an hour: %d", got.Code)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	failed := 0
	s := newSite(t, web.Options{
		Listen: ":8080", PasswordHash: hash(t, password), Proxies: proxies, Now: func() time.Time { return now }, LoginFailed: func() { failed++ },
	})
	try := func(from, word string, change ...func(*http.Request)) int {
		return s.ask("POST", "/login", from, append(change, form("password", word))...).Code
	}
	for i := range 5 {
		if got := try("192.0.2.1", "wrong"); got != 401 {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := s.ask("POST", "/login", "192.0.2.1", form("password", password)); got.Code != 429 || got.Header().Get("Retry-After") == "" || len(got.Result().Cookies()) > 0 {
		t.Errorf("the right password after five wrong ones: %d", got.Code)
	}
	if got := try("192.0.2.2", password); got != 303 {
		t.Errorf("from another address: %d", got)
	}
	now = now.Add(15 * time.Second)
	if got := try("192.0.2.1", password); got != 303 {
		t.Errorf("after a pause: %d", got)
	}
	// Behind the proxy, guests are told apart by what the proxy saw, and not by what they wrote themselves.
	for i := range 5 {
		try("10.0.0.7", "wrong", header("X-Forwarded-For", "1.1.1."+string(rune('1'+i))+", 198.51.100.9"))
	}
	if got := try("10.0.0.7", password, header("X-Forwarded-For", "203.0.113.1, 198.51.100.9")); got != 429 {
		t.Errorf("a guest who invents addresses: %d", got)
	}
	if got := try("10.0.0.7", password, header("X-Forwarded-For", "198.51.100.10")); got != 303 {
		t.Errorf("another guest: %d", got)
	}
	// A network of IPv6 is one guest.
	for _, last := range []string{"1", "2", "3", "4", "5"} {
		try("[2001:db8::"+last+"]", "wrong")
	}
	if got := try("[2001:db8::6]", password); got != 429 {
		t.Errorf("a sixth address of one network: %d", got)
	}
	if failed != 15 {
		t.Errorf("%d failures were told, want 15", failed)
	}
	for _, entry := range s.logs.All() {
		if text := entry.Message + " " + strings.Join(fieldsOf(entry), " "); strings.Contains(text, "canary") || strings.Contains(text, "wrong") {
			t.Errorf("the log holds what was typed: %s", text)
		}
	}
}

func fieldsOf(entry observer.LoggedEntry) []string {
	var all []string
	for name, value := range entry.ContextMap() {
		if text, ok := value.(string); ok {
			all = append(all, name+"="+text)
		}
	}
	return all
}

func TestLoginGoesNowhereElse(t *testing.T) {
	s := newSite(t, web.Options{Listen: ":8080", PasswordHash: hash(t, password)})
	for to, want := range map[string]string{
		"/page": "/page", "": "/", "//evil.example.com": "/", "https://evil.example.com": "/", `/\evil.example.com`: "/", "/\t/evil.example.com": "/",
		"javascript:alert(1)": "/", "page": "/",
	} {
		if got := s.ask("POST", "/login", "192.0.2.1", form("password", password, "to", to)).Header().Get("Location"); got != want {
			t.Errorf("to %q: %q, want %q", to, got, want)
		}
	}
	if body := s.ask("GET", "/login?to=%22%3E%3Cscript%3E", "192.0.2.1").Body.String(); strings.Contains(body, "<script") {
		t.Errorf("the page holds what was asked:\n%s", body)
	}
}

func TestHeaders(t *testing.T) {
	s := newSite(t, web.Options{})
	for _, path := range []string{"/", "/page", "/healthz", "/metrics", "/nothing"} {
		h := s.ask("GET", path, "127.0.0.1").Header()
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is loose: %s", path, policy)
		}
	}
}
