package sms

import (
	"errors"
	"fmt"
)

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

// ContradictionError is an ErrContradicted: what is set, what the vendor was found to do, and what would be right.
type ContradictionError struct {
	Account Account
	Setting string // the key in the configuration: end_hour, time_zone
	Set     string
	Found   string // what it would have to be set to
}

func (e *ContradictionError) Error() string {
	return fmt.Sprintf("%s: %v: %s is %s, and it was found to be %s: set %s: %q", e.Account, ErrContradicted, e.Setting, e.Set, e.Found, e.Setting, e.Found)
}

// Unwrap gives the kind.
func (e *ContradictionError) Unwrap() error { return ErrContradicted }

// IncompleteError is an ErrMalformed: an answer that says itself that rows are missing from it. Asking for fewer days is the way out.
type IncompleteError struct {
	Dataset Dataset
	Window  Window // the days that the answer was asked for
	Detail  string // "count is 300 in an answer of 200 rows"
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%v: %s of %s: %s", ErrMalformed, e.Dataset, e.Window, e.Detail)
}

// Unwrap gives the kind.
func (e *IncompleteError) Unwrap() error { return ErrMalformed }
