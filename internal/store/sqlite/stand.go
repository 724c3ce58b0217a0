package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

// behindBatch is how many setups one transaction brings up to date: others write in between.
const behindBatch = 200

const (
	anyBehind    = `SELECT EXISTS (SELECT 1 FROM setups WHERE stands_at <> version)`
	setupsBehind = `SELECT id, version, opened_at, completed_at, closed_at, unwatched, state FROM setups WHERE stands_at <> version LIMIT ?`
)

// setStand writes what is made of a setup, when its version is still the one that it was made of.
const setStand = `UPDATE setups SET stand = ?, step = ?, problem = ?, stands_at = version WHERE id = ? AND version = ?`

// standColumns are the values of stand, step and problem of a setup.
func standColumns(s onboarding.Setup) (stand, step, problem string) {
	return string(console.StandOf(s)), string(console.StepOf(s)), console.ProblemOf(s)
}

// bringUpToDate writes where setups stand that were last written by a program that did not know of it. There is nothing to
// do after that, which one look at an index tells. One handle does it while others wait, as with the schema.
func (s *Store) bringUpToDate(ctx context.Context) (err error) {
	behind, err := exists(ctx, s.writer, anyBehind)
	if err != nil {
		return fmt.Errorf("look for setups to bring up to date: %w", err)
	}
	if !behind {
		return nil
	}
	unlock, err := lockFile(ctx, s.path+"-migrating", migrationTimeout)
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for {
		setups, err := list(ctx, s.writer, scanBehind, setupsBehind, behindBatch)
		if err != nil {
			return fmt.Errorf("bring setups up to date: %w", err)
		}
		if len(setups) == 0 {
			return nil
		}
		err = s.write(ctx, "bring setups up to date", func(tx *tx) error {
			for _, setup := range setups {
				stand, step, problem := standColumns(setup)
				if _, err := tx.ExecContext(ctx, setStand, stand, step, problem, setup.ID, setup.Version); err != nil {
					return fmt.Errorf("setup %s: %w", setup.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// scanBehind reads what the stand is made of. A state that cannot be read counts as an empty one: the setup is listed, and
// whoever loads it is told.
func scanBehind(from row) (s onboarding.Setup, err error) {
	var state []byte
	if err := from.Scan(&s.ID, &s.Version, stampInto{&s.OpenedAt}, stampInto{&s.CompletedAt}, stampInto{&s.ClosedAt}, &s.Unwatched, &state); err != nil {
		return onboarding.Setup{}, err
	}
	if json.Unmarshal(state, &s.State) != nil {
		s.State = onboarding.Setup{}.State
	}
	return s, nil
}
