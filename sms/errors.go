package sms

import "errors"

// The kinds of error that cross rooms. Each answers one question: what should the caller do? Decisions use errors.Is,
// never the text.
var (
	// ErrTemporary: the same request may succeed later. Retry the window.
	ErrTemporary = errors.New("temporary")
	// ErrMalformed: the vendor answered and the answer cannot be believed. Ask again later; the answer is kept as evidence.
	ErrMalformed = errors.New("not a believable answer")
	// ErrRefused: the vendor refuses this request and will refuse it again. Give up on this window.
	ErrRefused = errors.New("refused")
	// ErrAccountDenied: the vendor refuses this account. Give up on its windows, go on with the others.
	ErrAccountDenied = errors.New("account denied")
	// ErrContradicted: the vendor reads a request otherwise than the configuration says. Give up on the account's windows until
	// somebody has changed the configuration, go on with the others.
	ErrContradicted = errors.New("the vendor contradicts the configuration")
	// ErrSourceDenied: the vendor refuses these credentials. Give up on every account of the source.
	ErrSourceDenied = errors.New("source denied")
)
