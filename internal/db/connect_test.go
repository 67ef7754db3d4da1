package db

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Statements of a connection that broke are cancelled at once with others, each by a dial of its own with the connection's
// configuration. What those dials share ended the whole program.
func TestCancelsDialAtOnce(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig("postgres://u:p@127.0.0.1:1/d")
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	waitForRoom(config)
	var dialing sync.WaitGroup
	for worker := range 8 {
		dialing.Go(func() {
			for n := range 2000 {
				if _, err := config.DialFunc(t.Context(), "tcp", strconv.Itoa(worker)+":"+strconv.Itoa(n)); !errors.Is(err, refused) {
					t.Error(err)
				}
			}
		})
	}
	dialing.Wait()
}
