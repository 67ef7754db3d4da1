package postgres

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	first := start(t, opt)
	do(t, first.URL(), "CREATE TABLE kept AS SELECT 'still here' AS text")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pid := serverPid(t, opt.Dir); pid != 0 {
		t.Fatalf("process %d runs after Stop", pid)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v, want nothing to happen", err)
	}
	second := start(t, opt)
	if got := ask(t, second.URL(), "SELECT text FROM kept"); got != "still here" {
		t.Errorf("after a restart the table says %q", got)
	}
	if second.URL() != first.URL() {
		t.Error("the restart changed the address; want the remembered port and password")
	}
	if !strings.HasPrefix(ask(t, second.URL(), "SHOW server_version"), second.Version()) {
		t.Errorf("Version gives %q", second.Version())
	}
	for _, part := range []string{second.Version(), opt.Dir} {
		if how := second.How(); !strings.Contains(how, part) || strings.Contains(how, "\n") {
			t.Errorf("How gives %q; want one line with %q", how, part)
		}
	}
}

func TestServerIsSafeAndPrivate(t *testing.T) {
	t.Parallel()
	needLocal(t)
	dir := homeOf(t)
	s := start(t, Options{Dir: dir, Way: Local})
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "127.0.0.1",
		"unix_socket_directories": "", "shared_buffers": "256MB", "max_wal_size": "2GB", "TimeZone": "UTC",
		"server_encoding": "UTF8",
	} {
		if got := ask(t, s.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/smsetl" || u.Hostname() != "127.0.0.1" {
		t.Errorf("the address is %s", u.Redacted())
	}
	secret, _ := u.User.Password()
	if len(secret) < 20 || strings.Contains(s.How(), secret) {
		t.Errorf("the password has %d characters, and stands in How: %t", len(secret), strings.Contains(s.How(), secret))
	}
	for _, wrong := range []*url.Userinfo{url.User("postgres"), url.UserPassword("postgres", "postgres")} {
		u.User = wrong
		conn, err := pgx.Connect(t.Context(), u.String())
		if err == nil {
			conn.Close(t.Context())
			t.Errorf("%s lets anybody in", u.Redacted())
		}
	}
	for _, file := range []string{"password", "server.json", "server.log"} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", file, mode)
		}
	}
	if isThere(filepath.Join(dir, "initdb.password")) {
		t.Error("initdb's copy of the password is still there")
	}
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	first := start(t, opt)
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(first.endpoint.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second := start(t, opt); second.endpoint.Port == first.endpoint.Port {
		t.Errorf("port %d is taken and was used", first.endpoint.Port)
	}
}

func TestHalfMadeDataIsMovedAside(t *testing.T) {
	t.Parallel()
	needLocal(t)
	for name, folder := range map[string]string{"under its first name": "cluster.new", "under its last name": "cluster"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := homeOf(t)
			half := filepath.Join(dir, folder)
			if err := os.MkdirAll(filepath.Join(half, "global"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, homeMode()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if folder == "cluster" { // an own password comes before the first data
				if err := os.WriteFile(filepath.Join(dir, "password"), []byte("secret\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := start(t, Options{Dir: dir, Way: Local, Throwaway: true})
			do(t, s.URL(), "SELECT 1")
			kept, err := filepath.Glob(half + ".half-made-*/PG_VERSION")
			if err != nil || len(kept) != 1 {
				t.Errorf("kept %v (%v); want the half-made data under another name", kept, err)
			}
		})
	}
}

func TestOtherVersion(t *testing.T) {
	t.Parallel()
	needLocal(t)
	dir := homeOf(t)
	start(t, Options{Dir: dir, Way: Local, Throwaway: true}).Stop(t.Context())
	version := filepath.Join(dir, "cluster", "PG_VERSION")
	if err := os.WriteFile(version, []byte("14\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Way: Local})
	if !errors.Is(err, ErrOtherVersion) {
		t.Fatalf("got %v, want ErrOtherVersion", err)
	}
	for _, part := range []string{"PostgreSQL 14", filepath.Join(dir, "cluster"), "move"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the message: %v", part, err)
		}
	}
	if b, err := os.ReadFile(version); err != nil || string(b) != "14\n" {
		t.Errorf("the data was touched: %q, %v", b, err)
	}
	lock, err := tryLock(filepath.Join(dir, "lock"))
	if err != nil || lock == nil {
		t.Fatalf("a failed Start kept the lock (%v)", err)
	}
	lock.Close()
}

func TestLostPassword(t *testing.T) {
	t.Parallel()
	needLocal(t)
	dir := homeOf(t)
	start(t, Options{Dir: dir, Way: Local, Throwaway: true}).Stop(t.Context())
	if err := os.Remove(filepath.Join(dir, "password")); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Way: Local})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "password")) {
		t.Errorf("got %v; want an error that names the file", err)
	}
	if isThere(filepath.Join(dir, "password")) {
		t.Error("a new password was written, which does not open the data")
	}
}

// A process id comes round again, in containers within minutes. PostgreSQL takes any process of its user that has the
// number in postmaster.pid for its predecessor.
func TestStalePostmasterPid(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	s := start(t, opt)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := openHome(opt)
	if err != nil {
		t.Fatal(err)
	}
	b, err := choose(installed(t.Context()), 0)
	if err != nil {
		t.Fatal(err)
	}
	other := h.command(b, "postgres") // for its user
	other.Path, other.Args = "/bin/sleep", []string{"sleep", "60"}
	if err := other.Start(); err != nil {
		t.Skip(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	pidFile := filepath.Join(h.cluster(), "postmaster.pid")
	text := strconv.Itoa(other.Process.Pid) + "\n" + h.cluster() + "\n1700000000\n1\n\n127.0.0.1\n"
	if err := os.WriteFile(pidFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.as.give(pidFile); err != nil {
		t.Fatal(err)
	}
	start(t, opt)
}

func TestSharingWithinAProcess(t *testing.T) {
	t.Parallel()
	needLocal(t)
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true}
	first := start(t, opt)
	second := start(t, opt)
	if second.URL() != first.URL() {
		t.Error("the second Start gave another server")
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, first.URL(), "SELECT 1")
	opt.Alone = true
	if _, err := Start(t.Context(), opt); !errors.Is(err, ErrInUse) {
		t.Errorf("Alone: %v, want ErrInUse", err)
	}
}

func TestReasonsAreJoined(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Dir: homeOf(t), Way: "teleport"})
	if err == nil || !strings.Contains(err.Error(), "teleport") {
		t.Errorf("got %v", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	needLocal(t)
	ctx, cancel := context.WithCancel(t.Context())
	opt := Options{Dir: homeOf(t), Way: Local, Throwaway: true, Progress: func(string) { cancel() }}
	if _, err := Start(ctx, opt); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	opt.Progress = nil
	start(t, opt) // what the first left is no hindrance
}
