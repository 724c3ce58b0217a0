package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
)

// What is counted by going over setups, each to a limit.
const (
	countBusy = `
		SELECT count(*) FROM (SELECT 1 FROM setups WHERE stand = 'in-progress' AND listed_at > ? LIMIT ?)`
	countIdle = `
		SELECT count(*) FROM (SELECT 1 FROM setups WHERE stand = 'in-progress' AND listed_at <= ? LIMIT ?)`
	timesTaken = `
		SELECT completed_at - opened_at FROM setups WHERE completed_at IS NOT NULL AND opened_at IS NOT NULL
		ORDER BY completed_at DESC LIMIT ?`
)

// Figures implements console.Store. It reads counters that are kept with every change; only setups in progress are counted
// by going over them, to MaxCount.
func (s *Store) Figures(ctx context.Context, now time.Time) (console.Figures, error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // all figures of one moment
	if err != nil {
		return console.Figures{}, fmt.Errorf("count setups: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	counted, err := count(ctx, tx, now)
	if err != nil {
		return console.Figures{}, fmt.Errorf("count setups: %w", err)
	}
	return counted.Figures(), nil
}

func count(ctx context.Context, q querier, now time.Time) (c console.Counted, err error) {
	c.Setups, err = list(ctx, q, func(from row) (t console.Tally, err error) { return t, from.Scan(&t.Stand, &t.Step, &t.N) },
		`SELECT stand, step, n FROM setup_counts WHERE n > 0`)
	if err != nil {
		return c, err
	}
	waits := now.Add(-console.WaitingAfter).UnixNano()
	if err = q.QueryRowContext(ctx, countBusy, waits, console.MaxCount).Scan(&c.Busy); err != nil {
		return c, err
	}
	if c.Busy == console.MaxCount {
		if err = q.QueryRowContext(ctx, countIdle, waits, console.MaxCount).Scan(&c.Idle); err != nil {
			return c, err
		}
	}
	c.Took, err = list(ctx, q, func(from row) (d time.Duration, err error) { return d, from.Scan((*int64)(&d)) }, timesTaken, console.MedianOf)
	if err != nil {
		return c, err
	}
	c.Problems, err = list(ctx, q, func(from row) (c console.Count, err error) { return c, from.Scan(&c.ID, &c.N) },
		`SELECT problem, n FROM problem_counts WHERE month = ? ORDER BY n DESC, problem LIMIT ?`, now.UTC().Format("2006-01"), console.MaxProblems)
	return c, err
}
