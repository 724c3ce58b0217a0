package postgres

import (
	"context"
	"strings"
)

// Setting is what a connection of the pool runs with, a space between.
func (s *Store) Setting(ctx context.Context, names ...string) (string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		if err := s.db.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&values[i]); err != nil {
			return "", err
		}
	}
	return strings.Join(values, " "), nil
}

// WordsOf is what is searched of a setup.
var WordsOf = wordsOf
