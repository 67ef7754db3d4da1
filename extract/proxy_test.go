package extract

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"smsetl/sms"
)

// tunnel is a proxy that leads every CONNECT to one address and notes what it was asked.
type tunnel struct {
	to     string
	status int // in place of a tunnel; 0 for one

	mu    sync.Mutex
	asked []string
}

func (p *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	there, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(there, bufio.NewReader(buffered)); there.Close() })
	both.Go(func() { _, _ = io.Copy(here, there); here.Close() })
	both.Wait()
}

// askThrough asks a vendor at the address through a transport with the proxy, which trusts the certificate of server.
func askThrough(t *testing.T, address string, proxy Proxy, server *httptest.Server) (*Answer, error) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport(base, Limits{}, proxy)
	defer transport.CloseIdle()
	if server != nil && server.Certificate() != nil {
		trusted := x509.NewCertPool()
		trusted.AddCert(server.Certificate())
		transport.http.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/v1/stats_day", nil)
	if err != nil {
		t.Fatal(err)
	}
	return transport.Ask(req, NewLimiter(1000, 10))
}

func through(address string) Proxy {
	return func(*url.URL) (*url.URL, error) { return url.Parse(address) }
}

func TestVendorsAreAskedThroughTheProxy(t *testing.T) {
	vendor := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the vendor gets the proxy's password")
		}
		_, _ = io.WriteString(w, r.Host)
	}))
	defer vendor.Close()
	p := &tunnel{to: vendor.Listener.Addr().String()}
	server := httptest.NewServer(p)
	defer server.Close()
	// No such host is asked for by this machine: the name is the proxy's business. The test's certificate is for it.
	answer, err := askThrough(t, "https://example.com", through(strings.Replace(server.URL, "//", "//user:canary-secret@", 1)), vendor)
	if err != nil || answer.Status != 200 || string(answer.Head) != "example.com" {
		t.Fatalf("%+v, %v", answer, err)
	}
	if got := strings.Join(p.asked, "; "); got != "CONNECT example.com:443 Basic dXNlcjpjYW5hcnktc2VjcmV0" {
		t.Errorf("the proxy was asked %s", got)
	}
}

func TestLoopbackIsNeverAskedThroughAProxy(t *testing.T) {
	p := &tunnel{status: http.StatusTeapot}
	server := httptest.NewServer(p)
	defer server.Close()
	answers := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(answers), httptest.NewTLSServer(answers)
	defer plain.Close()
	defer secure.Close()
	for _, vendor := range []*httptest.Server{plain, secure} {
		for _, host := range []string{"127.0.0.1", "localhost"} {
			address := strings.Replace(vendor.URL, "127.0.0.1", host, 1)
			answer, err := askThrough(t, address, through(server.URL), vendor)
			if isNamed := host == "localhost" && vendor == secure; !isNamed && (err != nil || answer.Status != 200) || len(p.asked) > 0 {
				t.Errorf("%s: %v, proxy asked %v", address, err, p.asked)
			}
		}
	}
}

func TestErrorsHoldNoPasswordOfAProxy(t *testing.T) {
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := closed.Addr().String()
	closed.Close()
	denied := httptest.NewServer(&tunnel{status: http.StatusProxyAuthRequired})
	defer denied.Close()
	for name, proxy := range map[string]Proxy{
		"nobody there":   through("http://user:canary-secret@" + nowhere),
		"not let in":     through(strings.Replace(denied.URL, "//", "//user:canary-secret@", 1)),
		"no scheme":      through("gopher://user:canary-secret@" + nowhere),
		"tls to plain":   through(strings.Replace(denied.URL, "http://", "https://user:canary-secret@", 1)),
		"no address":     func(*url.URL) (*url.URL, error) { return nil, errors.New(`bad proxy "http://user:canary-secret@:x"`) },
		"socks, nowhere": through("socks5://user:canary-secret@" + nowhere),
	} {
		_, err := askThrough(t, "https://vendor.invalid", proxy, nil)
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "user") || !errors.Is(err, sms.ErrTemporary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
