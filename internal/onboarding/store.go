package onboarding

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
)

// Faults of the store that callers tell apart.
var (
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("changed by somebody else")
	ErrOperationUsed = errors.New("operation id was used before")
	ErrClaimed       = errors.New("sealed value is gone")
)

// Change is one transaction on a setup. It succeeds as a whole when the stored version still equals Setup.Version.
type Change struct {
	Setup     Setup
	Put       map[string]SealedSecret // by name; replaces
	Drop      []string                // names of secrets to delete
	Operation string                  // recorded as used, when not empty
	Events    []Event
}

// SealedSecret is a sealed value with the time at which it is deleted at the latest; zero: not by time.
type SealedSecret struct {
	Value  seal.Sealed
	DropAt time.Time
}

// ExpiredSecret names a sealed value whose time has passed.
type ExpiredSecret struct{ Setup, Name string }

// Store keeps setups. Two engines implement it; package storetest holds what both must do. Every method is atomic,
// safe for concurrent use, and durable when it returns nil.
type Store interface {
	SetupStore
	LinkStore
	LeaseStore
	KeyStore
	RetentionStore
}

// SetupStore keeps setups, their sealed secrets and their audit trail.
type SetupStore interface {
	// CreateSetup stores a new setup with its first events; the version becomes 1.
	CreateSetup(ctx context.Context, setup Setup, events ...Event) error
	// Setup returns a setup, or ErrNotFound.
	Setup(ctx context.Context, id string) (Setup, error)
	// SetupsOfTenant lists the setups of a tenant that were not begun with an access token, last changed first, at most so
	// many.
	SetupsOfTenant(ctx context.Context, tenant string, limit int) ([]Setup, error)
	// Save applies a change and returns the setup with its new version, or ErrConflict, ErrOperationUsed, ErrNotFound.
	Save(ctx context.Context, change Change) (Setup, error)
	// Claim is Save that also takes the sealed value out: it is deleted in the same transaction. ErrClaimed when it is
	// not there any more.
	Claim(ctx context.Context, change Change, name string) (Setup, seal.Sealed, error)
	// Sealed returns a sealed value without taking it out, or ErrNotFound.
	Sealed(ctx context.Context, setup, name string) (seal.Sealed, error)
	// SetupsHolding lists the ids of the setups that hold a sealed value of a name.
	SetupsHolding(ctx context.Context, name string) ([]string, error)
	// ExpiredSecrets lists sealed values whose time has passed.
	ExpiredSecrets(ctx context.Context, now time.Time) ([]ExpiredSecret, error)
	// Events lists a setup's audit trail, oldest first.
	Events(ctx context.Context, setup string) ([]Event, error)
}

// LinkStore keeps setup links and who came in by them.
type LinkStore interface {
	// AddLink stores a new link, or ErrNotFound when the setup is not there, ErrConflict when there is a link of that id.
	AddLink(ctx context.Context, link Link, events ...Event) error
	// LinkByHash returns a link whatever its state, or ErrNotFound.
	LinkByHash(ctx context.Context, hash []byte) (Link, error)
	// Links lists the links of a setup, oldest first.
	Links(ctx context.Context, setup string) ([]Link, error)
	// ReplaceLink takes a link back and adds another of the same setup, as one. ErrNotFound when there is no such link, or
	// it was taken back before.
	ReplaceLink(ctx context.Context, old string, link Link, events ...Event) error
	// RevokeLink takes a link back; sessions that came by it lose access at their next request.
	RevokeLink(ctx context.Context, id string, at time.Time, events ...Event) error
	// AddGrant lets a session into a setup; doing it twice is fine.
	AddGrant(ctx context.Context, grant Grant) error
	// Granted returns the grant of a session on a setup while its link is usable, or ErrNotFound.
	Granted(ctx context.Context, session []byte, setup string, now time.Time) (Grant, error)
	// LostLink returns the link by which a session came last into a setup, whatever has become of it, or ErrNotFound.
	LostLink(ctx context.Context, session []byte, setup string) (Link, error)
	// Grants lists the setups that a session may enter, newest first.
	Grants(ctx context.Context, session []byte, now time.Time) ([]Grant, error)
}

// LeaseStore lets one worker at a time act on a setup.
type LeaseStore interface {
	// AcquireLease reports whether holder now has the lease of the setup until the given time.
	AcquireLease(ctx context.Context, setup, holder string, now, until time.Time) (bool, error)
	// ReleaseLease gives it back; not holding it is no error.
	ReleaseLease(ctx context.Context, setup, holder string) error
	// Leased reports whether somebody holds the lease now.
	Leased(ctx context.Context, setup string, now time.Time) (bool, error)
}

// KeyStore keeps one known value, sealed with the keys in use, by which a wrong key is noticed.
type KeyStore interface {
	// KeyProof returns it, or ErrNotFound.
	KeyProof(ctx context.Context) (seal.Sealed, error)
	// AddKeyProof stores it when there is none. Of several who do so at once one is first, and the others change nothing.
	AddKeyProof(ctx context.Context, sealed seal.Sealed) error
}

// RetentionStore lets go of what is no longer needed.
type RetentionStore interface {
	// Kept lists the setups whose ids come after one, in the order of their ids, at most so many.
	Kept(ctx context.Context, after string, limit int) ([]Kept, error)
	// Forget is Save that also deletes the notes, and takes names and client addresses out of the audit trail.
	Forget(ctx context.Context, change Change) (Setup, error)
	// DeleteSetup deletes a setup with all that belongs to it, or ErrConflict when its version is another one by now, or it is
	// gone.
	DeleteSetup(ctx context.Context, id string, version int64) error
}

// Kept is a setup, and how long it has been left alone.
type Kept struct {
	ID        string
	Completed bool
	LastAt    time.Time // of the last change, or of the last entry in its audit trail apart from DataRemoved
	// Forgotten is true when the last entry in its audit trail is DataRemoved: nothing has come to it since.
	Forgotten bool
}
