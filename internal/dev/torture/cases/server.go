package cases

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/postgres"
)

// Server is a Postgres of its own, for the cases that one worker does one after the other: it can be stopped at once.
type Server struct {
	running *postgres.Server
	admin   *url.URL
	conn    *pgx.Conn // for what is asked of the server itself; nil before the first question, and after a crash
}

// StartServer starts a server that nobody else has, in the first folder that is free.
func StartServer(ctx context.Context) (*Server, error) {
	base := filepath.Join(inMemory(), "smsetl-torture-"+strconv.Itoa(os.Getuid()))
	if err := errors.Join(os.MkdirAll(base, 0o711), os.Chmod(base, 0o711)); err != nil { //nolint:gosec // that user passes through
		return nil, err
	}
	for slot := 1; slot <= 64; slot++ {
		running, err := postgres.Start(ctx, postgres.Options{
			Dir: filepath.Join(base, strconv.Itoa(slot)), Way: postgres.Local, Alone: true, Throwaway: true,
		})
		if errors.Is(err, postgres.ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := &Server{running: running}
		if s.admin, err = url.Parse(running.AdminURL()); err == nil {
			err = s.prepare(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, s.Stop()) //nolint:contextcheck // also when the context has ended
		}
		return s, nil
	}
	return nil, fmt.Errorf("64 programs use the servers in %s already", base)
}

// inMemory gives a folder that is no disk, where there is one: half of what a case takes is the copy of a database.
func inMemory() string {
	const shared = "/dev/shm"
	if at, err := os.Stat(shared); err == nil && at.IsDir() {
		return shared
	}
	if os.Geteuid() == 0 { // the server runs as another user, who must get to its data
		return "/var/tmp"
	}
	return os.TempDir()
}

// prepare makes commits last when the server is stopped at once, and drops what an earlier program left.
func (s *Server) prepare(ctx context.Context) error {
	// Nothing is synced to disk, which only the end of the machine would show; that a commit is answered before it is written at
	// all would be taken for a fault of the program.
	if err := s.exec(ctx, "ALTER ROLE ALL SET synchronous_commit = on"); err != nil {
		return err
	}
	defer s.forget(ctx) // it began before that held
	if err := s.hurryPasswords(ctx); err != nil {
		return err
	}
	rows, err := s.conn.Query(ctx, "SELECT datname FROM pg_database WHERE datname LIKE 'torture%'")
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		err = errors.Join(err, s.drop(ctx, name))
	}
	return err
}

// hurryPasswords keeps the password as the result of one round instead of 4096. A case opens twenty connections, with the same
// messages as ever; the rounds took a client a millisecond each time.
func (s *Server) hurryPasswords(ctx context.Context) error {
	password, _ := s.admin.User.Password()
	salt := []byte("a throwaway salt")
	salted, err := pbkdf2.Key(sha256.New, password, salt, 1, sha256.Size)
	if err != nil {
		return err
	}
	key := func(name string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(name))
		return h.Sum(nil)
	}
	stored, text := sha256.Sum256(key("Client Key")), base64.StdEncoding.EncodeToString
	return s.exec(ctx, fmt.Sprintf("ALTER ROLE %s PASSWORD 'SCRAM-SHA-256$1:%s$%s:%s'",
		pgx.Identifier{s.admin.User.Username()}.Sanitize(), text(salt), text(stored[:]), text(key("Server Key"))))
}

// Stop ends the server.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.forget(ctx)
	return s.running.Stop(ctx)
}

// Crash takes the server down at once, and lets it start again: when one of its processes is killed, it ends the others without a
// word, throws its memory away and recovers from what was written. It returns when the others are gone, not when it is up again.
func (s *Server) Crash() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.ready(ctx); err != nil { // it may not be back yet from what happened a moment ago
		return err
	}
	victim, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	if err := syscall.Kill(int(victim.PgConn().PID()), syscall.SIGKILL); err != nil {
		return err
	}
	for s.conn.Ping(ctx) == nil {
		time.Sleep(time.Millisecond)
	}
	s.forget(ctx)
	return ctx.Err()
}

// ready waits until the server lets somebody in.
func (s *Server) ready(ctx context.Context) error {
	for start := time.Now(); ; {
		err := s.exec(ctx, "SELECT 1")
		if err == nil || ctx.Err() != nil || time.Since(start) > time.Minute {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// address gives where the server listens.
func (s *Server) address() string { return net.JoinHostPort(s.admin.Hostname(), s.admin.Port()) }

// database gives the address of a database.
func (s *Server) database(name string) string {
	u := *s.admin
	u.Path = "/" + name
	return u.String()
}

// create makes a database from a template.
func (s *Server) create(ctx context.Context, name, template string) error {
	// Files are copied and not logged. That begins and ends with a checkpoint, which keeps the log short, and without which a clone
	// would give numbers of its sequences twice after a crash: they are written down 32 ahead, and a clone begins in the midst.
	return s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy")
}

// seal makes a template of a database. The first connection after the schema was changed writes down what every session has to know
// of the catalog, which a clone takes along; and nobody comes in afterwards, not even to vacuum, so that all clones are the same.
func (s *Server) seal(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.database(name))
	if err != nil {
		return err
	}
	return errors.Join(conn.Close(ctx), s.exec(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false"))
}

func (s *Server) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// exec asks the server itself for something, by the connection that is kept for that.
func (s *Server) exec(ctx context.Context, sql string) (err error) {
	if s.conn == nil {
		if s.conn, err = pgx.Connect(ctx, s.admin.String()); err != nil {
			return err
		}
	}
	if _, err = s.conn.Exec(ctx, sql); s.conn.IsClosed() {
		s.conn = nil
	}
	return err
}

// forget ends the connection that is kept.
func (s *Server) forget(ctx context.Context) {
	if s.conn != nil {
		_ = s.conn.Close(ctx)
		s.conn = nil
	}
}
