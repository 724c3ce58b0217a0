package sqlite

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// Kept implements onboarding.Store.
func (s *Store) Kept(ctx context.Context, after string, limit int) ([]onboarding.Kept, error) {
	kept, err := list(ctx, s.reader, func(from row) (k onboarding.Kept, err error) {
		return k, from.Scan(&k.ID, &k.Completed, stampInto{&k.LastAt}, &k.Forgotten)
	}, `
		SELECT s.id, s.completed_at IS NOT NULL,
			max(s.listed_at, coalesce((SELECT max(e.at) FROM events e WHERE e.setup = s.id AND e.kind <> ?1), 0)),
			coalesce((SELECT e.kind = ?1 FROM events e WHERE e.setup = s.id ORDER BY e.id DESC LIMIT 1), false)
		FROM setups s WHERE s.id > ?2 ORDER BY s.id LIMIT ?3`, onboarding.DataRemoved, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list kept setups: %w", err)
	}
	return kept, nil
}

// Forget implements onboarding.Store.
func (s *Store) Forget(ctx context.Context, c onboarding.Change) (onboarding.Setup, error) {
	var saved onboarding.Setup
	err := s.write(ctx, "forget", func(tx *tx) (err error) {
		if err := recordOperation(ctx, tx, c); err != nil {
			return err
		}
		if saved, err = apply(ctx, tx, c); err != nil {
			return err
		}
		for _, forget := range []string{
			`DELETE FROM notes WHERE setup = ?`, `DELETE FROM watchers WHERE setup = ?`,
			`UPDATE events SET origin = '', actor = CASE WHEN actor LIKE 'person:%' THEN 'person' WHEN actor LIKE 'console:%' THEN 'console' ELSE actor END WHERE setup = ?`,
		} {
			if _, err := tx.ExecContext(ctx, forget, c.Setup.ID); err != nil {
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

// DeleteSetup implements onboarding.Store.
func (s *Store) DeleteSetup(ctx context.Context, id string, version int64) error {
	return s.write(ctx, "delete setup", func(tx *tx) error {
		deleted, err := tx.exec(ctx, `DELETE FROM setups WHERE id = ? AND version = ?`, id, version)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return onboarding.ErrConflict
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM leases WHERE setup = ?`, id)
		return err
	})
}
