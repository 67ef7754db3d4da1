// Package pgtest gives tests real PostgreSQL databases. Tests import it from external test packages (load_test) where
// their own package is one that migrations import.
//
// The server is the first that can be had: the one of ETL_TEST_DATABASE_URL, a container where a Docker engine answers
// (image: ETL_TEST_POSTGRES_IMAGE), the PostgreSQL binaries of this machine. Without any of them a test is skipped, and
// fails where CI=true. A server that was started here ends with the test process, however that ends.
//
// The server outlives the tests of a package, and so do the goroutines that wait for it: goleak.VerifyNone in a test
// wants goleak.IgnoreCurrent after the call of New.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/long"
	"smsetl/migrations"
	"smsetl/vendors"
)

// Tests with a database know the flag -long.
var _ = long.Wanted

const (
	testPrefix     = "smsetl_test_"
	templatePrefix = "smsetl_template_"
	// timeForm makes names that sort by age: what a killed test left behind is dropped by it a day later.
	timeForm = "20060102t150405"
)

// New gives the URL of a fresh database with every migration applied. The database is dropped with all its connections
// when the test passes; when the test fails, it is kept, and the log says how to get at it.
func New(t testing.TB) string {
	t.Helper()
	return need(t).create(t, migrated(t))
}

// migrated is the template that has the schema.
func migrated(t testing.TB) string {
	t.Helper()
	specs := vendors.All.Specs()
	template, err := need(t).template(t.Context(), migrations.Hash(specs), func(ctx context.Context, url string) error {
		return migrations.Up(ctx, url, specs)
	})
	if err != nil {
		t.Fatalf("pgtest: template: %v", err)
	}
	return template
}

// prepared is a database that the tests of this process take copies of.
type prepared struct {
	once   sync.Once
	name   string
	isDone bool
}

var preparations sync.Map // of *prepared, by key

// Prepared is New with what do has put into the database: the first test of a key has it done, and all of them take a copy. do must
// close its connections. What is prepared goes with the server, or, on one that is named, a day later.
func Prepared(t testing.TB, key string, do func(url string)) string {
	t.Helper()
	found, _ := preparations.LoadOrStore(key, &prepared{})
	p, _ := found.(*prepared)
	p.once.Do(func() {
		p.name = newName()
		if err := need(t).copy(t.Context(), p.name, migrated(t)); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
		do(need(t).database(p.name))
		p.isDone = true
	})
	if !p.isDone {
		t.Fatalf("pgtest: %s could not be prepared: the first test that wanted it says why", key)
	}
	return need(t).create(t, p.name)
}

// Empty gives the URL of a fresh database with nothing in it. It is dropped or kept as by New.
func Empty(t testing.TB) string {
	t.Helper()
	return need(t).create(t, "template0")
}

// Server gives the URL of the server's maintenance database, for a role that may create databases and roles. What a test
// makes through it, the test removes.
func Server(t testing.TB) string {
	t.Helper()
	return need(t).url
}

// newName is one that nobody has.
func newName() string {
	return testPrefix + time.Now().UTC().Format(timeForm) + "_" + strings.ToLower(rand.Text()[:8])
}

// copy makes a database of another one, by copying its files: the usual way writes all of it to the log, and takes half as much longer.
func (s *server) copy(ctx context.Context, name, template string) error {
	return s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy")
}

// create clones a database for the test.
func (s *server) create(t testing.TB, template string) string {
	t.Helper()
	name := newName()
	if err := s.copy(t.Context(), name, template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	url := s.database(name)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pgtest: this test's database is kept for a day: %s", s.visit(url))
			return
		}
		// FORCE: a pool that a test forgot must not turn its success into a failure.
		if err := s.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return url
}

// template gives the name of the database that New clones, and builds it where this server has none of that hash yet.
func (s *server) template(ctx context.Context, hash string, up func(ctx context.Context, url string) error) (string, error) {
	s.templateMu.Lock()
	defer s.templateMu.Unlock()
	name := templatePrefix + strings.ToLower(hash[:min(len(hash), 24)])
	if s.built[name] {
		return name, nil
	}
	err := s.locked(ctx, name, func(conn *pgx.Conn) error {
		var whole bool
		err := conn.QueryRow(ctx,
			"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&whole)
		if err != nil || whole {
			return err
		}
		return s.build(ctx, conn, name, up)
	})
	if err == nil {
		s.built[name] = true
	}
	return name, err
}

// build makes a template. It is marked as one at the end, so a build that was cut short is seen and made anew; and it
// takes no connections then, for CREATE DATABASE refuses to copy what somebody is connected to.
func (s *server) build(ctx context.Context, conn *pgx.Conn, name string, up func(ctx context.Context, url string) error) error {
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)", "CREATE DATABASE " + name + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := up(ctx, s.database(name)); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE "+name+" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
	return err
}
