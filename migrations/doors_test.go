package migrations_test

import (
	"context"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4/database"

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
