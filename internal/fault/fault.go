package fault

import (
	"errors"
	"time"
)

// Kind says what sort of thing went wrong.
type Kind int

// The kinds. Unknown is anything nobody gave a kind: a defect of ours until shown otherwise.
const (
	Unknown      Kind = iota
	Invalid           // what the person entered cannot be right
	NotFound          // the thing does not exist, or not for this person
	Unauthorized      // an access token is missing, expired or refused
	Forbidden         // known, but not allowed
	Conflict          // somebody else changed it, or it exists already
	Gone              // it existed and was used up or taken back
	Unavailable       // an upstream could not be reached, or was too slow, or answered 5xx or 429
	Upstream          // an upstream answered something that cannot be understood or accepted
)

// String names the kind for logs.
func (k Kind) String() string {
	return [...]string{"unknown", "invalid", "not-found", "unauthorized", "forbidden", "conflict", "gone", "unavailable", "upstream"}[k]
}

// Data fills the placeholders of a message. It is shown to people: never a secret.
type Data map[string]any

// Error is a fault with its three faces.
type Error struct {
	Kind Kind
	ID   string // message id of the sentence; package message must know it
	Data Data
	// RetryAfter is how long an upstream asked us to wait; zero when it did not say.
	RetryAfter time.Duration
	Err        error // cause, for the log; may be nil
}

// New returns a fault without a further cause.
func New(kind Kind, id string, data Data) *Error { return &Error{Kind: kind, ID: id, Data: data} }

// Wrap returns a fault caused by err.
func Wrap(err error, kind Kind, id string, data Data) *Error {
	return &Error{Kind: kind, ID: id, Data: data, Err: err}
}

// Error implements error, for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.ID
	}
	return e.ID + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Of returns the outermost fault in err's chain, or one of kind Unknown around err.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Unknown, ID: "fault.unknown", Err: err}
}

// Is reports whether err carries a fault of this kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
