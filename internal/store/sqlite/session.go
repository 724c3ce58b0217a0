package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/web/session"
)

// LoadSession implements session.Storage.
func (s *Store) LoadSession(ctx context.Context, hash []byte, now time.Time) (session.Record, error) {
	r, err := scanSession(s.readRow(ctx, sessionOf, hash, now.UnixNano()))
	if err != nil {
		return session.Record{}, fmt.Errorf("load session: %w", orMissing(err, session.ErrNotFound))
	}
	return r, nil
}

const (
	sessionColumns = `hash, version, sealed, owner, created_at, seen_at, expires_at`
	sessionOf      = `SELECT ` + sessionColumns + ` FROM sessions WHERE hash = ? AND expires_at > ?`
)

func scanSession(from row) (r session.Record, err error) {
	return r, from.Scan(&r.Hash, &r.Version, (*[]byte)(&r.Values), &r.Owner, stampInto{&r.CreatedAt}, stampInto{&r.SeenAt}, stampInto{&r.ExpiresAt})
}

// SessionsOf implements session.Storage.
func (s *Store) SessionsOf(ctx context.Context, owner []byte, now time.Time) ([]session.Record, error) {
	records, err := list(ctx, s.reader, scanSession, `
		SELECT `+sessionColumns+` FROM sessions WHERE owner = ? AND expires_at > ? ORDER BY seen_at DESC, created_at DESC`, owner, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list sessions of an owner: %w", err)
	}
	return records, nil
}

// SaveSession implements session.Storage.
func (s *Store) SaveSession(ctx context.Context, r session.Record) error {
	return s.write(ctx, "save session", func(tx *tx) error {
		if r.Version == 0 {
			return insertSession(ctx, tx, r)
		}
		return updateSession(ctx, tx, r.Hash, r)
	})
}

// RenameSession implements session.Storage. The grants follow by their foreign key.
func (s *Store) RenameSession(ctx context.Context, old []byte, next session.Record) error {
	return s.write(ctx, "rename session", func(tx *tx) error { return updateSession(ctx, tx, old, next) })
}

func insertSession(ctx context.Context, tx *tx, r session.Record) error {
	added, err := tx.exec(ctx, `
		INSERT INTO sessions (hash, version, sealed, owner, created_at, seen_at, expires_at) VALUES (?, 1, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		r.Hash, []byte(r.Values), r.Owner, stamp(r.CreatedAt), stamp(r.SeenAt), stamp(r.ExpiresAt))
	if err == nil && added == 0 {
		return session.ErrConflict
	}
	return err
}

// updateSession replaces the session of the old hash when its version is still the one that r was made from. Its times never
// go back: a touch leaves the version, so a request may have prolonged the session meanwhile.
func updateSession(ctx context.Context, tx *tx, old []byte, r session.Record) error {
	changed, err := tx.exec(ctx, `
		UPDATE sessions SET hash = ?1, version = version + 1, sealed = ?2, owner = ?3, created_at = ?4,
			seen_at = coalesce(max(seen_at, ?5), ?5, seen_at), expires_at = max(expires_at, ?6)
		WHERE hash = ?7 AND version = ?8`,
		r.Hash, []byte(r.Values), r.Owner, stamp(r.CreatedAt), stamp(r.SeenAt), stamp(r.ExpiresAt), old, r.Version)
	if err != nil || changed == 1 {
		return err
	}
	known, err := exists(ctx, tx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE hash = ?)`, old)
	if err != nil {
		return err
	}
	if !known {
		return session.ErrNotFound
	}
	return session.ErrConflict
}

// TouchSession implements session.Storage.
func (s *Store) TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error {
	return s.write(ctx, "touch session", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = ?, expires_at = ? WHERE hash = ? AND seen_at < ?`,
			stamp(seen), stamp(expires), hash, stamp(seen))
		return err
	})
}

// DeleteSession implements session.Storage.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	return s.write(ctx, "delete session", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hash)
		return err
	})
}

// DeleteExpiredSessions implements session.Storage.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error) {
	var deleted int64
	err := s.write(ctx, "delete expired sessions", func(tx *tx) (err error) {
		deleted, err = tx.exec(ctx, `DELETE FROM sessions WHERE expires_at <= ?`, now.UnixNano())
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(deleted), nil
}
