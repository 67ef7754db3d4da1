package cases

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// rowsOf makes rows of lines such as `etl.load {"load_id": 1}`.
func rowsOf(t *testing.T, lines ...string) (rows []stored) {
	t.Helper()
	for _, l := range lines {
		at, text, _ := strings.Cut(l, " ")
		row := stored{At: at}
		if err := json.Unmarshal([]byte(text), &row.Line); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// What differs between any two runs makes no other state, and everything else does.
func TestStatesThatAreAlike(t *testing.T) {
	t.Parallel()
	began := time.Now()
	state := func(edits ...string) []string {
		text := strings.NewReplacer(edits...).Replace(`etl.load {"load_id": 1, "datasets": "{stats_day}", "window_from": "2026-11-19", "outcome": "failed", "reason": "writing facts: temporary: unexpected EOF", "started_at": "2026-11-21T19:00:00+00:00"}
etl.load {"load_id": 2, "datasets": "{stats_day}", "window_from": "2026-11-19", "outcome": "loaded", "started_at": "2026-11-21T19:00:00+00:00"}
sms.fact_delivery_daily {"load_id": 2, "template_key": 4, "requested": 7}
sms.dim_template {"template_key": 4, "template": "t"}
river.river_job {"id": 3, "kind": "window", "args": "{}", "attempted_by": ["run_vm_12_345"], "finalized_at": "REAL"}
etl.worker {"client_id": "run_vm_12_345", "pid": 12, "lives": false}`)
		text = strings.ReplaceAll(text, "REAL", began.Add(-time.Second).Format(time.RFC3339Nano))
		return plain(rowsOf(t, strings.Split(text, "\n")...), began)
	}
	as := state()
	for what, other := range map[string][]string{
		"numbers that a sequence leaves out":   state(`_id": 2`, `_id": 9`, `_key": 4`, `_key": 40`, `"id": 3`, `"id": 34`),
		"another process":                      state("run_vm_12_345", "run_vm_99_1", `"pid": 12`, `"pid": 99`),
		"another place of a broken connection": state("writing facts", "reading lines"),
		"another time":                         state("REAL", began.Add(-2*time.Second).Format(time.RFC3339Nano)),
	} {
		if !slices.Equal(as, other) {
			t.Errorf("%s makes another state:\n%s\n%s", what, as, other)
		}
	}
	for what, other := range map[string][]string{
		"another number of messages":       state(`"requested": 7`, `"requested": 8`),
		"facts of the load that failed":    state(`fact_delivery_daily {"load_id": 2`, `fact_delivery_daily {"load_id": 1`),
		"another template":                 state(`"template": "t"`, `"template": "u"`),
		"a time by the clock that is set":  state("11-21T19", "11-22T19"),
		"another reason":                   state("writing facts: temporary: unexpected EOF", "the day is not due"),
		"a worker that lives":              state(`"lives": false`, `"lives": true`),
		"a job that has not ended":         state(`"REAL"`, `null`),
		"a job that is to be worked later": state("REAL", began.Add(time.Hour).Format(time.RFC3339Nano)),
		"the other load failed":            state(`"outcome": "failed"`, `"outcome": "loaded"`, `"outcome": "loaded"`, `"outcome": "failed"`),
	} {
		if slices.Equal(as, other) {
			t.Errorf("%s makes no other state", what)
		}
	}
}

// A state is judged twice, and then every tenth time; one after which something was wrong is judged each time.
func TestStatesAreJudgedAgain(t *testing.T) {
	t.Parallel()
	j, judged := NewJudged(), 0
	for range 100 {
		if _, is := j.known("good"); !is {
			judged++
			j.hold("good", nil)
		}
		if _, is := j.known("bad"); is {
			t.Error("a state that nothing good came of is known")
		}
	}
	if judged != 12 {
		t.Errorf("a state was judged %d times of 100, want 12", judged)
	}
}
