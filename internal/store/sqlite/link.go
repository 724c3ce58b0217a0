package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// AddLink implements onboarding.Store; onboarding.ErrNotFound when the setup is not there.
func (s *Store) AddLink(ctx context.Context, link onboarding.Link, events ...onboarding.Event) error {
	return s.write(ctx, "add link", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO links (id, setup, hash, label, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			link.ID, link.Setup, link.Hash, link.Label, stamp(link.CreatedAt), stamp(link.ExpiresAt), stamp(link.RevokedAt))
		if err != nil {
			return orMissing(err, onboarding.ErrNotFound)
		}
		return addEvents(ctx, tx, link.Setup, events)
	})
}

// LinkByHash implements onboarding.Store.
func (s *Store) LinkByHash(ctx context.Context, hash []byte) (onboarding.Link, error) {
	var l onboarding.Link
	err := s.reader.QueryRowContext(ctx, `
		SELECT id, setup, hash, label, created_at, expires_at, revoked_at FROM links WHERE hash = ?`, hash).
		Scan(&l.ID, &l.Setup, &l.Hash, &l.Label, stampInto{&l.CreatedAt}, stampInto{&l.ExpiresAt}, stampInto{&l.RevokedAt})
	if err != nil {
		return onboarding.Link{}, fmt.Errorf("load link: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return l, nil
}

// RevokeLink implements onboarding.Store. A link that was taken back before keeps its first time, and nothing is
// recorded again; onboarding.ErrNotFound when there is no such link.
func (s *Store) RevokeLink(ctx context.Context, id string, at time.Time, events ...onboarding.Event) error {
	return s.write(ctx, "revoke link", func(tx *tx) error {
		var setup string
		err := tx.QueryRowContext(ctx, `UPDATE links SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING setup`,
			at.UnixNano(), id).Scan(&setup)
		if err == nil {
			return addEvents(ctx, tx, setup, events)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		known, err := exists(ctx, tx, `SELECT EXISTS (SELECT 1 FROM links WHERE id = ?)`, id)
		if err == nil && !known {
			return onboarding.ErrNotFound
		}
		return err
	})
}

// AddGrant implements onboarding.Store. The session has to be saved before; onboarding.ErrNotFound when it or the setup
// is not there, or the link is not one of the setup. Each way in is kept by itself: a session that came by two links
// stays when one of them is taken back.
func (s *Store) AddGrant(ctx context.Context, g onboarding.Grant) error {
	return s.write(ctx, "add grant", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO grants (session, setup, link, at) VALUES (?, ?, nullif(?, ''), ?)
			ON CONFLICT (session, setup, coalesce(link, '')) DO UPDATE SET at = excluded.at`,
			g.Session, g.Setup, g.Link, stamp(g.At))
		return orMissing(err, onboarding.ErrNotFound)
	})
}

// usableGrants selects the grants of a session that hold at a time.
const (
	usableGrants = `
		SELECT g.session, g.setup, coalesce(g.link, ''), g.at FROM grants g LEFT JOIN links l ON l.id = g.link
		WHERE g.session = ? AND (g.link IS NULL OR (l.revoked_at IS NULL AND l.expires_at > ?))`
	newestFirst = ` ORDER BY g.at DESC, g.rowid DESC`
)

func scanGrant(from row) (g onboarding.Grant, err error) {
	return g, from.Scan(&g.Session, &g.Setup, &g.Link, stampInto{&g.At})
}

// Granted implements onboarding.Store. Of several ways in it returns the newest that still holds.
func (s *Store) Granted(ctx context.Context, session []byte, setup string, now time.Time) (onboarding.Grant, error) {
	grant, err := scanGrant(s.reader.QueryRowContext(ctx, usableGrants+` AND g.setup = ?`+newestFirst+` LIMIT 1`,
		session, now.UnixNano(), setup))
	if err != nil {
		return onboarding.Grant{}, fmt.Errorf("load grant: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return grant, nil
}

// Grants implements onboarding.Store: one grant for each setup.
func (s *Store) Grants(ctx context.Context, session []byte, now time.Time) ([]onboarding.Grant, error) {
	all, err := list(ctx, s.reader, scanGrant, usableGrants+newestFirst, session, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	seen := map[string]bool{}
	var newest []onboarding.Grant
	for _, grant := range all {
		if !seen[grant.Setup] {
			newest = append(newest, grant)
		}
		seen[grant.Setup] = true
	}
	return newest, nil
}
