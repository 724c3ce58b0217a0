package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/secret"
)

// Save implements sessions.Store. A new session gets its row first and then its cookie; the id is ours, whatever the
// browser sent. A session that was loaded is merged with what other requests saved since, as the package says, and the
// session then holds the merged values; when it did not change, nothing is written. ErrNotFound when it has ended.
func (st *Store) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	if s.Options != nil && s.Options.MaxAge < 0 {
		return st.Destroy(w, r, s)
	}
	hash := Hash(s)
	if hash == nil {
		return st.create(w, r, s)
	}
	mine, err := encode(s.Values)
	if err != nil {
		return err
	}
	if b, ok := s.Values[baseKey{}].(*base); ok && b.stored.equal(mine) {
		return nil
	}
	return st.commit(r.Context(), s, mine, hash, st.storage.SaveSession)
}

// Rotate gives a session another id and keeps its values and grants: at every change of what the session may do, so that
// an id planted or seen before is worth nothing. The old id is dead when it returns. The absolute end stays where it was.
// It saves the session too.
func (st *Store) Rotate(w http.ResponseWriter, r *http.Request, s *sessions.Session) error {
	old := Hash(s)
	if old == nil {
		return st.create(w, r, s)
	}
	mine, err := encode(s.Values)
	if err != nil {
		return err
	}
	id, hash := newID()
	err = st.commit(r.Context(), s, mine, hash, func(ctx context.Context, next Record) error {
		return st.storage.RenameSession(ctx, old, next)
	})
	if err != nil {
		return err
	}
	s.ID = hex.EncodeToString(hash)
	st.setCookie(w, id)
	return nil
}

// Destroy ends a session: its row, its values and its grants are gone when it returns, and the browser is told to forget
// the cookie. What is left is an empty session that a later Save would begin anew, under another id.
func (st *Store) Destroy(w http.ResponseWriter, r *http.Request, s *sessions.Session) error {
	if hash := Hash(s); hash != nil {
		if err := st.storage.DeleteSession(r.Context(), hash); err != nil {
			return err
		}
		if err := st.endRenamed(r.Context(), s); err != nil {
			return err
		}
	}
	fresh := st.empty()
	s.ID, s.IsNew, s.Options = "", true, fresh.Options
	s.Values = fresh.Values
	st.setCookie(w, secret.Secret{})
	return nil
}

// endRenamed ends the session under the id that another request gave it after this one had loaded it: its owner and its
// beginning stay the same. A rename that comes later finds nothing to rename.
func (st *Store) endRenamed(ctx context.Context, s *sessions.Session) error {
	b, ok := s.Values[baseKey{}].(*base)
	if !ok || b.record.Owner == nil {
		return nil
	}
	same, err := st.storage.SessionsOf(ctx, b.record.Owner, st.now())
	if err != nil {
		return err
	}
	for _, each := range same {
		if each.CreatedAt.Equal(b.record.CreatedAt) {
			if err := st.storage.DeleteSession(ctx, each.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

func (st *Store) create(w http.ResponseWriter, r *http.Request, s *sessions.Session) error {
	mine, err := encode(s.Values)
	if err != nil {
		return err
	}
	id, hash := newID()
	record, err := st.seal(r.Context(), hash, Record{}, mine)
	if err != nil {
		return err
	}
	if err := st.storage.SaveSession(r.Context(), record); err != nil {
		return err
	}
	record.Version++
	s.ID, s.IsNew = hex.EncodeToString(hash), false
	remember(s, &base{record: record, stored: mine})
	st.setCookie(w, id)
	return nil
}

// commit writes what this request did to the session onto what is stored, under the hash given, and begins again when
// another request was faster.
func (st *Store) commit(ctx context.Context, s *sessions.Session, mine entries, hash []byte, write func(context.Context, Record) error) error {
	loaded, ok := s.Values[baseKey{}].(*base)
	stored := loaded
	for range saveTries {
		if stored == nil {
			var err error
			if stored, err = st.load(ctx, Hash(s)); err != nil {
				return fmt.Errorf("save session: %w", err)
			}
			if !ok { // the caller emptied the values: what it has now is all that is to stay
				loaded, ok = stored, true
			}
		}
		merged := merge(loaded.stored, mine, stored.stored)
		next, err := st.seal(ctx, hash, stored.record, merged)
		if err != nil {
			return err
		}
		if err = write(ctx, next); err == nil {
			next.Version++
			remember(s, &base{record: next, stored: merged})
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		stored = nil
	}
	return fmt.Errorf("save session: %w", ErrConflict)
}

// remember makes the session hold what is stored now.
func remember(s *sessions.Session, b *base) {
	s.Values = map[any]any{baseKey{}: b}
	b.stored.decode(s.Values)
}
