package extracttest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Source is what every vendor's client does.
type Source interface {
	Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
	Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
	Close()
}

// Vendor is a vendor's client and the words of its API, as far as the suite needs them.
type Vendor struct {
	// Open gives a client of the base URL that tries a request Tries times, a few milliseconds apart, and is not slowed down
	// by its limiter. It ends a stalled body, and waits for a header, for about a second.
	Open func(t testing.TB, baseURL string, logger *zap.Logger) Source
	// Tries is how often the client of Open sends a request that goes on failing.
	Tries int
	// Scope is what is fetched, over more than one day.
	Scope sms.Scope
	// Good answers any request of the scope. The same request has the same answer.
	Good http.Handler
	// Asked reads what a request asks for.
	Asked func(r *http.Request, body string) (Question, error)
	// Final answers with an error that no retry mends, saying message.
	Final func(message string) http.Handler
	// FinalKind is the kind of that error.
	FinalKind error
	// Secrets are found in no error, payload and log line.
	Secrets []string
}

// Question is what a request asks for.
type Question struct {
	Account     string
	First, Last sms.Day
}

// Run runs the suite.
func Run(t *testing.T, v Vendor) {
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"answers cover the scope once", v.covers},
		{"the same again", v.repeats},
		{"several fetches share a client", v.shares},
		{"rude answers are tried again", v.rude},
		{"the n-th request fails", v.loop},
		{"the n-th answer cannot be kept", v.unkept},
		{"kinds of error", v.kinds},
		{"cancellation", v.cancels},
		{"secrets", v.secrets},
		{"check", v.checks},
	} {
		t.Run(test.name, func(t *testing.T) {
			ignore := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
			test.run(t)
		})
	}
}

// bench is one client at one server that notes what it is asked.
type bench struct {
	t      *testing.T
	vendor Vendor
	source Source
	server *httptest.Server
	logs   *observer.ObservedLogs

	mu     sync.Mutex
	bodies []string
	asked  []Question
}

// on starts a server; answer gives what to say to the n-th request, counted from 1.
func (v Vendor) on(t *testing.T, answer func(n int) http.Handler) *bench {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bench{t: t, vendor: v, logs: logs}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read, _ := io.ReadAll(r.Body)
		body := string(read)
		r.Body = io.NopCloser(strings.NewReader(body))
		q, err := v.Asked(r, body)
		if err != nil {
			t.Errorf("request %s: %v", r.URL, err)
		}
		b.mu.Lock()
		b.bodies, b.asked = append(b.bodies, body), append(b.asked, q)
		n := len(b.asked)
		b.mu.Unlock()
		answer(n).ServeHTTP(w, r)
	}))
	b.source = v.Open(t, b.server.URL, zap.New(core))
	return b
}

func (v Vendor) always(t *testing.T, h http.Handler) *bench {
	t.Helper()
	return v.on(t, func(int) http.Handler { return h })
}

func (b *bench) close() {
	b.source.Close()
	b.server.Close()
}

func (b *bench) calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.asked)
}

// fetch gives the payloads of one fetch: the good ones and the refused ones.
func (b *bench) fetch(ctx context.Context) (good, refused []sms.Payload, err error) {
	b.t.Helper()
	err = b.source.Fetch(ctx, b.vendor.Scope, func(p sms.Payload) error {
		b.inspect(p)
		if p.Refused != "" {
			refused = append(refused, p)
		} else {
			good = append(good, p)
		}
		return nil
	})
	return good, refused, err
}

// inspect checks what must be true of every payload.
func (b *bench) inspect(p sms.Payload) {
	b.t.Helper()
	scope := b.vendor.Scope
	switch {
	case p.Account != scope.Account:
		b.t.Errorf("payload of account %s", p.Account)
	case !slices.Contains(scope.Datasets, p.Dataset):
		b.t.Errorf("payload of dataset %s", p.Dataset)
	case p.Window.First() < scope.Window.First() || p.Window.Last() > scope.Window.Last() || p.Window.Zone() != scope.Window.Zone():
		b.t.Errorf("payload of window %s %s", p.Window, p.Window.Zone())
	case p.FetchedAt.IsZero() || p.Status == 0 || p.Request.Method == "" || !strings.HasPrefix(p.Request.URL, b.server.URL):
		b.t.Errorf("payload without its request: %+v", p)
	}
	if _, err := pack.Unpack(p.Body); err != nil {
		b.t.Errorf("payload: %v", err)
	}
}

// answered is what a payload says, without the server's port and the time.
type answered struct {
	Dataset sms.Dataset
	Window  string
	Hash    sms.Hash
}

func said(payloads []sms.Payload) []answered {
	var all []answered
	for _, p := range payloads {
		all = append(all, answered{p.Dataset, p.Window.String(), p.Body.Hash})
	}
	return all
}

// clean gives the good payloads of a fetch that nothing disturbs, and how many requests it took.
func (v Vendor) clean(t *testing.T) (good []sms.Payload, calls int) {
	t.Helper()
	b := v.always(t, v.Good)
	defer b.close()
	good, _, err := b.fetch(t.Context())
	if err != nil {
		t.Fatalf("nothing wrong, and yet: %v", err)
	}
	return good, b.calls()
}

func (b *bench) sameAs(want []sms.Payload, got []sms.Payload) {
	b.t.Helper()
	if diff := cmp.Diff(said(want), said(got)); diff != "" {
		b.t.Errorf("answers differ from the undisturbed ones (-want +got):\n%s", diff)
	}
}
