package web

import (
	"context"
	"sync"
	"time"

	"smsetl/access"
)

// InMemory gives a store for one process.
func InMemory() SessionStore { return &inMemory{all: map[access.Token]access.Session{}} }

// inMemory keeps the sessions of one process.
type inMemory struct {
	mu  sync.Mutex
	all map[access.Token]access.Session
}

// Start keeps a session, and throws away those that are over.
func (m *inMemory) Start(_ context.Context, token access.Token, session access.Session, idle time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t, s := range m.all {
		if !session.StartedAt.Before(s.EndsAt) || session.StartedAt.Sub(s.SeenAt) >= idle {
			delete(m.all, t)
		}
	}
	m.all[token] = session
	return nil
}

// Find gives the session of a token.
func (m *inMemory) Find(_ context.Context, token access.Token) (session access.Session, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	session, ok = m.all[token]
	return session, ok, nil
}

// Seen notes that a session is in use.
func (m *inMemory) Seen(_ context.Context, token access.Token, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if session, ok := m.all[token]; ok {
		session.SeenAt = at
		m.all[token] = session
	}
	return nil
}

// End ends the session of a token.
func (m *inMemory) End(_ context.Context, token access.Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, token)
	return nil
}
