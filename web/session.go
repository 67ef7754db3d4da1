package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"smsetl/access"
)

// The cookie's names. The prefix makes browsers insist on a secure connection and on this very host; over plain HTTP they
// would not take it.
const (
	cookieName       = "etl_session"
	secureCookieName = "__Host-etl_session"
)

const (
	// longestSession is how long a login lasts at most, however much it is used.
	longestSession = 7 * 24 * time.Hour
	// seenEvery is how often it is written down that a session is in use.
	seenEvery = time.Minute
	// lookupsAtOnce bounds the connections of the warehouse that invented cookies can take.
	lookupsAtOnce = 2
	lookupWait    = 2 * time.Second
	proofSize     = 32
)

// SessionStore keeps sessions where every process of a warehouse finds them.
type SessionStore interface {
	Start(ctx context.Context, token access.Token, session access.Session, idle time.Duration) error
	Find(ctx context.Context, token access.Token) (session access.Session, ok bool, err error)
	Seen(ctx context.Context, token access.Token, at time.Time) error
	End(ctx context.Context, token access.Token) error
}

var errSessions = errors.New("sessions cannot be looked up at this moment")

// sessions are kept, and a browser has 32 random bytes as its proof of one. Nothing is signed: there is no key that somebody
// could find, and a session that is ended is over in every process.
type sessions struct {
	store SessionStore
	turns chan struct{}
	now   func() time.Time
}

func newSessions(store SessionStore, now func() time.Time) *sessions {
	return &sessions{store: store, turns: make(chan struct{}, lookupsAtOnce), now: now}
}

// begin keeps a session and gives the proof of it.
func (s *sessions) begin(ctx context.Context, of newSession, client string, idle time.Duration) (proof string, err error) {
	raw := make([]byte, proofSize)
	_, _ = rand.Read(raw) // never fails: it would end the program
	now := s.now()
	return base64.RawURLEncoding.EncodeToString(raw), s.store.Start(ctx, sha256.Sum256(raw), access.Session{
		Login: of.name, Groups: of.groups, Credential: of.credential, Client: client, StartedAt: now, SeenAt: now, EndsAt: now.Add(longestSession),
	}, idle)
}

// tokens gives what the proofs of a request could be; nothing proves a session where none are kept.
func (s *sessions) tokens(r *http.Request) (all []access.Token) {
	if s.store == nil {
		return nil
	}
	for _, name := range []string{secureCookieName, cookieName} {
		cookie, err := r.Cookie(name)
		if err != nil {
			continue
		}
		if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil && len(raw) == proofSize {
			all = append(all, sha256.Sum256(raw))
		}
	}
	return all
}

// find gives whoever has proof of a session; ok is false for nobody. The error is errSessions.
func (s *sessions) find(r *http.Request, o *Options) (who identity, ok bool, err error) {
	for _, token := range s.tokens(r) {
		session, known, err := s.lookUp(r.Context(), token)
		if err != nil {
			return identity{}, false, err
		}
		role, credential := o.entry(session)
		now := s.now()
		if !known || credential == nil || !bytes.Equal(credential, session.Credential) ||
			!now.Before(session.EndsAt) || now.Sub(session.SeenAt) >= o.Session {
			continue
		}
		if now.Sub(session.SeenAt) >= seenEvery {
			_ = s.store.Seen(r.Context(), token, now) // a session that is not prolonged ends sooner
		}
		return identity{name: session.Login, role: role, session: true}, true, nil
	}
	return identity{}, false, nil
}

// lookUp takes its turn: cookies are invented faster than they are looked up.
func (s *sessions) lookUp(ctx context.Context, token access.Token) (session access.Session, known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return access.Session{}, false, errSessions
	}
	session, known, err = s.store.Find(ctx, token)
	if err != nil {
		return access.Session{}, false, errors.Join(errSessions, err)
	}
	return session, known, nil
}

// end ends the sessions that a request has proof of.
func (s *sessions) end(r *http.Request) (err error) {
	for _, token := range s.tokens(r) {
		err = errors.Join(err, s.store.End(r.Context(), token))
	}
	return err
}

// cookie carries a proof; an empty one takes it back.
func cookie(proof string, secure bool) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // over plain HTTP, on a machine's own loopback, a browser would not take a secure one
		Name: cookieName, Value: proof, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(longestSession.Seconds()),
	}
	if secure {
		c.Name = secureCookieName
	}
	if proof == "" {
		c.MaxAge = -1
	}
	return c
}
