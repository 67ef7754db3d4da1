package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Turn waits for the turn of that name and keeps it until the transaction ends. It is the lock of a row in a table that
// analysts cannot reach. Advisory locks would not do: every role may take any of them, and keep it for ever.
func Turn(ctx context.Context, tx pgx.Tx, name string) error {
	// The row is made where it is missing, and locked in any case: before the condition is looked at.
	_, err := tx.Exec(ctx, `
		INSERT INTO etl.turn (name)
		VALUES ($1)
		ON CONFLICT (name) DO UPDATE
		SET name = excluded.name
		WHERE false`, name)
	return err
}

// TryTurn is Turn for who does not wait: false when somebody else has the turn.
func TryTurn(ctx context.Context, tx pgx.Tx, name string) (isOurs bool, err error) {
	err = tx.QueryRow(ctx, `SELECT true FROM etl.turn WHERE name = $1 FOR UPDATE SKIP LOCKED`, name).Scan(&isOurs)
	if !errors.Is(err, pgx.ErrNoRows) {
		return isOurs, err
	}
	var isHeld bool
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM etl.turn WHERE name = $1)`, name).Scan(&isHeld)
	if err != nil || isHeld {
		return false, err
	}
	return true, Turn(ctx, tx, name) // nobody has ever had it
}

// FactParts is how many parts the facts have, each with a turn of its own for every account.
const FactParts = 3

// LoadTurn names the turn of the loads that write a part of the facts of an account.
func LoadTurn[P ~int](part P, account int32) string { return fmt.Sprintf("load %d %d", part, account) }

// Session is a connection that lives as long as its program, and shows others so: see etl.lives. They know it by the
// process of the server, the role that it logged in as and its name, which has a random part. A process's number alone comes
// back, and a name alone can be copied; nobody can log in as another role.
type Session struct {
	*pgx.Conn

	Backend int32
	Role    uint32
	Name    string
}

// OpenSession opens a session for that purpose.
func OpenSession(ctx context.Context, pool *pgxpool.Pool, purpose string) (*Session, error) {
	config := pool.Config().ConnConfig
	config.ConnectTimeout = DialTimeout
	// The session is idle for as long as the program lives; only its death must end it.
	config.RuntimeParams["idle_session_timeout"] = "0"
	config.RuntimeParams["application_name"] = "etl " + purpose + " " + rand.Text()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &Session{Conn: conn}
	// As the server has it: it cuts names that are long, and something between may have changed it.
	err = conn.QueryRow(ctx, `
		SELECT pid, usesysid, application_name
		FROM pg_stat_activity
		WHERE pid = pg_backend_pid()`).Scan(&s.Backend, &s.Role, &s.Name)
	if err != nil {
		s.End(ctx)
		return nil, err
	}
	return s, nil
}

// End closes the session.
func (s *Session) End(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = s.Close(ctx) // a session that is gone cannot be closed better
}

// Take takes a turn for as long as the session lives, without a transaction that stays open; false when somebody else has it.
func (s *Session) Take(ctx context.Context, name string) (isOurs bool, err error) {
	err = pgx.BeginFunc(ctx, s.Conn, func(tx pgx.Tx) error {
		if err := Turn(ctx, tx, name); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE etl.turn
			SET backend = $2,
			    role    = $3,
			    session = $4
			WHERE name = $1
			  AND NOT etl.lives(backend, role, session)`, name, s.Backend, s.Role, s.Name)
		isOurs = tag.RowsAffected() > 0
		return err
	})
	return isOurs, err
}

// Leave gives up a turn that was taken. A session that ends leaves its turns a moment later by itself.
func (s *Session) Leave(ctx context.Context, name string) error {
	_, err := s.Exec(ctx, `
		UPDATE etl.turn
		SET backend = NULL,
		    role    = NULL,
		    session = NULL
		WHERE name = $1
		  AND session = $2`, name, s.Name)
	return err
}
