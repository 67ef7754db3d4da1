package load

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/sms"
)

// ErrZone says that an account is known under another zone. The same date in two zones is two different facts.
var ErrZone = errors.New("the account is known in another time zone")

// ErrUnknownAccount says that nobody has named the account to the warehouse.
var ErrUnknownAccount = errors.New("the account is not known to the warehouse")

// ErrFinished says that the load has been put or has failed already.
var ErrFinished = errors.New("the load is finished already")

// failed wraps an error of the database once, with what was tried. The error is sms.ErrTemporary when the same call may
// succeed later.
func failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = lastWord(err)
	switch {
	case isTemporary(err):
		return fmt.Errorf("load: %s: %w: %w", doing, sms.ErrTemporary, err)
	default:
		return fmt.Errorf("load: %s: %w", doing, err)
	}
}

// isTemporary says whether the database may do later what it did not do now. Decided by SQLSTATE: the classes 08
// (connection), 40 (deadlock, serialisation), 53 (no resources) and 57 (shutdown, cancelled by a timeout), and a lock that
// was not to be had in time.
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
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) || isCut(err)
}
