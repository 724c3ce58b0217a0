package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// tx is a transaction of the writer. Statements that were prepared run as such: compiling them anew costs more than
// running them, and all other writers wait meanwhile.
type tx struct {
	*sql.Tx
	prepared map[string]*sql.Stmt
	told     bool // it makes the trail of a setup longer
}

// prepare compiles statements. For the writer it is called before the first transaction, which would hold the only connection.
func prepare(ctx context.Context, pool *sql.DB, queries ...string) (map[string]*sql.Stmt, error) {
	prepared := make(map[string]*sql.Stmt, len(queries))
	for _, query := range queries {
		statement, err := pool.PrepareContext(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		prepared[query] = statement // closed with the pool
	}
	return prepared, nil
}

// ExecContext runs a statement that returns no rows.
func (t *tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement, ok := t.prepared[query]; ok {
		return t.StmtContext(ctx, statement).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryRowContext runs a statement that returns at most one row.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if statement, ok := t.prepared[query]; ok {
		return t.StmtContext(ctx, statement).QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// write runs do in one transaction that holds the write lock from its beginning.
func (s *Store) write(ctx context.Context, action string, do func(tx *tx) error) error {
	begun, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	defer func() { _ = begun.Rollback() }() // does nothing after Commit
	t := &tx{Tx: begun, prepared: s.prepared}
	if err := do(t); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("%s: commit: %w", action, err)
	}
	if t.told && s.onEvents != nil {
		s.onEvents()
	}
	return nil
}
