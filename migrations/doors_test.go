package migrations_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/internal/dev/pgtest"
	"smsetl/migrations"
	"smsetl/vendors"
)

// Every role may take any advisory lock and keep it. No migration waits for one: a stranger here has those that migrations
// took before, golang-migrate's among them.
func TestDoorMigrating(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	stranger := connect(t, pgtest.As(t, address, "sms_analyst"))
	key, err := database.GenerateAdvisoryLockId(query(t, address, `SELECT current_database()`), "etl", "schema_migration")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Exec(t.Context(), `SELECT pg_advisory_lock(x'736d7365746c'::bigint), pg_advisory_lock($1::text::bigint)`, key); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := migrations.Down(ctx, address, 1); err != nil {
		t.Fatal(err)
	}
	if status, err := migrations.Settled(ctx, address); err != nil || status.Current() == nil {
		t.Error(status, err)
	}
	if err := migrations.Up(ctx, address, vendors.All.Specs()); err != nil {
		t.Error(err)
	}
}

// A program that finds an older schema waits while another one migrates, also one that may only read.
func TestSettledWaitsForWhoMigrates(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	if err := migrations.Down(t.Context(), address, 1); err != nil {
		t.Fatal(err)
	}
	other := connect(t, address)
	if _, err := other.Exec(t.Context(), `BEGIN; LOCK TABLE etl.migrating IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	settled := make(chan error, 1)
	go func() {
		_, err := migrations.Settled(t.Context(), address)
		settled <- err
	}()
	select {
	case err := <-settled:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(time.Second):
	}
	if _, err := other.Exec(t.Context(), `COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-settled; err != nil {
		t.Error(err)
	}
}

// Logins as sms_analyst, however many sessions they open, leave the server's connections to the loads.
func TestDoorConnections(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	analyst := pgtest.As(t, address, "sms_analyst")
	opened := 0
	for ; opened < 30; opened++ {
		conn, err := pgx.Connect(t.Context(), analyst)
		if refused, is := errors.AsType[*pgconn.PgError](err); is && refused.Code == "53300" {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) })
	}
	if opened != 20 {
		t.Errorf("an analyst opened %d sessions, want 20", opened)
	}
	connect(t, pgtest.As(t, address, "sms_loader"))
}

// Who has none of the product's roles does not get into its database, and an analyst makes no temporary tables there. A database
// that others have tables in is left as it is.
func TestDoorPublic(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	up(t, address)
	refused := func(address string) bool {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), address)
		if err == nil {
			conn.Close(t.Context())
			return false
		}
		if refused, is := errors.AsType[*pgconn.PgError](err); !is || refused.Code != "42501" {
			t.Error(err)
		}
		return true
	}
	stranger, analyst := pgtest.As(t, address, "pg_read_all_stats"), pgtest.As(t, address, "sms_analyst")
	if !refused(stranger) {
		t.Error("a role of another product may connect")
	}
	for _, role := range []string{"sms_loader", "sms_operator"} {
		if refused(pgtest.As(t, address, role)) {
			t.Error(role, "may not connect")
		}
	}
	conn := connect(t, analyst)
	if _, err := conn.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	_, err := conn.Exec(t.Context(), `CREATE TEMPORARY TABLE mine (n int)`)
	if refused, is := errors.AsType[*pgconn.PgError](err); !is || refused.Code != "42501" {
		t.Errorf("a temporary table of an analyst: %v", err)
	}
	conn.Close(t.Context())
	if err := migrations.Down(t.Context(), address, 1); err != nil {
		t.Fatal(err)
	}
	if refused(stranger) {
		t.Error("the migration was taken back, and the database is closed")
	}
	query(t, address, `CREATE TABLE public.theirs (n int)`)
	up(t, address)
	if refused(stranger) || refused(analyst) {
		t.Error("a database that others have tables in was closed to them")
	}
}
