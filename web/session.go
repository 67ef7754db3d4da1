package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

// The cookie's names. The prefix makes browsers insist on a secure connection and on this very host; over plain HTTP they
// would not take it.
const (
	cookieName       = "etl_session"
	secureCookieName = "__Host-etl_session"
)

// tokenSize is the expiry in seconds, 16 random bytes and the signature.
const tokenSize = 8 + 16 + sha256.Size

// sessions makes and checks login tokens. They are signed and kept nowhere, so that any process answers a browser that
// another one let in. The key comes from the password's hash, which all of them have: a new password ends every session.
type sessions struct {
	key   []byte
	lasts time.Duration
	now   func() time.Time
}

func newSessions(passwordHash string, lasts time.Duration, now func() time.Time) *sessions {
	mac := hmac.New(sha256.New, []byte(passwordHash))
	mac.Write([]byte("smsetl session 1"))
	return &sessions{key: mac.Sum(nil), lasts: lasts, now: now}
}

func (s *sessions) sign(token []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(token)
	return mac.Sum(token)
}

// token gives a new one.
func (s *sessions) token() string {
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, tokenSize), uint64(s.now().Add(s.lasts).Unix()))
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails: it would end the program
	return base64.RawURLEncoding.EncodeToString(s.sign(append(raw, nonce...)))
}

// isValid reports whether the request carries a token that was made with this key and has not run out.
func (s *sessions) isValid(r *http.Request) bool {
	for _, name := range []string{secureCookieName, cookieName} {
		cookie, err := r.Cookie(name)
		if err != nil {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
		if err != nil || len(raw) != tokenSize {
			continue
		}
		payload := raw[:tokenSize-sha256.Size]
		if !hmac.Equal(s.sign(append([]byte(nil), payload...)), raw) {
			continue
		}
		if s.now().Unix() < int64(binary.BigEndian.Uint64(payload)) {
			return true
		}
	}
	return false
}

// cookie carries a token; an empty one ends the session.
func (s *sessions) cookie(token string, secure bool) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // over plain HTTP, on a machine's own loopback, a browser would not take a secure one
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(s.lasts.Seconds()),
	}
	if secure {
		c.Name = secureCookieName
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}
