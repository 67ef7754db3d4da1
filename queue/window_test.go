package queue

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river/rivertype"

	"smsetl/sms"
)

func item(t *testing.T) Item {
	t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	window, err := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 3, 31), zone)
	if err != nil {
		t.Fatal(err)
	}
	account := sms.Account{Vendor: sms.Tencent, ID: "1400006874", Zone: zone}
	return Item{Source: "Tencent Haupt", Scope: sms.Scope{Account: account, Datasets: []sms.Dataset{sms.SendStatus, sms.CallbackStatus}, Window: window}}
}

// What goes into the queue comes out of it, through JSON, as it went in.
func TestWindowKeepsItsScope(t *testing.T) {
	want := item(t)
	encoded, err := json.Marshal(newWindow(want, 7))
	if err != nil {
		t.Fatal(err)
	}
	var w Window
	if err := json.Unmarshal(encoded, &w); err != nil {
		t.Fatal(err)
	}
	got, err := w.scope()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fmt.Sprint(want.Scope), fmt.Sprint(got)); d != "" || got.Window != want.Scope.Window || w.RunID != 7 || w.Source != want.Source {
		t.Errorf("(-want +got): %s", d)
	}
}

func TestBrokenArgumentsAreErrors(t *testing.T) {
	for name, harm := range map[string]func(*Window){
		"zone": func(w *Window) { w.Zone = "CST" }, "from": func(w *Window) { w.From = "1.1.2026" },
		"to": func(w *Window) { w.To = "" }, "reversed": func(w *Window) { w.To = "2025-01-01" },
	} {
		w := newWindow(item(t), 1)
		harm(&w)
		if scope, err := w.scope(); err == nil {
			t.Errorf("%s: read as %s", name, scope)
		}
	}
}

// A finished window never stands in the way of the same one asked for again.
func TestUniqueOnlyWhileUnfinished(t *testing.T) {
	opts := newWindow(item(t), 1).InsertOpts()
	for _, finished := range []rivertype.JobState{rivertype.JobStateCompleted, rivertype.JobStateCancelled, rivertype.JobStateDiscarded} {
		if slices.Contains(opts.UniqueOpts.ByState, finished) {
			t.Errorf("a %s window blocks the same one", finished)
		}
	}
	for _, open := range []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStateRunning, rivertype.JobStateRetryable} {
		if !slices.Contains(opts.UniqueOpts.ByState, open) {
			t.Errorf("a window that is %s can be queued twice", open)
		}
	}
}

func TestQueueOf(t *testing.T) {
	if got := queueOf("engagelab-main"); got != "engagelab-main" {
		t.Errorf("%q, want the source's own name", got)
	}
	seen := map[string]string{}
	for _, source := range []string{"Main", "main", "main.", "主要", "a--b", "-a"} {
		queue := queueOf(source)
		if !queueForm.MatchString(queue) {
			t.Errorf("%q: the queue refuses the name %q", source, queue)
		}
		if other, taken := seen[queue]; taken {
			t.Errorf("%q and %q share the queue %q", source, other, queue)
		}
		seen[queue] = source
	}
}

func TestRetryAfter(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 7: time.Minute, 5000: time.Minute} {
		if got := retryAfter(attempt); got != want {
			t.Errorf("after try %d: %s, want %s", attempt, got, want)
		}
	}
}
