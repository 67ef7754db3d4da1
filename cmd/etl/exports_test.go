package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smsetl/ingest"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/sandbox/huawei"
	"smsetl/vendors"
)

// What the sandbox saves is imported as its own configuration says, agrees with its statistics page, and a later day's exports tell the
// same of the days before.
func TestSandboxSavesExports(t *testing.T) {
	long.Skip(t, "imports two weeks of 800 messages a day")
	t.Parallel()
	w := &world{t: t, url: pgtest.New(t), config: filepath.Join(t.TempDir(), "schedules.yaml")}
	play := func(now time.Time) (paths []string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "exports")
		ctx, stop := context.WithCancel(t.Context())
		stop() // it saves before it serves
		if code, stdout, stderr := w.etlUntil(ctx, "sandbox", append(at(now), "--days", "3", "--huawei", dir)...); code != 0 || !strings.Contains(stderr, "etl import huawei") {
			t.Fatalf("exit %d\n%s\n%s", code, stdout, stderr)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
		if len(paths) < huawei.SavedDays {
			t.Fatalf("%d exports", len(paths))
		}
		return paths
	}
	bring := func(now time.Time, paths []string) (r ingest.Report) {
		t.Helper()
		var out, errs bytes.Buffer
		env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) {
			if name == "DATABASE_URL" {
				return w.url, true
			}
			return "", name == "ETL_WEB_PASSWORD_HASH"
		}, read: os.ReadFile}
		arguments := append([]string{"import", "huawei", "--config", w.config, "--source", "huawei-sandbox", "-o", "json"}, at(now)...)
		code := run(t.Context(), append(arguments, paths...), env, &out, &errs)
		if code != 0 && code != exitPartial {
			t.Fatalf("exit %d\n%s", code, errs.String())
		}
		if err := readJSON(out.String(), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := bring(today, play(today))
	if first.Messages == 0 || len(first.Differences) > 0 || len(first.Unreadable) > 0 || first.Rejected > 0 {
		first.Files = nil
		t.Errorf("%+v", first)
	}
	next := today.AddDate(0, 0, 1)
	second := bring(next, play(next))
	// A day has 800 messages, of a row each or of a row for each piece, and one of four is long.
	if second.Messages == 0 || second.Messages > 800*3 {
		t.Errorf("%d messages are new a day later", second.Messages)
	}
}
