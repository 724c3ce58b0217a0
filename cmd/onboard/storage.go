package main

import (
	"context"
	"errors"
	"fmt"
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
