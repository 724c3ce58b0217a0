package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
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

// querier is a transaction, or the pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// one runs a query for at most one row.
func one(ctx context.Context, q querier, query string, args ...any) row {
	return q.QueryRowContext(ctx, query, keepable(args)...)
}

// list reads all rows of a query.
func list[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (all []T, err error) {
	found, err := q.QueryContext(ctx, query, keepable(args)...)
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
	err = one(ctx, q, query, args...).Scan(&found)
	return found, err
}

// exec runs a statement that returns no rows, and returns how many it changed.
func exec(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, query, keepable(args)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// keepable replaces what PostgreSQL refuses in a text: an address that nobody has is then not found, instead of a failure.
func keepable(args []any) []any {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = keepableText(v)
		case []string:
			v = slices.Clone(v)
			for n := range v {
				v[n] = keepableText(v[n])
			}
			args[i] = v
		}
	}
	return args
}

func keepableText(s string) string {
	const replacement = "\uFFFD"
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	foreignKeyViolation  = "23503"
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

func isFault(err error, codes ...string) bool {
	var fault *pgconn.PgError
	return errors.As(err, &fault) && slices.Contains(codes, fault.Code)
}

// orMissing gives a fault of its own to a query that found no row, and to a row whose parent is not there.
func orMissing(err, missing error) error {
	if errors.Is(err, sql.ErrNoRows) || isFault(err, foreignKeyViolation) {
		return missing
	}
	return err
}

// isDuplicate reports whether a row of that key is there already.
func isDuplicate(err error) bool { return isFault(err, uniqueViolation) }
