package session

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/seal"
)

// Faults of a Storage that the Store tells apart.
var (
	ErrNotFound = errors.New("no such session")
	ErrConflict = errors.New("session was changed by another request")
)

// Record is a session as it is stored.
type Record struct {
	Hash []byte // SHA-256 of the id in the cookie, 32 bytes
	// Version is the one that the record was loaded with, or that it is based on when it is to be saved; 0: not stored yet.
	Version   int64
	Values    seal.Sealed // sealed for seal.Place("session", hex of Hash)
	Owner     []byte      // SHA-256 of who the session belongs to; nil: nobody who could be told
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // the earlier end of idle and absolute life
}

// Storage is what a database does for sessions. Every method is atomic, safe for concurrent use, and durable when it
// returns nil.
type Storage interface {
	// LoadSession returns a session that has not expired, or ErrNotFound.
	LoadSession(ctx context.Context, hash []byte, now time.Time) (Record, error)
	// SaveSession stores a new session (version 0), or replaces one that still has the record's version. The stored
	// version is one higher. When it was seen and when it expires never go back: the later of what is stored and what the
	// record says stays. ErrConflict when the version is another one, ErrNotFound when the session is gone.
	SaveSession(ctx context.Context, record Record) error
	// TouchSession moves the times of a session forward, never back, and leaves its version. A session that is gone is
	// no error.
	TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error
	// DeleteSession deletes a session and its grants. A session that is gone is no error.
	DeleteSession(ctx context.Context, hash []byte) error
	// RenameSession is SaveSession of the session known as old that also gives it the record's hash. Its grants move
	// with it, and the old hash is dead when it returns. ErrConflict and ErrNotFound are as with SaveSession.
	RenameSession(ctx context.Context, old []byte, record Record) error
	// SessionsOf lists the sessions of an owner that have not expired, last seen first.
	SessionsOf(ctx context.Context, owner []byte, now time.Time) ([]Record, error)
	// DeleteExpiredSessions deletes sessions whose time has passed, with their grants, and returns how many.
	DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error)
}
