package sqlite

import (
	"context"
	"fmt"

	"github.com/aritma/entra-onboard/internal/live"
)

var _ live.Source = (*Store)(nil)

// OnEvents has f called after every commit that made the trail of a setup longer. It is set before the store is used, and f
// must not wait.
func (s *Store) OnEvents(f func()) { s.onEvents = f }

// Newest implements live.Source.
func (s *Store) Newest(ctx context.Context) (at int64, err error) {
	if err := s.reader.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM events`).Scan(&at); err != nil {
		return 0, fmt.Errorf("find newest event: %w", err)
	}
	return at, nil
}

// Changes implements live.Source. There is one writer, so ids become visible in their order.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]live.Change, int64, error) {
	changes, err := list(ctx, s.reader, func(from row) (c live.Change, err error) {
		return c, from.Scan(&c.Setup, &c.At)
	}, `
		SELECT setup, max(id) AS at FROM (SELECT id, setup FROM events WHERE id > ? ORDER BY id LIMIT ?)
		GROUP BY setup ORDER BY at`, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list changes: %w", err)
	}
	if len(changes) > 0 {
		after = changes[len(changes)-1].At
	}
	return changes, after, nil
}
