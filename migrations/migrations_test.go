package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"golang.org/x/sync/errgroup"

	"smsetl/internal/dev/pgtest"
	"smsetl/migrations"
	"smsetl/vendors"
)

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	empty := catalog(t, url)
	up(t, url)
	first := catalog(t, url)
	if err := migrations.Down(t.Context(), url, 0); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(empty, catalog(t, url)); d != "" {
		t.Error("after down (-empty +now):\n", d)
	}
	up(t, url)
	if d := cmp.Diff(first, catalog(t, url)); d != "" {
		t.Error("after down and up (-first +now):\n", d)
	}

	// One file at a time, until nothing is left; each file's own down undoes it, since the next one back would fail.
	status, err := migrations.Status(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for range status.Newest {
		if err := migrations.Down(t.Context(), url, 1); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(empty, catalog(t, url)); d != "" {
		t.Error("after single steps down (-empty +now):\n", d)
	}
	if err := migrations.Down(t.Context(), url, 1); err != nil {
		t.Error("down with nothing applied:", err)
	}
	if err := migrations.Down(t.Context(), url, -1); err == nil {
		t.Error("down by -1 was taken")
	}
}

func TestUpIsIdempotent(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	before := catalog(t, url)
	up(t, url)
	// A program that has nothing to do does not queue behind one that has.
	if _, err := connect(t, url).Exec(t.Context(), `BEGIN; LOCK TABLE etl.migrating IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	up(t, url)
	if d := cmp.Diff(before, catalog(t, url)); d != "" {
		t.Error("(-before +after):\n", d)
	}
}

// Sixteen programs that start together: one works, the others wait, all succeed.
func TestUpAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	var programs errgroup.Group
	for range 16 {
		programs.Go(func() error { return migrations.Up(t.Context(), url, vendors.All.Specs()) })
	}
	if err := programs.Wait(); err != nil {
		t.Fatal(err)
	}
	status, err := migrations.Status(t.Context(), url)
	if err != nil || status.Current() != nil || status.Version != status.Newest || !status.RiverOK || status.Dirty || status.IsNew() {
		t.Errorf("%+v, %v", status, err)
	}
	const left = `SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	got := query(t, url, left)
	for ended := time.Now().Add(10 * time.Second); got != "0" && time.Now().Before(ended); got = query(t, url, left) {
		time.Sleep(50 * time.Millisecond) // a session ends a moment after its connection
	}
	if got != "0" {
		t.Error("advisory locks are left:", got)
	}
}

// A file that cannot have a table lock in time is tried again, instead of leaving a dirty version or making readers queue.
func TestUpWaitsForTableLocks(t *testing.T) {
	t.Parallel()
	for name, lock := range map[string]string{
		"of a file":    `LOCK TABLE sms.delivery_by_day IN ACCESS EXCLUSIVE MODE`,
		"of the marks": `LOCK TABLE etl.schema_migration IN ROW EXCLUSIVE MODE`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			if err := migrations.Down(t.Context(), url, 4); err != nil {
				t.Fatal(err)
			}
			tx, err := connect(t, url).Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), lock); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- migrations.Up(t.Context(), url, vendors.All.Specs()) }()
			time.Sleep(2500 * time.Millisecond) // longer than one try
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			if status, err := migrations.Status(t.Context(), url); err != nil || status.Current() != nil {
				t.Errorf("%+v, %v", status, err)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	status, err := migrations.Status(t.Context(), url)
	if err != nil || !status.IsNew() || status.Version != 0 || status.RiverOK || !errors.Is(status.Current(), migrations.ErrBehind) {
		t.Errorf("empty: %+v, %v", status, err)
	}
	if got := query(t, url, `SELECT count(*)::text FROM pg_namespace WHERE nspname IN ('etl', 'sms', 'river')`); got != "0" {
		t.Error("asking for the status made schemas")
	}
}

func TestErrorsHideTheAddress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url  string
		want error
	}{
		"not an address": {"postgres://u:hunter2@h:port/", migrations.ErrAddress},
		"unreachable":    {"postgres://u:hunter2@127.0.0.1:1/d", migrations.ErrUnreachable},
		"unknown host":   {"postgres://u:hunter2@nowhere.invalid/d", migrations.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			_, status := migrations.Status(t.Context(), test.url)
			_, repair := migrations.Repair(t.Context(), test.url)
			for _, err := range []error{migrations.Up(t.Context(), test.url, vendors.All.Specs()), migrations.Down(t.Context(), test.url, 1), status, repair} {
				if !errors.Is(err, test.want) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
		})
	}
}

func TestUpRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		made string
		want error
	}{
		"newer":     {`UPDATE etl.schema_migration SET version = 9999`, migrations.ErrNewer},
		"draft":     {`UPDATE etl.schema_migration SET version = 140`, migrations.ErrDraft},
		"dirty":     {`UPDATE etl.schema_migration SET dirty = true`, migrations.ErrDirty},
		"read-only": {`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`, migrations.ErrReadOnly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			query(t, url, test.made)
			if err := migrations.Up(t.Context(), url, vendors.All.Specs()); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// A file that fails is rolled back as a whole. Repair puts the version back to where the tables are, up and down alike.
func TestRepair(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	if said, err := migrations.Repair(t.Context(), url); err != nil || !strings.HasPrefix(said, "nothing to repair") {
		t.Errorf("%q, %v", said, err)
	}
	whole := catalog(t, url)

	// Down: a view of somebody else stands on a table that the file drops.
	query(t, url, `CREATE VIEW public.guest AS SELECT month_start FROM sms.failure_ranking`)
	if err := migrations.Down(t.Context(), url, filesFrom(t, "0010")); !errors.Is(err, migrations.ErrDirty) {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), url, vendors.All.Specs()); !errors.Is(err, migrations.ErrDirty) {
		t.Error("up on a dirty version:", err)
	}
	said, err := migrations.Repair(t.Context(), url)
	if err != nil || !strings.Contains(said, "down file of version 10") {
		t.Errorf("%q, %v", said, err)
	}
	query(t, url, `DROP VIEW public.guest`)
	if err := migrations.Down(t.Context(), url, 1); err != nil {
		t.Fatal(err)
	}

	// Up: somebody else's view has the name.
	query(t, url, `CREATE VIEW sms.failure_ranking AS SELECT 1 AS one`)
	if err := migrations.Up(t.Context(), url, vendors.All.Specs()); !errors.Is(err, migrations.ErrDirty) {
		t.Fatal(err)
	}
	said, err = migrations.Repair(t.Context(), url)
	if err != nil || !strings.Contains(said, "up file of version 10") {
		t.Errorf("%q, %v", said, err)
	}
	query(t, url, `DROP VIEW sms.failure_ranking`)
	up(t, url)
	if d := cmp.Diff(whole, catalog(t, url)); d != "" {
		t.Error("(-before +after):\n", d)
	}
}

// The server goes on with a file whose program was killed, and has given its lock away by then: who comes next waits for the file.
func TestFileOfAKilledProgramIsWaitedFor(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	whole := catalog(t, url)
	newest, err := migrations.Newest()
	if err != nil {
		t.Fatal(err)
	}
	file, err := migrations.UpFile(uint(newest))
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Down(t.Context(), url, 1); err != nil {
		t.Fatal(err)
	}
	query(t, url, fmt.Sprintf(`UPDATE etl.schema_migration SET version = %d, dirty = true, direction = 'up'`, newest))
	killed, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer killed.Close(context.Background())
	begun, rest, _ := strings.Cut(file, ";")
	if _, err := killed.Exec(t.Context(), "BEGIN; "+begun); err != nil {
		t.Fatal(err)
	}
	said, failed := make(chan string), make(chan error, 1)
	go func() {
		report, err := migrations.Repair(t.Context(), url)
		failed <- err
		said <- report
	}()
	select {
	case err := <-failed:
		t.Fatalf("repaired while the file was under way: %v, %s", err, <-said)
	case <-time.After(500 * time.Millisecond):
	}
	if _, err := killed.Exec(t.Context(), rest+"COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err, report := <-failed, <-said; err != nil || !strings.HasPrefix(report, "nothing to repair") {
		t.Errorf("%v, %s", err, report)
	}
	up(t, url)
	if d := cmp.Diff(whole, catalog(t, url)); d != "" {
		t.Error("(-before +after):\n", d)
	}
}

// River's versions are a transaction each: a program may be cut off between any two of them, and the next one goes on from there.
func TestUpGoesOnBetweenRiversVersions(t *testing.T) {
	t.Parallel()
	for version := 1; version <= 4; version++ { // a later one has the column that the first tables of versions lack
		url := pgtest.New(t)
		whole := catalog(t, url)
		pool, err := pgxpool.New(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: "river", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := river.Migrate(t.Context(), rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: version}); err != nil {
			t.Fatal(err)
		}
		if status, err := migrations.Status(t.Context(), url); err != nil || !errors.Is(status.Current(), migrations.ErrBehind) {
			t.Errorf("at version %d of River: %+v, %v", version, status, err)
		}
		up(t, url)
		if d := cmp.Diff(whole, catalog(t, url)); d != "" {
			t.Errorf("from version %d of River (-before +after):\n%s", version, d)
		}
	}
}

func TestHash(t *testing.T) {
	if h := migrations.Hash(nil); len(h) != 64 || h != migrations.Hash(nil) || h == migrations.Hash(vendors.All.Specs()) {
		t.Error(h)
	}
}

// An explicit transaction in a file would keep the migration lock when a statement in it fails.
func TestFiles(t *testing.T) {
	ups, err := filepath.Glob("*.up.sql")
	if err != nil || len(ups) == 0 {
		t.Fatal(ups, err)
	}
	forbidden := regexp.MustCompile(`(?im)^\s*(BEGIN|COMMIT|ROLLBACK|START TRANSACTION)\s*;|CONCURRENTLY`)
	unnamed := regexp.MustCompile(`(?im)^\s+(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY)[ (]|^\s+\w+ .*\b(REFERENCES|PRIMARY KEY|UNIQUE)\b`)
	for _, name := range ups {
		if number, err := strconv.Atoi(name[:4]); err != nil || number >= 20 && number <= 140 {
			t.Errorf("%s: no number, or one that databases had before the first release", name)
		}
		down := strings.TrimSuffix(name, ".up.sql") + ".down.sql"
		for _, file := range []string{name, down} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			if found := forbidden.FindString(string(text)); found != "" {
				t.Errorf("%s holds %q", file, strings.TrimSpace(found))
			}
			for line := range strings.Lines(string(text)) {
				if unnamed.MatchString(line) && !strings.Contains(line, "CONSTRAINT ") && !strings.Contains(line, "COMMENT ") && !strings.HasPrefix(strings.TrimSpace(line), "--") {
					t.Errorf("%s: a constraint without a name: %s", file, strings.TrimSpace(line))
				}
			}
		}
	}
}

func up(t *testing.T, url string) {
	t.Helper()
	if err := migrations.Up(t.Context(), url, vendors.All.Specs()); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// query gives the first column of a query's rows, one a line.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, _ := conn.Query(t.Context(), sql)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// catalog gives everything in the database that is not the server's own, as text, but for the times of migrations.
func catalog(t *testing.T, url string) string {
	t.Helper()
	return dated.ReplaceAllString(pgtest.Dump(t, url), "")
}

var dated = regexp.MustCompile(`(?m)^.*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\..*\n`)

// filesFrom counts the migrations from a number on.
func filesFrom(t *testing.T, number string) int {
	t.Helper()
	names, err := filepath.Glob("*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(slices.DeleteFunc(names, func(name string) bool { return name < number }))
}
