package load

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
)

// readerRole reads what pages show, and may do nothing else.
const readerRole = "sms_pages"

// readerConns are for the one or two people who look at the same time. They are opened when somebody looks.
const readerConns = 2

// Reader gives the same warehouse through sessions of its own that only read: they take the role sms_pages, their transactions
// cannot write, and a statement ends after lookTimeout. Where the program's role may not take that one, the log says what an
// administrator has to do, and the transactions alone keep from writing. Close it.
func (w *Warehouse) Reader(ctx context.Context) (*Warehouse, error) {
	config := w.pool.Config()
	config.MaxConns, config.MinConns, config.MinIdleConns = min(readerConns, config.MaxConns), 0, 0
	settings := config.ConnConfig.RuntimeParams
	settings["application_name"] += " pages"
	settings["default_transaction_read_only"] = "on"
	settings["statement_timeout"] = fmt.Sprint(lookTimeout.Milliseconds())
	var once sync.Once
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET ROLE `+readerRole)
		if refused, is := errors.AsType[*pgconn.PgError](err); is && (refused.Code == "42501" || refused.Code == "22023") {
			once.Do(func() {
				w.log.Warn("pages are read with this program's own role, in transactions that cannot write: let an administrator make the role "+readerRole+" where it is not there, and run "+
					"GRANT "+readerRole+" TO this role, and the owner SELECT etl.grant_pages()", zap.String("role", conn.Config().User))
			})
			return nil
		}
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, failed("opening the pool of the pages", err)
	}
	reader := *w
	reader.pool = pool
	return &reader, nil
}
