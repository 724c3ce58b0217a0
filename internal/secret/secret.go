package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Placeholder is what a Secret shows of itself, everywhere.
const Placeholder = "[secret]"

// Secret is a value that redacts itself. The zero value holds nothing.
//
// The value sits behind a pointer because fmt walks unexported struct fields by reflection without calling their
// methods: a struct that embeds a Secret in an unexported field prints an address then, not the value.
type Secret struct{ value *string }

// New returns a Secret that holds value. New("") is the zero Secret.
func New(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Expose returns the plaintext. It is the only way out.
func (s Secret) Expose() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether s holds nothing.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal compares in time that depends on the lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Expose()), []byte(other.Expose())) == 1
}

// String implements fmt.Stringer.
func (s Secret) String() string { return Placeholder }

// Format implements fmt.Formatter, so that no verb (%x, %q, %#v) reaches the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Placeholder)) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Placeholder) }

// MarshalText implements encoding.TextMarshaler; JSON and XML use it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// UnmarshalText implements encoding.TextUnmarshaler: configuration and API answers are read straight into a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = New(string(text))
	return nil
}
