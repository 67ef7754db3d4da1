package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/migrations"
	"smsetl/sms"
)

// ErrUnknownAccount says that nobody has named the account to the warehouse.
var ErrUnknownAccount = errors.New("the account is not known to the warehouse")

// Error wraps an error of the database once, with the room and what was tried. The error is sms.ErrTemporary when the same call
// may succeed later. nil stays nil.
func Error(room, doing string, err error) error {
	if err == nil {
		return nil
	}
	err = lastWord(err)
	if IsTemporary(err) {
		return fmt.Errorf("%s: %s: %w: %w", room, doing, sms.ErrTemporary, err)
	}
	return fmt.Errorf("%s: %s: %w", room, doing, err)
}

// IsTemporary says whether the database may do later what it did not do now. Decided by SQLSTATE: the classes 08
// (connection), 40 (deadlock, serialisation), 53 (no resources) and 57 (shutdown, cancelled by a timeout), and a lock that
// was not to be had in time.
func IsTemporary(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, sms.ErrTemporary) || migrations.IsRefusal(err) {
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
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) || isCut(err)
}

// isCut says that the connection broke in the middle.
func isCut(err error) bool {
	var network net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &network)
}
