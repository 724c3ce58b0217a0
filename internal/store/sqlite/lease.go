package sqlite

import (
	"context"
	"fmt"
	"time"
)

// AcquireLease implements onboarding.Store. The holder itself may prolong its lease; anybody may have an expired one.
func (s *Store) AcquireLease(ctx context.Context, setup, holder string, now, until time.Time) (bool, error) {
	var acquired int64
	err := s.write(ctx, "acquire lease", func(tx *tx) (err error) {
		acquired, err = tx.exec(ctx, `
			INSERT INTO leases (setup, holder, until) VALUES (?, ?, ?)
			ON CONFLICT (setup) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until <= ?`,
			setup, holder, until.UnixNano(), now.UnixNano())
		return err
	})
	return err == nil && acquired == 1, err
}

// ReleaseLease implements onboarding.Store.
func (s *Store) ReleaseLease(ctx context.Context, setup, holder string) error {
	return s.write(ctx, "release lease", func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM leases WHERE setup = ? AND holder = ?`, setup, holder)
		return err
	})
}

// Leased implements onboarding.Store.
func (s *Store) Leased(ctx context.Context, setup string, now time.Time) (bool, error) {
	held, err := exists(ctx, s.reader, `SELECT EXISTS (SELECT 1 FROM leases WHERE setup = ? AND until > ?)`, setup, now.UnixNano())
	if err != nil {
		return false, fmt.Errorf("look for lease: %w", err)
	}
	return held, nil
}

// ForgetLeases takes every lease back, and every claim of a message. The one process that serves calls it when it starts:
// whoever held them before is dead. It must not be called while another process acts on setups.
func (s *Store) ForgetLeases(ctx context.Context) error {
	return s.write(ctx, "forget leases", func(tx *tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM leases`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE webhook_messages SET claimed_until = 0 WHERE claimed_until > 0`)
		return err
	})
}
