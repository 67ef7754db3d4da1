package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
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

// ordinary is a role that owns the database and may nothing else.
const ordinary = "ordinary"

type bench struct {
	sizes
	peers  bool
	dir    string
	binary string
	server *postgres.Server
	url    string    // of the product's database
	conn   *pgx.Conn // to it, as superuser
	vendor *vendor
	http   *httptest.Server
}

func newBench(ctx context.Context, of sizes, peers bool) (*bench, error) {
	b := &bench{sizes: of, peers: peers}
	var err error
	if b.dir, err = os.MkdirTemp("", "smsetl-bench-"); err != nil {
		return b, err
	}
	if err := os.Chmod(b.dir, 0o755); err != nil { // the server runs as another user
		return b, err
	}
	days := of.days + len(of.copies)*of.newDays
	sayf("rendering %d rows of JSON", days*rowsPerDay)
	b.vendor = newVendor(days, rowsPerDay, 0)
	b.binary = filepath.Join(b.dir, "etl")
	if err := build(ctx, ".", b.binary); err != nil {
		return b, err
	}
	if err := b.startServer(ctx); err != nil {
		return b, err
	}
	b.http = httptest.NewServer(b.vendor)
	return b, b.configure("schedules.yaml", b.http.URL, "")
}

// configure writes a schedules.yaml with one EngageLab source and a further line for it, which may be empty.
func (b *bench) configure(name, address, line string) error {
	return os.WriteFile(filepath.Join(b.dir, name), fmt.Appendf(nil, `sources:
  - name: bench
    vendor: engagelab
    sms_user: bench
    sms_key: key-of-the-benchmark
    history_start: %s
    base_url: %s
    max_requests_per_second: 1000
    %s
`, firstDay, address, line), 0o644)
}

// startServer makes a cluster of its own with the fixed settings. They need a restart.
func (b *bench) startServer(ctx context.Context) (err error) {
	options := postgres.Options{Dir: filepath.Join(b.dir, "data"), Progress: func(line string) { sayf("%s", line) }}
	server, err := postgres.Start(ctx, options)
	if err != nil {
		return err
	}
	statements := []string{"CREATE ROLE " + ordinary + " LOGIN PASSWORD '" + ordinary + "'"}
	for _, setting := range settings {
		statements = append(statements, "ALTER SYSTEM SET "+setting)
	}
	if err := admin(ctx, server.AdminURL(), statements...); err != nil {
		return err
	}
	if err := server.Stop(ctx); err != nil {
		return err
	}
	b.server, err = postgres.Start(ctx, options)
	return err
}

// fresh makes a database with the schema and nothing else, which the product then works in as this role; "" for the superuser.
func (b *bench) fresh(ctx context.Context, role string) error {
	if b.conn != nil {
		if err := b.conn.Close(ctx); err != nil {
			return err
		}
	}
	statements := []string{"DROP DATABASE IF EXISTS bench WITH (FORCE)", "CREATE DATABASE bench"}
	if role != "" {
		statements[1] += " OWNER " + role
	}
	if err := admin(ctx, b.server.AdminURL(), statements...); err != nil {
		return err
	}
	u, err := url.Parse(b.server.URL())
	if err != nil {
		return err
	}
	u.Path = "/bench"
	if b.conn, err = pgx.Connect(ctx, u.String()); err != nil {
		return err
	}
	if role != "" {
		u.User = url.UserPassword(role, role)
	}
	b.url = u.String()
	return migrations.Up(ctx, b.url, vendors.All.Specs())
}

// admin runs statements that belong to no database.
func admin(ctx context.Context, address string, statements ...string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
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
			return fmt.Errorf("%s: %w", strings.TrimSpace(statement), err)
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

func sayf(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }
