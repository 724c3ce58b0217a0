package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/web/session"
)

// LoadSession implements session.Storage.
func (s *Store) LoadSession(ctx context.Context, hash []byte, now time.Time) (session.Record, error) {
	r, err := scanSession(one(ctx, s.db, `SELECT `+sessionColumns+` FROM sessions WHERE hash = $1 AND expires_at > $2`, hash, now.UnixNano()))
	if err != nil {
		return session.Record{}, fmt.Errorf("load session: %w", orMissing(err, session.ErrNotFound))
	}
	return r, nil
}

const sessionColumns = `hash, version, sealed, owner, created_at, seen_at, expires_at`

func scanSession(from row) (r session.Record, err error) {
	return r, from.Scan(&r.Hash, &r.Version, (*[]byte)(&r.Values), &r.Owner, stampInto{&r.CreatedAt}, stampInto{&r.SeenAt}, stampInto{&r.ExpiresAt})
}

// SessionsOf implements session.Storage.
func (s *Store) SessionsOf(ctx context.Context, owner []byte, now time.Time) ([]session.Record, error) {
	records, err := list(ctx, s.db, scanSession, `
		SELECT `+sessionColumns+` FROM sessions WHERE owner = $1 AND expires_at > $2 ORDER BY seen_at DESC NULLS LAST, created_at DESC NULLS LAST`, owner, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list sessions of an owner: %w", err)
	}
	return records, nil
}

// SaveSession implements session.Storage.
func (s *Store) SaveSession(ctx context.Context, r session.Record) error {
	return s.write(ctx, "save session", func(tx *sql.Tx) error {
		if r.Version == 0 {
			return insertSession(ctx, tx, r)
		}
		return updateSession(ctx, tx, r.Hash, r)
	})
}

// RenameSession implements session.Storage. The grants follow by their foreign key.
func (s *Store) RenameSession(ctx context.Context, old []byte, next session.Record) error {
	return s.write(ctx, "rename session", func(tx *sql.Tx) error { return updateSession(ctx, tx, old, next) })
}

func insertSession(ctx context.Context, tx *sql.Tx, r session.Record) error {
	added, err := exec(ctx, tx, `
		INSERT INTO sessions (hash, version, sealed, owner, created_at, seen_at, expires_at) VALUES ($1, 1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`,
		r.Hash, []byte(r.Values), r.Owner, stamp(r.CreatedAt), stamp(r.SeenAt), stamp(r.ExpiresAt))
	if err == nil && added == 0 {
		return session.ErrConflict
	}
	return err
}

// updateSession replaces the session of the old hash when its version is still the one that r was made from. Its times never
// go back: a touch leaves the version, so a request may have prolonged the session meanwhile.
func updateSession(ctx context.Context, tx *sql.Tx, old []byte, r session.Record) error {
	changed, err := exec(ctx, tx, `
		UPDATE sessions SET hash = $1, version = version + 1, sealed = $2, owner = $3, created_at = $4,
			seen_at = greatest(seen_at, $5), expires_at = greatest(expires_at, $6)
		WHERE hash = $7 AND version = $8`,
		r.Hash, []byte(r.Values), r.Owner, stamp(r.CreatedAt), stamp(r.SeenAt), stamp(r.ExpiresAt), old, r.Version)
	if err != nil || changed == 1 {
		return err
	}
	known, err := exists(ctx, tx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE hash = $1)`, old)
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
	return s.write(ctx, "touch session", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `UPDATE sessions SET seen_at = $1, expires_at = $2 WHERE hash = $3 AND seen_at < $4`,
			stamp(seen), stamp(expires), hash, stamp(seen))
		return err
	})
}

// DeleteSession implements session.Storage.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	return s.write(ctx, "delete session", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM sessions WHERE hash = $1`, hash)
		return err
	})
}

// DeleteExpiredSessions implements session.Storage.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error) {
	var deleted int64
	err := s.write(ctx, "delete expired sessions", func(tx *sql.Tx) (err error) {
		deleted, err = exec(ctx, tx, `DELETE FROM sessions WHERE expires_at <= $1`, now.UnixNano())
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(deleted), nil
}
