package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/store"
)

// What is counted to a limit.
const (
	countSessions = `SELECT count(*) FROM (SELECT 1 FROM sessions WHERE expires_at > $1 LIMIT $2) AS capped`
	countMessages = `SELECT dead, count(*) FROM (SELECT dead FROM webhook_messages LIMIT $1) AS capped GROUP BY dead`
)

// Stock counts what there is.
func (s *Store) Stock(ctx context.Context, now time.Time) (store.Stock, error) {
	stock, err := s.count(ctx, now)
	if err != nil {
		return store.Stock{}, fmt.Errorf("count what there is: %w", err)
	}
	return stock, nil
}

func (s *Store) count(ctx context.Context, now time.Time) (stock store.Stock, err error) {
	stock.Setups, err = list(ctx, s.db, func(from row) (c store.Standing, err error) { return c, from.Scan(&c.Stand, &c.Step, &c.N) },
		`SELECT stand, step, n FROM setup_counts WHERE n > 0 ORDER BY stand, step`)
	if err != nil {
		return stock, err
	}
	if err = s.db.QueryRowContext(ctx, countSessions, now.UnixNano(), store.StockLimit).Scan(&stock.Sessions); err != nil {
		return stock, err
	}
	_, err = list(ctx, s.db, func(from row) (struct{}, error) {
		var dead bool
		var n int
		err := from.Scan(&dead, &n)
		if dead {
			stock.GivenUp = n
		} else {
			stock.Waiting = n
		}
		return struct{}{}, err
	}, countMessages, store.StockLimit)
	return stock, err
}
