package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/console"
)

// TestNothingIsReadInFull: what customer success reads goes by an index and in its order, whatever is stored.
func TestNothingIsReadInFull(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "onboard.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	plans := map[string]string{
		countBusy: "setups_by_stand (stand=? AND listed_at>?)", countIdle: "setups_by_stand (stand=? AND listed_at<?)",
		timesTaken: "COVERING INDEX setups_completed", setupsBehind: "setups_behind", anyBehind: "setups_behind",
		dueMessage: "webhook_messages_by_next (next_at<?)",
	}
	for _, stand := range append(console.Stands(), "") {
		c, ok := choose(console.Query{Stand: stand})
		if !ok {
			t.Fatalf("%s is no stand", stand)
		}
		plans[c.searching()] = "VIRTUAL TABLE INDEX"
		plans[c.listing()] = "setups_by_stand (stand=? AND listed_at>? AND (listed_at,id)<(?,?))"
		if stand == "" {
			plans[c.listing()] = "setups_listed (listed_at>? AND (listed_at,id)<(?,?))"
		}
	}
	for query, index := range plans {
		plan := planOf(t, s, query)
		if !strings.Contains(plan, index) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN s\n") {
			t.Errorf("%s\nis planned as\n%swant %s, and nothing sorted", query, plan, index)
		}
	}
}

func planOf(t *testing.T, s *Store, query string) string {
	t.Helper()
	var args []any
	for range strings.Count(query, "?") {
		args = append(args, 1)
	}
	details, err := list(t.Context(), s.reader, func(from row) (detail string, err error) {
		var id, parent, unused int
		return detail, from.Scan(&id, &parent, &unused, &detail)
	}, `EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(details, "\n") + "\n"
}
