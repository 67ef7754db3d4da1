package job

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"smsetl/sms"
)

// A refused account stops its own windows, refused credentials stop the source's, and both are forgotten after a while.
func TestRefusals(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newRefusals(false, func() time.Time { return now })
	mine, other := sms.Account{ID: "mine"}, sms.Account{ID: "other"}
	r.note("a", mine, fmt.Errorf("wrapped: %w", sms.ErrAccountDenied))
	r.note("a", other, sms.ErrTemporary)
	r.note("b", mine, sms.ErrSourceDenied)
	for name, c := range map[string]struct {
		source  string
		account sms.Account
		want    error
	}{
		"the refused account":          {"a", mine, sms.ErrAccountDenied},
		"another account":              {"a", other, nil},
		"any account of a source":      {"b", other, sms.ErrSourceDenied},
		"the account at another place": {"c", mine, nil},
	} {
		if err := r.check(c.source, c.account); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	now = now.Add(16 * time.Minute)
	if err := r.check("b", mine); err != nil {
		t.Errorf("still refused after 16 minutes: %v", err)
	}
}

// Windows behind a refused one are told of it in the same words, however many there are, and do not keep the refusal alive.
func TestReasonOfADeniedSourceDoesNotGrow(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newRefusals(false, func() time.Time { return now })
	account := sms.Account{ID: "mine"}
	r.note("a", account, fmt.Errorf("stats_day: %w: the key is wrong", sms.ErrSourceDenied))
	first := r.check("a", account)
	for range 14 {
		now = now.Add(time.Minute)
		err := r.check("a", account)
		if err == nil || err.Error() != first.Error() {
			t.Fatalf("the reason became %v, was %v", err, first)
		}
		r.note("a", account, fmt.Errorf("wrapped by a window: %w", err))
	}
	now = now.Add(time.Minute)
	if err := r.check("a", account); err != nil {
		t.Errorf("after a quarter of an hour it is not asked again: %v", err)
	}
}
