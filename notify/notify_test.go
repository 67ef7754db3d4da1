package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/belief"
	"smsetl/check"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/notify"
	"smsetl/read"
	"smsetl/sms"
)

var (
	east      = zone("+08:00")
	marketing = sms.Account{Vendor: sms.EngageLab, ID: "marketing", Zone: east}
	stats     = []sms.Dataset{sms.StatsDay}
)

// How days and times are written here.
var day, zone = smstest.Day, smstest.Zone

// at reads "11-22 03:00" in the zone of the account.
func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+text, east.Location())
	if err != nil {
		panic(err)
	}
	return t
}

// room is a warehouse, a chat program, and one who tells the one of the other.
type room struct {
	t    *testing.T
	wh   *load.Warehouse
	hook *httptest.Server
	tell *notify.Notifier
	logs *observer.ObservedLogs

	mu     sync.Mutex
	said   []string
	status int
	first  string // the expected days
	kept   string
	by     time.Duration // expect_final_by
}

func newRoom(t *testing.T) *room {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	if err := wh.Account(t.Context(), "main", marketing); err != nil {
		t.Fatal(err)
	}
	r := &room{t: t, wh: wh, status: 200, first: "11-16"}
	r.hook = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if request.Method != http.MethodPost || request.URL.Path != "/services/canary-hook" || request.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", request.Method, request.URL)
		}
		w.WriteHeader(r.status)
		io.WriteString(w, "canary-answer")
		if r.status > 299 {
			return
		}
		var m map[string]string
		if err := json.Unmarshal(body, &m); err != nil || len(m) != 1 {
			t.Errorf("%s: %v", body, err)
		}
		r.said = append(r.said, m["text"])
	}))
	t.Cleanup(r.hook.Close)
	core, logs := observer.New(zapcore.DebugLevel)
	r.logs = logs
	r.tell = r.another(zap.New(core))
	return r
}

// another is a further program that evaluates.
func (r *room) another(log *zap.Logger) *notify.Notifier {
	r.t.Helper()
	n, err := notify.New(check.New(r.wh.DB), notify.Places{Webhook: r.hook.URL + "/services/canary-hook"}, notify.Options{Expected: r.expected, Timeout: 2 * time.Second}, log)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *room) expected(now time.Time) []ledger.Expectation {
	e := ledger.Expectation{Source: "main", Account: marketing, Dataset: sms.StatsDay, First: day(r.first), Last: east.Today(now) - 1}
	if r.kept != "" {
		e.RetentionDays = int(e.Last + 1 - day(r.kept))
	}
	e.Deadline = ledger.Deadline{By: r.by, FinalDays: 4}
	return []ledger.Expectation{e}
}

// evaluate looks at that time, and gives what was said.
func (r *room) evaluate(when string) []string {
	r.t.Helper()
	if err := r.tell.Evaluate(r.t.Context(), at(when)); err != nil {
		r.t.Fatal(err)
	}
	return r.heard()
}

func (r *room) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	said := r.said
	r.said = nil
	return said
}

func (r *room) scope(first, last string) sms.Scope {
	w, err := sms.NewWindow(day(first), day(last), east)
	if err != nil {
		r.t.Fatal(err)
	}
	return sms.Scope{Account: marketing, Datasets: stats, Window: w}
}

// put loads days with so many messages.
func (r *room) put(first, last string, requested int64, when string) {
	r.t.Helper()
	s := r.scope(first, last)
	id, err := r.wh.Begin(r.t.Context(), load.Start{Scope: s, Now: at(when)})
	if err != nil {
		r.t.Fatal(err)
	}
	batch := sms.Batch{Scope: s}
	for d := range s.Window.Days() {
		n := sms.Reported
		batch.AddDelivery(
			&sms.Grain{Day: d, Template: sms.Named("1"), Label: sms.None, MessageType: sms.Named("2")},
			&sms.Measures{
				Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(requested), SendFailed: n(0),
				Pending: n(0), BilledSegments: n(requested), VendorSent: n(requested),
			},
		)
	}
	options := load.PutOptions{Now: at(when), Rules: belief.New(belief.Default), TransformVersion: 1}
	if _, err := r.wh.Put(r.t.Context(), id, batch, options, nil); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) fail(first, last, reason, when string) {
	r.t.Helper()
	s := r.scope(first, last)
	id, err := r.wh.Begin(r.t.Context(), load.Start{Scope: s, Now: at(when)})
	if err == nil {
		err = r.wh.Fail(r.t.Context(), id, sms.Batch{Scope: s}, reason, at(when))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	look = "*SMS warehouse: somebody should look*\n"
	over = "*SMS warehouse: resolved*\n"
)

// A day is not told on the day after it, then once, and once more when it is there.
func TestGap(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-20", 10, "11-21 02:30")
	same(t, "the 21st is over for three hours", r.evaluate("11-22 03:00"))
	same(t, "and for 23", r.evaluate("11-22 23:00"))
	same(t, "and for a day", r.evaluate("11-23 00:00"), look+"• main engagelab/marketing stats_day 2026-11-21: not loaded, more than a day after the day was over. docs/runbook/gap.md")
	same(t, "an hour later", r.evaluate("11-23 01:00"))
	r.put("11-21", "11-22", 10, "11-23 02:00")
	same(t, "it is there", r.evaluate("11-23 02:00"), over+"• main engagelab/marketing stats_day 2026-11-21: every day is loaded")
	same(t, "later", r.evaluate("11-23 03:00"))
}

// A warehouse that has just been made has an hour to load its history before anybody hears of it.
func TestGapOfANewWarehouse(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	same(t, "at first", r.evaluate("11-22 03:00"))
	r.put("11-16", "11-18", 10, "11-22 03:10")
	same(t, "an hour later", r.evaluate("11-22 04:00"),
		look+"• main engagelab/marketing stats_day 2026-11-19/2026-11-20: not loaded, more than a day after the day was over. docs/runbook/gap.md")
	r.put("11-19", "11-19", 10, "11-22 04:10")
	same(t, "a part is there", r.evaluate("11-22 04:10"))
	r.put("11-20", "11-21", 10, "11-22 04:20")
	same(t, "all is there", r.evaluate("11-22 04:20"), over+"• main engagelab/marketing stats_day 2026-11-19/2026-11-20: every day is loaded")
}

// A day that has a time to be there by is told when it has passed, and as nothing else.
func TestLateDay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.by = 10 * time.Hour
	r.put("11-16", "11-20", 10, "11-21 02:30")
	same(t, "before the time", r.evaluate("11-22 09:59"))
	const late = "• main engagelab/marketing stats_day "
	const words = ": not loaded, or not final, by the time that expect_final_by says. docs/runbook/day-late.md"
	same(t, "yesterday is not loaded, and the 18th was when it was young",
		r.evaluate("11-22 10:00"), look+late+"2026-11-18, 2026-11-21"+words)
	same(t, "a day later it is no gap", r.evaluate("11-23 09:00"))
	r.put("11-16", "11-22", 10, "11-23 09:10")
	same(t, "all is there", r.evaluate("11-23 10:00"), over+late+"2026-11-18, 2026-11-21: no day is late")
	r.nothingIsLeft()
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	same(t, "all is well", r.evaluate("11-22 02:31"))
	r.put("11-20", "11-21", 10, "11-22 02:32")
	got := r.evaluate("11-22 02:32")
	if len(got) != 1 || !strings.HasPrefix(got[0], look+"• main engagelab/marketing stats_day 2026-11-20/2026-11-21: an answer of the vendor is not believed; what was stored stays (") {
		t.Errorf("%q", got)
	}
	same(t, "once", r.evaluate("11-22 02:40"))
	r.put("11-19", "11-19", 10, "11-22 02:41")
	if got := r.evaluate("11-22 02:41"); len(got) != 1 || !strings.Contains(got[0], "stats_day 2026-11-19: an answer") {
		t.Errorf("another day: %q", got)
	}
	r.put("11-19", "11-21", 1000, "11-22 03:00")
	same(t, "believed", r.evaluate("11-22 03:00"), over+"• main engagelab/marketing stats_day 2026-11-19/2026-11-21: no day is quarantined")
	r.put("11-20", "11-20", 10, "11-22 03:10")
	if got := r.evaluate("11-22 03:10"); len(got) != 1 || !strings.Contains(got[0], "2026-11-20: an answer") {
		t.Errorf("the same day once more: %q", got)
	}
}

func TestFailingSource(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 10, "11-22 02:30")
	r.fail("11-21", "11-21", "source denied: <!channel> & AuthFailure\nx", "11-22 03:00")
	same(t, "at once", r.evaluate("11-22 03:00"))
	same(t, "a quarter of an hour later", r.evaluate("11-22 03:15"),
		look+"• main: every load of this source fails (source denied: &lt;!channel&gt; &amp; AuthFailure x). docs/runbook/source-failing.md")
	r.put("11-21", "11-21", 10, "11-22 03:20")
	same(t, "it loads", r.evaluate("11-22 03:20"), over+"• main: the source loads again")
	// What mends itself before anybody is told is not told.
	r.fail("11-21", "11-21", "temporary", "11-22 04:00")
	same(t, "it fails", r.evaluate("11-22 04:00"))
	r.put("11-21", "11-21", 10, "11-22 04:05")
	same(t, "it mended itself", r.evaluate("11-22 04:05"))
	same(t, "later", r.evaluate("11-22 05:00"))
	r.nothingIsLeft()
}

// nothingIsLeft says that every notice is closed.
func (r *room) nothingIsLeft() {
	r.t.Helper()
	var open int
	if err := r.wh.Pool().QueryRow(r.t.Context(), `SELECT count(*) FROM etl.notice WHERE closed_at IS NULL`).Scan(&open); err != nil || open != 0 {
		r.t.Errorf("%d notices are open, %v", open, err)
	}
}

func TestLeavingDay(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.first, r.kept = "11-16", "11-12"
	r.put("11-17", "11-21", 10, "11-22 02:30")
	r.evaluate("11-22 02:30")
	got := r.evaluate("11-22 03:30")
	if len(got) != 1 || !strings.Contains(got[0], "• main engagelab/marketing stats_day 2026-11-16: not loaded, and soon beyond what the vendor keeps. docs/runbook/day-leaving.md") {
		t.Errorf("%q", got)
	}
}

func TestFailedFile(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 10, "11-22 02:30")
	saw := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	saw(messages.DropFailed(t.Context(), r.wh.DB, "main", "a.csv", "no column is recognised", at("11-22 03:00")))
	saw(messages.DropFailed(t.Context(), r.wh.DB, "nobody's", "a.csv", "of a source that is no more", at("11-22 03:00")))
	got := r.evaluate("11-22 03:00")
	if len(got) != 1 || !strings.Contains(got[0], "• main: files in the watched folder could not be imported (no column is recognised). docs/runbook/file-failed.md") ||
		strings.Contains(got[0], "nobody") {
		t.Errorf("%q", got)
	}
	same(t, "once", r.evaluate("11-22 04:00"))
	saw(messages.SawDropDir(t.Context(), r.wh.DB, "main", 0, at("11-22 05:00")))
	if got := r.evaluate("11-22 05:00"); len(got) != 1 || !strings.Contains(got[0], "• main: no file lies in the folder failed") {
		t.Errorf("%q", got)
	}
	r.nothingIsLeft()
}

// Programs that evaluate at the same time tell everything once.
func TestManyTellOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.evaluate("11-22 03:00")
	var programs sync.WaitGroup
	everybody := func(when string) []string {
		for range 6 {
			n := r.another(zap.NewNop())
			programs.Go(func() {
				for range 3 {
					if err := n.Evaluate(context.WithoutCancel(t.Context()), at(when)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		programs.Wait()
		return r.heard()
	}
	if got := everybody("11-22 04:00"); len(got) != 1 {
		t.Errorf("told %d times: %q", len(got), got)
	}
	r.put("11-16", "11-21", 10, "11-22 04:10")
	if got := everybody("11-22 04:10"); len(got) != 1 || !strings.HasPrefix(got[0], over) {
		t.Errorf("told %d times: %q", len(got), got)
	}
}

// A program that looked before something was wrong, and compares after another has seen it, does not call it over.
func TestLateLook(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	when := at("11-22 02:32")
	wrong := []check.Notice{{Kind: "quarantined", Subject: "x", Day: day("11-20"), DueAt: when}}
	var other sync.WaitGroup
	err := check.New(r.wh.DB).Notices(t.Context(), when, r.expected(when), func([]ledger.Status, []messages.DropDir) []check.Notice {
		seen := make(chan error, 1)
		other.Go(func() {
			seen <- check.New(r.wh.DB).Notices(t.Context(), when, r.expected(when), func([]ledger.Status, []messages.DropDir) []check.Notice { return wrong })
		})
		for waits := false; !waits; time.Sleep(time.Millisecond) { // until the other one has written, or waits for this one
			if len(seen) > 0 {
				break
			}
			if err := r.wh.Pool().QueryRow(t.Context(), `
				SELECT EXISTS (
				    SELECT FROM pg_stat_activity
				    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO etl.turn%'
				)`).Scan(&waits); err != nil {
				t.Error(err)
				break
			}
		}
		return nil
	})
	other.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if claimed, err := check.New(r.wh.DB).ClaimNotices(t.Context(), when, check.Wrong); err != nil || len(claimed) != 1 {
		t.Errorf("%v, %v, want what the other one saw", claimed, err)
	}
}

// A webhook that is down gets everything when it is up again, in one message, and what was over by then not at all.
func TestWebhookDown(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	r.put("11-20", "11-20", 10, "11-22 02:31")
	r.put("11-18", "11-18", 10, "11-22 02:31")
	r.status = 503
	failing := func(when string) {
		t.Helper()
		err := r.tell.Evaluate(t.Context(), at(when))
		if err == nil || !strings.Contains(err.Error(), "status 503") {
			t.Errorf("%s: %v", when, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the error holds the address or the answer: %v", err)
		}
	}
	failing("11-22 02:32")
	same(t, "not at once again", r.evaluate("11-22 02:32"))
	failing("11-22 02:33")
	same(t, "a longer pause", r.evaluate("11-22 02:34"))
	r.put("11-18", "11-18", 1000, "11-22 02:34")
	r.mu.Lock()
	r.status = 204
	r.mu.Unlock()
	got := r.evaluate("11-22 02:35")
	if len(got) != 1 || !strings.Contains(got[0], "stats_day 2026-11-20: an answer") || strings.Contains(got[0], "11-18") {
		t.Errorf("up again: %q", got)
	}
	// The connection itself fails: the error of a call would quote the address.
	r.hook.Close()
	r.put("11-20", "11-20", 1000, "11-22 02:40")
	err := r.tell.Evaluate(t.Context(), at("11-22 02:40"))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("with nobody there: %v", err)
	}
	m, monitorErr := read.New(r.wh.DB, time.Now).Monitor(t.Context(), r.expected(at("11-22 02:40")))
	if monitorErr != nil {
		t.Fatal(monitorErr)
	}
	if m.Notices.Unknown != 0 {
		t.Errorf("%d notices are unknown", m.Notices.Unknown)
	}
	for _, entry := range r.logs.All() {
		if strings.Contains(entry.Message, "canary") {
			t.Errorf("the log: %s", entry.Message)
		}
	}
}

// A service of shoutrrr is told beside the webhook. One place that takes a message is enough: nobody is told twice because of another one.
func TestService(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	r.put("11-20", "11-20", 10, "11-22 02:31")
	var took []string
	status := 200
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if w.WriteHeader(status); status == 200 {
			took = append(took, request.URL.Path+" "+string(body))
		}
	}))
	t.Cleanup(service.Close)
	core, logs := observer.New(zapcore.DebugLevel)
	places := notify.Places{
		Webhook: r.hook.URL + "/services/canary-hook", Services: []string{"generic://" + service.Listener.Addr().String() + "/canary-path?disabletls=yes"},
	}
	tell, err := notify.New(check.New(r.wh.DB), places, notify.Options{Expected: r.expected, Timeout: 2 * time.Second}, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	r.status = 503
	if err := tell.Evaluate(t.Context(), at("11-22 02:32")); err != nil {
		t.Error(err)
	}
	if len(took) != 1 || !strings.HasPrefix(took[0], "/canary-path "+look) || len(logs.FilterMessage("people are told elsewhere only").All()) != 1 {
		t.Errorf("the service took %q, the log has %v", took, logs.All())
	}
	if err := tell.Evaluate(t.Context(), at("11-22 02:40")); err != nil || len(took) != 1 {
		t.Errorf("once more: %v, %q", err, took)
	}
	status = 500
	r.put("11-20", "11-20", 1000, "11-22 02:41")
	err = tell.Evaluate(t.Context(), at("11-22 02:42"))
	if err == nil || !strings.Contains(err.Error(), "generic did not take it") || strings.Contains(err.Error(), "canary") {
		t.Errorf("nobody took it: %v", err)
	}
	for _, entry := range logs.All() {
		if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, "canary") {
			t.Errorf("the log: %s", text)
		}
	}
	for _, address := range []string{"canary://x", "slack://canary", "smtp://canary"} {
		_, err := notify.New(nil, notify.Places{Services: []string{address}}, notify.Options{}, zap.NewNop())
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A program that dies while it tells may have told: nobody tells again, and a metric counts it until it is over.
func TestDeathWhileTelling(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	r.put("11-20", "11-20", 10, "11-22 02:31")
	expected := r.expected(at("11-22 02:31"))
	quarantined := func([]ledger.Status, []messages.DropDir) []check.Notice {
		return []check.Notice{{Kind: "quarantined", Subject: "main engagelab/marketing stats_day", Day: day("11-20"), DueAt: at("11-22 02:31")}}
	}
	if err := check.New(r.wh.DB).Notices(t.Context(), at("11-22 02:31"), expected, quarantined); err != nil {
		t.Fatal(err)
	}
	claimed, err := check.New(r.wh.DB).ClaimNotices(t.Context(), at("11-22 02:31"), check.Wrong)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%v, %v", claimed, err)
	}
	same(t, "the next program", r.evaluate("11-22 03:00"))
	r.put("11-20", "11-20", 1000, "11-22 03:10")
	same(t, "over", r.evaluate("11-22 03:10"))
	same(t, "closed", r.evaluate("11-22 05:00"))
	r.nothingIsLeft()
}

// What ends while a program tells of it is told to be over when the telling worked, and not told at all when it did not.
func TestOverWhileTelling(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.put("11-16", "11-21", 1000, "11-22 02:30")
	wrong := []check.Notice{{Kind: "source_failing", Subject: "other", DueAt: at("11-22 03:00")}}
	for _, took := range []bool{false, true} {
		at, ctx, expected := at("11-22 03:00"), t.Context(), r.expected(at("11-22 03:00"))
		if err := check.New(r.wh.DB).Notices(ctx, at, expected, func([]ledger.Status, []messages.DropDir) []check.Notice { return wrong }); err != nil {
			t.Fatal(err)
		}
		claimed, err := check.New(r.wh.DB).ClaimNotices(ctx, at, check.Wrong)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%v, %v", claimed, err)
		}
		same(t, "over, and still being told", r.evaluate("11-22 03:00"))
		if took {
			err = check.New(r.wh.DB).NoticesSent(ctx, at, claimed, check.Wrong)
		} else {
			err = check.New(r.wh.DB).NoticesFailed(ctx, at, claimed)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := r.evaluate("11-22 03:00")
		if took {
			same(t, "told", got, over+"• other: the source loads again")
		} else {
			same(t, "not told", got)
		}
		r.nothingIsLeft()
	}
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{"", "canary", "ftp://canary.example.com", "http://", "https://canary host/"} {
		_, err := notify.New(nil, notify.Places{Webhook: address}, notify.Options{}, zap.NewNop())
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// guard calls an answer doubtful that has less than half of the stored messages.
