package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/pipeline"
	"smsetl/sandbox"
	"smsetl/vendors"
)

// served is an `etl serve` in this process.
type served struct {
	w       *world
	stop    context.CancelFunc
	hangups chan os.Signal
	ended   chan int

	mu   sync.Mutex
	logs bytes.Buffer
}

// Write takes the log.
func (s *served) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs.Write(p)
}

func (s *served) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs.String()
}

// serve starts a server with short waits. It is stopped at the end of the test at the latest.
func (w *world) serve(change ...func(*serveCommand)) *served {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &served{w: w, stop: stop, hangups: make(chan os.Signal), ended: make(chan int, 1)}
	command := &serveCommand{
		pipelineFlags: pipelineFlags{configFlag{w.config}, databaseFlag{w.url + "&pool_max_conns=8"}, nowFlag{&today}},
		RescueEvery:   300 * time.Millisecond, WindowTimeout: time.Minute, RescueAfter: 2 * time.Minute, Grace: 2 * time.Second,
		ReportsEvery: 300 * time.Millisecond,
	}
	for _, c := range change {
		c(command)
	}
	if w.lookup == nil {
		w.lookup = func(string) (string, bool) { return "", false }
	}
	session := &session{
		ctx: ctx, env: environment{vendors: vendors.All, lookup: w.lookup, read: os.ReadFile, reading: w.reading},
		stdout: s, stderr: s, log: show.NewLogger("debug", s, false),
	}
	go func() { s.ended <- session.end(command.serve(session, s.hangups)) }()
	w.t.Cleanup(func() { s.end(exitOK) })
	return s
}

// end stops the server and insists on an exit code. Further calls do nothing.
func (s *served) end(want int) {
	s.w.t.Helper()
	s.stop()
	select {
	case code, first := <-s.ended:
		if first && code != want {
			s.w.t.Errorf("serve ended with %d, want %d\n%s", code, want, s.log())
		}
		if first {
			close(s.ended)
		}
	case <-time.After(30 * time.Second):
		s.w.t.Errorf("serve does not end\n%s", s.log())
	}
}

// until waits for something to become true, for so long that a busy machine is no failure.
func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited three minutes for this: %s", what)
		}
	}
}

// untilNone waits until a query that counts gives 0.
func (w *world) untilNone(what, query string) {
	w.t.Helper()
	w.until(what, func() bool { return w.number(query) == 0 })
}

const (
	openJobs    = "SELECT count(*) FROM river.river_job WHERE kind = 'window' AND finalized_at IS NULL"
	openRuns    = "SELECT count(*) FROM etl.run WHERE ended_at IS NULL"
	openWindows = "SELECT count(*) FROM etl.run_window WHERE outcome IS NULL"
)

// A server that starts on an empty warehouse ticks once, loads all that is due, and ends cleanly.
func TestServeLoadsWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(60))
	s := w.serve()
	w.until("the first run", func() bool { return w.number("SELECT count(*) FROM etl.run WHERE detached") > 0 })
	w.untilNone("every window loaded", openWindows)
	w.untilNone("the runs ended", openRuns)
	s.end(exitOK)
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	if n := w.number("SELECT count(*) FROM etl.run WHERE outcome <> 'ok'"); n != 0 {
		t.Errorf("%d runs are not ok", n)
	}
	w.noLeftovers()
	if !strings.Contains(s.log(), "schedule ticked") {
		t.Error("the log does not tell of the tick")
	}
}

// Nothing due: nothing sent. A second server ticks, since it leads, and finds only provisional days.
func TestServeAgainAsksOnlyForWhatIsDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(60))
	w.must(exitOK, "run", at(today)...)
	before := w.number("SELECT count(*) FROM etl.load")
	planned := w.plan()
	w.serve()
	w.until("a run", func() bool {
		return w.number("SELECT count(*) FROM etl.run WHERE detached AND ended_at IS NOT NULL") > 0
	})
	if got := w.number("SELECT count(*) FROM etl.load") - before; got != int64(len(planned.Windows)) {
		t.Errorf("%d loads, want the %d that plan shows", got, len(planned.Windows))
	}
}

func (w *world) plan() show.Plan {
	w.t.Helper()
	var plan show.Plan
	if err := readJSON(w.must(exitOK, "plan", append(at(today), "-o", "json")...), &plan); err != nil {
		w.t.Fatal(err)
	}
	return plan
}

// SIGHUP: a broken file keeps the old configuration and says so; a good one brings a new account in, and windows in flight are
// finished.
func TestReload(t *testing.T) {
	t.Parallel()
	options := quick(30)
	options.Secrets[0].Apps = append(options.Secrets[0].Apps, sandbox.App{ID: "1400055555", Profile: "quiet"})
	options.Latency = 20 * time.Millisecond
	w := newWorld(t, options)
	whole, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.write(strings.Replace(string(whole), `, "1400055555"`, "", 1))
	if text, _ := os.ReadFile(w.config); bytes.Equal(text, whole) {
		t.Fatalf("the third application could not be left out:\n%s", whole)
	}
	s := w.serve()
	w.until("a window in flight", func() bool { return w.number("SELECT count(*) FROM etl.load WHERE outcome = 'running'") > 0 })
	w.write("sources: 5")
	s.hangups <- syscall.SIGHUP
	w.until("the complaint", func() bool { return strings.Contains(s.log(), "the old one stays in force") })
	w.write(string(whole))
	s.hangups <- syscall.SIGHUP
	w.until("the new account", func() bool {
		return w.number("SELECT count(*) FROM etl.coverage AS c JOIN sms.dim_account AS a USING (account_key) WHERE a.account = '1400055555'") > 0
	})
	w.untilNone("every window loaded", openWindows)
	s.end(exitOK)
	if n := w.number("SELECT count(*) FROM etl.load WHERE outcome = 'failed'"); n != 0 {
		t.Errorf("%d loads were cut by the reload", n)
	}
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
}

// A paused source is left alone by serve, run and backfill, while the other one is loaded.
func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(30))
	w.must(exitUsage, "pause", "nobody")
	w.must(exitOK, "pause", "tencent-main")
	if out := w.must(exitPartial, "run", append(at(today), "--source", "tencent-main")...); !strings.Contains(out, "tencent-main is paused since") {
		t.Errorf("run does not say that the source is paused: %s", out)
	}
	if _, out, _ := w.etl("status", at(today)...); !strings.Contains(out, "tencent-main is paused since") {
		t.Errorf("status does not say that the source is paused: %s", out)
	}
	s := w.serve()
	const loaded = "SELECT count(*) FROM etl.coverage AS c JOIN sms.dim_account AS a USING (account_key) JOIN sms.dim_vendor AS v USING (vendor_key) WHERE v.vendor = "
	w.until("EngageLab's days", func() bool { return w.number(loaded+"'engagelab'") >= 3*30 })
	if n := w.number("SELECT count(*) FROM etl.load AS l JOIN sms.dim_account AS a USING (account_key) JOIN sms.dim_vendor AS v USING (vendor_key) WHERE v.vendor = 'tencent'"); n != 0 {
		t.Errorf("%d loads of the paused source", n)
	}
	if n := w.number(openJobs); n == 0 {
		t.Error("no window of the paused source waits")
	}
	w.must(exitOK, "resume", "tencent-main")
	w.untilNone("every window loaded", openWindows)
	s.end(exitOK)
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	if out := w.must(exitOK, "resume", "tencent-main"); !strings.Contains(out, "was not paused") {
		t.Errorf("resumed twice: %s", out)
	}
}

// A source that is paused while a run works it ends the run, partially, instead of keeping it.
func TestPauseEndsARun(t *testing.T) {
	t.Parallel()
	options := quick(200)
	options.Latency = 30 * time.Millisecond
	w := newWorld(t, options)
	ended := make(chan int, 1)
	go func() {
		code, _, _ := w.etl("run", append(at(today), "--source", "tencent-main")...)
		ended <- code
	}()
	w.until("a window in flight", func() bool { return w.number("SELECT count(*) FROM etl.load WHERE outcome = 'running'") > 0 })
	w.must(exitOK, "pause", "tencent-main")
	select {
	case code := <-ended:
		if code != exitPartial {
			t.Errorf("exit %d, want %d", code, exitPartial)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run hangs")
	}
	if n := w.number(openJobs); n != 0 {
		t.Errorf("%d windows left in the queue", n)
	}
}

// noSchedules leaves only the sources, so that a server loads nothing by itself.
func (w *world) noSchedules() {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	sources, _, found := strings.Cut(string(text), "\nschedules:")
	if !found {
		w.t.Fatalf("no schedules in the configuration:\n%s", text)
	}
	w.write(sources + "\n")
}

// elsewhere runs the program as on a machine that has the database's address and nothing else.
func (w *world) elsewhere(want int, arguments ...string) string {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { return w.url, name == "DATABASE_URL" }, read: os.ReadFile}
	if code := run(context.Background(), arguments, env, &out, &errs); code != want {
		w.t.Fatalf("etl %v: exit %d, want %d\n%s\n%s", arguments, code, want, out.String(), errs.String())
	}
	return out.String()
}

func (w *world) backfills() pipeline.Backfills {
	w.t.Helper()
	var report pipeline.Backfills
	out := w.elsewhere(exitOK, append([]string{"backfills", "-o", "json"}, at(today.Add(time.Hour))...)...)
	if err := readJSON(out, &report); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	return report
}

// A detached backfill is queued at once, watched from elsewhere, worked by whoever serves, and ends with its last window.
func TestDetachedBackfill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(60))
	w.noSchedules()
	all := append(at(today), "--from", w.vendors.First(), "--to", "2026-11-21", "--detach", "-o", "json")
	var first, second pipeline.Detached
	if err := readJSON(w.must(exitOK, "backfill", all...), &first); err != nil {
		t.Fatal(err)
	}
	if err := readJSON(w.must(exitOK, "backfill", all...), &second); err != nil {
		t.Fatal(err)
	}
	if first.Windows == 0 || first.Windows != second.Windows || first.RunID == second.RunID {
		t.Fatalf("the runs %+v and %+v, want two of the same windows", first, second)
	}
	if n := w.number(openJobs); n != int64(first.Windows) {
		t.Errorf("%d jobs, want the %d windows once", n, first.Windows)
	}
	for _, b := range w.backfills().Backfills {
		if b.State != "waiting" || b.Left != first.Windows || b.Seconds <= 0 {
			t.Errorf("before anybody serves: %+v, want %d windows left and an estimate", b, first.Windows)
		}
	}
	s := w.serve()
	w.untilNone("both runs ended", openRuns)
	for _, b := range w.backfills().Backfills {
		if b.State != "ok" || b.Done != first.Windows || b.Left+b.Failed+b.Cancelled != 0 || b.Rows == 0 || b.Seconds != 0 {
			t.Errorf("at the end: %+v, want ok and %d windows done", b, first.Windows)
		}
	}
	s.end(exitOK)
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
	if out := w.must(exitOK, "backfill", all...); !strings.Contains(out, `"run_id": 0`) && w.plan().Days == 0 {
		t.Errorf("nothing is due, and a run was made: %s", out)
	}
}

// A cancelled backfill leaves no job and no failed day; windows that another run waits for are loaded all the same.
func TestCancel(t *testing.T) {
	t.Parallel()
	options := quick(200)
	options.Latency = 50 * time.Millisecond
	w := newWorld(t, options)
	w.noSchedules()
	all := append(at(today), "--from", w.vendors.First(), "--to", "2026-11-21", "--detach", "-o", "json")
	w.must(exitOK, "backfill", all...)
	w.must(exitOK, "backfill", append(all, "--source", "engagelab-service")...)
	backfills := w.backfills().Backfills
	engagelab, whole := backfills[0], backfills[1]
	s := w.serve()
	w.until("Tencent windows in flight", func() bool {
		return w.number("SELECT count(*) FROM river.river_job WHERE state = 'running' AND queue = 'tencent-main'") > 0
	})
	w.elsewhere(exitUsage, "cancel", "999")
	w.elsewhere(exitOK, "cancel", fmt.Sprint(whole.RunID))
	w.untilNone("everything at rest", openJobs)
	w.untilNone("the runs ended", openRuns)
	s.end(exitOK)
	for what, query := range map[string]string{
		"failed days":                            "SELECT count(*) FROM etl.coverage WHERE state = 'failed'",
		"running loads":                          "SELECT count(*) FROM etl.load WHERE outcome = 'running'",
		"days of Tencent that a cut window left": "SELECT count(*) FROM etl.coverage AS c JOIN etl.load AS l USING (load_id) WHERE l.outcome IN ('failed', 'running')",
	} {
		if n := w.number(query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	if n := w.number("SELECT count(*) FROM etl.load WHERE outcome = 'failed' AND reason = 'the run was cancelled'"); n == 0 {
		t.Error("no window in flight was cut")
	}
	for _, b := range w.backfills().Backfills {
		switch {
		case b.RunID == whole.RunID && (b.State != "cancelled" || b.Cancelled == 0):
			t.Errorf("the cancelled one: %+v", b)
		case b.RunID == engagelab.RunID && b.State != "ok":
			t.Errorf("the other one: %+v, want ok", b)
		}
	}
	if out := w.elsewhere(exitOK, "cancel", fmt.Sprint(whole.RunID)); !strings.Contains(out, "ended already") {
		t.Errorf("cancelled twice: %s", out)
	}
}

// A server that is told to stop while windows are in flight hands them back, uncounted, and no day fails.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	options := quick(100)
	options.Latency = 500 * time.Millisecond
	w := newWorld(t, options)
	s := w.serve(func(c *serveCommand) { c.Grace = 100 * time.Millisecond })
	w.until("windows in flight", func() bool { return w.number("SELECT count(*) FROM etl.load WHERE outcome = 'running'") > 2 })
	began := time.Now()
	s.end(exitOK)
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("the stop took %s, want less than 25 s", took)
	}
	for what, query := range map[string]string{
		"failed days":     "SELECT count(*) FROM etl.coverage WHERE state = 'failed'",
		"running loads":   "SELECT count(*) FROM etl.load WHERE outcome = 'running'",
		"running jobs":    "SELECT count(*) FROM river.river_job WHERE state = 'running'",
		"tries counted":   "SELECT count(*) FROM river.river_job WHERE kind = 'window' AND state = 'available' AND attempt > 0",
		"workers left":    "SELECT count(*) FROM etl.worker",
		"leaders left":    "SELECT count(*) FROM river.river_leader",
		"windows dropped": "SELECT count(*) FROM river.river_job WHERE kind = 'window' AND state IN ('cancelled', 'discarded', 'retryable')",
	} {
		if n := w.number(query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	if n := w.number("SELECT count(*) FROM river.river_job WHERE kind = 'window' AND state = 'available'"); n == 0 {
		t.Error("no window was handed back, so the test proves nothing")
	}
}
