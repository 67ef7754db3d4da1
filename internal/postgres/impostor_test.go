package postgres

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// impostor listens where a server of ours did and asks everybody for the password in its own way.
type impostor struct {
	listener net.Listener
	mu       sync.Mutex
	asked    int      // connections
	got      []string // what came back, that is the password or a hash of it, or a statement
}

func newImpostor(t *testing.T, question pgproto3.BackendMessage) *impostor {
	t.Helper()
	l, err := net.Listen("tcp4", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	i := &impostor{listener: l}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			i.answer(conn, question)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return i
}

func (i *impostor) answer(conn net.Conn, question pgproto3.BackendMessage) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	backend := pgproto3.NewBackend(conn, conn)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	i.mu.Lock()
	i.asked++
	i.mu.Unlock()
	backend.Send(question)
	if _, isOk := question.(*pgproto3.AuthenticationOk); isOk {
		backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
	if backend.Flush() != nil || backend.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
		return
	}
	message, err := backend.Receive()
	i.mu.Lock()
	defer i.mu.Unlock()
	switch message := message.(type) {
	case *pgproto3.PasswordMessage:
		i.got = append(i.got, message.Password)
	case *pgproto3.Terminate:
	default:
		if err == nil {
			i.got = append(i.got, "a statement")
		}
	}
}

// While another process holds the lock, whoever answers at the recorded port is asked for the product's database.
func TestDoorPasswordGoesToSquatter(t *testing.T) {
	t.Parallel()
	for name, question := range map[string]pgproto3.BackendMessage{
		"cleartext": &pgproto3.AuthenticationCleartextPassword{},
		"md5":       &pgproto3.AuthenticationMD5Password{Salt: [4]byte{1, 2, 3, 4}},
		"nothing":   &pgproto3.AuthenticationOk{}, // it lets everybody in and reads what they write
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newImpostor(t, question)
			h, err := openHome(withDefaults(Options{Dir: homeOf(t)}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.password(); err != nil {
				t.Fatal(err)
			}
			if err := h.writeEndpoint(endpoint{Port: i.listener.Addr().(*net.TCPAddr).Port, Way: Local}); err != nil {
				t.Fatal(err)
			}
			lock, err := tryLock(h.file("lock"))
			if err != nil || lock == nil {
				t.Fatal(lock, err)
			}
			defer lock.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if s, err := Start(ctx, Options{Dir: h.dir}); err == nil {
				t.Errorf("the squatter was taken for our server: %s", s.How())
			}
			i.mu.Lock()
			defer i.mu.Unlock()
			if i.asked == 0 || len(i.got) > 0 {
				t.Errorf("%d connections; the squatter was given %q", i.asked, i.got)
			}
		})
	}
}

// The server itself takes nothing else either: neither a password in clear text nor none, from nowhere.
func TestDoorServerTakesOnlySCRAM(t *testing.T) {
	t.Parallel()
	needLocal(t)
	s := start(t, Options{Dir: homeOf(t), Way: Local, Throwaway: true})
	if got := ask(t, s.URL(), "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"); got != "scram-sha-256" {
		t.Errorf("pg_hba.conf lets in by %q", got)
	}
	if got := ask(t, s.URL(), "SELECT string_agg(left(rolpassword, 14), ' ') FROM pg_authid WHERE rolcanlogin"); got != "SCRAM-SHA-256$" {
		t.Errorf("passwords are kept as %q", got)
	}
}
