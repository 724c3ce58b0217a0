package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

const (
	// trailKept is how many of the newest places of the trail stay: far more than a live page may be behind.
	trailKept = 100_000
	// trailCut is how many older ones go at once.
	trailCut = 10_000
)

// Kept implements onboarding.Store.
func (s *Store) Kept(ctx context.Context, after string, limit int) ([]onboarding.Kept, error) {
	kept, err := list(ctx, s.db, func(from row) (k onboarding.Kept, err error) {
		return k, from.Scan(&k.ID, &k.Completed, stampInto{&k.LastAt}, &k.Forgotten)
	}, `
		SELECT s.id, s.completed_at IS NOT NULL,
			greatest(s.listed_at, (SELECT max(e.at) FROM events e WHERE e.setup = s.id AND e.kind <> $1)),
			coalesce((SELECT e.kind = $1 FROM events e WHERE e.setup = s.id ORDER BY e.id DESC LIMIT 1), false)
		FROM setups s WHERE s.id > $2 ORDER BY s.id LIMIT $3`, onboarding.DataRemoved, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list kept setups: %w", err)
	}
	return kept, nil
}

// Forget implements onboarding.Store.
func (s *Store) Forget(ctx context.Context, c onboarding.Change) (onboarding.Setup, error) {
	var saved onboarding.Setup
	err := s.write(ctx, "forget", func(tx *sql.Tx) (err error) {
		if err := recordOperation(ctx, tx, c); err != nil {
			return err
		}
		if saved, err = apply(ctx, tx, c); err != nil {
			return err
		}
		for _, forget := range []string{
			`DELETE FROM notes WHERE setup = $1`, `DELETE FROM watchers WHERE setup = $1`,
			`UPDATE events SET origin = '', actor = CASE WHEN actor LIKE 'person:%' THEN 'person' WHEN actor LIKE 'console:%' THEN 'console' ELSE actor END WHERE setup = $1`,
		} {
			if _, err := exec(ctx, tx, forget, c.Setup.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return onboarding.Setup{}, err
	}
	return saved, nil
}

// DeleteSetup implements onboarding.Store. The trail loses the setup's places, and its oldest ones besides.
func (s *Store) DeleteSetup(ctx context.Context, id string, version int64) error {
	return s.write(ctx, "delete setup", func(tx *sql.Tx) error {
		deleted, err := exec(ctx, tx, `DELETE FROM setups WHERE id = $1 AND version = $2`, id, version)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return onboarding.ErrConflict
		}
		if _, err := exec(ctx, tx, `DELETE FROM leases WHERE setup = $1`, id); err != nil {
			return err
		}
		_, err = exec(ctx, tx, `
			DELETE FROM trail WHERE setup = $1 OR place IN (
				SELECT place FROM trail WHERE place <= (SELECT max(place) - $2 FROM trail) ORDER BY place LIMIT $3)`, id, trailKept, trailCut)
		return err
	})
}
