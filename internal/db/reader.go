package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
)

const (
	// readerRole reads what pages show, and may do nothing else.
	readerRole = "sms_pages"
	// readerConns are for the one or two people who look at the same time. They are opened when somebody looks.
	readerConns = 2
	// ReadTimeout ends a question of a page that takes longer: whoever asked has gone by then.
	ReadTimeout = 20 * time.Second
)

// Reader gives the same database through sessions of its own that only read: they take the role sms_pages, their transactions
// cannot write, and a statement ends after ReadTimeout. Where the program's role may not take that one, the log says what an
// administrator has to do, and the transactions alone keep from writing. Close it.
func (d *DB) Reader(ctx context.Context) (*DB, error) {
	config := d.Config()
	config.MaxConns, config.MinConns, config.MinIdleConns = min(readerConns, config.MaxConns), 0, 0
	settings := config.ConnConfig.RuntimeParams
	settings["application_name"] += " pages"
	settings["default_transaction_read_only"] = "on"
	settings["statement_timeout"] = fmt.Sprint(ReadTimeout.Milliseconds())
	settings["jit"] = "off" // a page asks many short questions, and compiling one takes as long as answering it
	var once sync.Once
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		teach(conn)
		_, err := conn.Exec(ctx, `SET ROLE `+readerRole)
		if refused, is := errors.AsType[*pgconn.PgError](err); is && (refused.Code == "42501" || refused.Code == "22023") {
			once.Do(func() { d.warnOfRole(conn.Config().User) })
			return nil
		}
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, Error("db", "opening the pool of the pages", err)
	}
	return &DB{Pool: pool, Log: d.Log}, nil
}

func (d *DB) warnOfRole(user string) {
	d.Log.Warn("pages are read with this program's own role, in transactions that cannot write: let an administrator make the role "+
		readerRole+" where it is not there, and run GRANT "+readerRole+" TO this role, and the owner SELECT etl.grant_pages()",
		zap.String("role", user))
}
