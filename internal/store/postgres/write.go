package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// writeTries is how often a transaction is run that the server ends for the sake of another one.
	writeTries = 5
	// writeTimeout ends a transaction that its caller does not.
	writeTimeout = 30 * time.Second
)

// write runs do in one transaction, and again when the server ended it for a deadlock: do may run several times and changes
// nothing but the database and what it returns.
func (s *Store) write(ctx context.Context, action string, do func(tx *sql.Tx) error) error {
	var err error
	for range writeTries {
		if err = s.try(ctx, do); !isFault(err, serializationFailure, deadlockDetected) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// try runs do in one transaction. Whoever gives up ends it up to its last statement; the commit itself is waited for, since
// one that is cut off may have happened.
func (s *Store) try(ctx context.Context, do func(tx *sql.Tx) error) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, given(conn.Close())) }()
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	tx, err := conn.BeginTx(whole, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := do(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// given is the fault of giving a connection back; one that was lost is no fault of its own.
func given(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
