package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/pgtest"
	"smsetl/vendors"
)

// loadEvent is what a test reads of an event.
type loadEvent struct {
	EventType string
	Outputs   []struct {
		Name   string
		Facets struct {
			Schema struct {
				Fields []struct{ Name, Type string }
			}
		}
		OutputFacets struct {
			OutputStatistics struct{ RowCount int }
		}
	}
}

// eventsOf keeps the events that it is told, which are to be read after the command has ended.
func eventsOf(t *testing.T, events *[]loadEvent) *httptest.Server {
	var mu sync.Mutex
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e loadEvent
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		mu.Lock()
		*events = append(*events, e)
		mu.Unlock()
	}))
	t.Cleanup(collector.Close)
	return collector
}

// Files are loads as well.
func TestLineageOfImports(t *testing.T) {
	t.Parallel()
	var events []loadEvent
	x := newExported(t)
	x.lineage = eventsOf(t, &events).URL
	x.bring(0, x.week(rand.New(rand.NewPCG(1, 2)), weekEnd.Add(96*time.Hour)))
	kinds, written := map[string]int{}, 0
	for _, e := range events {
		kinds[e.EventType]++
		for _, o := range e.Outputs {
			if strings.HasSuffix(o.Name, ".fact_delivery_daily") {
				written += o.OutputFacets.OutputStatistics.RowCount
			}
		}
	}
	loads := int(x.number(`SELECT count(*) FROM etl.load`))
	if d := cmp.Diff(map[string]int{"START": loads, "COMPLETE": loads}, kinds); loads == 0 || d != "" {
		t.Error("(-want +got):\n", d)
	}
	if stored := int(x.number(`SELECT count(*) FROM sms.fact_delivery_daily`)); stored == 0 || written != stored {
		t.Errorf("%d rows are told of, %d are stored", written, stored)
	}
}

// A collector is told of every load when it begins and after it has ended, with the rows that it wrote; one that is not there changes
// nothing about the loads.
func TestLineageOfLoads(t *testing.T) {
	t.Parallel()
	var events []loadEvent
	collector := eventsOf(t, &events)
	w := newWorld(t, quick(12))
	load := func(address string) (stderr string) {
		var out, errs bytes.Buffer
		env := environment{vendors: vendors.All, read: os.ReadFile, lookup: func(name string) (string, bool) {
			value := map[string]string{"DATABASE_URL": w.url, "OPENLINEAGE_URL": address}[name]
			return value, value != ""
		}}
		if code := run(t.Context(), append([]string{"backfill", "--refetch", "--config", w.config}, at(today)...), env, &out, &errs); code != exitOK {
			t.Fatalf("exit %d\n%s%s", code, &out, &errs)
		}
		return errs.String()
	}
	load(collector.URL)
	written, kinds, columns := map[string]int{}, map[string]int{}, map[string]string{}
	for _, e := range events {
		kinds[e.EventType]++
		for _, o := range e.Outputs {
			_, table, _ := strings.Cut(o.Name, ".")
			written[table] += o.OutputFacets.OutputStatistics.RowCount
			var all []string
			for _, f := range o.Facets.Schema.Fields {
				all = append(all, f.Name+" "+f.Type)
			}
			columns[table] = strings.Join(all, ", ")
		}
	}
	loads := int(w.number(`SELECT count(*) FROM etl.load WHERE outcome <> 'probed'`))
	if d := cmp.Diff(map[string]int{"START": loads, "COMPLETE": loads}, kinds); loads == 0 || d != "" {
		t.Error("(-want +got):\n", d)
	}
	for _, table := range []string{"sms.fact_delivery_daily", "sms.fact_failure_daily"} {
		if stored := int(w.number(`SELECT count(*) FROM ` + table)); stored == 0 || written[table] != stored {
			t.Errorf("%d rows of %s are told of, %d are stored", written[table], table, stored)
		}
		var missing []string
		for _, column := range pgtest.Rows(t.Context(), t, w.conn, fmt.Sprintf(`
			SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
			WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('load_id', 'restated_at')`, table)) {
			if !strings.Contains(columns[table]+",", column+",") {
				missing = append(missing, column)
			}
		}
		if missing != nil {
			t.Errorf("%s has %q, and events tell of %s", table, missing, columns[table])
		}
	}
	before := len(events)
	collector.Close()
	if said := load(collector.URL); !strings.Contains(said, "lineage event lost") {
		t.Errorf("nothing is said of lost events:\n%s", said)
	}
	load("")
	if len(events) != before {
		t.Error("events were sent where no collector is configured")
	}
	if !w.equalsTruth() {
		t.Error("the facts are not the truth")
	}
}
