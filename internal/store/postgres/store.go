package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/web/session"
)

var (
	_ onboarding.Store = (*Store)(nil)
	_ session.Storage  = (*Store)(nil)
	_ account.Store    = (*Store)(nil)
	_ console.Store    = (*Store)(nil)
	_ live.Source      = (*Store)(nil)
	_ webhook.Store    = (*Store)(nil)
)

const (
	// maxConnections is how many connections a replica has at most, besides the one that listens.
	maxConnections = 16
	// idleLife is how long a connection stays open that nobody uses: making one costs the server more than keeping it.
	idleLife = 5 * time.Minute
	// connectionLife lets a replica leave a server that is being replaced.
	connectionLife = 30 * time.Minute
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	config *pgx.ConnConfig
	db     *sql.DB
	// listener hears what other replicas commit; nil when nobody wants to know.
	listener *listener
}

// Open connects to the database at an address such as postgres://user:password@host/database and brings its schema up to
// date: one replica does it while the others wait. A schema newer than this program is left as it is. ErrAddress when the
// address is none. No error holds the address.
func Open(ctx context.Context, address secret.Secret) (*Store, error) {
	config, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{config: config, db: stdlib.OpenDB(*config)}
	s.db.SetMaxOpenConns(maxConnections)
	s.db.SetMaxIdleConns(maxConnections)
	s.db.SetConnMaxIdleTime(idleLife)
	s.db.SetConnMaxLifetime(connectionLife)
	err = s.migrate(ctx)
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.Close())
	}
	return s, nil
}

// Close stops listening, waits for queries under way and closes every connection.
func (s *Store) Close() error {
	if s.listener != nil {
		s.listener.close()
		s.listener = nil
	}
	return s.db.Close()
}

// Ping reads from the database.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := exists(ctx, s.db, `SELECT EXISTS (SELECT 1 FROM setups)`); err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	return nil
}
