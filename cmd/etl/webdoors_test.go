//go:build unix

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"smsetl/sandbox/huawei"
)

const doors = `
    push: {access_key: AKPUSH, secret_key: "file:push_secret"}
pushes: {listen: "127.0.0.1:0", certificate_file: chain, key_file: key}
web:
  listen: 127.0.0.1:0
  users:
    - {name: anna, role: operator, password_hash: "file:anna"}
    - {name: vera, role: viewer, password_hash: "file:vera"}
  metrics_token: file:token
  certificate_file: chain
  key_file: key
`

// guarded is a server with secrets and a certificate in files, all of its doors encrypted.
type guarded struct {
	*pushed
	server *served
	client *http.Client
	pages  string
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{pushed: newPushed(t, 1, 3, doors)}
	g.put("push_secret", pushSecret)
	g.password("anna", "the first word of anna")
	g.password("vera", "the only word of vera")
	g.put("token", "the-first-token-of-machines")
	g.certify()
	g.client = &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	g.server = g.serve()
	g.pages = g.said("Pages: ", "/\n")
	g.address = g.said("Status reports of huawei-main: ", "\n")
	return g
}

// said waits for what stands between two texts in what the server says.
func (g *guarded) said(before, after string) (text string) {
	g.t.Helper()
	g.until(before, func() bool {
		_, rest, found := strings.Cut(g.server.log(), before)
		text, _, _ = strings.Cut(rest, after)
		return found
	})
	if !strings.HasPrefix(text, "https://") {
		g.t.Fatalf("%s%s: want https", before, text)
	}
	return text
}

func (g *guarded) put(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(g.config), name), []byte(text+"\n"), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guarded) password(name, word string) {
	g.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(word), 10)
	if err != nil {
		g.t.Fatal(err)
	}
	g.put(name, string(hash))
}

// certify writes a certificate of another key.
func (g *guarded) certify() (raw []byte) {
	g.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		g.t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}}
	raw, err = x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		g.t.Fatal(err)
	}
	packed, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		g.t.Fatal(err)
	}
	g.put("chain", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	g.put("key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed})))
	return raw
}

// hangUp lets the server read its configuration again, and waits for what it says of that.
func (g *guarded) hangUp(want string) {
	g.t.Helper()
	before := strings.Count(g.server.log(), want)
	g.server.hangups <- syscall.SIGHUP
	g.until(want, func() bool { return strings.Count(g.server.log(), want) > before })
}

func (g *guarded) logIn(name, word string) (status int, proof []*http.Cookie) {
	g.t.Helper()
	answer, err := g.client.PostForm(g.pages+"/login", url.Values{"username": {name}, "password": {word}})
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode, answer.Cookies()
}

func (g *guarded) ask(method, path, body string, change func(*http.Request)) (status int, answered *http.Response) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.pages+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	change(r)
	answer, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode, answer
}

func with(proof []*http.Cookie) func(*http.Request) {
	return func(r *http.Request) {
		for _, c := range proof {
			r.AddCookie(c)
		}
	}
}

func token(text string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text) }
}

// push signs a report with a secret and gives the status.
func (g *guarded) push(p huawei.Push, secret string) int {
	g.t.Helper()
	p.At = today.UTC()
	r, err := p.Request(g.t.Context(), g.address, pushAccess, secret)
	if err != nil {
		g.t.Fatal(err)
	}
	answer, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// A secret that was stolen and changed went on opening every door until the next start.
func TestDoorSecretsAreReadOnce(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	reports := g.reports(huawei.Pushes{})
	status, anna := g.logIn("anna", "the first word of anna")
	if status != 303 || !anna[0].Secure || anna[0].Name != "__Host-etl_session" {
		t.Fatalf("anna: %d %v", status, anna)
	}
	_, vera := g.logIn("vera", "the only word of vera")
	first := func(want int) {
		t.Helper()
		got := []int{g.push(reports[0], pushSecret)}
		one, answer := g.ask("GET", "/days", "", with(anna))
		two, _ := g.ask("GET", "/metrics", "", token("the-first-token-of-machines"))
		for i, status := range append(got, one, two) {
			if status != want {
				t.Errorf("door %d with the first secrets: %d, want %d", i, status, want)
			}
		}
		if answer.Header.Get("Strict-Transport-Security") == "" {
			t.Error("no HSTS")
		}
	}
	first(200)

	g.put("push_secret", "another secret of the tests")
	g.password("anna", "the second word of anna")
	g.put("token", "the-second-token-of-machines")
	g.put("chain", "no certificate")
	g.hangUp("configuration not changed")
	first(200) // nothing of it is in force while a part of it is broken
	raw := g.certify()
	g.hangUp("configuration changed")
	first(401)
	if status, _ := g.logIn("anna", "the first word of anna"); status != 401 {
		t.Errorf("the old password: %d", status)
	}
	if status, _ := g.logIn("anna", "the second word of anna"); status != 303 {
		t.Errorf("the new password: %d", status)
	}
	if status, _ := g.ask("GET", "/metrics", "", token("the-second-token-of-machines")); status != 200 {
		t.Errorf("the new token: %d", status)
	}
	if status := g.push(reports[1], "another secret of the tests"); status != 200 {
		t.Errorf("a push with the new secret: %d", status)
	}
	status, answer := g.ask("GET", "/days", "", with(vera))
	if status != 200 {
		t.Errorf("vera, whose password is the same: %d", status)
	}
	if !bytes.Equal(answer.TLS.PeerCertificates[0].Raw, raw) {
		t.Error("the pages have the old certificate")
	}
	for _, secret := range []string{pushSecret, "another secret", "word of", "-token-of-machines"} {
		if strings.Contains(g.server.log(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// Sessions are listed and ended from a command line, and a viewer looks.
func TestDoorSessionsCannotBeRevoked(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	_, anna := g.logIn("anna", "the first word of anna")
	_, vera := g.logIn("vera", "the only word of vera")
	var sessions []sessionLine
	out := g.elsewhere(exitOK, "sessions", "-o", "json")
	if json.Unmarshal([]byte(out), &sessions) != nil || len(sessions) != 2 || sessions[1].Login != "anna" || strings.Contains(out, anna[0].Value) {
		t.Fatal(out)
	}
	cancel := func(proof []*http.Cookie) int {
		status, _ := g.ask("POST", "/jobs/api/jobs/cancel", `{"ids":["999999"]}`, with(proof))
		return status
	}
	if a, v := cancel(anna), cancel(vera); a != 404 || v != 403 {
		t.Errorf("a job that is not there is cancelled by the operator %d, want 404, and the viewer %d, want 403", a, v)
	}
	if out := g.elsewhere(exitOK, "sessions", "--end", strconv.FormatInt(sessions[1].ID, 10), "--who", "olga"); out != "1 session ended.\n" {
		t.Fatal(out)
	}
	if status, _ := g.ask("GET", "/days", "", with(anna)); status != 401 {
		t.Errorf("anna, whose session is ended: %d", status)
	}
	if status, _ := g.ask("GET", "/days", "", with(vera)); status != 200 {
		t.Errorf("vera: %d", status)
	}
	got := g.text(`SELECT string_agg(operation || ' ' || who || ' ' || ids::text, '; ' ORDER BY operation_id) FROM etl.operation`)
	if want := "job_cancel anna on the pages {999999}; session_end olga {" + strconv.FormatInt(sessions[1].ID, 10) + "}"; got != want {
		t.Errorf("written down: %s, want %s", got, want)
	}
}
