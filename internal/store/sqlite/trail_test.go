package sqlite_test

import (
	"errors"
	"testing"

	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

// TestOnEvents: one call after every commit that made a trail longer, when it can be read already, and no other.
func TestOnEvents(t *testing.T) {
	s := open(t, newPath(t))
	calls := 0
	var seen int64
	s.OnEvents(func() {
		calls++
		var err error
		seen, err = s.Newest(t.Context())
		must(t, err)
	})
	called := func(what string, want int) {
		t.Helper()
		at, err := s.Newest(t.Context())
		must(t, err)
		if calls != want || (want > 0 && seen != at) {
			t.Errorf("%s: %d calls that saw up to %d, want %d up to %d", what, calls, seen, want, at)
		}
		calls, seen = 0, 0
	}
	event := onboarding.Event{At: at, Kind: "saved"}
	quiet, setup := newSetup(), newSetup()
	must(t, s.CreateSetup(t.Context(), quiet))
	called("a setup without a trail", 0)
	must(t, s.CreateSetup(t.Context(), setup, event))
	called("a setup with its first entry", 1)
	_, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{event, event, event}})
	must(t, err)
	called("three entries in one change", 1)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: quiet})
	must(t, err)
	called("a change without an entry", 0)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{event}}) // of a version that is gone
	if !errors.Is(err, onboarding.ErrConflict) {
		t.Errorf("saved an old version: %v", err)
	}
	must(t, s.StopWatching(t.Context(), "nobody"))
	called("a change that failed, and one of something else", 0)
}

// TestChangesAfterDelete: a setup that is gone is not told of, and its places are not given out again.
func TestChangesAfterDelete(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	event := onboarding.Event{At: at, Kind: "saved"}
	stays, goes := newSetup(), newSetup()
	must(t, s.CreateSetup(t.Context(), stays, event))
	must(t, s.CreateSetup(t.Context(), goes, event, event))
	before, err := s.Newest(t.Context())
	must(t, err)
	_, err = raw(t, path).ExecContext(t.Context(), `DELETE FROM setups WHERE id = ?`, goes.ID)
	must(t, err)
	changes, next, err := s.Changes(t.Context(), 0, 10)
	must(t, err)
	same(t, "what has changed", changes, []live.Change{{Setup: stays.ID, At: 1}})
	same(t, "up to where", next, int64(1))
	_, next, err = s.Changes(t.Context(), before, 10) // of a listener who heard of it before
	must(t, err)
	same(t, "up to where, for who knows more", next, before)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: stays, Events: []onboarding.Event{event}})
	must(t, err)
	changes, next, err = s.Changes(t.Context(), before, 10)
	must(t, err)
	same(t, "what has changed since", changes, []live.Change{{Setup: stays.ID, At: before + 1}})
	same(t, "up to where since", next, before+1)
}
