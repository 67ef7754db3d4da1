package db

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/migrations"
)

const (
	// connectWait is how long a connection is waited for that the server has no room for, or refuses because it starts. Fifty
	// programs that start together then queue up in place of failing.
	connectWait = 30 * time.Second
	// DialTimeout bounds the opening of a socket, of which connectWait may take several.
	DialTimeout = 10 * time.Second
)

// waitForRoom makes a configuration wait for a server that lets nobody in at the moment. The driver goes on to the next address
// after such an answer, and gives up at once where the answer is about the password or the database; so the same address
// stands there again and again, and before it is tried once more some time passes. The times differ, lest everybody comes back
// together.
//
// The driver dials by the same configuration when it has a statement cancelled on the server, for which several may be at once.
func waitForRoom(c *pgx.ConnConfig) {
	const (
		shortest = 50 * time.Millisecond
		longest  = 2 * time.Second
	)
	addresses := append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	for waited, wait := time.Duration(0), shortest; waited < connectWait; waited, wait = waited+wait, min(2*wait, longest) {
		c.Fallbacks = append(c.Fallbacks, addresses...)
	}
	dial, wait := c.DialFunc, shortest
	var mu sync.Mutex
	tried, rounds := map[string]int{}, 1
	pause := func(address string) (d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		// An address may stand there with and without TLS.
		if tried[address]++; tried[address] > rounds*len(addresses) {
			d, rounds, wait = wait, rounds+1, min(2*wait, longest)
		}
		return d
	}
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if d := pause(address); d > 0 {
			if err := Pause(ctx, d); err != nil {
				return nil, err
			}
		}
		ctx, cancel := context.WithTimeout(ctx, DialTimeout)
		defer cancel()
		return dial(ctx, network, address)
	}
	c.ConnectTimeout = connectWait + DialTimeout // it bounds all the tries together
}

// Pause waits for about d, between half and one and a half, or returns ctx's error when that ends first.
func Pause(ctx context.Context, d time.Duration) error { return migrations.Pause(ctx, d) }

// Retry calls do until it succeeds, or fails with what is not temporary, or has failed for as long as a connection is waited for: a
// server that is started anew may cut off what it has just let in.
func Retry(ctx context.Context, do func() error) error {
	for started := time.Now(); ; {
		err := do()
		if !IsTemporary(err) || time.Since(started) > connectWait || Pause(ctx, time.Second/2) != nil {
			return err
		}
	}
}

// lastWord shortens the error of a connection that was tried again and again to what the server said last.
func lastWord(err error) error {
	connect, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err
	}
	tries, ok := connect.Unwrap().(interface{ Unwrap() []error })
	if !ok || len(tries.Unwrap()) < 2 {
		return err
	}
	all := tries.Unwrap()
	return &connectError{connect, all[len(all)-1]}
}

// connectError is a connection that was not to be had, with what the server or the network said last.
type connectError struct {
	of   *pgconn.ConnectError
	last error
}

func (e *connectError) Error() string {
	return "failed to connect as user " + e.of.Config.User + " to database " + e.of.Config.Database + ": " + e.last.Error()
}

func (e *connectError) Unwrap() error { return e.of }
