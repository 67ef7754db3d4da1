package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/postgres"
	"smsetl/migrations"
	"smsetl/vendors"
)

// settings are the same for the limit and the product. Durability stays on.
var settings = []string{
	"shared_buffers = '1GB'", "max_wal_size = '8GB'", "checkpoint_timeout = '30min'", "work_mem = '64MB'",
	"maintenance_work_mem = '256MB'", "fsync = on", "synchronous_commit = on",
}

type bench struct {
	dir           string
	binary        string
	server        *postgres.Server
	serverVersion string
	url           string
	conn          *pgx.Conn
	vendor        *vendor
	http          *httptest.Server
	days          int
}

func newBench(ctx context.Context, days int) (*bench, error) {
	dir, err := os.MkdirTemp("", "smsetl-bench-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server runs as another user
		return nil, err
	}
	sayf("rendering %d rows of JSON", days*rowsPerDay)
	b := &bench{dir: dir, days: days, vendor: newVendor(days)}
	if b.binary, err = build(ctx, dir); err != nil {
		return b, err
	}
	if err := b.startServer(ctx); err != nil {
		return b, err
	}
	b.http = httptest.NewServer(b.vendor)
	return b, os.WriteFile(filepath.Join(dir, "schedules.yaml"), fmt.Appendf(nil, `sources:
  - name: bench
    vendor: engagelab
    sms_user: bench
    sms_key: key-of-the-benchmark
    history_start: %s
    base_url: %s
    max_requests_per_second: 1000
`, firstDay, b.http.URL), 0o644)
}

// startServer makes a cluster of its own with the fixed settings. They need a restart.
func (b *bench) startServer(ctx context.Context) error {
	options := postgres.Options{Dir: filepath.Join(b.dir, "data"), Progress: func(line string) { sayf("%s", line) }}
	server, err := postgres.Start(ctx, options)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, server.AdminURL())
	if err != nil {
		return err
	}
	for _, setting := range settings {
		if _, err := conn.Exec(ctx, "ALTER SYSTEM SET "+setting); err != nil {
			return err
		}
	}
	if err := conn.Close(ctx); err != nil {
		return err
	}
	if err := server.Stop(ctx); err != nil {
		return err
	}
	if b.server, err = postgres.Start(ctx, options); err != nil {
		return err
	}
	b.serverVersion, b.url = b.server.Version(), b.server.URL()
	if err := migrations.Up(ctx, b.url, vendors.All.Specs()); err != nil {
		return err
	}
	b.conn, err = pgx.Connect(ctx, b.url)
	return err
}

func (b *bench) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if b.conn != nil {
		_ = b.conn.Close(ctx) // the server ends next
	}
	if b.http != nil {
		b.http.Close()
	}
	if b.server != nil {
		if err := b.server.Stop(ctx); err != nil {
			sayf("%v", err)
		}
	}
	if err := os.RemoveAll(b.dir); err != nil {
		sayf("%v", err)
	}
}

// exec runs statements that the measuring needs and the product does not.
func (b *bench) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := b.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// scalar asks for one number.
func (b *bench) scalar(ctx context.Context, query string) (int64, error) {
	var n int64
	if err := b.conn.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return n, nil
}

// psql runs one command of psql and gives the time it took.
func (b *bench) psql(ctx context.Context, command string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "psql", "-qX", "-v", "ON_ERROR_STOP=1", b.url, "-c", command)
	started := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("psql: %w: %s", err, strings.ReplaceAll(string(out), b.url, "(database)"))
	}
	return time.Since(started), nil
}

func sayf(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }
