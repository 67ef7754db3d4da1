package db_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/migrations"
)

// squatter answers in the place of a server: it has no TLS, asks for the password in its way, and keeps what it is told.
type squatter struct {
	address string
	asks    []byte // the message that asks
	told    atomic.Value
	asked   atomic.Int32
}

func newSquatter(t *testing.T, asks ...byte) *squatter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &squatter{address: listener.Addr().String(), asks: asks}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.answer(conn)
		}
	}()
	return s
}

func (s *squatter) answer(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	for {
		var length [4]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(length[:])-4)
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		if binary.BigEndian.Uint32(body) != 80877103 { // no request for TLS
			break
		}
		if _, err := conn.Write([]byte("N")); err != nil {
			return
		}
	}
	s.asked.Add(1)
	if _, err := conn.Write(s.asks); err != nil {
		return
	}
	if answer, err := io.ReadAll(io.LimitReader(conn, 14)); err == nil && len(answer) > 0 {
		s.told.Store(string(answer))
	}
}

var (
	clearText = []byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}
	md5       = []byte{'R', 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4}
	nothing   = []byte{'R', 0, 0, 0, 8, 0, 0, 0, 0, 'Z', 0, 0, 0, 5, 'I'} // whoever comes is let in
)

// Whoever answers in the place of the database does not get its password, nor a session with whom does not know it.
func TestDoorCleartextPassword(t *testing.T) {
	t.Parallel()
	for name, asks := range map[string][]byte{"clear text": clearText, "md5": md5, "nothing": nothing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSquatter(t, asks...)
			url := "postgres://etl:secret99@" + s.address + "/sms"
			_, err := migrations.Check(t.Context(), url)
			if !errors.Is(err, migrations.ErrUnreachable) || !strings.Contains(err.Error(), "require_auth") || strings.Contains(err.Error(), "secret99") {
				t.Error(err)
			}
			_, err = db.Open(t.Context(), url, db.Options{})
			if !errors.Is(err, migrations.ErrUnreachable) || db.IsTemporary(err) {
				t.Error(err)
			}
			if s.asked.Load() == 0 || s.told.Load() != nil {
				t.Errorf("asked %d times, and was told %q", s.asked.Load(), s.told.Load())
			}
		})
	}
	// An address may say otherwise.
	s := newSquatter(t, clearText...)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, _ = migrations.Check(ctx, "postgres://etl:secret99@"+s.address+"/sms?require_auth=password")
	for tries := 0; s.told.Load() == nil && tries < 500; tries++ {
		time.Sleep(10 * time.Millisecond)
	}
	if told, _ := s.told.Load().(string); !strings.Contains(told, "secret99") {
		t.Errorf("the server that the address trusts was told %q", told)
	}
}

// An address whose server need not prove who it is, is warned of.
func TestUnproven(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://etl:x@db.internal/sms":                              "db.internal",
		"postgres://etl:x@db.internal/sms?sslmode=require":              "db.internal",
		"postgres://etl:x@a,b,a/sms?sslmode=disable":                    "a b",
		"postgres://etl:x@db.internal/sms?sslmode=verify-full":          "",
		"postgres://etl:x@db.internal/sms?sslmode=verify-ca":            "",
		"postgres://etl:x@127.0.0.1/sms?sslmode=disable":                "",
		"postgres://etl:x@localhost/sms":                                "",
		"postgres://etl:x@[::1]/sms":                                    "",
		"postgres://etl@/sms?host=/var/run/postgresql":                  "",
		"postgres://etl:x@10.0.0.5/sms?sslmode=prefer&pool_max_conns=3": "10.0.0.5",
	} {
		config, err := migrations.Parse(url)
		if err != nil {
			t.Error(url, err)
			continue
		}
		if got := strings.Join(migrations.Unproven(config), " "); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	core, logs := observer.New(zap.WarnLevel)
	d, err := db.Open(t.Context(), pgtest.New(t), db.Options{Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n := logs.Len(); n != 0 {
		t.Errorf("%d warnings of a server on this machine: %v", n, logs.All())
	}
}
