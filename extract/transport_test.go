package extract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends one request to the handler.
func ask(t *testing.T, handler http.Handler, limits Limits) (*Answer, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return askURL(t.Context(), t, server.URL, limits)
}

func askURL(ctx context.Context, t *testing.T, address string, limits Limits) (*Answer, error) {
	t.Helper()
	base, err := parseBase(address)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport(base, limits, nil)
	t.Cleanup(transport.CloseIdle)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.String()+"/v1/stats_day", nil)
	if err != nil {
		t.Fatal(err)
	}
	return transport.Ask(req, NewLimiter(1000, 10))
}

// The trace that a call is in is nobody's business at the vendor.
func TestVendorsAreNotToldOfTraces(t *testing.T) {
	otel.SetTextMapPropagator(propagation.TraceContext{}) // as another library of the program may do
	var told http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told = r.Header }))
	t.Cleanup(server.Close)
	in := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
	if _, err := askURL(trace.ContextWithRemoteSpanContext(t.Context(), in), t, server.URL, Limits{}); err != nil {
		t.Fatal(err)
	}
	if told == nil || told.Get("Traceparent") != "" {
		t.Errorf("the vendor got %v", told)
	}
}

func TestAsk(t *testing.T) {
	const good = `{"result":[],"count":0}`
	small := Limits{Body: 1 << 20, Head: 1 << 10, Idle: 600 * time.Millisecond, Whole: 5 * time.Second, Header: 4 * time.Second}
	var closed = httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	tests := []struct {
		name       string
		handler    http.Handler
		wantErr    error
		wantStatus int
		wantBody   string
	}{
		{"good", extracttest.Say(200, good), nil, 200, good},
		{"gzip", extracttest.Gzip(good), nil, 200, good},
		{"empty", extracttest.Say(200, ""), nil, 200, ""},
		{"chunked", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, b := range []byte(good) {
				w.Write([]byte{b})
				http.NewResponseController(w).Flush()
			}
		}), nil, 200, good},
		{"503", extracttest.HTML(503), nil, 503, "<html><body><h1>503 Service Unavailable</h1></body></html>"},
		{"redirect", http.RedirectHandler("http://example.com/", http.StatusFound), nil, 302, "<a href=\"http://example.com/\">Found</a>.\n\n"},
		{"pieces, longer in all than one may take", slowly(good, 60*time.Millisecond), nil, 200, good},
		{"cut 401", extracttest.Raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno"), nil, 401, ""},
		{"cut", extracttest.Cut(good), sms.ErrTemporary, 200, ""},
		{"cut chunks", extracttest.CutChunks(good), sms.ErrTemporary, 200, ""},
		{"close-delimited", extracttest.CloseDelimited(good), sms.ErrMalformed, 200, ""},
		{"dropped", extracttest.Drop(), sms.ErrTemporary, 0, ""},
		{"bomb", extracttest.Bomb(8 << 20), ErrTooLarge, 200, ""},
		{"stated length over the cap", extracttest.Say(200, strings.Repeat(" ", 1<<20+1)), ErrTooLarge, 200, ""},
		{"exactly the cap", extracttest.Say(200, strings.Repeat(" ", 1<<20)), nil, 200, strings.Repeat(" ", 1<<20)},
		{"gzip to exactly the cap", extracttest.Gzip(strings.Repeat(" ", 1<<20)), nil, 200, strings.Repeat(" ", 1<<20)},
		{"gzip to one byte over the cap", extracttest.Gzip(strings.Repeat(" ", 1<<20+1)), ErrTooLarge, 200, ""},
		{"gzip of nothing, without end", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			empty := bytes.Repeat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 1000)
			for {
				if _, err := w.Write(empty); err != nil {
					return
				}
			}
		}), ErrTooLarge, 200, ""},
		{"says gzip, is not", extracttest.Say(200, good, "Content-Encoding", "gzip"), sms.ErrMalformed, 200, ""},
		{"says gzip, is empty", extracttest.Say(200, "", "Content-Encoding", "gzip"), sms.ErrTemporary, 200, ""},
		{"encoding that nobody asked for", extracttest.Say(200, good, "Content-Encoding", "br"), sms.ErrMalformed, 200, ""},
		{"stalled body", extracttest.Stall(good), sms.ErrTemporary, 200, ""},
		{"dripping body", extracttest.Drip(50 * time.Millisecond), sms.ErrTemporary, 200, ""},
		{"stalled header", extracttest.Late(time.Minute, extracttest.Say(200, good)), sms.ErrTemporary, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer, err := ask(t, tt.handler, small)
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("error %v, want %v", err, tt.wantErr)
			}
			if tt.wantStatus == 0 {
				if answer != nil {
					t.Fatalf("answer %+v, want none", answer)
				}
				return
			}
			if answer.Status != tt.wantStatus {
				t.Errorf("status %d, want %d", answer.Status, tt.wantStatus)
			}
			if err != nil {
				if answer.Body.Size != 0 {
					t.Error("a body beside an error")
				}
				return
			}
			if tt.name == "cut 401" {
				return // the status decides; the rest is no more than evidence
			}
			got, err := pack.Unpack(answer.Body)
			if err != nil || string(got) != tt.wantBody {
				t.Errorf("body %.60q (%v), want %.60q", got, err, tt.wantBody)
			}
			if want := tt.wantBody[:min(len(tt.wantBody), 1<<10)]; string(answer.Head) != want {
				t.Errorf("head %.60q, want %.60q", answer.Head, want)
			}
			if answer.IsWhole() != (len(tt.wantBody) <= 1<<10) {
				t.Errorf("IsWhole is %v for %d bytes", answer.IsWhole(), len(tt.wantBody))
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		if _, err := askURL(t.Context(), t, closed.URL, small); !errors.Is(err, sms.ErrTemporary) {
			t.Errorf("error %v, want temporary", err)
		}
	})
}

// slowly answers byte by byte.
func slowly(body string, gap time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, b := range []byte(body) {
			w.Write([]byte{b})
			http.NewResponseController(w).Flush()
			time.Sleep(gap)
		}
	}
}

func TestAskKeepsTheHeadOfARefusedBody(t *testing.T) {
	for name, handler := range map[string]http.Handler{
		"cut":             extracttest.Cut(strings.Repeat("ab", 100)),
		"close-delimited": extracttest.CloseDelimited(strings.Repeat("ab", 100)),
		"stalled":         extracttest.Stall(strings.Repeat("ab", 100)),
	} {
		answer, err := ask(t, handler, Limits{Idle: 200 * time.Millisecond})
		if err == nil || !strings.HasPrefix(string(answer.Head), "abab") {
			t.Errorf("%s: head %.20q (%v), want what had come", name, answer.Head, err)
		}
	}
}

func TestAskListensToTheContext(t *testing.T) {
	for name, handler := range map[string]http.Handler{
		"before the header": extracttest.Late(time.Minute, extracttest.HTML(200)),
		"in the body":       extracttest.Stall("{"),
		"in a 503":          http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503); extracttest.Stall("x")(w, r) }),
	} {
		server := httptest.NewServer(handler)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		start := time.Now()
		_, err := askURL(ctx, t, server.URL, Limits{})
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sms.ErrTemporary) {
			t.Errorf("%s: error %v, want the context's alone", name, err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%s: took %s", name, d)
		}
		cancel()
		server.Close()
	}
}

func TestAskContactsOneHostOnly(t *testing.T) {
	var hits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer other.Close()
	base, _ := url.Parse("http://127.0.0.1:1")
	transport := newTransport(base, Limits{}, nil)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, other.URL, strings.NewReader("x"))
	if _, err := transport.Ask(req, NewLimiter(100, 0)); !errors.Is(err, sms.ErrRefused) {
		t.Errorf("error %v, want refused", err)
	}
	answer, err := ask(t, http.RedirectHandler(other.URL, http.StatusTemporaryRedirect), Limits{})
	if err != nil || answer.Status != http.StatusTemporaryRedirect {
		t.Errorf("%v, %v; want the redirect itself", answer, err)
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("another host was asked %d times", n)
	}
}

func TestPlainHTTPStaysHere(t *testing.T) {
	for address, isRefused := range map[string]bool{
		"127.0.0.1:80": false, "[::1]:80": false, "127.9.9.9:80": false,
		"192.0.2.1:80": true, "[2001:db8::1]:80": true, "0.0.0.0:80": true, "": true,
	} {
		if err := loopbackOnly("tcp", address, nil); (err != nil) != isRefused {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestUntrustedHostIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(extracttest.HTML(200))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	if _, err := askURL(t.Context(), t, server.URL, Limits{}); !errors.Is(err, sms.ErrRefused) {
		t.Errorf("error %v, want refused: no retry mends a certificate", err)
	}
}

func TestParseBase(t *testing.T) {
	tests := map[string]string{ // text of the error, empty for none
		"https://sms.api.engagelab.cc":  "",
		"https://sms.api.engagelab.cc/": "",
		"http://127.0.0.1:8080":         "",
		"http://localhost:8080":         "",
		"http://[::1]:8080/prefix/":     "",
		"http://sms.api.engagelab.cc":   "loopback addresses only",
		"http://127.0.0.1.example.com":  "loopback addresses only",
		"http://192.0.2.1":              "loopback addresses only",
		"sms.api.engagelab.cc":          "names no host",
		"ftp://sms.api.engagelab.cc":    "neither https nor http",
		"https://":                      "names no host",
		"https://:443":                  "names no host",
		"https://h/?a=b":                "query",
		"https://h/#x":                  "query or a fragment",
		"https://me:hunter22@h":         "user or password",
		"https://me:hunter22@h:port":    "not a URL",
	}
	for raw, want := range tests {
		_, err := parseBase(raw)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", raw, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want %q in it", raw, err, want)
		case err != nil && strings.Contains(err.Error(), "hunter22"):
			t.Errorf("%s: the password is in the error: %v", raw, err)
		}
	}
}

func TestScrubber(t *testing.T) {
	const secret = `p&ss "w+rd<é`
	scrub := NewScrubber(secret, "user:"+secret, "abc", "")
	for _, text := range []string{
		secret, `p\u0026ss \"w+rd\u003cé`, "p%26ss+%22w%2Brd%3C%C3%A9", "p&ss%20%22w+rd%3C%C3%A9", "p&amp;ss &#34;w+rd&lt;é",
		"cCZzcyAidytyZDzDqQ==", "cCZzcyAidytyZDzDqQ", "dXNlcjpwJnNzICJ3K3JkPMOp",
		"702673732022772b72643cc3a9", "702673732022772B72643CC3A9",
	} {
		if got := scrub.Text("a " + text + " b"); got != "a [secret] b" && got != "a user:[secret] b" {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := scrub.Text("abc"); got != "abc" {
		t.Errorf("a secret of three letters blanked out %q", got)
	}
	if got := scrub.Text("a\x00b\n\tc  d\xff"); got != "a b c d" {
		t.Errorf("control characters: %q", got)
	}
	if got := scrub.Text(strings.Repeat("é", 500)); len(got) > 203 || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// A 60 MB answer must not stand in memory unpacked.
func TestMemoryOfALargeAnswer(t *testing.T) {
	row := `{"send_date":"2026-01-01","msg_type":"2","sms_user":"u","template_id":1234,"label_id":5,"targets":100}` + ",\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rows := []byte(strings.Repeat(row, 100))
		for n := 0; n < 60<<20; n += len(rows) {
			w.Write(rows)
		}
	}))
	defer server.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	answer, err := askURL(t.Context(), t, server.URL, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; answer.Body.Size < 60<<20 || got > 30 {
		t.Errorf("%d MB allocated for an answer of %d MB", got, answer.Body.Size>>20)
	}
}
