package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/migrations"
	"smsetl/vendors"
)

// released has the schema of every release with a few days in it: 0.1.0.sql.gz.
const released = "testdata/released"

var freeze = flag.String("freeze", "", "keep the schema of this release, which every later one has to bring up to its own")

// Every schema that was released comes up to today's with all of its rows, and is then the same as one that was made anew: whoever
// edits a file of a released migration fails here. `make freeze-schema VERSION=0.1.0` arms it at the first release; until
// then only today's schema is tried.
func TestReleasedSchemasComeUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(8))
	w.must(exitOK, "run", at(today)...)
	now := pgtest.Dump(t, w.url, "--inserts", "--rows-per-insert=500")
	if *freeze != "" {
		keepRelease(t, *freeze, now)
		return
	}
	kept, err := filepath.Glob(released + "/*.sql.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			if lost := comesUp(t, unzipped(t, file)); lost != "" {
				t.Error(lost)
			}
		})
	}
	t.Run("today's", func(t *testing.T) {
		t.Parallel()
		if lost := comesUp(t, now); lost != "" {
			t.Error(lost)
		}
	})
	t.Run("a file that was edited", func(t *testing.T) {
		t.Parallel()
		if comesUp(t, now+"\nALTER TABLE sms.dim_label ADD COLUMN since date;") == "" {
			t.Error("a schema that no file makes any more was taken for today's")
		}
	})
}

func keepRelease(t *testing.T, version, dump string) {
	t.Helper()
	file := filepath.Join(released, version+".sql.gz")
	if _, err := os.Stat(file); err == nil {
		t.Fatalf("%s is there: a release is kept once", file)
	}
	var packed bytes.Buffer
	pack := gzip.NewWriter(&packed)
	if _, err := io.WriteString(pack, dump); err != nil {
		t.Fatal(err)
	}
	if err := pack.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(released, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func unzipped(t *testing.T, file string) string {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	dump, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(dump)
}

// restored makes a database of a dump.
func restored(t *testing.T, dump string) (url string, conn *pgx.Conn) {
	t.Helper()
	url = pgtest.Empty(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.PgConn().Exec(t.Context(), dump+"\nRESET ALL;").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return url, conn
}

// schemaOf gives the schema as text. The server writes some expressions otherwise after they were restored, so all are.
func schemaOf(t *testing.T, url string) string {
	t.Helper()
	again, _ := restored(t, pgtest.Dump(t, url, "--schema-only"))
	return pgtest.Dump(t, again, "--schema-only")
}

// comesUp restores a dump, brings it up to this program's schema, and says what differs afterwards: rows, by the columns
// that they had before, or the schema.
func comesUp(t *testing.T, dump string) string {
	t.Helper()
	fresh := pgtest.New(t)
	url, conn := restored(t, dump)
	var queries, before []string
	for _, relation := range []string{"sms.delivery_daily", "sms.failure_daily", "sms.account_daily", "sms.restatements", "etl.coverage"} {
		columns := pgtest.Rows(t.Context(), t, conn, `SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0`, relation)
		queries = append(queries, "SELECT ROW("+strings.Join(columns, ", ")+")::text FROM "+relation+" ORDER BY 1")
		before = append(before, asLines(t, conn, queries[len(queries)-1])...)
	}
	if len(before) < 100 {
		t.Fatalf("only %d rows are in the dump", len(before))
	}
	if err := migrations.Up(t.Context(), url, vendors.All.Specs()); err != nil {
		t.Fatal(err)
	}
	var after []string
	for _, query := range queries {
		after = append(after, asLines(t, conn, query)...)
	}
	return cmp.Diff(before, after) + cmp.Diff(schemaOf(t, fresh), schemaOf(t, url))
}

func asLines(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	return append([]string{query}, pgtest.Rows(t.Context(), t, conn, query)...)
}

// A schema that is changed under a worker costs it no tick, no load and no row.
func TestMigrationUnderAWorker(t *testing.T) {
	long.Skip(t, "a worker works while the schema comes and goes")
	t.Parallel()
	w := slowWorld(t)
	s := w.serve()
	w.isWorked()
	w.downAndUp()
	w.losesNothing()
	s.end(exitOK)
	if t.Failed() {
		t.Log(s.log())
	}
}

// The program of a released version, with its schema and some days in it, works on while today's schema is made of that: it loses no tick, no load
// and no row. Until something is released, it is today's program in a process of its own, under which the last files go down and up.
func TestReleasedServeGoesOn(t *testing.T) {
	long.Skip(t, "a program is built, and loads sixty days")
	t.Parallel()
	kept, err := filepath.Glob(released + "/*.sql.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		version := strings.TrimSuffix(filepath.Base(file), ".sql.gz")
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			servedWhile(t, releasedProgram(t, version), unzipped(t, file), func(w *world) {
				if err := migrations.Up(t.Context(), w.url, vendors.All.Specs()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
	t.Run("today's", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, quick(8))
		w.must(exitOK, "run", at(today)...)
		servedWhile(t, os.Args[0], pgtest.Dump(t, w.url, "--inserts", "--rows-per-insert=500"), (*world).downAndUp)
	})
}

// releasedProgram builds the program of a version from its tag.
func releasedProgram(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "source"), filepath.Join(dir, "etl")
	git := func(arguments ...string) {
		if out, err := exec.Command("git", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: is the tag here (git fetch --tags)?\n%s", arguments, err, out)
		}
	}
	git("worktree", "add", "--detach", source, "v"+version)
	t.Cleanup(func() { git("worktree", "remove", "--force", source) })
	build := exec.Command("go", "build", "-o", program, "./cmd/etl")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// servedWhile lets a program serve the warehouse of a dump while something happens to it.
func servedWhile(t *testing.T, program, dump string, happens func(*world)) {
	t.Helper()
	w := slowWorld(t)
	w.url, w.conn = restored(t, dump)
	cmd := exec.Command(program, append([]string{"serve", "--config", w.config, "--listen", "none"}, at(today)...)...)
	cmd.Env = append(os.Environ(), "ETL_TEST_BE_THE_PROGRAM=1", "DATABASE_URL="+w.url)
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // where the test ended early
	w.isWorked()
	happens(w)
	w.losesNothing()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil || t.Failed() {
		t.Errorf("serve ended with %v\n%s", err, &printed)
	}
}

// ticks is how many schedules a slowWorld has. Each ticks at the start.
const ticks = 6

// slowWorld has sixty days in many small windows, whose loads take a while.
func slowWorld(t *testing.T) *world {
	t.Helper()
	options := quick(60)
	options.Latency = 40 * time.Millisecond
	w := newWorld(t, options)
	w.shortWindows()
	before, daily, _ := strings.Cut(string(readFile(t, w.config)), "schedules:\n")
	text := before + "schedules:\n"
	for n := range ticks {
		text += strings.Replace(daily, "name: daily", fmt.Sprintf("name: daily-%d", n), 1)
	}
	w.write(text)
	return w
}

// runningLoads counts the loads under way.
const runningLoads = "SELECT count(*) FROM etl.load WHERE outcome = 'running'"

// isWorked waits until a schedule has ticked and a load is under way.
func (w *world) isWorked() {
	w.t.Helper()
	w.until("a tick", func() bool { return w.number("SELECT count(*) FROM river.river_job WHERE kind = 'tick'") > 0 })
	w.until("a load", func() bool { return w.number(runningLoads) > 0 })
}

// downAndUp undoes the last files of the schema and brings it up again, until loads were under way meanwhile.
func (w *world) downAndUp() {
	w.t.Helper()
	under := int64(0)
	for n := 0; n < 5 || under == 0 && w.number("SELECT count(*) FROM etl.run_window WHERE ended_at IS NULL") > 0; n++ {
		if err := migrations.Down(w.t.Context(), w.url, 2); err != nil {
			w.t.Fatal(err)
		}
		under += w.number(runningLoads)
		if err := migrations.Up(w.t.Context(), w.url, vendors.All.Specs()); err != nil {
			w.t.Fatal(err)
		}
	}
	if under == 0 {
		w.t.Error("no load was under way while the schema changed")
	}
}

// losesNothing waits until every tick was worked at its first try and every window is loaded, and compares all rows.
func (w *world) losesNothing() {
	w.t.Helper()
	const ticked = "SELECT count(*) FROM river.river_job WHERE kind = 'tick' AND state = 'completed' AND attempt = 1"
	w.until("every tick", func() bool { return w.number(ticked) == ticks })
	w.untilNone("every window loaded", openWindows)
	w.untilNone("the runs ended", openRuns)
	if n := w.number("SELECT count(*) FROM etl.load WHERE outcome = 'failed'"); n != 0 {
		w.t.Errorf("%d loads failed", n)
	}
	if !w.equalsTruth() {
		w.t.Error("unequal to the truth")
	}
}
