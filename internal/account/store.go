package account

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
)

// ErrNotFound says that there is no such sign-in: never begun, of another session, taken before, or too old.
var ErrNotFound = errors.New("no such sign-in")

// Stage is how far a sign-in is.
type Stage string

// Stages of a sign-in.
const (
	Gone  Stage = ""
	Begun Stage = "begun" // the person is at Aritma ID
	Taken Stage = "taken" // the answer came, and is being looked into
	Ended Stage = "ended" // the outcome waits for the session
)

// Signin is a sign-in that was begun.
type Signin struct {
	ID        []byte      // SHA-256 of the state
	Session   []byte      // SHA-256 of the id of the session that began it; follows when the session is renamed
	Sealed    seal.Sealed // the attempt
	ExpiresAt time.Time
}

// Store keeps sign-ins under way, and leases. Every method is atomic, safe for concurrent use, and durable when it returns
// nil. What belongs to another session is not there.
type Store interface {
	// BeginSignin stores a new sign-in; ErrNotFound when the session is gone.
	BeginSignin(ctx context.Context, in Signin) error
	// TakeAttempt takes the attempt of a sign-in that was begun, once; ErrNotFound when there is none.
	TakeAttempt(ctx context.Context, id, session []byte, now time.Time) (seal.Sealed, error)
	// EndSignin stores the outcome of a sign-in whose attempt was taken; ErrNotFound when there is none.
	EndSignin(ctx context.Context, id []byte, outcome seal.Sealed) error
	// TakeOutcome takes the outcome of a sign-in that has ended, once; ErrNotFound when there is none.
	TakeOutcome(ctx context.Context, id, session []byte, now time.Time) (seal.Sealed, error)
	// SigninStage tells how far a sign-in is, with the outcome when it has ended, and takes nothing.
	SigninStage(ctx context.Context, id, session []byte, now time.Time) (Stage, seal.Sealed, error)
	// DeleteExpiredSignins deletes those whose time has passed.
	DeleteExpiredSignins(ctx context.Context, now time.Time) error
	// AcquireLease reports whether holder now has the lease of that name until the given time.
	AcquireLease(ctx context.Context, name, holder string, now, until time.Time) (bool, error)
	// ReleaseLease gives it back; not holding it is no error.
	ReleaseLease(ctx context.Context, name, holder string) error
}
