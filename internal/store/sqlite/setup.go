package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

const (
	setupColumns = `id, version, company, tenant, domain, contact, scheme, self_begun, begun_by_signin, created_at, changed_at, opened_at,
		completed_at, closed_at, unwatched, state`
	setupOf     = `SELECT ` + setupColumns + ` FROM setups WHERE id = ?`
	insertSetup = `
		INSERT INTO setups (` + setupColumns + `, stand, step, problem, stands_at)
		VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`
)

// begun is what is stored in self_begun. The program before 00002 knows nothing of begun_by_signin, and must not let links act
// with the operator's client in a setup that somebody began by signing in: so that is self-begun to it. scanSetup undoes it.
func begun(s onboarding.Setup) bool { return s.SelfBegun || s.BegunBySignin }

func scanSetup(from row) (s onboarding.Setup, err error) {
	var state []byte
	err = from.Scan(&s.ID, &s.Version, &s.Company, &s.Tenant, &s.Domain, &s.Contact, &s.Scheme, &s.SelfBegun, &s.BegunBySignin,
		stampInto{&s.CreatedAt}, stampInto{&s.ChangedAt}, stampInto{&s.OpenedAt}, stampInto{&s.CompletedAt}, stampInto{&s.ClosedAt},
		&s.Unwatched, &state)
	if err != nil {
		return onboarding.Setup{}, err
	}
	s.SelfBegun = s.SelfBegun && !s.BegunBySignin
	if err := json.Unmarshal(state, &s.State); err != nil {
		return onboarding.Setup{}, fmt.Errorf("state of setup %s: %w", s.ID, err)
	}
	return s, nil
}

// CreateSetup implements onboarding.Store. A second setup of the same id is refused with onboarding.ErrConflict.
func (s *Store) CreateSetup(ctx context.Context, setup onboarding.Setup, events ...onboarding.Event) error {
	return s.write(ctx, "create setup", func(tx *tx) error {
		state, err := json.Marshal(setup.State)
		if err != nil {
			return err
		}
		stand, step, problem := standColumns(setup)
		_, err = tx.ExecContext(ctx, insertSetup,
			setup.ID, setup.Company, setup.Tenant, setup.Domain, setup.Contact, setup.Scheme, begun(setup), setup.BegunBySignin,
			stamp(setup.CreatedAt), stamp(setup.ChangedAt), stamp(setup.OpenedAt), stamp(setup.CompletedAt),
			stamp(setup.ClosedAt), setup.Unwatched, string(state), stand, step, problem)
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
	setup, err := scanSetup(s.readRow(ctx, setupOf, id))
	if err != nil {
		return onboarding.Setup{}, fmt.Errorf("load setup: %w", orMissing(err, onboarding.ErrNotFound))
	}
	return setup, nil
}

// SetupsOfTenant implements onboarding.Store.
func (s *Store) SetupsOfTenant(ctx context.Context, tenant string, limit int) ([]onboarding.Setup, error) {
	setups, err := list(ctx, s.reader, scanSetup, `
		SELECT `+setupColumns+` FROM setups WHERE tenant = ? COLLATE NOCASE AND (self_begun = 0 OR begun_by_signin = 1)
		ORDER BY changed_at DESC, id LIMIT ?`, tenant, limit)
	if err != nil {
		return nil, fmt.Errorf("list setups of tenant: %w", err)
	}
	return setups, nil
}

// Sealed implements onboarding.Store.
func (s *Store) Sealed(ctx context.Context, setup, name string) (seal.Sealed, error) {
	var value []byte
	err := s.reader.QueryRowContext(ctx, `SELECT value FROM sealed_secrets WHERE setup = ? AND name = ?`, setup, name).Scan(&value)
	if err != nil {
		return nil, fmt.Errorf("load sealed %s: %w", name, orMissing(err, onboarding.ErrNotFound))
	}
	return value, nil
}

// SetupsHolding implements onboarding.Store. It looks at every sealed value: few commands ask.
func (s *Store) SetupsHolding(ctx context.Context, name string) ([]string, error) {
	holding, err := list(ctx, s.reader, func(from row) (id string, err error) {
		return id, from.Scan(&id)
	}, `SELECT setup FROM sealed_secrets WHERE name = ? ORDER BY setup`, name)
	if err != nil {
		return nil, fmt.Errorf("list setups that hold %s: %w", name, err)
	}
	return holding, nil
}

// ExpiredSecrets implements onboarding.Store.
func (s *Store) ExpiredSecrets(ctx context.Context, now time.Time) ([]onboarding.ExpiredSecret, error) {
	expired, err := list(ctx, s.reader, func(from row) (e onboarding.ExpiredSecret, err error) {
		return e, from.Scan(&e.Setup, &e.Name)
	}, `SELECT setup, name FROM sealed_secrets WHERE drop_at <= ? ORDER BY drop_at, setup, name`, now.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("list expired secrets: %w", err)
	}
	return expired, nil
}

// Events implements onboarding.Store. An unknown setup has none.
func (s *Store) Events(ctx context.Context, setup string) ([]onboarding.Event, error) {
	events, err := list(ctx, s.reader, scanEvent, `SELECT setup, at, actor, origin, kind, detail FROM events WHERE setup = ? ORDER BY id`, setup)
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
func addEvents(ctx context.Context, tx *tx, setup string, events []onboarding.Event) error {
	for _, e := range events {
		var detail any
		if len(e.Detail) > 0 {
			text, err := json.Marshal(e.Detail)
			if err != nil {
				return err
			}
			detail = string(text)
		}
		_, err := tx.ExecContext(ctx, addEvent, setup, stamp(e.At), e.Actor, e.From, e.Kind, detail)
		if err != nil {
			return fmt.Errorf("add event %s: %w", e.Kind, err)
		}
		tx.told = true
	}
	return nil
}
