package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

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
	t.Parallel()
	options := quick(60)
	options.Latency = 40 * time.Millisecond
	w := newWorld(t, options)
	w.shortWindows()
	before, daily, _ := strings.Cut(string(readFile(t, w.config)), "schedules:\n")
	text := before + "schedules:\n"
	const schedules = 6 // each ticks at the start
	for n := range schedules {
		text += strings.Replace(daily, "name: daily", fmt.Sprintf("name: daily-%d", n), 1)
	}
	w.write(text)
	s := w.serve()
	w.until("a tick", func() bool { return w.number("SELECT count(*) FROM river.river_job WHERE kind = 'tick'") > 0 })
	const running = "SELECT count(*) FROM etl.load WHERE outcome = 'running'"
	w.until("a load", func() bool { return w.number(running) > 0 })
	under := int64(0)
	for n := 0; n < 5 || under == 0 && w.number("SELECT count(*) FROM etl.run_window WHERE ended_at IS NULL") > 0; n++ {
		if err := migrations.Down(t.Context(), w.url, 2); err != nil {
			t.Fatal(err)
		}
		under += w.number(running)
		if err := migrations.Up(t.Context(), w.url, vendors.All.Specs()); err != nil {
			t.Fatal(err)
		}
	}
	if under == 0 {
		t.Error("no load was under way while the schema changed")
	}
	const ticked = "SELECT count(*) FROM river.river_job WHERE kind = 'tick' AND state = 'completed' AND attempt = 1"
	w.until("every tick", func() bool { return w.number(ticked) == schedules })
	w.untilNone("every window loaded", openWindows)
	w.untilNone("the runs ended", openRuns)
	s.end(exitOK)
	if n := w.number("SELECT count(*) FROM etl.load WHERE outcome = 'failed'"); n != 0 {
		t.Errorf("%d loads failed\n%s", n, s.log())
	}
	if !w.equalsTruth() {
		t.Error("unequal to the truth")
	}
}
