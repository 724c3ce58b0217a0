package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

// many are setups of which the planner knows that there are many: every stand, words of one kind.
const many = `
	INSERT INTO setups (id, version, company, tenant, domain, contact, scheme, self_begun, begun_by_signin, unwatched, changed_at, opened_at, completed_at,
		state, stand, step, problem, words)
	SELECT 'setup' || n, 1, 'Contoso', 'tenant' || n, '', '', '', false, false, false, n * 1000000000::bigint, n, CASE WHEN n % 5 = 0 THEN n * 1000 END, '{}',
		(ARRAY['completed', 'closed', 'in-progress', 'problem', 'not-opened'])[n % 5 + 1], 'start', '', 'contoso' || md5(n::text)
	FROM generate_series(1, 20000) AS n`

// TestNothingIsReadInFull: what customer success reads goes by an index and in its order, whatever is stored.
func TestNothingIsReadInFull(t *testing.T) {
	s, err := Open(t.Context(), secret.New(postgrestest.Database(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, statement := range []string{many, `VACUUM ANALYZE setups`} {
		if _, err := s.db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	demand := func(index, query string, args ...any) {
		t.Helper()
		plan, err := s.plan(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") || (strings.Contains(plan, "Sort") && index != "setups_searched") {
			t.Errorf("%s\nis planned as\n%s\nwant %s, and nothing sorted", query, plan, index)
		}
	}
	for _, stand := range append(console.Stands(), "") {
		c, ok := choose(console.Query{Stand: stand, Limit: 50})
		if !ok {
			t.Fatalf("%s is no stand", stand)
		}
		index := "setups_by_stand"
		if stand == "" {
			index = "setups_listed"
		}
		demand(index, c.listing(), append(c.args(), c.Limit)...)
		if stand == console.Waiting { // nobody waits at the test's time, so there is nothing to search
			continue
		}
		demand(index, c.searching(), append(c.args(), pattern("contoso"), c.Limit)...)
		demand("setups_searched", c.searching(), append(c.args(), pattern("9f61408e3afb633e50cdf1b20de6f466"), c.Limit)...)
	}
	demand("setups_by_stand", countBusy, 19990*1000000000, console.MaxCount)
	demand("setups_completed", timesTaken, console.MedianOf)
}

// plan is how the server would run a query with these arguments.
func (s *Store) plan(ctx context.Context, query string, args ...any) (string, error) {
	lines, err := list(ctx, s.db, func(from row) (line string, err error) { return line, from.Scan(&line) },
		`EXPLAIN `+query, append([]any{pgx.QueryExecModeExec}, args...)...)
	return strings.Join(lines, "\n"), err
}
