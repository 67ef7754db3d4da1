package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/vendors"
)

// lines is an output that several goroutines write and a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// pages starts `etl serve` on a free port and gives the address that it prints, and what it writes. It is stopped with the test.
func (w *world) pages(env map[string]string, arguments ...string) (address string, written *lines) {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	written = &lines{}
	ended := make(chan int, 1)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	all := append([]string{"serve", "--config", w.config, "--database", w.url, "--log-level", "debug"}, append(at(today), arguments...)...)
	go func() {
		ended <- run(ctx, all, environment{vendors: vendors.All, lookup: lookup, read: os.ReadFile}, io.Discard, written)
	}()
	w.t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK && code != exitPartial {
			w.t.Errorf("serve ended with %d:\n%s", code, written)
		}
	})
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, rest, found := strings.Cut(written.String(), "Pages: "); found {
			address, _, _ = strings.Cut(rest, "/\n")
			return address, written
		}
		select {
		case code := <-ended:
			ended <- code
			w.t.Fatalf("serve ended with %d:\n%s", code, written)
		default:
		}
	}
	w.t.Fatalf("no address:\n%s", written)
	return "", nil
}

func (w *world) get(address string) (status int, body string) {
	w.t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// etlWith is etl with an environment.
func (w *world) etlWith(env map[string]string, command string, arguments ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	all := append([]string{command, "--config", w.config, "--database", w.url}, arguments...)
	code = run(context.Background(), all, environment{vendors: vendors.All, lookup: lookup, read: os.ReadFile}, &out, &errs)
	return code, out.String(), errs.String()
}

// waitFor asks until the answer holds the text.
func (w *world) waitFor(address, want string) (body string) {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, body = w.get(address); strings.Contains(body, want) {
			return body
		}
	}
	w.t.Fatalf("%s never holds %q:\n%s", address, want, body)
	return ""
}

// The pages of a program that serves, from nothing to a chat that hears of a quarantined day. No credential is on any of them.
func TestServePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(10))
	var mu sync.Mutex
	var said []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m struct{ Text string }
		err := json.NewDecoder(r.Body).Decode(&m)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			said = append(said, m.Text)
		}
	}))
	t.Cleanup(hook.Close)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.write(string(text) + "\nweb:\n  listen: 127.0.0.1:0\nnotify:\n  webhook: ${HOOK}\n")
	code, stdout, stderr := w.etlWith(map[string]string{"HOOK": hook.URL + "/canary-hook"}, "run", at(today)...)
	if code != exitOK && code != exitPartial {
		t.Fatalf("run: %d\n%s\n%s", code, stdout, stderr)
	}
	if _, err := w.conn.Exec(t.Context(), `
		UPDATE etl.coverage SET state = 'quarantined', reason = 'planted'
		WHERE dataset = 'stats_day' AND date_key = (SELECT max(date_key) FROM etl.coverage)`); err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer // before anybody serves, who may ask for the planted day again
	w.tellPeople(map[string]string{"HOOK": hook.URL + "/canary-hook"}, &logs)
	address, written := w.pages(map[string]string{"HOOK": hook.URL + "/canary-hook"})
	if ready := w.waitFor(address+"/readyz", "worker: ok"); ready != "database: ok\nschema: ok\nworker: ok\n" {
		t.Errorf("ready:\n%s", ready)
	}
	shown := w.waitFor(address+"/metrics", "smsetl_workers 1")
	if !strings.Contains(shown, `state="final",vendor="engagelab"} `) {
		t.Errorf("no days in the metrics:\n%s", shown)
	}
	for _, path := range []string{"/", "/coverage", "/days", "/failures", "/restatements", "/findings", "/runs", "/schema", "/explain?account=1400006874&date=2026-11-20", "/jobs/", "/jobs/api/jobs?state=completed", "/jobs/api/queues?limit=10", "/healthz"} {
		status, body := w.get(address + path)
		if status != 200 {
			t.Errorf("%s: %d\n%s", path, status, body)
		}
		shown += body
	}
	if _, start := w.get(address + "/"); !strings.Contains(start, "<h1>Overview</h1>") || !strings.Contains(start, `<a href="/jobs/">Queue</a>`) {
		t.Errorf("the start page:\n%s", start)
	}
	mu.Lock()
	if len(said) != 1 || !strings.Contains(said[0], "an answer of the vendor is not believed") {
		t.Errorf("people heard %q", said)
	}
	shown += strings.Join(said, "")
	mu.Unlock()
	for what, all := range map[string]string{"pages": shown, "logs": logs.String() + written.String()} {
		for _, secret := range []string{"canary-hook", "sandbox-secret", "AKIDsandbox", w.url} {
			if strings.Contains(all, secret) {
				t.Errorf("the %s hold %s", what, secret)
			}
		}
	}
}

// tellPeople does the task that tells them.
func (w *world) tellPeople(env map[string]string, out io.Writer) { w.task("notify", env, out) }

// task does a task of the leader, without waiting for one to be elected.
func (w *world) task(name string, env map[string]string, out io.Writer) {
	w.t.Helper()
	s := &session{
		ctx: w.t.Context(), env: environment{vendors: vendors.All, lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, read: os.ReadFile},
		stdout: out, stderr: out, log: show.NewLogger("debug", out, false),
	}
	command := &serveCommand{pipelineFlags: pipelineFlags{configFlag{w.config}, databaseFlag{w.url}, nowFlag{&today}}}
	v, err := command.prepare(s)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.close()
	for _, task := range v.Tasks() {
		if task.Name == name {
			if err := task.Do(w.t.Context()); err != nil {
				w.t.Error(err)
			}
			return
		}
	}
	w.t.Errorf("there is no task %q", name)
}

// A server that others can reach is not started without a login, and says what to add.
func TestServeRefusesToBeOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(10))
	code, _, stderr := w.etl("serve", "--listen", "0.0.0.0:0")
	if code != exitUsage || !strings.Contains(stderr, "0.0.0.0:0 can be reached from other machines, and no login is configured: add web.password_hash") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// Any number of servers run on one machine without anybody naming ports.
func TestServersOfOneMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(2))
	first, _ := w.pages(nil)
	second, _ := w.pages(nil)
	if first == second {
		t.Fatalf("both on %s", first)
	}
	w.waitFor(first+"/metrics", "smsetl_workers 2")
	w.waitFor(second+"/metrics", "smsetl_workers 2")
}

// The doctor says before the start what serve would refuse.
func TestDoctorLooksAtThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(2))
	if out := w.must(exitOK, "doctor"); !strings.Contains(out, "etl serve may show them") {
		t.Errorf("doctor:\n%s", out)
	}
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.write(string(text) + "\nweb:\n  listen: \":8080\"\n")
	if out := w.must(exitFailed, "doctor"); !strings.Contains(out, "no login is configured") {
		t.Errorf("doctor:\n%s", out)
	}
	w.write(string(text) + "\nweb:\n  certificate_file: nowhere.crt\n  key_file: nowhere.key\n")
	if out := w.must(exitFailed, "doctor"); !strings.Contains(out, "nowhere.crt") {
		t.Errorf("doctor:\n%s", out)
	}
}

func TestPassword(t *testing.T) {
	ask := func(typed string, arguments ...string) (int, string, string) {
		r, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, typed)
		in.Close()
		var out, errs bytes.Buffer
		s := &session{ctx: t.Context(), stdout: &out, stderr: &errs, log: show.NewLogger("error", &errs, false)}
		c := &passwordCommand{Cost: 10, in: r}
		if len(arguments) > 0 {
			c.Cost = 3
		}
		return s.end(c.Run(s)), out.String(), errs.String()
	}
	code, hash, _ := ask("correct horse battery\n")
	if code != exitOK || !strings.HasPrefix(hash, "$2a$10$") {
		t.Fatalf("%d: %s", code, hash)
	}
	for _, typed := range []string{"", "short\n", strings.Repeat("long", 20) + "\n"} {
		if code, out, errs := ask(typed); code != exitUsage || out != "" || strings.Contains(errs, "short") && !strings.Contains(errs, "shorter") {
			t.Errorf("%q: %d %s %s", typed, code, out, errs)
		}
	}
	if code, _, errs := ask("correct horse battery\n", "cheap"); code != exitUsage || !strings.Contains(errs, "--cost") {
		t.Errorf("a cheap hash: %d %s", code, errs)
	}
}
