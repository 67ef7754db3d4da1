package web_test

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/access"
	"smsetl/internal/db"
	"smsetl/internal/dev/loopback"
	"smsetl/queue"
	"smsetl/web"
)

// served serves pages on loopback as `etl serve` does, and gives the address.
func served(t *testing.T, options web.Options) (address string) {
	t.Helper()
	options.Listen = "127.0.0.1:0"
	if options.Sessions == nil {
		options.Sessions = web.InMemory()
	}
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
	loopback.Serve(t, server.Serve)
	return strings.TrimSuffix(server.URL(), "/")
}

func openConnections(t *testing.T, conns []net.Conn) (n int) {
	t.Helper()
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		if e, isNet := errors.AsType[net.Error](err); isNet && e.Timeout() {
			n++
		}
	}
	return n
}

// The pages had no bound on their connections.
func TestDoorPagesHaveNoConnectionCap(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"that say nothing": "",
		"that owe a form":  "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\npass",
	} {
		t.Run(name, func(t *testing.T) {
			address := served(t, web.Options{PasswordHash: hash(t, password)})
			var all []net.Conn
			for i := range 700 {
				all = append(all, loopback.Hold(t, address, fmt.Sprintf("127.1.%d.%d", i/100, i%100/2+1), text))
			}
			client := http.Client{Timeout: 4 * time.Second}
			answer, err := client.Get(address + "/healthz")
			if err != nil {
				t.Fatalf("the pages are silent: %v", err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("health: %d", answer.StatusCode)
			}
			// Only now: connections are taken in turn, so all that came before the request have been let in or shut out.
			if n := openConnections(t, all); n > 512 {
				t.Errorf("%d connections are open, want 512 at most", n)
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
	proxied := served(t, web.Options{
		UserHeader: "X-Forwarded-User", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.7/32")},
		Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})
	if status := ask(t, proxied+"/metrics", "X-Forwarded-User", "anna"); status != http.StatusUnauthorized {
		t.Errorf("metrics on loopback, with a user's header that is taken away: %d, want 401", status)
	}
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

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC).Unix())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// browser is one that follows nothing.
type browser struct {
	t       *testing.T
	address string
	cookies []*http.Cookie
	headers map[string]string
	from    string // an address of this machine
	body    string // in the place of a form
}

// send sends a form, or nothing, and keeps the cookies of the answer.
func (b *browser) send(method, path string, values ...string) (status int, body string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.address+path, strings.NewReader(cmp.Or(b.body, form.Encode())))
	if err != nil {
		b.t.Fatal(err)
	}
	if len(values) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.headers {
		r.Header.Set(name, value)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	dialer := net.Dialer{}
	if b.from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(b.from)}
	}
	answer, err := (&http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if set := answer.Cookies(); len(set) > 0 {
		b.cookies = set
	}
	return answer.StatusCode, string(text)
}

// logIn logs in and gives the status.
func (b *browser) logIn(name, word string) int {
	b.t.Helper()
	status, _ := b.send("POST", "/login", "username", name, "password", word)
	return status
}

func (b *browser) page() int {
	b.t.Helper()
	status, _ := b.send("GET", "/page")
	return status
}

// Whoever saw the password's hash made himself a login of ten years with it, which no logout ended.
func TestDoorPasswordHashForgesALogin(t *testing.T) {
	c := newClock()
	secret := hash(t, password)
	address := served(t, web.Options{PasswordHash: secret, Now: c.now})
	for name, key := range map[string][]byte{"the hash": []byte(secret), "nothing": nil, "the password": []byte(password)} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("smsetl session 1"))
		raw := binary.BigEndian.AppendUint64(nil, uint64(c.now().AddDate(10, 0, 0).Unix()))
		raw = append(raw, make([]byte, 16)...)
		sign := hmac.New(sha256.New, mac.Sum(nil))
		sign.Write(raw)
		raw = sign.Sum(raw)
		stored := sha256.Sum256(key) // what the table holds is no proof either
		for _, value := range []string{base64.RawURLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(stored[:]), secret} {
			forged := &browser{t: t, address: address, cookies: []*http.Cookie{{Name: "etl_session", Value: value}}}
			if status := forged.page(); status != http.StatusUnauthorized {
				t.Errorf("a login forged with %s: %d", name, status)
			}
		}
	}
}

// A login lasts twelve hours without a request and seven days with them.
func TestDoorLoginLastsForYears(t *testing.T) {
	c := newClock()
	address := served(t, web.Options{PasswordHash: hash(t, password), Now: c.now})
	idle, used := &browser{t: t, address: address}, &browser{t: t, address: address}
	if a, b := idle.logIn("operator", password), used.logIn("operator", password); a != 303 || b != 303 {
		t.Fatalf("logins: %d %d", a, b)
	}
	for hours := 11; hours < 7*24; hours += 11 {
		c.forward(11 * time.Hour)
		if status := used.page(); status != 200 {
			t.Fatalf("used, after %d hours: %d", hours, status)
		}
		if hours == 22 {
			if status := idle.page(); status != 401 {
				t.Errorf("unused for 22 hours: %d", status)
			}
		}
	}
	c.forward(4 * time.Hour) // 165 + 4: seven days are over
	if status := used.page(); status != 401 {
		t.Errorf("after seven days: %d", status)
	}
}

// A logout took the cookie back and left the login: whoever had a copy stayed in.
func TestDoorLogoutRevokesNothing(t *testing.T) {
	store := web.InMemory()
	options := web.Options{PasswordHash: hash(t, password), Sessions: store}
	first, second := served(t, options), served(t, options)
	one := &browser{t: t, address: first}
	if status := one.logIn("operator", password); status != 303 {
		t.Fatal(status)
	}
	thief, other := &browser{t: t, address: second, cookies: one.cookies}, &browser{t: t, address: first}
	if a, b := thief.page(), other.logIn("operator", password); a != 200 || b != 303 {
		t.Fatalf("before: %d %d", a, b)
	}
	if status, _ := one.send("POST", "/logout"); status != 303 {
		t.Errorf("logout: %d", status)
	}
	if status := thief.page(); status != 401 {
		t.Errorf("a copy of the cookie, at another process: %d", status)
	}
	if status := other.page(); status != 200 {
		t.Errorf("the other session: %d", status)
	}
}

// Five wrong passwords of somebody locked everybody out who comes through a proxy that is not trusted.
func TestDoorFiveWrongTriesLockEverybodyOut(t *testing.T) {
	address := served(t, web.Options{
		PasswordHash: hash(t, password), Now: newClock().now,
		Logins: []web.Login{{Name: "anna", PasswordHash: hash(t, password+" of anna"), Role: web.Viewer}},
	})
	guest := func(seen string) *browser {
		return &browser{t: t, address: address, headers: map[string]string{"X-Forwarded-For": seen}}
	}
	for i := range 5 {
		if status := guest("1.2.3."+fmt.Sprint(i)+", 198.51.100.9").logIn("operator", "wrong"); status != 401 {
			t.Fatalf("try %d: %d", i, status)
		}
	}
	for range 100 { // the guest goes on, and takes nothing from the others
		if status := guest("198.51.100.9").logIn("operator", "wrong"); status != 429 {
			t.Fatalf("the sixth try of one guest: %d", status)
		}
	}
	if status := guest("198.51.100.10").logIn("operator", password); status != 303 {
		t.Errorf("another guest behind the same proxy: %d", status)
	}
	if status := guest("198.51.100.9").logIn("anna", password+" of anna"); status != 303 {
		t.Errorf("another name behind the same address: %d", status)
	}
	// Whoever invents guests is stopped too, and names that nobody has are no new tries.
	invented, refused := 0, 0
	for i := range 60 {
		if guest(fmt.Sprintf("203.0.113.%d", i)).logIn("operator", "wrong") == 429 {
			invented++
		}
		if (&browser{t: t, address: address, from: "127.0.0.9"}).logIn(fmt.Sprint("nobody", i), "wrong") == 429 {
			refused++
		}
	}
	if invented < 30 {
		t.Errorf("of 60 invented guests %d are refused, want 30 and more", invented)
	}
	if refused != 55 {
		t.Errorf("of 60 invented names %d are refused, want 55", refused)
	}
}

// 4,200 addresses made the throttle forget whom it had locked.
func TestDoorManyAddressesResetTheThrottle(t *testing.T) {
	t.Parallel()
	address := served(t, web.Options{
		PasswordHash: hash(t, password), Now: newClock().now, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	try := func(from, word string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/login", strings.NewReader(url.Values{"password": {word}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", from)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return answer.StatusCode
	}
	for range 5 {
		try("198.51.100.9", "wrong")
	}
	for i := range 9000 {
		if status := try(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "wrong"); status != 401 {
			t.Fatalf("address %d: %d", i, status)
		}
	}
	if status := try("198.51.100.9", password); status != 429 {
		t.Errorf("after 9,000 other addresses the locked one is answered %d, want 429", status)
	}
}

// Whoever was let in could cancel, retry, delete and pause, and nothing said afterwards who it was.
func TestDoorQueuePagesKnowNoRoles(t *testing.T) {
	wh, address := open(t)
	insertJob(t, wh.Pool())
	loader, err := db.Open(t.Context(), address+"&role=sms_loader", db.Options{}) // as `etl serve` has it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loader.Close)
	jobs, err := web.NewJobs(t.Context(), wh.Pool(), queue.Schema, access.Operations{DB: loader}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	options := web.Options{
		Jobs: jobs, Sessions: access.Sessions{DB: loader}, PasswordHash: hash(t, password),
		Logins:     []web.Login{{Name: "vera", PasswordHash: hash(t, password), Role: web.Viewer}, {Name: "otto", PasswordHash: hash(t, password), Role: web.Operator}},
		UserHeader: "X-Forwarded-User", GroupHeader: "X-Forwarded-Groups", Operators: []string{"olga"}, OperatorGroups: []string{"sre"},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.7/32")},
	}
	pages := serve(t, options)
	var job int64
	if err := wh.Pool().QueryRow(t.Context(), `SELECT id FROM river.river_job`).Scan(&job); err != nil {
		t.Fatal(err)
	}
	if _, err := wh.Pool().Exec(t.Context(), `INSERT INTO river.river_queue (name, created_at, updated_at) VALUES ('engagelab-main', now(), now())`); err != nil {
		t.Fatal(err)
	}
	act := []struct{ method, path, body string }{
		{"POST", "/jobs/api/jobs/cancel", fmt.Sprintf(`{"ids":["%d"]}`, job)},
		{"POST", "/jobs/api/jobs/retry", fmt.Sprintf(`{"ids":[%d]}`, job)},
		{"PUT", "/jobs/api/queues/engagelab-main/pause", ""},
		{"PUT", "/jobs/api/queues/engagelab-main/resume", ""},
		{"POST", "/jobs/api/jobs/cancel", fmt.Sprintf(`{"ids":["%d"],"IDS":["%d"]}`, job+1, job)},
		{"POST", "/jobs/api/jobs/delete", fmt.Sprintf(`{"ids":["%d"]}`, job)},
	}
	lines := func() (n int) {
		if err := wh.Pool().QueryRow(t.Context(), `SELECT count(*) FROM etl.operation`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	proxied := func(name, groups string) func(*browser) {
		return func(b *browser) {
			b.from, b.headers = "127.0.0.7", map[string]string{"X-Forwarded-User": name, "X-Forwarded-Groups": groups}
		}
	}
	for name, who := range map[string]func(*browser){
		"vera": func(b *browser) { b.logIn("vera", password) }, "vic by the proxy": proxied("vic", "dev, qa"),
		"a guest who names groups": func(b *browser) {
			b.logIn("vera", password)
			b.headers = map[string]string{"X-Forwarded-Groups": "sre"}
		},
	} {
		b := &browser{t: t, address: pages}
		who(b)
		if status, _ := b.send("GET", "/jobs/api/jobs?state=available"); status != 200 {
			t.Errorf("%s looks: %d", name, status)
		}
		for _, a := range act {
			if status, text := b.raw(a.method, a.path, a.body); status != 403 {
				t.Errorf("%s: %s %s: %d %s", name, a.method, a.path, status, text)
			}
		}
	}
	if n := lines(); n != 0 {
		t.Errorf("%d operations of people who may only look", n)
	}
	var state string
	if err := wh.Pool().QueryRow(t.Context(), `SELECT state FROM river.river_job`).Scan(&state); err != nil || state != "available" {
		t.Fatalf("the job is %s %v", state, err)
	}
	for name, who := range map[string]func(*browser){"otto": func(b *browser) { b.logIn("otto", password) }, "olga": proxied("olga", ""), "sven": proxied("sven", "dev, sre")} {
		b := &browser{t: t, address: pages}
		who(b)
		before := lines()
		for _, a := range act[:4] {
			if status, text := b.raw(a.method, a.path, a.body); status != 200 {
				t.Errorf("%s: %s %s: %d %s", name, a.method, a.path, status, text)
			}
		}
		if n := lines() - before; n != 4 {
			t.Errorf("%s left %d lines, want 4", name, n)
		}
		if status, _ := b.raw("PATCH", "/jobs/api/queues/engagelab-main", `{"concurrency":null}`); status != 405 {
			t.Errorf("what is no action of ours: %d", status)
		}
	}
	rows, err := db.All[string](t.Context(), wh.DB, `
		SELECT concat_ws(' ', operation, who, ids[1] - $1, queue) FROM etl.operation WHERE who LIKE 'sven%' ORDER BY operation_id`, job)
	want := []string{"job_cancel sven on the pages 0", "job_retry sven on the pages 0", "queue_pause sven on the pages engagelab-main", "queue_resume sven on the pages engagelab-main"}
	if err != nil || !slices.Equal(rows, want) {
		t.Errorf("%q %v, want %q", rows, err, want)
	}
	// What cannot be written down is not done.
	loader.Close()
	b := &browser{t: t, address: pages}
	proxied("olga", "")(b)
	if status, _ := b.raw("POST", act[0].path, act[0].body); status != 503 {
		t.Errorf("without a trace: %d", status)
	}
	if err := wh.Pool().QueryRow(t.Context(), `SELECT state FROM river.river_job`).Scan(&state); err != nil || state != "available" {
		t.Errorf("the job is %s %v", state, err)
	}
}

// raw sends a body of JSON.
func (b *browser) raw(method, path, body string) (status int, text string) {
	b.t.Helper()
	kept := b.headers
	defer func() { b.headers = kept }()
	b.headers = map[string]string{"Content-Type": "application/json"}
	maps.Copy(b.headers, kept)
	b.body = body
	defer func() { b.body = "" }()
	return b.send(method, path)
}

// pair makes a certificate for this machine, as the bytes of its files.
func pair(t *testing.T, name string) (chain, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed})
}

// Where no proxy stands, the password went over the wire as it is.
func TestDoorPagesHaveNoTLS(t *testing.T) {
	chain, key := pair(t, "first")
	files := map[string][]byte{"chain": chain, "key": key}
	certificate, err := web.NewCertificate("chain", "key", func(path string) ([]byte, error) { return files[path], nil })
	if err != nil {
		t.Fatal(err)
	}
	options := web.Options{Listen: "127.0.0.1:0", PasswordHash: hash(t, password), TLS: certificate, Sessions: web.InMemory()}
	server, err := web.New(options, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
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
	address := strings.TrimSuffix(server.URL(), "/")
	plain := strings.Replace(address, "https://", "http://", 1)
	for i := range 600 { // connections that never shake hands leave room
		loopback.Hold(t, plain, fmt.Sprintf("127.1.%d.%d", i/200, i%200+1), "")
	}
	ask := func(trusted []byte, most uint16) (*http.Response, error) {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(trusted)
		client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: most, MinVersion: tls.VersionTLS10}, DisableKeepAlives: true,
		}}
		answer, err := client.Get(address + "/login")
		if err == nil {
			answer.Body.Close()
		}
		return answer, err
	}
	answer, err := ask(chain, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Strict-Transport-Security"); answer.StatusCode != 200 || got != "max-age=31536000" {
		t.Errorf("%d, HSTS %q", answer.StatusCode, got)
	}
	if _, err := ask(chain, tls.VersionTLS12); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, err := ask(chain, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if answer, err := http.Get(plain + "/login"); err == nil {
		answer.Body.Close()
		if answer.StatusCode == 200 {
			t.Error("a page is shown without encryption")
		}
	}
	// A renewed certificate is taken, a broken one is not.
	other, otherKey := pair(t, "second")
	files["chain"] = other
	if _, err := server.Prepare(options); err == nil {
		t.Error("a certificate with the key of another is taken")
	}
	if _, err := ask(chain, 0); err != nil {
		t.Errorf("the old certificate is gone: %v", err)
	}
	files["key"] = otherKey
	use, err := server.Prepare(options)
	if err != nil {
		t.Fatal(err)
	}
	use()
	if _, err := ask(other, 0); err != nil {
		t.Errorf("the renewed certificate: %v", err)
	}
}
