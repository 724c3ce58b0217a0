package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// migrationLock is the advisory lock under which the schema is changed.
	migrationLock = 31365091469390437
	// migrationTimeout is how long a replica waits while another one changes the schema.
	migrationTimeout = time.Minute
)

// migrate applies what the schema lacks, under a lock that the server takes back from a replica that dies. It is around all
// of what goose does: goose looks for pending migrations outside its own lockers, and those ask again and again every few
// seconds where this one waits its turn.
func (s *Store) migrate(ctx context.Context) (err error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", withAdvice(err))
	}
	return nil
}

// lock waits for the migrations' lock on a connection of its own, which holds it until unlock.
func (s *Store) lock(ctx context.Context) (unlock func() error, err error) {
	waiting, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	config := s.config.Copy()
	config.RuntimeParams["lock_timeout"] = "0" // the context ends the wait
	conn, err := pgx.ConnectConfig(waiting, config)
	if err != nil {
		return nil, err
	}
	unlock = func() error { return conn.Close(context.WithoutCancel(ctx)) }
	if _, err := conn.Exec(waiting, `SELECT pg_advisory_lock($1)`, migrationLock); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return unlock, nil
}

// withAdvice says what an operator has to do about a schema that cannot be made.
func withAdvice(err error) error {
	var fault *pgconn.PgError
	if !errors.As(err, &fault) {
		return err
	}
	const trigrams = "the extension pg_trgm is needed (it comes with PostgreSQL's contrib package): have an administrator run CREATE EXTENSION pg_trgm in this database"
	switch fault.Code {
	case "58P01", "0A000": // undefined_file, feature_not_supported: the extension is not there
		return fmt.Errorf("%s: %w", trigrams, err)
	case "42501": // insufficient_privilege
		return fmt.Errorf("the user has to own the database, or to be granted CREATE on it and on its schema; %s: %w", trigrams, err)
	}
	return err
}
