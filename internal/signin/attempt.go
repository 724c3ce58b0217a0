package signin

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Attempt is one sign-in under way. The caller keeps it sealed, bound to the browser that began it, and uses it once.
type Attempt struct {
	Tenant string
	State  string // comes back with the answer
	// Nonce has to be in the ID token, Verifier redeems the code (RFC 7636).
	Nonce, Verifier secret.Secret
	Scheme          string // of the provider to which the person was sent; empty: their choice
	// ToAct says that the person signs in to act, with the scopes for it.
	ToAct bool
	// AnySession says that a session at Aritma ID from before will do.
	AnySession bool
	BeganAt    time.Time
}

// openAttempt is an Attempt in plain sight.
type openAttempt struct {
	Tenant   string    `json:"tenant"`
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Scheme   string    `json:"scheme,omitempty"`
	ToAct    bool      `json:"toAct,omitempty"`
	AnySess  bool      `json:"anySession,omitempty"`
	BeganAt  time.Time `json:"beganAt"`
}

// Seal returns the attempt in the form that OpenAttempt reads, to be sealed.
func (a Attempt) Seal() secret.Secret {
	// Strings and a time of this era always marshal.
	raw, _ := json.Marshal(openAttempt{a.Tenant, a.State, a.Nonce.Expose(), a.Verifier.Expose(), a.Scheme, a.ToAct, a.AnySession, a.BeganAt})
	return secret.New(string(raw))
}

// OpenAttempt reads what Seal wrote. Its error says nothing about the value.
func OpenAttempt(s secret.Secret) (Attempt, error) {
	var o openAttempt
	decoder := json.NewDecoder(bytes.NewReader([]byte(s.Expose())))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil || decoder.More() {
		return Attempt{}, errors.New("sealed sign-in attempt cannot be read")
	}
	a := Attempt{
		Tenant: o.Tenant, State: o.State, Nonce: secret.New(o.Nonce), Verifier: secret.New(o.Verifier),
		Scheme: o.Scheme, ToAct: o.ToAct, AnySession: o.AnySess, BeganAt: o.BeganAt,
	}
	if !a.complete() {
		return Attempt{}, errors.New("sealed sign-in attempt is not complete")
	}
	return a, nil
}

// complete reports whether nothing is missing that an answer is compared with.
func (a Attempt) complete() bool {
	return isTenant(a.Tenant) && a.State != "" && !a.Nonce.IsZero() && !a.Verifier.IsZero() && !a.BeganAt.IsZero()
}

// random is 256 bits in 43 characters that need no escape.
func random() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
