package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/store"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/web/session"
)

// storage is what the rooms want of a database, together.
type storage interface {
	onboarding.Store
	session.Storage
	account.Store
	console.Store
	live.Source
	webhook.Store
	reseal.Store
	// OnEvents has f called after a commit that made the trail of a setup longer.
	OnEvents(f func())
	// Ping reads from the database.
	Ping(ctx context.Context) error
	// Stock counts what there is, from counters and to limits.
	Stock(ctx context.Context, now time.Time) (store.Stock, error)
	Close() error
}

// file is what only a database in a file asks of the process that serves it, and does for it.
type file interface {
	// ServeAlone waits until no other process serves the file.
	ServeAlone(ctx context.Context) error
	// ServeAloneAtOnce fails when another process serves the file.
	ServeAloneAtOnce(ctx context.Context) error
	// ForgetLeases takes back what the process before held: it is dead.
	ForgetLeases(ctx context.Context) error
	// Checkpoint empties the log, in which deleted values still stand.
	Checkpoint(ctx context.Context) error
}

// openStorage opens the database that the configuration names.
func openStorage(ctx context.Context, c *config.Config) (storage, error) {
	if !c.OnPostgres() {
		return sqlite.Open(ctx, c.DatabasePath())
	}
	s, err := postgres.Open(ctx, c.DatabaseURL)
	if errors.Is(err, postgres.ErrAddress) {
		return nil, errors.Join(errConfiguration, fmt.Errorf("ONBOARD_DATABASE_URL: %w", err))
	}
	return s, err
}

// errNoService is a database that no service ever served: a wrong address, most likely.
var errNoService = errors.New("this is no database of a service: nothing is sealed in it. Check ONBOARD_DATABASE_URL")

// lookAt looks at the database that the configuration names, for commands that must not make one.
func lookAt(ctx context.Context, c *config.Config) (store.State, error) {
	state, err := inspectStorage(ctx, c)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !c.OnPostgres():
		return state, fmt.Errorf("there is no database at %s: check ONBOARD_DATABASE_URL", c.DatabasePath())
	case errors.Is(err, postgres.ErrAddress):
		return state, errors.Join(errConfiguration, fmt.Errorf("ONBOARD_DATABASE_URL: %w", err))
	case err != nil:
		return state, fmt.Errorf("look at the database: %w", err)
	case state.Schema == 0:
		return state, errNoService
	}
	return state, nil
}

// databaseThere fails where there is no database of a service or of "onboard link".
func databaseThere(ctx context.Context, c *config.Config) error {
	_, err := lookAt(ctx, c)
	return err
}

// keysFit fails where there is no database that a service has served, and where it is sealed with other keys.
func keysFit(ctx context.Context, c *config.Config) error {
	state, err := lookAt(ctx, c)
	switch {
	case err != nil:
		return err
	case len(state.Proof) == 0:
		return errNoService
	}
	return onboarding.OpenProof(c.Keys, state.Proof)
}

// takeOver makes this process the only one that serves a database in a file. Replicas on a server serve at once: there a lease
// ends by itself when its holder is dead.
func takeOver(ctx context.Context, s storage) error {
	alone, ok := s.(file)
	if !ok {
		return nil
	}
	if err := alone.ServeAlone(ctx); err != nil {
		return err
	}
	if err := alone.ForgetLeases(ctx); err != nil {
		return fmt.Errorf("forget leases of an earlier process: %w", err)
	}
	return nil
}
