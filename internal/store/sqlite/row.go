package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// stamp is a time as it is stored: nanoseconds since 1970 in UTC, or nil for the zero time.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// stampInto reads a stored time into the time it points to.
type stampInto struct{ to *time.Time }

// Scan implements sql.Scanner.
func (s stampInto) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*s.to = time.Time{}
	case int64:
		*s.to = time.Unix(0, v).UTC()
	default:
		return fmt.Errorf("a stored time is a %T", value)
	}
	return nil
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(into ...any) error }

// querier is a transaction, or the pool of readers.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readRow runs one of the reader's prepared statements, which looks up one row by its key, unless ctx has ended. It is over before
// anybody could end it, so it does not watch ctx: for each query that would take two more goroutines.
func (s *Store) readRow(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		ctx = context.WithoutCancel(ctx)
	}
	return s.read[query].QueryRowContext(ctx, args...)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (all []T, err error) {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, found.Err()
}

// exists runs a SELECT EXISTS query.
func exists(ctx context.Context, q querier, query string, args ...any) (found bool, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&found)
	return found, err
}

// orMissing gives a fault of its own to a query that found no row, and to a row whose parent is not there.
func orMissing(err, missing error) error {
	var fault *sqlite.Error
	if errors.Is(err, sql.ErrNoRows) || errors.As(err, &fault) && fault.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		return missing
	}
	return err
}

// isDuplicate reports whether a row of that key is there already.
func isDuplicate(err error) bool {
	var fault *sqlite.Error
	if !errors.As(err, &fault) {
		return false
	}
	return fault.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || fault.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}
