package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// reveals is how many tokens are claimed by parallel callers each: the first of the promises.
const reveals = 500

func testFailedChange(t *testing.T, s Store) {
	setup := holding(t, s, "scim-token", value(1))
	operation := onboarding.NewOperation()
	stale := setup
	stale.Version--
	stale.Company = "Fabrikam"
	change := onboarding.Change{
		Setup: stale, Put: map[string]onboarding.SealedSecret{"client-secret": {Value: value(2)}},
		Drop: []string{"scim-token"}, Operation: operation, Events: []onboarding.Event{event("token.revealed")},
	}
	refused := func(want error, save func() error) {
		t.Helper()
		wantError(t, save(), want)
		wantEqual(t, "the setup", load(t, s, setup.ID), setup)
		wantEqual(t, "its events", kinds(t, s, setup.ID), []string(nil))
		_, err := s.Sealed(t.Context(), setup.ID, "client-secret")
		wantError(t, err, onboarding.ErrNotFound)
		got, err := s.Sealed(t.Context(), setup.ID, "scim-token")
		must(t, err)
		wantEqual(t, "the value that was to be dropped or claimed", got, value(1))
	}
	refused(onboarding.ErrConflict, func() error { _, err := s.Save(t.Context(), change); return err })
	refused(onboarding.ErrConflict, func() error { return claimFails(t, s, change, "scim-token") })
	refused(onboarding.ErrClaimed, func() error { return claimFails(t, s, change, "not there") })
	change.Setup = setup
	_, err := s.Save(t.Context(), change)
	must(t, err) // the operation id was not used up by the refused changes
}

func claimFails(t *testing.T, s Store, c onboarding.Change, name string) error {
	t.Helper()
	setup, value, err := s.Claim(t.Context(), c, name)
	if err != nil && (value != nil || setup.ID != "") {
		t.Errorf("a refused claim returned %d bytes and setup %q", len(value), setup.ID)
	}
	return err
}

func testClaim(t *testing.T, s Store) {
	setup := holding(t, s, "scim-token", value(1))
	change := onboarding.Change{Setup: setup, Events: []onboarding.Event{event("token.revealed")}}
	change.Setup.Contact = "Ola"
	change.Put = map[string]onboarding.SealedSecret{"client-secret": {Value: value(2)}}
	saved, got, err := s.Claim(t.Context(), change, "scim-token")
	must(t, err)
	wantEqual(t, "the claimed value", got, value(1))
	change.Setup.Version++
	wantEqual(t, "what Claim returns", saved, change.Setup)
	wantEqual(t, "what Setup returns", load(t, s, setup.ID), change.Setup)
	wantEqual(t, "the events", kinds(t, s, setup.ID), []string{"token.revealed"})
	_, err = s.Sealed(t.Context(), setup.ID, "scim-token")
	wantError(t, err, onboarding.ErrNotFound)

	wantError(t, claimFails(t, s, onboarding.Change{Setup: saved}, "scim-token"), onboarding.ErrClaimed)
	wantError(t, claimFails(t, s, onboarding.Change{Setup: setup}, "scim-token"), onboarding.ErrClaimed) // also with an old version
	wantError(t, claimFails(t, s, onboarding.Change{Setup: newSetup()}, "scim-token"), onboarding.ErrNotFound)
	wantEqual(t, "the events after refused claims", kinds(t, s, setup.ID), []string{"token.revealed"})
}

func testParallelSave(t *testing.T, s Store) {
	setup := created(t, s)
	for round := range 20 {
		current := load(t, s, setup.ID)
		won := together(t, func(int) error {
			_, err := s.Save(t.Context(), onboarding.Change{Setup: current, Events: []onboarding.Event{event("saved")}})
			return err
		}, onboarding.ErrConflict)
		if won != 1 {
			t.Fatalf("round %d: %d of %d savers of one version succeeded, want 1", round, won, parallel)
		}
	}
	if got := load(t, s, setup.ID).Version; got != 21 || len(kinds(t, s, setup.ID)) != 20 {
		t.Errorf("version %d with %d events, want 21 with 20", got, len(kinds(t, s, setup.ID)))
	}
	testParallelRetry(t, s)
}

// testParallelRetry has all callers load and save until each succeeded, as a Service does: none starves.
func testParallelRetry(t *testing.T, s Store) {
	setup := created(t, s)
	won := together(t, func(int) error {
		for {
			current, err := s.Setup(t.Context(), setup.ID)
			if err != nil {
				return err
			}
			current.State.Token.Generation++
			if _, err = s.Save(t.Context(), onboarding.Change{Setup: current}); !errors.Is(err, onboarding.ErrConflict) {
				return err
			}
		}
	})
	got := load(t, s, setup.ID)
	if won != parallel || got.State.Token.Generation != parallel || got.Version != parallel+1 {
		t.Errorf("%d of %d succeeded; counted %d, version %d", won, parallel, got.State.Token.Generation, got.Version)
	}
}

func testParallelOperation(t *testing.T, s Store) {
	setup := created(t, s)
	operation := onboarding.NewOperation()
	won := together(t, func(int) error {
		for {
			current, err := s.Setup(t.Context(), setup.ID)
			if err != nil {
				return err
			}
			_, err = s.Save(t.Context(), onboarding.Change{Setup: current, Operation: operation, Events: []onboarding.Event{event("token.intended")}})
			if !errors.Is(err, onboarding.ErrConflict) {
				return err
			}
		}
	}, onboarding.ErrOperationUsed)
	if events := kinds(t, s, setup.ID); won != 1 || len(events) != 1 {
		t.Errorf("%d callers used one operation id, %d events; want 1, 1", won, len(events))
	}
}

func testParallelClaim(t *testing.T, s Store) {
	began := time.Now()
	for n := range reveals {
		setup := holding(t, s, "scim-token", value(n))
		change := onboarding.Change{Setup: setup, Events: []onboarding.Event{event("token.revealed")}}
		var right atomic.Int64
		won := together(t, func(int) error {
			_, got, err := s.Claim(t.Context(), change, "scim-token")
			if string(got) == string(value(n)) {
				right.Add(1)
			} else if got != nil {
				t.Errorf("token %d: claimed another value", n)
			}
			return err
		}, onboarding.ErrClaimed)
		if won != 1 || right.Load() != 1 {
			t.Fatalf("token %d: %d claims succeeded and %d values were given out, want 1 and 1", n, won, right.Load())
		}
		if got := load(t, s, setup.ID).Version; got != setup.Version+1 {
			t.Fatalf("token %d: version %d, want %d", n, got, setup.Version+1)
		}
		if events := kinds(t, s, setup.ID); len(events) != 1 {
			t.Fatalf("token %d: %d showings in the audit trail, want 1", n, len(events))
		}
	}
	t.Logf("%d tokens × %d parallel claims: one success each, in %v", reveals, parallel, time.Since(began).Round(time.Millisecond))
}
