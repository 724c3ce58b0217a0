package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies what the schema lacks. goose has no locker for SQLite and looks for pending migrations outside its
// lockers anyway, so the lock here is around all of it.
func migrate(ctx context.Context, db *sql.DB, path string) (err error) {
	unlock, err := lockFile(ctx, path+"-migrating", migrationTimeout)
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// ServeAlone makes this handle the only one that serves the file, until Close: the leases of a process that is still at
// work must not be taken from it. It waits while an earlier process finishes, for as long as a drain may take. Handles
// that do not serve, such as a command beside the service, need not call it.
func (s *Store) ServeAlone(ctx context.Context) error {
	return s.serveAlone(ctx, servingTimeout)
}

// ServeAloneAtOnce is ServeAlone, but fails when another process serves the file now.
func (s *Store) ServeAloneAtOnce(ctx context.Context) error {
	return s.serveAlone(ctx, 0)
}

func (s *Store) serveAlone(ctx context.Context, wait time.Duration) error {
	// The lock outlasts ctx: work is drained after the service was told to stop.
	unlock, err := lockFile(context.WithoutCancel(ctx), s.path+"-serving", wait)
	if err != nil {
		return fmt.Errorf("another process serves %s: %w", s.path, err)
	}
	s.unlock = unlock
	return s.bringUpToDate(context.WithoutCancel(ctx)) // what the process before wrote since Open, when it was of an older version
}

// lockFile holds an exclusive SQLite lock on an empty file of its own. The operating system takes the lock back
// from a process that dies, so nothing is ever left locked.
func lockFile(ctx context.Context, path string, wait time.Duration) (unlock func() error, err error) {
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", lockDSN(path, wait))
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() error {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) { // done: the context ended
			return errors.Join(err, db.Close())
		}
		return db.Close()
	}, nil
}
