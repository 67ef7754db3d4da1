package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is the one server of this test process.
type server struct {
	url    string       // of the maintenance database
	how    string       // what it is, in one line
	giveUp func() error // ends what was started for it, when it turns out to be of no use
	revive string       // how to start it again after the test process has ended; empty for one that lives on

	heldOpen   *os.File // the pipe of reap, which the garbage collector would close; nil without one
	templateMu sync.Mutex
	built      map[string]bool // templates known to be whole
}

// theServer is had once in a test process, by the first test that needs it.
var theServer = sync.OnceValues(find)

// provider gives a server's maintenance database, or the reason why it cannot.
type provider struct {
	name    string
	timeout time.Duration
	get     func(ctx context.Context) (*server, error)
}

func (p provider) server() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	s, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.giveUp())
	}
	return s, nil
}

// find gives the first server that can be had, or the joined reasons of all providers.
func find() (*server, error) {
	providers := []provider{
		{"docker", 3 * time.Minute, container}, // the image may have to be pulled
		{"local binaries", time.Minute, local},
	}
	if os.Getenv(urlVariable) != "" { // who names a server wants that one and no other
		providers = []provider{{urlVariable, 5 * time.Second, named}}
	}
	var reasons []error
	for _, p := range providers {
		s, err := p.server()
		if err == nil {
			fmt.Fprintf(os.Stderr, "pgtest: %s\n", s.how)
			return s, nil
		}
		err = fmt.Errorf("%s: %w", p.name, err)
		fmt.Fprintf(os.Stderr, "pgtest: not %v\n", err)
		reasons = append(reasons, err)
	}
	return nil, errors.Join(reasons...)
}

// need gives the server, or ends the test: a machine without PostgreSQL may skip, CI may not.
func need(t testing.TB) *server {
	t.Helper()
	s, err := theServer()
	if err == nil {
		return s
	}
	refuse(t, err, os.Getenv("CI") == "true" || os.Getenv(urlVariable) != "")
	return nil
}

// refuse ends the test with one line: as failed where PostgreSQL had to be there, else as skipped.
func refuse(t testing.TB, err error, mustHave bool) {
	t.Helper()
	line := fmt.Sprintf("pgtest: no PostgreSQL for this test (install it, start Docker or set %s): %s",
		urlVariable, strings.ReplaceAll(err.Error(), "\n", "; "))
	if mustHave {
		t.Fatal(line)
	}
	t.Skip(line)
}

// open waits until the server lets us in, asks what it is, and drops what killed tests left on it.
func (s *server) open(ctx context.Context) error {
	conn, err := connectWithRetries(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	s.built = map[string]bool{}
	var version string
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
		return err
	}
	s.how += "; server version " + version
	return sweep(ctx, conn)
}

// connectWithRetries connects to a server that may still be starting.
func connectWithRetries(ctx context.Context, url string) (*pgx.Conn, error) {
	for {
		conn, err := connectOnce(ctx, url)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// connectOnce connects within two seconds. Docker's proxy takes connections before the server in the container does, and
// now and then keeps one without an answer for ever.
func connectOnce(ctx context.Context, url string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return pgx.Connect(ctx, url)
}

// sweep drops the test databases of yesterday and before. Other test processes may do the same at the same time.
func sweep(ctx context.Context, conn *pgx.Conn) error {
	oldest := testPrefix + time.Now().UTC().Add(-24*time.Hour).Format(timeForm)
	rows, err := conn.Query(ctx,
		"SELECT datname FROM pg_database WHERE datname LIKE $1 AND datname < $2", testPrefix+"%", oldest)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

// exec runs one statement on the maintenance database.
func (s *server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// locked runs do while no other process that uses this server is in a locked of the same name.
func (s *server) locked(ctx context.Context, name string, do func(conn *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // and with it the lock
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return err
	}
	return do(conn)
}

// database gives the URL of another database on the server.
func (s *server) database(name string) string {
	u, err := url.Parse(s.url)
	if err != nil {
		panic("pgtest: " + urlVariable + " was parsed before") // by named, or made by us
	}
	u.Path = "/" + name
	return u.String()
}

// visit says how to connect to a kept database.
func (s *server) visit(url string) string {
	if s.revive == "" {
		return "psql '" + url + "'"
	}
	return "the server ends with the tests; start it again with\n\t" + s.revive + "\nthen\n\tpsql '" + url + "'"
}
