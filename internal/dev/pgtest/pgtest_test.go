package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func one[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

const countTables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"

func TestNew(t *testing.T) {
	t.Parallel()
	first, second, empty := open(t, New(t)), open(t, New(t)), open(t, Empty(t))
	if n := one[int](t, first, countTables); n == 0 {
		t.Error("New: no tables; want those of the migrations")
	}
	if n := one[int](t, empty, countTables); n != 0 {
		t.Errorf("Empty: %d tables; want none", n)
	}
	if _, err := first.Exec(t.Context(), "CREATE TABLE only_here (n int)"); err != nil {
		t.Fatal(err)
	}
	if one[bool](t, second, "SELECT to_regclass('only_here') IS NOT NULL") {
		t.Error("a table made in one database stands in another")
	}
}

func TestServerMayCreateDatabases(t *testing.T) {
	t.Parallel()
	if !one[bool](t, open(t, Server(t)), "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user") {
		t.Error("the role of Server may not create databases")
	}
}

// Each server value stands for a test process of its own.
func TestTemplateIsBuiltOnce(t *testing.T) {
	t.Parallel()
	s := need(t)
	var built atomic.Int32
	up := func(ctx context.Context, url string) error {
		built.Add(1)
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "SELECT pg_sleep(0.1)")
		return err
	}
	hash := unique(t, s)
	var all sync.WaitGroup
	for range 4 {
		process := &server{url: s.url, built: map[string]bool{}}
		for range 3 {
			all.Go(func() {
				if _, err := process.template(t.Context(), hash, up); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if n := built.Load(); n != 1 {
		t.Errorf("built %d times, want once", n)
	}
}

func TestTemplateCutShortIsBuiltAnew(t *testing.T) {
	t.Parallel()
	s := need(t)
	hash := unique(t, s)
	broken := errors.New("broken migration")
	if _, err := s.template(t.Context(), hash, func(context.Context, string) error { return broken }); !errors.Is(err, broken) {
		t.Fatalf("first build: %v, want %v", err, broken)
	}
	name, err := s.template(t.Context(), hash, func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "CREATE TABLE second_build ()")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !one[bool](t, open(t, s.create(t, name)), "SELECT to_regclass('second_build') IS NOT NULL") {
		t.Error("the clone is not of the second build")
	}
}

// unique gives a hash for a template of this test alone, which is dropped with the test.
func unique(t *testing.T, s *server) string {
	hash := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))[:20]
	drop := func() {
		name := templatePrefix + hash
		_ = s.exec(context.Background(), "ALTER DATABASE "+name+" WITH IS_TEMPLATE false") // fails where there is none
		if err := s.exec(context.Background(), "DROP DATABASE IF EXISTS "+name); err != nil {
			t.Error(err)
		}
	}
	drop()
	t.Cleanup(drop)
	return hash
}

func TestSweepDropsOldDatabasesOnly(t *testing.T) {
	t.Parallel()
	conn := open(t, Server(t))
	name := func(age time.Duration) string {
		return testPrefix + time.Now().UTC().Add(-age).Format(timeForm) + "_sweep"
	}
	old, young := name(25*time.Hour), name(time.Hour)
	for _, n := range []string{old, young} {
		if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+n); err != nil {
			t.Fatal(err)
		}
	}
	if err := sweep(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	const exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
	if one[bool](t, conn, exists, old) {
		t.Error("a database of 25 hours is still there")
	}
	if !one[bool](t, conn, exists, young) {
		t.Error("a database of an hour is gone")
	}
	if _, err := conn.Exec(t.Context(), "DROP DATABASE IF EXISTS "+young); err != nil {
		t.Error(err)
	}
}

const startOfServer = "SELECT pg_postmaster_start_time()::text"

// childVariable makes TestChild do something in a process of its own.
const childVariable = "SMSETL_PGTEST_CHILD"

func TestChild(t *testing.T) {
	what := os.Getenv(childVariable)
	if what == "" {
		t.Skip("runs in a process that another test starts")
	}
	fmt.Println("server:", Server(t))
	fmt.Println("since:", one[string](t, open(t, Server(t)), startOfServer))
	fmt.Println("database:", New(t))
	switch what {
	case "fail":
		t.Fail()
	case "panic":
		panic("as asked")
	case "hang":
		time.Sleep(time.Minute)
	}
}

// child runs TestChild in a process of its own and gives what it printed: URLs by name.
func child(t *testing.T, what string, env ...string) (*exec.Cmd, map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(append(os.Environ(), childVariable+"="+what), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for lines := bufio.NewScanner(out); said["database"] == "" && lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ": "); ok {
			said[strings.TrimSpace(name)] = value
		}
	}
	if said["database"] == "" {
		t.Fatalf("the child printed no database: %v", cmd.Wait())
	}
	go func() { _, _ = bufio.NewReader(out).WriteTo(&strings.Builder{}) }() // it must not block on a full pipe
	return cmd, said
}

func TestDatabaseAfterTheTest(t *testing.T) {
	t.Parallel()
	s := need(t)
	for what, kept := range map[string]bool{"pass": false, "fail": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cmd, said := child(t, what, urlVariable+"="+s.url) // the server lives on, so that we can look
			_ = cmd.Wait()
			name := said["database"][strings.LastIndex(said["database"], "/")+1:]
			name, _, _ = strings.Cut(name, "?")
			conn := open(t, s.url)
			if got := one[bool](t, conn, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name); got != kept {
				t.Errorf("database %s: exists %t, want %t", name, got, kept)
			}
			if _, err := conn.Exec(t.Context(), "DROP DATABASE IF EXISTS "+name); err != nil {
				t.Error(err)
			}
		})
	}
}

// The child has a server of its own, which has to go with it in every way of going.
func TestServerDiesWithTheProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv(urlVariable) != "" {
		t.Skipf("%s is set: no server is started here", urlVariable)
	}
	need(t)
	for _, what := range []string{"pass", "panic", "hang"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cmd, said := child(t, what)
			if what == "hang" {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait()
			waitForEnd(t, said["server"], said["since"])
		})
	}
}

// waitForEnd waits until the server that started at an instant is no more; its port may have gone to the next one.
func waitForEnd(t *testing.T, url, since string) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return
		}
		var now string
		err = conn.QueryRow(t.Context(), startOfServer).Scan(&now)
		conn.Close(t.Context())
		if err != nil || now != since {
			return
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("the server still answers 20 s after its process ended")
		}
	}
}

// outcome is a test that only remembers how it was ended.
type outcome struct {
	testing.TB
	fatal, skipped string
}

func (v *outcome) Helper()           {}
func (v *outcome) Fatal(args ...any) { v.fatal = fmt.Sprint(args...) }
func (v *outcome) Skip(args ...any)  { v.skipped = fmt.Sprint(args...) }

func TestRefuse(t *testing.T) {
	reasons := errors.Join(errors.New("docker: no engine"), errors.New("local binaries: none"))
	for _, mustHave := range []bool{false, true} {
		v := &outcome{}
		refuse(v, reasons, mustHave)
		if got := v.fatal != ""; got != mustHave {
			t.Errorf("must have %t: fatal %q, skipped %q", mustHave, v.fatal, v.skipped)
		}
		if line := v.fatal + v.skipped; strings.Contains(line, "\n") || !strings.Contains(line, "no engine; local") {
			t.Errorf("must have %t: %q, want both reasons in one line", mustHave, line)
		}
	}
}

func TestNamedServerThatDoesNotAnswerFails(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"=pass", "CI=", urlVariable+"=postgres://etl:canary@127.0.0.1:1/postgres")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL") {
		t.Errorf("want a failed test, got %v:\n%s", err, out)
	}
	if strings.Contains(string(out), "canary") {
		t.Errorf("the password stands in the output:\n%s", out)
	}
}

func TestPrepared(t *testing.T) {
	t.Parallel()
	done := 0
	prepared := func() *pgx.Conn {
		return open(t, Prepared(t, t.Name(), func(url string) {
			done++
			conn := open(t, url)
			if _, err := conn.Exec(t.Context(), "CREATE TABLE prepared ()"); err != nil {
				t.Fatal(err)
			}
			conn.Close(t.Context())
		}))
	}
	first, second := prepared(), prepared()
	if _, err := first.Exec(t.Context(), "CREATE TABLE only_here ()"); err != nil {
		t.Fatal(err)
	}
	if !one[bool](t, second, "SELECT to_regclass('prepared') IS NOT NULL AND to_regclass('only_here') IS NULL") || done != 1 {
		t.Errorf("prepared %d times, and the second copy is not what was prepared", done)
	}
}
