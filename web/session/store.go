package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/seal"
)

const (
	// DefaultIdle ends a session without a request.
	DefaultIdle = 60 * time.Minute
	// DefaultAbsolute ends a session in any case.
	DefaultAbsolute = 12 * time.Hour
	// touchEvery is how long a session's last request may go unwritten: an idle end can come that much early, never late.
	touchEvery = time.Minute
	// saveTries bounds how often Save and Rotate begin again. Each time another request has succeeded.
	saveTries = 64
)

// Options say how sessions live; zero values take the defaults.
type Options struct {
	Secure         bool          // the public URL is https; false only on loopback http
	Idle, Absolute time.Duration // DefaultIdle, DefaultAbsolute
	Now            func() time.Time
}

// Store implements sessions.Store. Its sessions' ID is the hex of the stored hash, never the id in the cookie; it is
// empty before the first Save. Of a session's gorilla Options only MaxAge < 0 has a meaning: Save then destroys it.
type Store struct {
	storage        Storage
	keys           *seal.Keyring
	name           string
	secure         bool
	idle, absolute time.Duration
	now            func() time.Time
}

var _ sessions.Store = (*Store)(nil)

// New returns a Store that keeps sessions in storage, sealed with the keyring.
func New(storage Storage, keys *seal.Keyring, o Options) *Store {
	st := &Store{
		storage: storage, keys: keys, name: loopbackCookie, secure: o.Secure,
		idle: o.Idle, absolute: o.Absolute, now: o.Now,
	}
	if o.Secure {
		st.name = hostCookie
	}
	if st.idle == 0 {
		st.idle = DefaultIdle
	}
	if st.absolute == 0 {
		st.absolute = DefaultAbsolute
	}
	if st.now == nil {
		st.now = time.Now
	}
	return st
}

// Name is the cookie's name, and the only name of a session that Get and New take.
func (st *Store) Name() string { return st.name }

// Session returns the request's session, a new one when it has none. It fails only when the storage does.
func (st *Store) Session(r *http.Request) (*sessions.Session, error) { return st.Get(r, st.name) }

// Hash is the SHA-256 of the session's id, by which grants name it, or nil when the session was never saved.
func Hash(s *sessions.Session) []byte {
	hash, err := hex.DecodeString(s.ID)
	if err != nil || len(hash) == 0 {
		return nil
	}
	return hash
}

// Get implements sessions.Store: within one request it returns the same session every time.
func (st *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New implements sessions.Store. A cookie that cannot be read, is unknown or expired, or whose values do not open makes
// a new, anonymous session without an error and without a cookie. An error says that the storage failed; the session
// beside it is an empty one.
func (st *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	s := st.empty()
	if name != st.name {
		return s, fmt.Errorf("session is named %q, not %q", name, st.name)
	}
	hash := st.hashOf(r)
	if hash == nil {
		return s, nil
	}
	b, err := st.load(r.Context(), hash)
	if errors.Is(err, ErrNotFound) || errors.Is(err, errUnreadable) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	b.stored.decode(s.Values)
	if !isQuiet(r.Context()) {
		st.touch(r.Context(), &b.record)
	}
	s.ID, s.IsNew = hex.EncodeToString(hash), false
	s.Values[baseKey{}] = b
	return s, nil
}

func (st *Store) empty() *sessions.Session {
	s := sessions.NewSession(st, st.name)
	s.IsNew = true
	s.Options = &sessions.Options{Path: "/", Secure: st.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return s
}

// errUnreadable says that a session is stored but its values do not open: tampered with, moved here from another
// session, sealed with a key that is gone, or written by a newer program.
var errUnreadable = errors.New("session values cannot be read")

// base is what the storage held when the session was loaded or last saved.
type base struct {
	record Record
	stored entries
}

// baseKey is the one key of gorilla's values that is ours; no caller can name it.
type baseKey struct{}

func (st *Store) load(ctx context.Context, hash []byte) (*base, error) {
	record, err := st.storage.LoadSession(ctx, hash, st.now())
	if err != nil {
		return nil, err
	}
	stored, err := st.open(record)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return &base{record: record, stored: stored}, nil
}

// open reads the values of a record.
func (st *Store) open(record Record) (entries, error) {
	plain, err := st.keys.Open(record.Values, Place(record.Hash))
	if err != nil {
		return nil, err
	}
	return parse(plain)
}

// Place is what the values of the session of a hash are sealed for.
func Place(hash []byte) []byte { return seal.Place("session", hex.EncodeToString(hash)) }

// touch writes down that the session was seen. A failure is left alone: the session is good all the same, and its next
// request tries again.
func (st *Store) touch(ctx context.Context, record *Record) {
	now := st.now()
	if now.Sub(record.SeenAt) < touchEvery {
		return
	}
	expires := st.expiry(record.CreatedAt, now)
	if st.storage.TouchSession(ctx, record.Hash, now, expires) == nil {
		record.SeenAt, record.ExpiresAt = now, expires
	}
}

func (st *Store) expiry(created, seen time.Time) time.Time {
	idle, absolute := seen.Add(st.idle), created.Add(st.absolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// seal makes the record of entries under a hash; created and version are those of the record it is based on, and in a quiet
// request so is when it was seen.
func (st *Store) seal(ctx context.Context, hash []byte, from Record, all entries) (Record, error) {
	plain, err := all.plain()
	if err != nil {
		return Record{}, err
	}
	now := st.now()
	created, seen := from.CreatedAt, now
	switch {
	case from.Version == 0:
		created = now
	case isQuiet(ctx):
		seen = from.SeenAt
	}
	return Record{
		Hash: hash, Version: from.Version, Values: st.keys.Seal(plain, Place(hash)),
		Owner: ownerOf(all), CreatedAt: created, SeenAt: seen, ExpiresAt: st.expiry(created, seen),
	}, nil
}
