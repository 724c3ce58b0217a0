package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// AcquireLease implements onboarding.Store. The holder itself may prolong its lease; anybody may have an expired one.
func (s *Store) AcquireLease(ctx context.Context, setup, holder string, now, until time.Time) (bool, error) {
	var acquired int64
	err := s.write(ctx, "acquire lease", func(tx *sql.Tx) (err error) {
		acquired, err = exec(ctx, tx, `
			INSERT INTO leases (setup, holder, until) VALUES ($1, $2, $3)
			ON CONFLICT (setup) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until <= $4`,
			setup, holder, until.UnixNano(), now.UnixNano())
		return err
	})
	return err == nil && acquired == 1, err
}

// ReleaseLease implements onboarding.Store.
func (s *Store) ReleaseLease(ctx context.Context, setup, holder string) error {
	return s.write(ctx, "release lease", func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `DELETE FROM leases WHERE setup = $1 AND holder = $2`, setup, holder)
		return err
	})
}

// Leased implements onboarding.Store.
func (s *Store) Leased(ctx context.Context, setup string, now time.Time) (bool, error) {
	held, err := exists(ctx, s.db, `SELECT EXISTS (SELECT 1 FROM leases WHERE setup = $1 AND until > $2)`, setup, now.UnixNano())
	if err != nil {
		return false, fmt.Errorf("look for lease: %w", err)
	}
	return held, nil
}
