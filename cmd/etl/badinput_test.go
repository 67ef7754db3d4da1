package main

import (
	"bytes"
	"context"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/pgtest"
	"smsetl/vendors"
)

const goodConfig = `sources:
  - name: one
    vendor: engagelab
    sms_user: ${USER_NAME}
    sms_key: ${USER_KEY}
    base_url: http://127.0.0.1:1
`

// program runs the command line with a configuration and an environment.
func program(t *testing.T, config string, variables map[string]string, arguments ...string) (int, string, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "schedules.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { v, ok := variables[name]; return v, ok }, read: os.ReadFile}
	var out, errs bytes.Buffer
	code := run(context.Background(), append(arguments, "--config", path), env, &out, &errs)
	return code, out.String(), strings.ReplaceAll(errs.String(), path, "schedules.yaml")
}

const canary = "c4n4ry/secret+word"

func TestBadInput(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	good := map[string]string{"DATABASE_URL": database, "USER_NAME": "harbor", "USER_KEY": canary}
	with := func(name, value string) map[string]string {
		m := maps.Clone(good)
		m[name] = value
		return m
	}
	cases := []struct {
		name      string
		config    string
		variables map[string]string
		arguments []string
		code      int
		want      string // part of standard error
	}{
		{"unknown command", goodConfig, good, []string{"backfil"}, exitUsage, "backfil"},
		{"unknown flag", goodConfig, good, []string{"run", "--form", "2026-01-01"}, exitUsage, "--form"},
		{"broken date", goodConfig, good, []string{"backfill", "--from", "2026-02-30", "--to", "2026-03-01"}, exitUsage, `--from: "2026-02-30" is not a day: want yyyy-MM-dd`},
		{"reversed range", goodConfig, good, []string{"backfill", "--from", "2026-03-02", "--to", "2026-03-01"}, exitUsage, "2026-03-02"},
		{"future range", goodConfig, good, []string{"backfill", "--from", "2026-11-01", "--to", "2030-01-01", "--now", "2026-11-22T03:00:00+08:00"}, exitUsage, "2026-11-21"},
		{"broken time", goodConfig, good, []string{"run", "--now", "yesterday"}, exitUsage, "want RFC 3339"},
		{"unknown source", goodConfig, good, []string{"run", "--source", "on"}, exitUsage, "one"},
		{"unknown dataset", goodConfig, good, []string{"run", "--dataset", "stat_day"}, exitUsage, "stats_day"},
		{"unknown key", strings.Replace(goodConfig, "sms_key", "sms_kee", 1), good, []string{"run"}, exitUsage, "sms_kee"},
		{"missing secret", goodConfig, with("USER_KEY", ""), []string{"run"}, exitUsage, "USER_KEY"},
		{"unreachable database", goodConfig, with("DATABASE_URL", "postgres://u:"+url.QueryEscape(canary)+"@127.0.0.1:1/none"), []string{"run"}, exitFailed, "127.0.0.1"},
		{"nonsense database", goodConfig, with("DATABASE_URL", "mysql://u:"+canary+"@host/db"), []string{"run"}, exitFailed, "postgres://"},
		{"no such database", goodConfig, with("DATABASE_URL", strings.Replace(database, "?", "_not_there?", 1)), []string{"run"}, exitFailed, "does not exist"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := program(t, c.config, c.variables, c.arguments...)
			if code != c.code {
				t.Errorf("exit %d, want %d\n%s", code, c.code, stderr)
			}
			if !strings.Contains(stderr, c.want) {
				t.Errorf("the message does not say %q:\n%s", c.want, stderr)
			}
			for _, forbidden := range []string{canary, "c4n4ry", "goroutine ", "panic"} {
				if strings.Contains(stdout+stderr, forbidden) {
					t.Errorf("the output holds %q:\n%s%s", forbidden, stdout, stderr)
				}
			}
		})
	}
}

// A database that another program version has migrated further, or not far enough, is left alone.
func TestSchemaVersions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct{ statement, want string }{
		"newer": {"UPDATE etl.schema_migration SET version = version + 1", "newer"},
		"older": {"UPDATE etl.schema_migration SET version = version - 1", "etl migrate up"},
		"draft": {"UPDATE etl.schema_migration SET version = 140", "create a new database"},
		"dirty": {"UPDATE etl.schema_migration SET dirty = true", "etl migrate repair"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			conn, err := pgx.Connect(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.Background())
			if _, err := conn.Exec(context.Background(), change.statement); err != nil {
				t.Fatal(err)
			}
			code, _, stderr := program(t, goodConfig, map[string]string{"DATABASE_URL": url, "USER_NAME": "a", "USER_KEY": "b"}, "plan")
			if code != exitFailed || !strings.Contains(stderr, change.want) {
				t.Errorf("exit %d with %q, want %d and %q", code, stderr, exitFailed, change.want)
			}
		})
	}
}
