package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// maxProblems is how many problems of a month are listed.
const maxProblems = 10

// What is counted by going over setups, each to a limit.
const (
	countBusy = `
		SELECT count(*) FROM (SELECT 1 FROM setups WHERE stand = 'in-progress' AND listed_at > $1 LIMIT $2) AS capped`
	countIdle = `
		SELECT count(*) FROM (SELECT 1 FROM setups WHERE stand = 'in-progress' AND listed_at <= $1 LIMIT $2) AS capped`
	timesTaken = `
		SELECT completed_at - opened_at FROM setups WHERE completed_at IS NOT NULL AND opened_at IS NOT NULL
		ORDER BY completed_at DESC LIMIT $1`
)

// Figures implements console.Store. It reads counters that are kept with every change; only setups in progress are counted
// by going over them, to MaxCount.
func (s *Store) Figures(ctx context.Context, now time.Time) (console.Figures, error) {
	f := console.Figures{Stands: map[console.Stand]int{}, Steps: map[wizard.Step]int{}}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}) // all figures of one moment
	if err != nil {
		return console.Figures{}, fmt.Errorf("count setups: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	for _, count := range []func(context.Context, querier, time.Time, *console.Figures) error{countSetups, countWaiting, takeMedian, countProblems} {
		if err := count(ctx, tx, now, &f); err != nil {
			return console.Figures{}, fmt.Errorf("count setups: %w", err)
		}
	}
	for stand, n := range f.Stands {
		f.Stands[stand] = min(n, console.MaxCount)
	}
	for step, n := range f.Steps {
		f.Steps[step] = min(n, console.MaxCount)
	}
	return f, nil
}

func countSetups(ctx context.Context, q querier, _ time.Time, f *console.Figures) (err error) {
	rows, err := q.QueryContext(ctx, `SELECT stand, step, n FROM setup_counts WHERE n > 0`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var stand console.Stand
		var step wizard.Step
		var n int
		if err := rows.Scan(&stand, &step, &n); err != nil {
			return err
		}
		f.Stands[stand] += n
		if stand != console.Completed && stand != console.Closed && step != "" {
			f.Steps[step] += n
		}
	}
	return rows.Err()
}

// countWaiting tells the setups in progress from those that wait: whoever did something of late is in progress.
func countWaiting(ctx context.Context, q querier, now time.Time, f *console.Figures) error {
	all := f.Stands[console.InProgress]
	if all == 0 {
		return nil
	}
	waits := now.Add(-console.WaitingAfter).UnixNano()
	var busy, waiting int
	err := q.QueryRowContext(ctx, countBusy, waits, console.MaxCount).Scan(&busy)
	if err != nil {
		return err
	}
	if waiting = all - busy; busy == console.MaxCount {
		err = q.QueryRowContext(ctx, countIdle, waits, console.MaxCount).Scan(&waiting)
	}
	delete(f.Stands, console.InProgress)
	if busy > 0 {
		f.Stands[console.InProgress] = busy
	}
	if waiting > 0 {
		f.Stands[console.Waiting] = waiting
	}
	return err
}

// takeMedian looks at completed setups that were opened, closed ones included. Of an even number it takes the middle
// between the two in the middle.
func takeMedian(ctx context.Context, q querier, _ time.Time, f *console.Figures) error {
	took, err := list(ctx, q, func(from row) (d time.Duration, err error) { return d, from.Scan((*int64)(&d)) }, timesTaken, console.MedianOf)
	if err != nil || len(took) == 0 {
		return err
	}
	slices.Sort(took)
	low, high := took[(len(took)-1)/2], took[len(took)/2]
	f.Median, f.Of = low+(high-low)/2, len(took)
	return nil
}

func countProblems(ctx context.Context, q querier, now time.Time, f *console.Figures) (err error) {
	f.Problems, err = list(ctx, q, func(from row) (c console.Count, err error) { return c, from.Scan(&c.ID, &c.N) },
		`SELECT problem, n FROM problem_counts WHERE month = $1 ORDER BY n DESC, problem LIMIT $2`, now.UTC().Format("2006-01"), maxProblems)
	return err
}
