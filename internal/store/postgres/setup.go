package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

const (
	setupColumns = `id, version, company, tenant, domain, contact, scheme, self_begun, begun_by_signin, created_at, changed_at, opened_at,
		completed_at, closed_at, unwatched, state`
	insertSetup = `
		INSERT INTO setups (` + setupColumns + `, stand, step, problem, words)
		VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
)

// standColumns are the values of stand, step and problem of a setup.
func standColumns(s onboarding.Setup) (stand, step, problem string) {
	return string(console.StandOf(s)), string(console.StepOf(s)), console.ProblemOf(s)
}

func scanSetup(from row) (s onboarding.Setup, err error) {
	var state []byte
	err = from.Scan(&s.ID, &s.Version, &s.Company, &s.Tenant, &s.Domain, &s.Contact, &s.Scheme, &s.SelfBegun, &s.BegunBySignin,
		stampInto{&s.CreatedAt}, stampInto{&s.ChangedAt}, stampInto{&s.OpenedAt}, stampInto{&s.CompletedAt}, stampInto{&s.ClosedAt},
		&s.Unwatched, &state)
	if err != nil {
		return onboarding.Setup{}, err
	}
	if err := json.Unmarshal(state, &s.State); err != nil {
		return onboarding.Setup{}, fmt.Errorf("state of setup %s: %w", s.ID, err)
	}
	return s, nil
}

// CreateSetup implements onboarding.Store. A second setup of the same id is refused with onboarding.ErrConflict.
func (s *Store) CreateSetup(ctx context.Context, setup onboarding.Setup, events ...onboarding.Event) error {
	return s.write(ctx, "create setup", func(tx *sql.Tx) error {
		state, err := json.Marshal(setup.State)
		if err != nil {
			return err
		}
		stand, step, problem := standColumns(setup)
		_, err = exec(ctx, tx, insertSetup,
			setup.ID, setup.Company, setup.Tenant, setup.Domain, setup.Contact, setup.Scheme, setup.SelfBegun, setup.BegunBySignin,
			stamp(setup.CreatedAt), stamp(setup.ChangedAt), stamp(setup.OpenedAt), stamp(setup.CompletedAt),
			stamp(setup.ClosedAt), setup.Unwatched, string(state), stand, step, problem, wordsOf(setup))
		if isDuplicate(err) {
			return errors.Join(onboarding.ErrConflict, err)
		}
		if err != nil {
			return err
		}
		return addEvents(ctx, tx, setup.ID, events)
	})
}

// Setup implements onboarding.Store.
func (s *Store) Setup(ctx context.Context, id string) (onboarding.Setup, error) {
	setup, err := scanSetup(one(ctx, s.db, `SELECT `+setupColumns+` FROM setups WHERE id = $1`, id))
	if err != nil {
		return onboarding.Setup{}, fmt.Errorf("load setup: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return setup, nil
}

// SetupsOfTenant implements onboarding.Store.
func (s *Store) SetupsOfTenant(ctx context.Context, tenant string, limit int) ([]onboarding.Setup, error) {
	setups, err := list(ctx, s.db, scanSetup, `
		SELECT `+setupColumns+` FROM setups WHERE lower(tenant) = lower($1) AND NOT self_begun
		ORDER BY changed_at DESC NULLS LAST, id LIMIT $2`, tenant, limit)
	if err != nil {
		return nil, fmt.Errorf("list setups of tenant: %w", err)
	}
	return setups, nil
}

// Sealed implements onboarding.Store.
func (s *Store) Sealed(ctx context.Context, setup, name string) (seal.Sealed, error) {
	var value []byte
	err := one(ctx, s.db, `SELECT value FROM sealed_secrets WHERE setup = $1 AND name = $2`, setup, name).Scan(&value)
	if err != nil {
		return nil, fmt.Errorf("load sealed %s: %w", name, orMissing(err, onboarding.ErrNotFound))
	}
	return value, nil
}

// SetupsHolding implements onboarding.Store. It looks at every sealed value: few commands ask.
func (s *Store) SetupsHolding(ctx context.Context, name string) ([]string, error) {
	holding, err := list(ctx, s.db, func(from row) (id string, err error) {
		return id, from.Scan(&id)
	}, `SELECT setup FROM sealed_secrets WHERE name = $1 ORDER BY setup`, name)
	if err != nil {
		return nil, fmt.Errorf("list setups that hold %s: %w", name, err)
	}
	return holding, nil
}

// ExpiredSecrets implements onboarding.Store.
func (s *Store) ExpiredSecrets(ctx context.Context, now time.Time) ([]onboarding.ExpiredSecret, error) {
	expired, err := list(ctx, s.db, func(from row) (e onboarding.ExpiredSecret, err error) {
		return e, from.Scan(&e.Setup, &e.Name)
	}, `SELECT setup, name FROM sealed_secrets WHERE drop_at <= $1 ORDER BY drop_at, setup, name`, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list expired secrets: %w", err)
	}
	return expired, nil
}

// Events implements onboarding.Store. An unknown setup has none.
func (s *Store) Events(ctx context.Context, setup string) ([]onboarding.Event, error) {
	events, err := list(ctx, s.db, scanEvent, `SELECT setup, at, actor, origin, kind, detail FROM events WHERE setup = $1 ORDER BY id`, setup)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return events, nil
}

func scanEvent(from row) (e onboarding.Event, err error) {
	var detail []byte
	if err = from.Scan(&e.Setup, stampInto{&e.At}, &e.Actor, &e.From, &e.Kind, &detail); err != nil || detail == nil {
		return e, err
	}
	return e, json.Unmarshal(detail, &e.Detail)
}

// addEvents writes events of one setup; an event's own Setup field is not looked at, so that no change can write into
// the audit trail of another setup.
func addEvents(ctx context.Context, tx *sql.Tx, setup string, events []onboarding.Event) error {
	for _, e := range events {
		var detail any
		if len(e.Detail) > 0 {
			text, err := json.Marshal(e.Detail)
			if err != nil {
				return err
			}
			detail = string(text)
		}
		_, err := exec(ctx, tx, addEvent, setup, stamp(e.At), e.Actor, e.From, e.Kind, e.Detail["problem"], detail)
		if err != nil {
			return fmt.Errorf("add event %s: %w", e.Kind, err)
		}
	}
	return nil
}
