package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traceCollector takes traces as a collector does.
type traceCollector struct {
	mu    sync.Mutex
	raw   strings.Builder          // everything that came
	spans map[string][]*spans.Span // by trace
}

func (c *traceCollector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(body)
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				id := hex.EncodeToString(s.GetTraceId())
				c.spans[id] = append(c.spans[id], s)
			}
		}
	}
}

// One trace goes from the tick of a schedule to a commit, with the calls to a vendor between, and holds no secret. It comes before the tests that
// run side by side: a process has one place to send traces to.
func TestTraceFromTickToCommit(t *testing.T) { //nolint:paralleltest // see above
	to := &traceCollector{spans: map[string][]*spans.Span{}}
	server := httptest.NewServer(to)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	w := newWorld(t, quick(3))
	w.lookup = os.LookupEnv
	s := w.serve()
	w.until("the first run", func() bool { return w.number("SELECT count(*) FROM etl.run WHERE detached") > 0 })
	w.untilNone("every window loaded", openWindows)
	s.end(exitOK)

	to.mu.Lock()
	defer to.mu.Unlock()
	whole := 0
	for _, trace := range to.spans {
		names, isChild := map[string]int{}, map[string]bool{}
		for _, s := range trace {
			names[s.GetName()]++
			isChild[s.GetName()] = len(s.GetParentSpanId()) > 0
		}
		if names["river.work/tick"] == 0 || names["river.work/window"] == 0 {
			continue
		}
		whole++
		if names["COMMIT"] < names["river.work/window"] || names["HTTP GET"]+names["HTTP POST"] == 0 ||
			!isChild["river.work/tick"] || !isChild["river.work/window"] || !isChild["COMMIT"] {
			t.Errorf("the trace of a tick has %v, of which have parents: %v", names, isChild)
		}
	}
	if whole != 1 {
		t.Errorf("%d traces go from a tick to its windows, want 1 of %d", whole, len(to.spans))
	}
	raw := to.raw.String()
	for _, secret := range []string{"sandbox-secret", "sandbox-key", "Basic ", "TC3-HMAC", w.conn.Config().Password} {
		if strings.Contains(raw, secret) {
			t.Errorf("traces hold %q", secret)
		}
	}
}
