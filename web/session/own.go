package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Values that the package itself knows, all of them strings.
const (
	// OwnerKey names who the session belongs to. Sessions of one owner are listed together.
	OwnerKey = "owner"
	// DeviceKey and FromKey say in which browser the session began, and at which address.
	DeviceKey = "device"
	FromKey   = "from"
)

// Own is one of the sessions of an owner.
type Own struct {
	Handle       string // names the session among them, and gives no access
	Device, From string
	Current      bool // the one that asks
	BeganAt      time.Time
	SeenAt       time.Time // to the minute
}

func ownerOf(all entries) []byte {
	owner := all.text(OwnerKey)
	if owner == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(owner))
	return sum[:]
}

// handleOf is the handle of a session.
func handleOf(hash []byte) string {
	sum := sha256.Sum256(append([]byte("handle "), hash...))
	return hex.EncodeToString(sum[:8])
}

// Owned lists the sessions that belong to the owner of this one, last seen first; this one alone when it has no owner, and
// none when it was never saved.
func (st *Store) Owned(ctx context.Context, s *sessions.Session) ([]Own, error) {
	records, err := st.owned(ctx, s)
	if err != nil {
		return nil, err
	}
	all := make([]Own, 0, len(records))
	for _, record := range records {
		values, _ := st.open(record) // one that cannot be read is listed without them
		all = append(all, Own{
			Handle: handleOf(record.Hash), Device: values.text(DeviceKey), From: values.text(FromKey),
			Current: hex.EncodeToString(record.Hash) == s.ID, BeganAt: record.CreatedAt, SeenAt: record.SeenAt,
		})
	}
	return all, nil
}

func (st *Store) owned(ctx context.Context, s *sessions.Session) ([]Record, error) {
	b, ok := s.Values[baseKey{}].(*base)
	if !ok {
		return nil, nil
	}
	if b.record.Owner == nil {
		return []Record{b.record}, nil
	}
	return st.storage.SessionsOf(ctx, b.record.Owner, st.now())
}

// End ends another session of the same owner, by its handle, and returns its hash; nil when there was none. The session that
// asks is ended by Destroy.
func (st *Store) End(ctx context.Context, s *sessions.Session, handle string) ([]byte, error) {
	records, err := st.owned(ctx, s)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(records, func(r Record) bool { return handleOf(r.Hash) == handle && hex.EncodeToString(r.Hash) != s.ID })
	if i < 0 {
		return nil, nil
	}
	return records[i].Hash, st.storage.DeleteSession(ctx, records[i].Hash)
}

// Life is when a session ends.
type Life struct {
	Ends time.Time // when nothing is done until then
	Last time.Time // in any case
}

// Life says when the session ends; zero when it was never saved.
func (st *Store) Life(s *sessions.Session) Life {
	b, ok := s.Values[baseKey{}].(*base)
	if !ok {
		return Life{}
	}
	return Life{Ends: b.record.ExpiresAt, Last: b.record.CreatedAt.Add(st.absolute)}
}

// Extend is a request by which a person says that they are there: it counts even within a minute of the last. ErrNotFound when
// the session has ended meanwhile; what is left of it is an empty one, as after Destroy.
func (st *Store) Extend(ctx context.Context, s *sessions.Session) (Life, error) {
	b, ok := s.Values[baseKey{}].(*base)
	if !ok {
		return Life{}, ErrNotFound
	}
	now := st.now()
	expires := st.expiry(b.record.CreatedAt, now)
	if err := st.storage.TouchSession(ctx, b.record.Hash, now, expires); err != nil {
		return Life{}, err
	}
	stored, err := st.storage.LoadSession(ctx, b.record.Hash, now)
	if errors.Is(err, ErrNotFound) {
		s.ID, s.IsNew, s.Values = "", true, st.empty().Values
	}
	if err != nil {
		return Life{}, err
	}
	b.record.SeenAt, b.record.ExpiresAt = stored.SeenAt, stored.ExpiresAt
	return st.Life(s), nil
}

type quietKey struct{}

func quiet(ctx context.Context) context.Context { return context.WithValue(ctx, quietKey{}, true) }

// Quiet marks a request that the page makes by itself: it does not keep the session alive. It has to be marked before the
// session is asked for.
func Quiet(r *http.Request) *http.Request {
	return r.WithContext(quiet(r.Context()))
}

func isQuiet(ctx context.Context) bool {
	quiet, _ := ctx.Value(quietKey{}).(bool)
	return quiet
}

// Unknown reports whether the request brings a cookie of ours that names no session: ended, or made up.
func (st *Store) Unknown(r *http.Request) (bool, error) {
	if cookie, _ := r.Cookie(st.name); cookie == nil {
		return false, nil
	}
	s, err := st.Session(r)
	return s.IsNew, err
}

// Forget tells the browser to forget the cookie.
func (st *Store) Forget(w http.ResponseWriter) { st.setCookie(w, secret.Secret{}) }

// Kept is a session as it is in the storage, for work that outlasts the request.
type Kept struct {
	store *Store
	hash  []byte
}

// Kept is the session as it is stored, whatever this request holds of it; it has to be saved.
func (st *Store) Kept(s *sessions.Session) Kept { return Kept{store: st, hash: Hash(s)} }

// Load returns a session of its own with what is stored now; ErrNotFound when it has ended.
func (k Kept) Load(ctx context.Context) (*sessions.Session, error) {
	b, err := k.store.load(ctx, k.hash)
	if err != nil {
		return nil, err
	}
	s := k.store.empty()
	s.ID, s.IsNew = hex.EncodeToString(k.hash), false
	remember(s, b)
	return s, nil
}

// Save stores what was changed in a session of Load, as Store.Save does. It does not keep the session alive.
func (k Kept) Save(ctx context.Context, s *sessions.Session) error {
	mine, err := encode(s.Values)
	if err != nil {
		return err
	}
	return k.store.commit(quiet(ctx), s, mine, k.hash, k.store.storage.SaveSession)
}
