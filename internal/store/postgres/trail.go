package postgres

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/live"
)

// Newest implements live.Source.
func (s *Store) Newest(ctx context.Context) (at int64, err error) {
	if err := one(ctx, s.db, `SELECT coalesce(max(place), 0) FROM trail`).Scan(&at); err != nil {
		return 0, fmt.Errorf("find newest event: %w", err)
	}
	return at, nil
}

// Changes implements live.Source. Places are given while transactions commit in turn, so they become visible in their order.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]live.Change, int64, error) {
	changes, err := list(ctx, s.db, func(from row) (c live.Change, err error) {
		return c, from.Scan(&c.Setup, &c.At)
	}, `
		SELECT setup, max(place) AS newest FROM (SELECT place, setup FROM trail WHERE place > $1 ORDER BY place LIMIT $2) AS next
		GROUP BY setup ORDER BY newest`, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list changes: %w", err)
	}
	if len(changes) > 0 {
		after = changes[len(changes)-1].At
	}
	return changes, after, nil
}
