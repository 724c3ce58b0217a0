package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

// What a change runs.
const (
	// lockSetup comes first: from here on this transaction sees what the one before it left, and the next one waits. It leaves
	// those alone who only refer to the setup.
	lockSetup    = `SELECT id FROM setups WHERE id = $1 FOR NO KEY UPDATE`
	useOperation = `INSERT INTO operations (setup, operation) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	takeSecret   = `DELETE FROM sealed_secrets WHERE setup = $1 AND name = $2 RETURNING value`
	addEvent     = `INSERT INTO events (setup, at, actor, origin, kind, problem, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	putSecret    = `
		INSERT INTO sealed_secrets (setup, name, value, drop_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (setup, name) DO UPDATE SET value = excluded.value, drop_at = excluded.drop_at`
	swapSetup = `
		UPDATE setups SET version = version + 1, company = $1, tenant = $2, domain = $3, contact = $4, scheme = $5, created_at = $6,
			changed_at = $7, opened_at = $8, completed_at = $9, closed_at = $10, unwatched = $11, state = $12, stand = $13, step = $14, problem = $15,
			words = $16
		WHERE id = $17 AND version = $18
		RETURNING ` + setupColumns
)

// A change that cannot be made says why in this order: ErrNotFound, ErrOperationUsed, ErrClaimed, ErrConflict. The final
// answers come first; ErrConflict alone tells the caller to load the setup and try again.

// Save implements onboarding.Store.
func (s *Store) Save(ctx context.Context, c onboarding.Change) (onboarding.Setup, error) {
	var saved onboarding.Setup
	err := s.write(ctx, "save setup", func(tx *sql.Tx) (err error) {
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
	err := s.write(ctx, "claim "+name, func(tx *sql.Tx) (err error) {
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

// recordOperation makes sure that the setup is there, keeps others from changing it, and records the change's operation id.
func recordOperation(ctx context.Context, tx *sql.Tx, c onboarding.Change) error {
	var id string
	if err := one(ctx, tx, lockSetup, c.Setup.ID).Scan(&id); err != nil {
		return orMissing(err, onboarding.ErrNotFound)
	}
	if c.Operation == "" {
		return nil
	}
	added, err := exec(ctx, tx, useOperation, c.Setup.ID, c.Operation)
	if err != nil {
		return err
	}
	if added == 0 {
		return onboarding.ErrOperationUsed
	}
	return nil
}

// take deletes a sealed value and returns it.
func take(ctx context.Context, tx *sql.Tx, setup, name string) (seal.Sealed, error) {
	var value []byte
	err := one(ctx, tx, takeSecret, setup, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, onboarding.ErrClaimed
	}
	return value, err
}

// apply swaps the setup when its version is still the expected one, then deletes, puts and records what belongs to it.
func apply(ctx context.Context, tx *sql.Tx, c onboarding.Change) (onboarding.Setup, error) {
	saved, err := swap(ctx, tx, c.Setup)
	if err != nil {
		return onboarding.Setup{}, err
	}
	for _, name := range c.Drop {
		if _, err := exec(ctx, tx, `DELETE FROM sealed_secrets WHERE setup = $1 AND name = $2`, saved.ID, name); err != nil {
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

func swap(ctx context.Context, tx *sql.Tx, setup onboarding.Setup) (onboarding.Setup, error) {
	state, err := json.Marshal(setup.State)
	if err != nil {
		return onboarding.Setup{}, err
	}
	stand, step, problem := standColumns(setup)
	saved, err := scanSetup(one(ctx, tx, swapSetup,
		setup.Company, setup.Tenant, setup.Domain, setup.Contact, setup.Scheme, stamp(setup.CreatedAt),
		stamp(setup.ChangedAt), stamp(setup.OpenedAt), stamp(setup.CompletedAt), stamp(setup.ClosedAt), setup.Unwatched,
		string(state), stand, step, problem, wordsOf(setup), setup.ID, setup.Version))
	if errors.Is(err, sql.ErrNoRows) {
		return onboarding.Setup{}, onboarding.ErrConflict
	}
	return saved, err
}

func put(ctx context.Context, tx *sql.Tx, setup, name string, sealed onboarding.SealedSecret) error {
	_, err := exec(ctx, tx, putSecret, setup, name, []byte(sealed.Value), stamp(sealed.DropAt))
	return err
}
