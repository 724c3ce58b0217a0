package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

// happened writes events into the trail of a setup, and returns the place of the last.
func happened(t *testing.T, s Store, id string, kinds ...string) int64 {
	t.Helper()
	var events []onboarding.Event
	for _, kind := range kinds {
		events = append(events, event(kind))
	}
	_, err := s.Save(t.Context(), onboarding.Change{Setup: load(t, s, id), Events: events})
	must(t, err)
	return newest(t, s)
}

func newest(t *testing.T, s Store) int64 {
	t.Helper()
	at, err := s.Newest(t.Context())
	must(t, err)
	return at
}

// changes demands what has changed after a place, and up to where that is all.
func changes(t *testing.T, s Store, after int64, limit int, next int64, want ...live.Change) {
	t.Helper()
	got, at, err := s.Changes(t.Context(), after, limit)
	must(t, err)
	wantEqual(t, "what has changed", got, want)
	wantEqual(t, "up to where", at, next)
}

func testLiveChanges(t *testing.T, s Store) {
	wantEqual(t, "the newest of nothing", newest(t, s), int64(0))
	changes(t, s, 0, 10, 0)
	changes(t, s, 77, 10, 77) // a place that is not there yet
	a, b, c := created(t, s).ID, created(t, s).ID, created(t, s).ID
	wantEqual(t, "the newest after setups without a trail", newest(t, s), int64(0))

	first := happened(t, s, a, "a.one")
	second := happened(t, s, b, "b.one", "b.two")
	third := happened(t, s, a, "a.two")
	fourth := happened(t, s, c, "c.one")
	if first <= 0 || second <= first+1 || third <= second || fourth <= third {
		t.Fatalf("places %d, %d, %d, %d do not grow with every entry", first, second, third, fourth)
	}
	newA, newB, newC := live.Change{Setup: a, At: third}, live.Change{Setup: b, At: second}, live.Change{Setup: c, At: fourth}
	changes(t, s, 0, 10, fourth, newB, newA, newC) // oldest first, each once
	changes(t, s, first, 10, fourth, newB, newA, newC)
	changes(t, s, second, 10, fourth, newA, newC)
	changes(t, s, third, 10, fourth, newC)
	changes(t, s, fourth, 10, fourth)
	changes(t, s, fourth+1000, 10, fourth+1000)
	changes(t, s, 0, 1, first, live.Change{Setup: a, At: first}) // the limit is one of entries
	changes(t, s, first, 2, second, newB)
	changes(t, s, first, 3, third, newB, newA)

	var all []live.Change
	for after := int64(0); ; {
		got, next, err := s.Changes(t.Context(), after, 2)
		must(t, err)
		if next == after {
			break
		}
		all, after = append(all, got...), next
	}
	wantEqual(t, "the last that page after page tells", all[len(all)-2:], []live.Change{newA, newC})
}

// testLiveTrail: whatever writes an entry has a place in the trail, and what fails has none.
func testLiveTrail(t *testing.T, s Store) {
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup, event("setup.created")))
	at := newest(t, s)
	changes(t, s, 0, 10, at, live.Change{Setup: setup.ID, At: at})
	grows := func(what string, act func() error) {
		t.Helper()
		must(t, act())
		if now := newest(t, s); now <= at {
			t.Errorf("%s: the newest entry is still %d", what, now)
		}
		changes(t, s, at, 10, newest(t, s), live.Change{Setup: setup.ID, At: newest(t, s)})
		at = newest(t, s)
	}
	grows("a link", func() error {
		return s.AddLink(t.Context(), onboarding.Link{ID: "one", Setup: setup.ID, Hash: []byte("one"), Label: "admin", CreatedAt: now, ExpiresAt: now}, event("link.created"))
	})
	grows("a link taken back", func() error { return s.RevokeLink(t.Context(), "one", now, event("link.revoked")) })
	grows("a note", func() error {
		return s.AddNote(t.Context(), console.Note{Setup: setup.ID, At: now, Who: "Guide", Text: "x"}, event("note.added"))
	})
	grows("somebody who watches", func() error {
		return s.Watch(t.Context(), console.Watcher{Setup: setup.ID, ID: "w", Name: "Guide", Until: now}, event("watching.began"))
	})
	stale := load(t, s, setup.ID)
	stale.Version--
	_, err := s.Save(t.Context(), onboarding.Change{Setup: stale, Events: []onboarding.Event{event("lost")}})
	wantError(t, err, onboarding.ErrConflict)
	wantEqual(t, "the newest after a change that failed", newest(t, s), at)
}

// testLiveParallel: whoever follows the trail while many write misses no setup: no entry appears below a place that was
// told already.
func testLiveParallel(t *testing.T, s Store) {
	var setups []string
	for range parallel {
		setups = append(setups, created(t, s).ID)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan map[string]int64)
	go func() {
		got, after := map[string]int64{}, int64(0)
		defer func() { told <- got }()
		for last := false; ; {
			if ctx.Err() != nil {
				last = true // once more, after all were written
			}
			found, next, err := s.Changes(context.WithoutCancel(ctx), after, 7)
			if err != nil {
				t.Error(err)
				return
			}
			for _, c := range found {
				if c.At <= after || c.At > next {
					t.Errorf("told of %d between %d and %d", c.At, after, next)
				}
				got[c.Setup] = c.At
			}
			if last && next == after {
				return
			}
			after = next
		}
	}()
	together(t, func(n int) error {
		for range 5 {
			setup, err := s.Setup(context.Background(), setups[n])
			if err != nil {
				return err
			}
			if _, err := s.Save(context.Background(), onboarding.Change{Setup: setup, Events: []onboarding.Event{event("saved"), event("saved")}}); err != nil {
				return err
			}
		}
		return nil
	})
	cancel()
	got := <-told
	all, _, err := s.Changes(t.Context(), 0, 100*parallel)
	must(t, err)
	want := map[string]int64{}
	for _, c := range all {
		want[c.Setup] = c.At
	}
	wantEqual(t, "how many setups have changed", len(want), parallel)
	wantEqual(t, "the newest entries that were followed", got, want)
}

func testRowsOf(t *testing.T, s Store) {
	a, b := made(t, s, now), made(t, s, now.Add(-time.Hour), isClosed)
	made(t, s, now)
	found, err := s.RowsOf(t.Context(), []string{b, "nobody", a, `"`, a})
	must(t, err)
	if len(found) != 2 {
		t.Fatalf("%d rows of two setups", len(found))
	}
	for _, r := range found {
		one, err := s.Row(t.Context(), r.ID)
		must(t, err)
		wantEqual(t, "a row by its id", r, one)
	}
	for _, none := range [][]string{nil, {"nobody"}} {
		found, err = s.RowsOf(t.Context(), none)
		must(t, err)
		wantEqual(t, "rows of nobody", found, []console.Row(nil))
	}
}
