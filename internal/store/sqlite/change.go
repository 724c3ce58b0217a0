package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

// What a change runs; prepared when the database is opened.
const (
	setupKnown   = `SELECT EXISTS (SELECT 1 FROM setups WHERE id = ?)`
	useOperation = `INSERT INTO operations (setup, operation) VALUES (?, ?) ON CONFLICT DO NOTHING`
	takeSecret   = `DELETE FROM sealed_secrets WHERE setup = ? AND name = ? RETURNING value`
	addEvent     = `INSERT INTO events (setup, at, actor, origin, kind, detail) VALUES (?, ?, ?, ?, ?, ?)`
	putSecret    = `
		INSERT INTO sealed_secrets (setup, name, value, drop_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (setup, name) DO UPDATE SET value = excluded.value, drop_at = excluded.drop_at`
	swapSetup = `
		UPDATE setups SET version = version + 1, company = ?, tenant = ?, domain = ?, contact = ?, scheme = ?, created_at = ?,
			changed_at = ?, opened_at = ?, completed_at = ?, closed_at = ?, unwatched = ?, state = ?, stand = ?, step = ?, problem = ?,
			stands_at = version + 1
		WHERE id = ? AND version = ?
		RETURNING ` + setupColumns
)

// A change that cannot be made says why in this order: ErrNotFound, ErrOperationUsed, ErrClaimed, ErrConflict. The final
// answers come first; ErrConflict alone tells the caller to load the setup and try again.

// Save implements onboarding.Store.
func (s *Store) Save(ctx context.Context, c onboarding.Change) (onboarding.Setup, error) {
	var saved onboarding.Setup
	err := s.write(ctx, "save setup", func(tx *tx) (err error) {
		if err := recordOperation(ctx, tx, c); err != nil {
			return err
		}
		saved, err = apply(ctx, tx, c)
		return err
	})
	if err != nil {
		return onboarding.Setup{}, err
	}
	return saved, nil
}

// Claim implements onboarding.Store.
func (s *Store) Claim(ctx context.Context, c onboarding.Change, name string) (onboarding.Setup, seal.Sealed, error) {
	var saved onboarding.Setup
	var value seal.Sealed
	err := s.write(ctx, "claim "+name, func(tx *tx) (err error) {
		if err := recordOperation(ctx, tx, c); err != nil {
			return err
		}
		if value, err = take(ctx, tx, c.Setup.ID, name); err != nil {
			return err
		}
		saved, err = apply(ctx, tx, c)
		return err
	})
	if err != nil {
		return onboarding.Setup{}, nil, err
	}
	return saved, value, nil
}

// recordOperation makes sure that the setup is there, and records the change's operation id.
func recordOperation(ctx context.Context, tx *tx, c onboarding.Change) error {
	known, err := exists(ctx, tx, setupKnown, c.Setup.ID)
	if err != nil {
		return err
	}
	if !known {
		return onboarding.ErrNotFound
	}
	if c.Operation == "" {
		return nil
	}
	added, err := tx.exec(ctx, useOperation, c.Setup.ID, c.Operation)
	if err != nil {
		return err
	}
	if added == 0 {
		return onboarding.ErrOperationUsed
	}
	return nil
}

// take deletes a sealed value and returns it.
func take(ctx context.Context, tx *tx, setup, name string) (seal.Sealed, error) {
	var value []byte
	err := tx.QueryRowContext(ctx, takeSecret, setup, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, onboarding.ErrClaimed
	}
	return value, err
}

// apply swaps the setup when its version is still the expected one, then deletes, puts and records what belongs to it.
func apply(ctx context.Context, tx *tx, c onboarding.Change) (onboarding.Setup, error) {
	saved, err := swap(ctx, tx, c.Setup)
	if err != nil {
		return onboarding.Setup{}, err
	}
	for _, name := range c.Drop {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sealed_secrets WHERE setup = ? AND name = ?`, saved.ID, name); err != nil {
			return onboarding.Setup{}, fmt.Errorf("drop %s: %w", name, err)
		}
	}
	for name, sealed := range c.Put {
		if err := put(ctx, tx, saved.ID, name, sealed); err != nil {
			return onboarding.Setup{}, fmt.Errorf("put %s: %w", name, err)
		}
	}
	return saved, addEvents(ctx, tx, saved.ID, c.Events)
}

func swap(ctx context.Context, tx *tx, setup onboarding.Setup) (onboarding.Setup, error) {
	state, err := json.Marshal(setup.State)
	if err != nil {
		return onboarding.Setup{}, err
	}
	stand, step, problem := standColumns(setup)
	saved, err := scanSetup(tx.QueryRowContext(ctx, swapSetup,
		setup.Company, setup.Tenant, setup.Domain, setup.Contact, setup.Scheme, stamp(setup.CreatedAt),
		stamp(setup.ChangedAt), stamp(setup.OpenedAt), stamp(setup.CompletedAt), stamp(setup.ClosedAt), setup.Unwatched,
		string(state), stand, step, problem, setup.ID, setup.Version))
	if errors.Is(err, sql.ErrNoRows) {
		return onboarding.Setup{}, onboarding.ErrConflict
	}
	return saved, err
}

func put(ctx context.Context, tx *tx, setup, name string, sealed onboarding.SealedSecret) error {
	_, err := tx.ExecContext(ctx, putSecret, setup, name, []byte(sealed.Value), stamp(sealed.DropAt))
	return err
}
