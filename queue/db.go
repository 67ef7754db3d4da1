package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/sms"
)

// DB is a pool, a connection or a transaction of the warehouse's database.
type DB interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

// collect reads rows into structs by the order of their columns.
func collect[T any](ctx context.Context, db DB, doing, query string, arguments ...any) ([]T, error) {
	rows, err := db.Query(ctx, query, arguments...)
	if err != nil {
		return nil, failed(doing, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	return all, failed(doing, err)
}

// failed wraps an error of the database once, with what was tried. The error is sms.ErrTemporary when the same call may
// succeed later.
func failed(doing string, err error) error {
	err = lastWord(err)
	switch {
	case err == nil:
		return nil
	case isTemporary(err):
		return fmt.Errorf("queue: %s: %w: %w", doing, sms.ErrTemporary, err)
	default:
		return fmt.Errorf("queue: %s: %w", doing, err)
	}
}

// isTemporary says whether the database may do later what it did not do now.
func isTemporary(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, sms.ErrTemporary) {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, class := range []string{"08", "40", "53", "57", "55P03"} {
			if strings.HasPrefix(pg.Code, class) {
				return true
			}
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) || errors.As(err, &network) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}

// wait sleeps for about d, between half and one and a half, or returns ctx's error when that ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d)) //nolint:gosec // no secret depends on it
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// clean makes a text of foreign origin fit for a text column, which takes neither NUL nor broken UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
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
