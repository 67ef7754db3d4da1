package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const masked = "***"

// Secret is a credential. Whatever prints, logs or encodes one writes ***; only Reveal gives the text.
type Secret struct {
	// A pointer, because fmt cannot call methods on the unexported fields of another type: it would print a string
	// there, and prints an address here.
	text *string
}

// NewSecret hides text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal gives the text, for the one place that sends it to the vendor.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Equal says whether two secrets hide the same text, in constant time for texts of one length.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// String gives ***.
func (Secret) String() string { return masked }

// GoString gives ***.
func (Secret) GoString() string { return masked }

// Format writes *** for every verb and flag.
func (Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, masked) // fmt has no way to pass the error on
}

// MarshalText gives ***, for JSON, YAML and zap.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue gives ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }
