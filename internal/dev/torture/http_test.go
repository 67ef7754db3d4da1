package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// vendor answers as vendors do: with a length, in chunks, with nothing, and until the connection ends. It counts what it carried out.
func vendor(t *testing.T) (address string, carriedOut *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		count.Add(1) // before the client can know
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", fmt.Sprint(2*len(body)))
			_, _ = w.Write(bytes.Repeat(body, 2))
		case "/chunks":
			for i := range 3 {
				fmt.Fprintf(w, "chunk %d", i)
				w.(http.Flusher).Flush()
			}
		case "/head": // says what would follow, and nothing does
			w.Header().Set("Content-Length", "100")
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/end":
			w.Header().Set("Connection", "close")
			w.Header().Set("Transfer-Encoding", "identity")
			fmt.Fprint(w, "until the end")
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), &count
}

func inFront(t *testing.T, server string, plan Plan) *Proxy {
	t.Helper()
	p, err := NewHTTP(server, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// call posts a body, by a client of its own, and gives the answer's.
func call(p *Proxy, method, path string, body io.Reader) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.Address()+path, body)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestHTTPSeams(t *testing.T) {
	t.Parallel()
	server, _ := vendor(t)
	p := inFront(t, server, Plan{})
	large := strings.Repeat("x", ChunkBytes+1)
	chunked := io.MultiReader(strings.NewReader("unknown length")) // the client sends it in chunks
	for _, c := range []struct {
		method, path string
		body         io.Reader
		want, seams  string
	}{
		{"POST", "/length", strings.NewReader(large), large + large,
			"request head, request body, request body, answer head, answer body, answer body, answer body"},
		{"GET", "/chunks", nil, "chunk 0chunk 1chunk 2", "request head, answer head, answer body, answer body, answer body, answer body"},
		{"HEAD", "/length", nil, "", "request head, answer head"},
		{"GET", "/nothing", nil, "", "request head, answer head"},
		{"GET", "/end", nil, "until the end", "request head, answer head, answer body"},
		{"POST", "/length", chunked, "unknown lengthunknown length", "request head, request body, request body, answer head, answer body"},
	} {
		before := p.Count()
		got, err := call(p, c.method, c.path, c.body)
		var seams []string
		for _, s := range p.Seams()[before:] {
			seams = append(seams, s.Kind)
		}
		if err != nil || got != c.want || strings.Join(seams, ", ") != c.seams {
			t.Errorf("%s %s: %v, %d bytes, want %d; %s, want %s", c.method, c.path, err, len(got), len(c.want), strings.Join(seams, ", "), c.seams)
		}
	}
}

// Requests that follow each other on one connection are kept apart.
func TestHTTPKeepAlive(t *testing.T) {
	t.Parallel()
	server, _ := vendor(t)
	p := inFront(t, server, Plan{})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for i, path := range []string{"/chunks", "/nothing", "/chunks", "/length"} {
		if resp, err := client.Head("http://" + p.Address() + "/head"); err != nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
		resp, err := client.Post("http://"+p.Address()+path, "text/plain", strings.NewReader("ab"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if want := []string{"chunk 0chunk 1chunk 2", "", "chunk 0chunk 1chunk 2", "abab"}[i]; err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	var heads int
	for _, s := range p.Seams() {
		if s.Kind == "answer head" {
			heads++
		}
	}
	if heads != 8 {
		t.Errorf("%d answers were seen, want 8", heads)
	}
	if last := p.Seams()[p.Count()-1]; last.Connection != 1 {
		t.Errorf("there were more connections than one: %s", last)
	}
}

// At every seam every fault: what the client is told, and whether the vendor carried it out.
func TestHTTPEverySeamAndFault(t *testing.T) {
	t.Parallel()
	server, carriedOut := vendor(t)
	scenario := func(p *Proxy) (string, error) {
		return call(p, http.MethodPost, "/length", strings.NewReader(strings.Repeat("x", 6000)))
	}
	counted := inFront(t, server, Plan{})
	if _, err := scenario(counted); err != nil {
		t.Fatal(err)
	}
	seams := counted.Seams()
	whole := slices.IndexFunc(seams, func(s Seam) bool { return s.Direction == ToClient }) // so many messages make the request
	for n := 1; n <= len(seams); n++ {
		for _, fault := range Faults {
			before := carriedOut.Load()
			called := false
			p := inFront(t, server, Plan{Fault: fault, N: n, Silence: 20 * time.Millisecond, Call: func(Seam) { called = true }})
			got, err := scenario(p)
			_ = p.Close() // now all that was to happen has
			if at, struck := p.Struck(); !struck || at.Total != n || at.Kind != seams[n-1].Kind || called != (fault == Call) {
				t.Fatalf("%s at %s: struck at %s, %t", fault, seams[n-1], at, struck)
			}
			survives := fault == Silence || fault == Call || fault == CutAfter && n == len(seams)
			if survives != (err == nil && len(got) == 12000) {
				t.Errorf("%s at %s: the client got %d bytes, %v", fault, seams[n-1], len(got), err)
			}
			// Before the request is whole nothing is carried out, unless the rest is let through to lose the answer.
			want := int32(0)
			if n > whole || survives || fault == LoseAnswer || n == whole && fault == CutAfter {
				want = 1
			}
			for start := time.Now(); carriedOut.Load()-before != want && time.Since(start) < 2*time.Second; {
				time.Sleep(time.Millisecond)
			}
			if got := carriedOut.Load() - before; got != want {
				t.Errorf("%s at %s: carried out %d times, want %d", fault, seams[n-1], got, want)
			}
		}
	}
}

// Half of a message is half of its bytes, and a whole one all of them.
func TestCutsAreExact(t *testing.T) {
	t.Parallel()
	const head = "GET / HTTP/1.1\r\nHost: vendor\r\n\r\n"
	for fault, want := range map[Fault]string{CutBefore: "", CutIn: head[:len(head)/2], CutAfter: head} {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := inFront(t, l.Addr().String(), Plan{Fault: fault, N: 1})
		client, err := net.Dial("tcp4", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, head); err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(server)
		if err != nil || string(got) != want {
			t.Errorf("%s: the server got %q, %v; want %q", fault, got, err, want)
		}
		if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%s: the client lives on", fault)
		}
		client.Close()
		server.Close()
		l.Close()
	}
}

func TestServerThatIsGone(t *testing.T) {
	t.Parallel()
	p := inFront(t, "127.0.0.1:1", Plan{})
	if _, err := call(p, http.MethodGet, "/", nil); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want an end at once", err)
	}
	if p.Count() != 0 {
		t.Errorf("%d seams without a server", p.Count())
	}
}
