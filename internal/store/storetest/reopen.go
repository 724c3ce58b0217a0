package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// RunReopen tests what several handles on one database have to do, one after the other and at once. database prepares
// an empty database and returns how to open a handle on it; the suite closes its handles.
func RunReopen(t *testing.T, database func(t *testing.T) (open func() (Store, error))) {
	t.Run("EverythingIsKept", func(t *testing.T) { testKept(t, database(t)) })
	t.Run("OpenedByManyAtOnce", func(t *testing.T) { testOpenedByMany(t, database(t)) })
	t.Run("HandlesShareOneTruth", func(t *testing.T) { testHandles(t, database(t)) })
}

func opened(t *testing.T, open func() (Store, error)) Store {
	t.Helper()
	s, err := open()
	must(t, err)
	return s
}

func testKept(t *testing.T, open func() (Store, error)) {
	s := opened(t, open)
	setup := holding(t, s, "client-secret", value(1))
	operation := onboarding.NewOperation()
	setup, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Operation: operation, Events: []onboarding.Event{event("kept")}})
	must(t, err)
	session, link := Session(t, s, "alice", now), linked(t, s, setup.ID, "one")
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: session, Setup: setup.ID, Link: link.ID, At: now}))
	_, err = s.AcquireLease(t.Context(), setup.ID, "one", now, now.Add(time.Minute))
	must(t, err)
	record := loadSession(t, s, session)

	for range 3 { // migrations that ran are not run again
		must(t, s.Close())
		s = opened(t, open)
	}
	defer func() { must(t, s.Close()) }()
	wantEqual(t, "the setup", load(t, s, setup.ID), setup)
	wantEqual(t, "its events", kinds(t, s, setup.ID), []string{"kept"})
	got, err := s.Sealed(t.Context(), setup.ID, "client-secret")
	must(t, err)
	wantEqual(t, "the sealed value", got, value(1))
	found, err := s.LinkByHash(t.Context(), link.Hash)
	must(t, err)
	wantEqual(t, "the link", found, link)
	_, err = s.Granted(t.Context(), session, setup.ID, now)
	must(t, err)
	wantEqual(t, "the session", loadSession(t, s, session), record)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Operation: operation})
	wantError(t, err, onboarding.ErrOperationUsed)
	held, err := s.Leased(t.Context(), setup.ID, now)
	must(t, err)
	wantEqual(t, "the lease is held", held, true)
}

func testOpenedByMany(t *testing.T, open func() (Store, error)) {
	var mu sync.Mutex
	var all []Store
	won := together(t, func(int) error {
		s, err := open()
		if err != nil {
			return err
		}
		mu.Lock()
		all = append(all, s)
		mu.Unlock()
		return s.CreateSetup(t.Context(), newSetup())
	})
	wantEqual(t, "handles that opened", won, parallel)
	for _, s := range all {
		must(t, s.Close())
	}
}

func testHandles(t *testing.T, open func() (Store, error)) {
	handles := []Store{opened(t, open), opened(t, open), opened(t, open)}
	defer func() {
		for _, s := range handles {
			must(t, s.Close())
		}
	}()
	for n := range 20 {
		setup := holding(t, handles[n%3], "scim-token", value(n))
		won := together(t, func(n int) error {
			_, _, err := handles[n%3].Claim(t.Context(), onboarding.Change{Setup: setup}, "scim-token")
			return err
		}, onboarding.ErrClaimed)
		if won != 1 {
			t.Fatalf("token %d: %d claims through three handles succeeded, want 1", n, won)
		}
		for i, s := range handles {
			if got := load(t, s, setup.ID).Version; got != setup.Version+1 {
				t.Errorf("handle %d sees version %d, want %d", i, got, setup.Version+1)
			}
		}
	}
}
