package load_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"go.uber.org/zap"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/migrations"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
)

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	good := pgtest.New(t)
	change := func(f func(*url.URL)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(u.User.Username(), "hunter2")
		f(u)
		return u.String()
	}
	alter := func(query string) string {
		address := pgtest.New(t)
		execute(t, address, query)
		return address
	}
	for _, test := range []struct {
		name, url string
		want      error
	}{
		{"not an address", "postgres://u:hunter2@h:port/", migrations.ErrAddress},
		{"nobody there", change(func(u *url.URL) { u.Host = "127.0.0.1:1" }), migrations.ErrUnreachable},
		{"no such host", change(func(u *url.URL) { u.Host = "nowhere.invalid:5432" }), migrations.ErrUnreachable},
		{"no such database", change(func(u *url.URL) { u.Path = "/nothing"; password(t, u, good) }), migrations.ErrUnreachable},
		{"empty", pgtest.Empty(t), migrations.ErrBehind},
		{"behind", alter(`UPDATE etl.schema_migration SET version = version - 1`), migrations.ErrBehind},
		{"newer", alter(`UPDATE etl.schema_migration SET version = version + 1`), migrations.ErrNewer},
		{"dirty", alter(`UPDATE etl.schema_migration SET dirty = true`), migrations.ErrDirty},
		{"queue behind", alter(`DELETE FROM river.river_migration WHERE version = 8`), migrations.ErrBehind},
		{"read-only", alter(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`), migrations.ErrReadOnly},
	} {
		t.Run(test.name, func(t *testing.T) {
			wh, err := load.Open(t.Context(), test.url, load.Options{})
			if err == nil {
				wh.Close()
			}
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "u:hunter") {
				t.Error("the error tells the address:", err)
			}
		})
	}
}

// password gives u the password that works.
func password(t *testing.T, u *url.URL, good string) {
	t.Helper()
	g, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	u.User = g.User
}

func execute(t testing.TB, address, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// A server that is started anew cuts off what it has just let in. What the schema holds is then read once more.
func TestOpenAgainAfterACut(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	var conns [2]*pgx.Conn
	for i := range conns {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		conns[i] = conn
	}
	holder, watcher := conns[0], conns[1]
	// Whoever reads what the schema holds waits for this lock, and can be found by it.
	if _, err := holder.Exec(t.Context(), "BEGIN; LOCK TABLE etl.dataset IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		wh, err := load.Open(t.Context(), address, load.Options{})
		if err == nil {
			if len(wh.Datasets(sms.EngageLab)) != 3 {
				err = fmt.Errorf("the datasets are %v", wh.Datasets(sms.EngageLab))
			}
			wh.Close()
		}
		opened <- err
	}()
	for cut := 0; cut == 0; time.Sleep(10 * time.Millisecond) {
		if err := watcher.QueryRow(t.Context(), `
			SELECT count(pg_terminate_backend(pid))
			FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'etl' AND wait_event_type = 'Lock'`).Scan(&cut); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := holder.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

func TestOpenSettings(t *testing.T) {
	wh := open(t)
	same(t, "settings", dump(t, wh, `
		SELECT name, setting || coalesce(' ' || unit, '') FROM pg_settings
		WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'client_connection_check_interval', 'application_name', 'jit')
		ORDER BY name`),
		"application_name etl", "client_connection_check_interval 2000 ms", "idle_in_transaction_session_timeout 120000 ms", "jit off",
		"lock_timeout 60000 ms", "statement_timeout 600000 ms")
}

// A closed warehouse leaves no goroutine behind.
func TestCloseLeavesNothing(t *testing.T) {
	address := pgtest.New(t) // before that, since the first test of a process starts what serves them all
	before := goleak.IgnoreCurrent()
	wh, err := load.Open(t.Context(), address, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.New(wh.Pool(), time.Now, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	worker, err := q.RegisterWorker(t.Context(), "w")
	if err != nil {
		t.Fatal(err)
	}
	worker.Release()
	wh.Close()
	goleak.VerifyNone(t, before)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	wh := open(t)
	h, err := read.New(wh.DB, time.Now).Health(t.Context())
	if err != nil || h.Grants() != nil || h.Version == "" || h.Now.IsZero() {
		t.Errorf("%+v, %v", h, err)
	}
}

// A role that is no superuser loads the same, and what it lacks is named.
func TestPlainRole(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	role := "loader_" + strings.ToLower(rand.Text()[:8]) // roles belong to the whole server
	execute(t, address, fmt.Sprintf(`
		CREATE ROLE %[1]s LOGIN PASSWORD 'x';
		GRANT USAGE ON SCHEMA sms, etl, river TO %[1]s;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sms, etl, river TO %[1]s;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA sms, etl, river TO %[1]s`, role))
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), address)
		if err == nil {
			_, err = conn.Exec(context.Background(), `DROP OWNED BY `+role+`; DROP ROLE `+role)
		}
		if err != nil {
			t.Error(err)
		}
		conn.Close(context.Background())
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "x")
	wh, err := load.Open(t.Context(), u.String(), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	if h, err := read.New(wh.DB, time.Now).Health(t.Context()); err != nil || h.Grants() != nil {
		t.Errorf("%+v, %v", h, err)
	}
	if err := wh.Account(t.Context(), "test", marketing); err != nil {
		t.Fatal(err)
	}
	s := scope(marketing, "01-05", sms.StatsDay)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 10), row("01-05", "b", 10)}})
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 11), row("01-05", "c", 10)}})
	verify(t, wh)

	execute(t, address, `REVOKE INSERT ON etl.raw FROM `+role)
	h, err := read.New(wh.DB, time.Now).Health(t.Context())
	if err != nil || h.Grants() == nil || h.Grants().Error() != "this role lacks insert on etl.raw" {
		t.Errorf("%v, %v", h.Grants(), err)
	}
}
