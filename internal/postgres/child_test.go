package postgres

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// childVariable holds the orders of TestChild: a process of its own that starts a server and keeps it until it is ended.
const childVariable = "SMSETL_POSTGRES_CHILD"

type orders struct {
	Dir   string
	Way   Way // "": Local
	Image string
	Slow  time.Duration // hold the lock for that long before the start
}

// report is what the child prints when it has a server.
type report struct{ URL, How string }

func TestChild(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		t.Skip("runs in a process that another test starts")
	}
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	s, err := Start(ctx, Options{
		Dir: o.Dir, Way: cmp.Or(o.Way, Local), Image: o.Image, Throwaway: true,
		Progress: func(string) { time.Sleep(o.Slow) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(report{s.URL(), s.How()})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("report: %s\n", b)
	<-ctx.Done()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// child is such a process and what it reported.
type child struct {
	cmd *exec.Cmd
	report
	said  chan report     // closed when the child has ended
	other strings.Builder // what else it printed; to be read after said was closed
}

// begin starts a child and does not wait for its server.
func begin(t *testing.T, o orders) *child {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v"), said: make(chan report, 1)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = c.cmd.Stdout
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), "report: "); ok {
				var r report
				if json.Unmarshal([]byte(text), &r) == nil {
					c.said <- r
				}
			} else {
				fmt.Fprintln(&c.other, lines.Text())
			}
		}
		close(c.said)
	}()
	return c
}

// ready waits for the child's server.
func (c *child) ready(t *testing.T) *child {
	t.Helper()
	r, ok := <-c.said
	if !ok {
		t.Fatalf("the child has ended without a server:\n%s", &c.other)
	}
	c.report = r
	return c
}

// end sends a signal and waits for the end of the child.
func (c *child) end(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	for range c.said {
	}
	_ = c.cmd.Wait()
}

// serverPid gives the process of the server whose data is in the home dir, 0 when none runs.
func serverPid(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "cluster", "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || !isServer(pid) {
		return 0
	}
	return pid
}

// eventually fails the test when something does not come true within 20 seconds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for start := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("not after 20 s: %s", what)
		}
	}
}

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func do(t *testing.T, url, sql string) {
	t.Helper()
	if _, err := open(t, url).Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask(t *testing.T, url, sql string) string {
	t.Helper()
	var v string
	if err := open(t, url).QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// homeOf gives a data home for one test that the server's user may enter, also where the tests run as root.
func homeOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "home")
}

// start starts a server of this process that is stopped with the test.
func start(t *testing.T, opt Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// needLocal skips where no usable PostgreSQL is installed; CI has one.
func needLocal(t *testing.T) {
	t.Helper()
	if _, err := choose(installed(t.Context()), 0); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
