package lineage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"smsetl/internal/dev/long"
	"smsetl/lineage"
	"smsetl/sms"
)

var _ = long.Wanted

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector takes events, as Marquez does.
type collector struct {
	mu     sync.Mutex
	events []any
	heads  []string
	answer func(n int, w http.ResponseWriter)
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	event, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.events = append(c.events, event)
	c.heads = append(c.heads, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Authorization"))
	n, answer := len(c.events), c.answer
	c.mu.Unlock()
	if answer != nil {
		answer(n, w)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// open gives a Sender to the collector.
func (c *collector) open(t *testing.T, o lineage.Options) *lineage.Sender {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	o.URL, o.Server, o.Database = server.URL, "postgres://db.example.com:5432", "sms"
	s, err := lineage.New(o, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	go s.Work()
	t.Cleanup(s.Close)
	return s
}

// at gives a value inside an event.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func newLoad(t *testing.T, id int64) lineage.Load {
	t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	window, err := sms.NewWindow(sms.Date(2026, 3, 1), sms.Date(2026, 3, 3), zone)
	if err != nil {
		t.Fatal(err)
	}
	return lineage.Load{
		ID: id, Source: "main", Facts: sms.Facts{Delivery: true, Sending: true}, Began: time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC),
		Scope: sms.Scope{Account: sms.Account{Vendor: "engagelab", ID: "shop", Zone: zone}, Datasets: []sms.Dataset{sms.StatsDay, sms.SendFailed}, Window: window},
	}
}

// Every event is what the standard's documents ask for, facets included, and the events of a load are of one run.
func TestEventsAreAsTheStandardSays(t *testing.T) {
	t.Parallel()
	c := &collector{}
	s := c.open(t, lineage.Options{Key: "token"})
	later := time.Date(2026, 3, 4, 2, 0, 7, 0, time.UTC)
	for i, err := range []error{nil, errors.New("the vendor is busy"), fmt.Errorf("stopped: %w", context.Canceled)} {
		l := newLoad(t, int64(i+1))
		s.Began(l)
		s.Ended(l, lineage.Done{Deliveries: 12, Failures: 5, Held: i, Err: err, At: later})
	}
	s.Close()
	if len(c.events) != 6 || s.Lost() != 0 {
		t.Fatalf("%d events came and %d are lost, want 6 and none", len(c.events), s.Lost())
	}
	if want := "POST /api/v1/lineage application/json Bearer token"; c.heads[0] != want {
		t.Errorf("got %q, want %q", c.heads[0], want)
	}
	event, facets := documents(t)
	var got []string
	for _, e := range c.events {
		if err := event.Validate(e); err != nil {
			t.Error(err)
		}
		for _, place := range [][]any{{"run", "facets"}, {"outputs", 0, "facets"}, {"outputs", 1, "outputFacets"}} {
			for name, schema := range facets {
				if value := at(e, append(place, name)...); value != nil {
					if err := schema.Validate(map[string]any{name: value}); err != nil {
						t.Error(err)
					}
				}
			}
		}
		got = append(got, fmt.Sprint(at(e, "eventType"), " ", at(e, "eventTime"), " ", at(e, "job", "name"), " ", at(e, "run", "facets", "nominalTime", "nominalStartTime"), " ",
			at(e, "inputs", 1, "name"), " ", at(e, "outputs", 0, "name"), " ", at(e, "outputs", 0, "outputFacets", "outputStatistics", "rowCount"), " ",
			at(e, "outputs", 1, "outputFacets", "outputStatistics", "rowCount"), " ", at(e, "outputs", 0, "facets", "dataQualityAssertions", "assertions", 0, "success"), " ",
			at(e, "run", "facets", "errorMessage", "message")))
	}
	const of = " smsetl.main.shop 2026-02-28T16:00:00Z shop.send_failed sms.sms.fact_delivery_daily "
	if d := cmp.Diff([]string{
		"START 2026-03-04T02:00:00Z" + of + "<nil> <nil> <nil> <nil>", "COMPLETE 2026-03-04T02:00:07Z" + of + "12 5 true <nil>",
		"START 2026-03-04T02:00:00Z" + of + "<nil> <nil> <nil> <nil>", "FAIL 2026-03-04T02:00:07Z" + of + "<nil> <nil> <nil> the vendor is busy",
		"START 2026-03-04T02:00:00Z" + of + "<nil> <nil> <nil> <nil>", "ABORT 2026-03-04T02:00:07Z" + of + "<nil> <nil> <nil> stopped: context canceled",
	}, got); d != "" {
		t.Error("(-want +got):\n", d)
	}
	runs := map[any]int{}
	for _, e := range c.events {
		runs[at(e, "run", "runId")]++
	}
	if len(runs) != 3 || runs[at(c.events[0], "run", "runId")] != 2 {
		t.Errorf("six events of three loads are of the runs %v", runs)
	}
}

// documents gives the standard's schema of an event, and those of facets by the names under which they stand.
func documents(t *testing.T) (event *jsonschema.Schema, facets map[string]*jsonschema.Schema) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	ids := map[string]string{}
	files, err := filepath.Glob("testdata/spec/*.json")
	if err != nil || len(files) != 6 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		id, _ := at(document, "$id").(string)
		if err := compiler.AddResource(id, document); err != nil {
			t.Fatal(err)
		}
		ids[strings.TrimSuffix(filepath.Base(path), ".json")] = id
	}
	facets = map[string]*jsonschema.Schema{}
	for name, of := range map[string]string{
		"schema": "SchemaDatasetFacet", "outputStatistics": "OutputStatisticsOutputDatasetFacet", "dataQualityAssertions": "DataQualityAssertionsDatasetFacet",
		"errorMessage": "ErrorMessageRunFacet", "nominalTime": "NominalTimeRunFacet",
	} {
		facets[name] = compiler.MustCompile(ids[of])
	}
	return compiler.MustCompile(ids["OpenLineage"] + "#/$defs/RunEvent"), facets
}

// A collector that hangs or refuses holds up nobody: what does not find room, and what is not taken, is counted.
func TestCollectorThatDoesNotAnswerHoldsUpNothing(t *testing.T) {
	t.Parallel()
	goOn, isAsked := make(chan struct{}), make(chan struct{}, 1)
	c := &collector{answer: func(_ int, w http.ResponseWriter) {
		isAsked <- struct{}{}
		<-goOn
		w.WriteHeader(http.StatusServiceUnavailable)
	}}
	s := c.open(t, lineage.Options{Queue: 3, Timeout: time.Minute})
	s.Began(newLoad(t, 1))
	<-isAsked // one is under way
	for i := range 10 {
		s.Began(newLoad(t, int64(i))) // three wait
	}
	if s.Lost() != 7 {
		t.Errorf("%d of 11 are lost, want 7", s.Lost())
	}
	go func() {
		for range isAsked {
		}
	}()
	close(goOn)
	s.Close()
	close(isAsked)
	if s.Lost() != 11 {
		t.Errorf("%d of 11 are lost, want all", s.Lost())
	}
}

// A collector that redirects is not followed: the key is for nobody else.
func TestDoorCollectorSendsTheKeyElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := &collector{}
	other := httptest.NewServer(elsewhere)
	t.Cleanup(other.Close)
	c := &collector{answer: func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", other.URL+"/api/v1/lineage")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}}
	s := c.open(t, lineage.Options{Key: "token"})
	s.Began(newLoad(t, 1))
	s.Close()
	if len(c.events) != 1 || len(elsewhere.events) != 0 || s.Lost() != 1 {
		t.Errorf("%d events came, %d went elsewhere, %d are lost", len(c.events), len(elsewhere.events), s.Lost())
	}
}

// Closing waits no longer than for one call.
func TestCloseDoesNotWaitForACollector(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	c := &collector{answer: func(int, http.ResponseWriter) { <-goOn }}
	s := c.open(t, lineage.Options{Timeout: 50 * time.Millisecond})
	defer close(goOn)
	for i := range 100 {
		s.Began(newLoad(t, int64(i)))
	}
	s.Close()
	if s.Lost() != 100 {
		t.Errorf("%d of 100 are lost, want all", s.Lost())
	}
}

// Nothing is sent, and nothing breaks, where no collector is configured; an address that is none is not shown.
func TestNobodyIsToldUnlessConfigured(t *testing.T) {
	t.Parallel()
	var s *lineage.Sender
	s.Began(newLoad(t, 1))
	s.Ended(newLoad(t, 1), lineage.Done{})
	s.Close()
	if s.Lost() != 0 {
		t.Error("something is lost")
	}
	for _, address := range []string{"", "collector:5000", "ftp://user:secret@host", "http://user:secret@ho st"} {
		if _, err := lineage.New(lineage.Options{URL: address}, zap.NewNop()); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
