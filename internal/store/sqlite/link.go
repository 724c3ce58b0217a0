package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

const linkColumns = `id, setup, hash, label, created_at, expires_at, revoked_at`

func scanLink(from row) (l onboarding.Link, err error) {
	return l, from.Scan(&l.ID, &l.Setup, &l.Hash, &l.Label, stampInto{&l.CreatedAt}, stampInto{&l.ExpiresAt}, stampInto{&l.RevokedAt})
}

func insertLink(ctx context.Context, tx *tx, link onboarding.Link, events []onboarding.Event) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO links (`+linkColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		link.ID, link.Setup, link.Hash, link.Label, stamp(link.CreatedAt), stamp(link.ExpiresAt), stamp(link.RevokedAt))
	if isDuplicate(err) {
		return errors.Join(onboarding.ErrConflict, err)
	}
	if err != nil {
		return orMissing(err, onboarding.ErrNotFound)
	}
	return addEvents(ctx, tx, link.Setup, events)
}

// AddLink implements onboarding.Store.
func (s *Store) AddLink(ctx context.Context, link onboarding.Link, events ...onboarding.Event) error {
	return s.write(ctx, "add link", func(tx *tx) error { return insertLink(ctx, tx, link, events) })
}

// ReplaceLink implements onboarding.Store.
func (s *Store) ReplaceLink(ctx context.Context, old string, link onboarding.Link, events ...onboarding.Event) error {
	return s.write(ctx, "replace link", func(tx *tx) error {
		revoked, err := tx.exec(ctx, `UPDATE links SET revoked_at = ? WHERE id = ? AND setup = ? AND revoked_at IS NULL`, stamp(link.CreatedAt), old, link.Setup)
		if err != nil {
			return err
		}
		if revoked == 0 {
			return onboarding.ErrNotFound
		}
		return insertLink(ctx, tx, link, events)
	})
}

// LinkByHash implements onboarding.Store.
func (s *Store) LinkByHash(ctx context.Context, hash []byte) (onboarding.Link, error) {
	l, err := scanLink(s.reader.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links WHERE hash = ?`, hash))
	if err != nil {
		return onboarding.Link{}, fmt.Errorf("load link: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return l, nil
}

// Links implements onboarding.Store. An unknown setup has none.
func (s *Store) Links(ctx context.Context, setup string) ([]onboarding.Link, error) {
	links, err := list(ctx, s.reader, scanLink, `SELECT `+linkColumns+` FROM links WHERE setup = ? ORDER BY created_at, id`, setup)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	return links, nil
}

// LostLink implements onboarding.Store.
func (s *Store) LostLink(ctx context.Context, session []byte, setup string) (onboarding.Link, error) {
	l, err := scanLink(s.reader.QueryRowContext(ctx, `
		SELECT l.id, l.setup, l.hash, l.label, l.created_at, l.expires_at, l.revoked_at FROM grants g JOIN links l ON l.id = g.link
		WHERE g.session = ? AND g.setup = ?`+newestFirst+` LIMIT 1`, session, setup))
	if err != nil {
		return onboarding.Link{}, fmt.Errorf("load lost link: %w", orMissing(err, onboarding.ErrNotFound))
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
			INSERT INTO grants (session, setup, link, signin, at) VALUES (?, ?, nullif(?, ''), ?, ?)
			ON CONFLICT (session, setup, coalesce(link, '')) DO UPDATE SET at = excluded.at`,
			g.Session, g.Setup, g.Link, g.Signin, stamp(g.At))
		return orMissing(err, onboarding.ErrNotFound)
	})
}

// usableGrants selects the grants of a session that hold at a time.
const (
	usableGrants = `
		SELECT g.session, g.setup, coalesce(g.link, ''), coalesce(l.label, ''), g.signin, g.at FROM grants g LEFT JOIN links l ON l.id = g.link
		WHERE g.session = ? AND (g.link IS NULL OR (l.revoked_at IS NULL AND l.expires_at > ?))`
	grantOf     = usableGrants + ` AND g.setup = ?` + begunFirst + ` LIMIT 1`
	newestFirst = ` ORDER BY g.at DESC, g.rowid DESC`
	// begunFirst: whoever began a setup is never less in it than who came by a link.
	begunFirst = ` ORDER BY g.link IS NULL AND NOT g.signin DESC, g.at DESC, g.rowid DESC`
)

func scanGrant(from row) (g onboarding.Grant, err error) {
	return g, from.Scan(&g.Session, &g.Setup, &g.Link, &g.Label, &g.Signin, stampInto{&g.At})
}

// Granted implements onboarding.Store. Of several ways in it returns that of who began the setup, else the
// newest that still holds.
func (s *Store) Granted(ctx context.Context, session []byte, setup string, now time.Time) (onboarding.Grant, error) {
	grant, err := scanGrant(s.readRow(ctx, grantOf, session, now.UnixNano(), setup))
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
