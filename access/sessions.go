// Package access keeps who is logged in to the pages, and what they did to the queue from there, as rows that every process of a
// warehouse reads. It lets nobody in: that is decided in package web.
package access

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
)

// Session is a login that has not ended.
type Session struct {
	ID         int64
	Login      string    // the name that logged in
	Groups     []string  // that a provider of logins named; nil for a login with a password
	Credential []byte    // a hash of what let it in: when that is another one, the session is over
	Client     string    // the address that logged in
	StartedAt  time.Time // of the login
	SeenAt     time.Time // of the last request, to the minute
	EndsAt     time.Time // at the latest
}

// Token is the hash of what a browser has as its proof. The proof itself is kept nowhere, so that whoever reads the table has none.
type Token [32]byte

// Sessions keeps sessions in the database.
type Sessions struct{ DB *db.DB }

// Start keeps a session, and throws away those that are over.
func (s Sessions) Start(ctx context.Context, token Token, session Session, idle time.Duration) error {
	return failed("keeping a session", pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM etl.web_session WHERE ends_at <= $1 OR seen_at <= $2`,
			session.StartedAt, session.StartedAt.Add(-idle)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO etl.web_session (token_hash, login, groups, credential, client, started_at, seen_at, ends_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6, $7)`,
			token[:], db.Clean(session.Login), session.Groups, session.Credential, db.Clean(session.Client), session.StartedAt, session.EndsAt)
		return err
	}))
}

// Find gives the session of a token; ok is false when there is none.
func (s Sessions) Find(ctx context.Context, token Token) (session Session, ok bool, err error) {
	session, err = db.One[Session](ctx, s.DB, `
		SELECT session_id, login, groups, credential, client, started_at, seen_at, ends_at
		FROM etl.web_session
		WHERE token_hash = $1`, token[:])
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, false, nil
	}
	return session, err == nil, failed("looking for a session", err)
}

// Seen writes down that a session is in use.
func (s Sessions) Seen(ctx context.Context, token Token, at time.Time) error {
	_, err := s.DB.Exec(ctx, `UPDATE etl.web_session SET seen_at = greatest(seen_at, $2) WHERE token_hash = $1`, token[:], at)
	return failed("writing down that a session is in use", err)
}

// End ends the session of a token, in every process.
func (s Sessions) End(ctx context.Context, token Token) error {
	_, err := s.DB.Exec(ctx, `DELETE FROM etl.web_session WHERE token_hash = $1`, token[:])
	return failed("ending a session", err)
}

// List gives the sessions that have not ended, the newest first.
func (s Sessions) List(ctx context.Context, now time.Time) ([]Session, error) {
	all, err := db.All[Session](ctx, s.DB, `
		SELECT session_id, login, groups, credential, client, started_at, seen_at, ends_at
		FROM etl.web_session
		WHERE ends_at > $1
		ORDER BY session_id DESC`, now)
	return all, failed("listing sessions", err)
}

// Revoke ends sessions by their numbers, or all of them for none, and gives which there were. Who did it is written down with
// them.
func (s Sessions) Revoke(ctx context.Context, ids []int64, who string, now time.Time) (ended []int64, err error) {
	err = pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
		if ended, err = db.All[int64](ctx, tx, `
			DELETE FROM etl.web_session
			WHERE cardinality($1::bigint[]) = 0 OR session_id = ANY ($1::bigint[])
			RETURNING session_id`, append([]int64{}, ids...)); err != nil || len(ended) == 0 {
			return err
		}
		return record(ctx, tx, Operation{Name: SessionEnd, Who: who, IDs: ended, At: now})
	})
	return ended, failed("ending sessions", err)
}

func failed(doing string, err error) error { return db.Error("access", doing, err) }
