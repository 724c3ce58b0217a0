package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/wizard"
)

func testSetup(t *testing.T, s Store) {
	setup := newSetup()
	setup.Version = 41 // a new setup begins at 1 whatever it says
	setup.Unwatched = true
	must(t, s.CreateSetup(t.Context(), setup, event("setup.created"), event("link.created")))
	got := load(t, s, setup.ID)
	setup.Version = 1
	wantEqual(t, "the setup as loaded", got, setup)
	wantEqual(t, "its events", kinds(t, s, setup.ID), []string{"setup.created", "link.created"})
	if got.CreatedAt.Location() != time.UTC || !got.OpenedAt.IsZero() || !got.CompletedAt.IsZero() {
		t.Errorf("times are not UTC, or a zero time was not kept: %v %v %v", got.CreatedAt, got.OpenedAt, got.CompletedAt)
	}
	_, err := s.Setup(t.Context(), "nobody")
	wantError(t, err, onboarding.ErrNotFound)
	must(t, s.Ping(t.Context()))
}

func testCreateTwice(t *testing.T, s Store) {
	setup := created(t, s)
	again := setup
	again.Company = "Fabrikam"
	wantError(t, s.CreateSetup(t.Context(), again, event("setup.created")), onboarding.ErrConflict)
	wantEqual(t, "the first setup", load(t, s, setup.ID), setup)
	wantEqual(t, "its events", kinds(t, s, setup.ID), []string(nil))
}

func testSave(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	change := setup
	change.Company, change.Tenant, change.Domain, change.Contact, change.Scheme = "F", "f", "f.com", "Ola", "f-entra"
	change.ChangedAt, change.OpenedAt, change.CompletedAt = now.Add(1), now.Add(2), now.Add(3)
	change.ClosedAt, change.Unwatched = now.Add(4), true
	change.State.Answers.ClientID = "11111111-2222-3333-4444-555555555555"
	change.State.Registration = wizard.Registration{Exists: true, ProviderID: 1 << 53, Sent: change.State.Answers}
	saved, err := s.Save(t.Context(), onboarding.Change{Setup: change, Events: []onboarding.Event{event("step.signin")}})
	must(t, err)
	change.Version = 2
	wantEqual(t, "what Save returns", saved, change)
	wantEqual(t, "what Setup returns", load(t, s, setup.ID), change)
	wantEqual(t, "another setup", load(t, s, other.ID), other)

	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup})
	wantError(t, err, onboarding.ErrConflict)
	ahead := change
	ahead.Version = 3
	_, err = s.Save(t.Context(), onboarding.Change{Setup: ahead})
	wantError(t, err, onboarding.ErrConflict)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: newSetup()})
	wantError(t, err, onboarding.ErrNotFound)
	wantEqual(t, "the setup after refused changes", load(t, s, setup.ID), change)
}

func testSealed(t *testing.T, s Store) {
	setup := holding(t, s, "scim-token", value(1))
	got, err := s.Sealed(t.Context(), setup.ID, "scim-token")
	must(t, err)
	wantEqual(t, "the sealed value", got, value(1))
	_, err = s.Sealed(t.Context(), setup.ID, "client-secret")
	wantError(t, err, onboarding.ErrNotFound)
	_, err = s.Sealed(t.Context(), created(t, s).ID, "scim-token")
	wantError(t, err, onboarding.ErrNotFound)

	setup, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Put: map[string]onboarding.SealedSecret{
		"scim-token": {Value: value(2)}, "client-secret": {Value: value(3)},
	}})
	must(t, err)
	got, err = s.Sealed(t.Context(), setup.ID, "scim-token")
	must(t, err)
	wantEqual(t, "the replaced value", got, value(2))

	other := holding(t, s, "scim-token", value(4))
	found, err := s.SetupsHolding(t.Context(), "scim-token")
	must(t, err)
	wantEqual(t, "the setups that hold a token", found, slices.Sorted(slices.Values([]string{setup.ID, other.ID})))

	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Drop: []string{"scim-token", "never there"}})
	must(t, err)
	found, err = s.SetupsHolding(t.Context(), "scim-token")
	must(t, err)
	wantEqual(t, "the setups that still hold a token", found, []string{other.ID})
	_, err = s.Sealed(t.Context(), setup.ID, "scim-token")
	wantError(t, err, onboarding.ErrNotFound)
	got, err = s.Sealed(t.Context(), setup.ID, "client-secret")
	must(t, err)
	wantEqual(t, "the value that was not dropped", got, value(3))
}

func testExpiredSecrets(t *testing.T, s Store) {
	setup, err := s.Save(t.Context(), onboarding.Change{Setup: created(t, s), Put: map[string]onboarding.SealedSecret{
		"early": {Value: value(1), DropAt: now}, "late": {Value: value(2), DropAt: now.Add(time.Hour)}, "kept": {Value: value(3)},
	}})
	must(t, err)
	for _, c := range []struct {
		at   time.Time
		want []string
	}{
		{now.Add(-1), nil},
		{now, []string{"early"}},
		{now.Add(24 * time.Hour), []string{"early", "late"}},
	} {
		expired, err := s.ExpiredSecrets(t.Context(), c.at)
		must(t, err)
		var names []string
		for _, e := range expired {
			wantEqual(t, "the setup", e.Setup, setup.ID)
			names = append(names, e.Name)
		}
		wantEqual(t, "expired at "+c.at.String(), names, c.want)
	}
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Drop: []string{"early", "late"}})
	must(t, err)
	expired, err := s.ExpiredSecrets(t.Context(), now.Add(24*time.Hour))
	must(t, err)
	wantEqual(t, "expired after they were dropped", expired, []onboarding.ExpiredSecret(nil))
}

func testEvents(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	foreign := event("setup.opened")
	foreign.Setup = other.ID
	plain := onboarding.Event{At: now.Add(-time.Hour), Actor: "system", Kind: "swept"}
	_, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{foreign, plain}})
	must(t, err)
	events, err := s.Events(t.Context(), setup.ID)
	must(t, err)
	foreign.Setup, plain.Setup = setup.ID, setup.ID
	wantEqual(t, "events in the order they were written", events, []onboarding.Event{foreign, plain})
	wantEqual(t, "events of the other setup", kinds(t, s, other.ID), []string(nil))
	wantEqual(t, "events of no setup", kinds(t, s, "nobody"), []string(nil))
}

func testOperation(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	operation := onboarding.NewOperation()
	saved, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Operation: operation})
	must(t, err)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: saved, Operation: operation})
	wantError(t, err, onboarding.ErrOperationUsed)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Operation: operation})
	wantError(t, err, onboarding.ErrOperationUsed) // not ErrConflict, after which one would try again
	_, _, err = s.Claim(t.Context(), onboarding.Change{Setup: saved, Operation: operation}, "scim-token")
	wantError(t, err, onboarding.ErrOperationUsed)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: other, Operation: operation})
	must(t, err) // operation ids are a setup's own
	_, err = s.Save(t.Context(), onboarding.Change{Setup: newSetup(), Operation: operation})
	wantError(t, err, onboarding.ErrNotFound)
}

// testKeyProof: of many who start at once on an empty database one is first, whose proof all of them read, and it stays.
func testKeyProof(t *testing.T, s Store) {
	_, err := s.KeyProof(t.Context())
	wantError(t, err, onboarding.ErrNotFound)
	read := make([]seal.Sealed, parallel)
	together(t, func(n int) (err error) {
		if err = s.AddKeyProof(t.Context(), value(n)); err == nil {
			read[n], err = s.KeyProof(t.Context())
		}
		return err
	})
	must(t, s.AddKeyProof(t.Context(), value(parallel)))
	stays, err := s.KeyProof(t.Context())
	must(t, err)
	for n, got := range read {
		wantEqual(t, fmt.Sprintf("the key proof that caller %d read", n), got, stays)
	}
	if len(stays) == 0 || bytes.Equal(stays, value(parallel)) {
		t.Errorf("the key proof is %q", stays)
	}
}

// testCancelled has callers give up at every moment of a write. What was acknowledged is there, each change is there
// whole or not at all, and the next caller finds the store in order.
func testCancelled(t *testing.T, s Store) {
	setup := created(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Save(ctx, onboarding.Change{Setup: setup})
	wantError(t, err, context.Canceled)
	_, err = s.Setup(ctx, setup.ID)
	wantError(t, err, context.Canceled)

	var acknowledged int64
	for n := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Microsecond)
		current := load(t, s, setup.ID)
		if _, err := s.Save(ctx, onboarding.Change{Setup: current, Events: []onboarding.Event{event("saved"), event("saved")}}); err == nil {
			acknowledged++
		}
		cancel()
	}
	got := load(t, s, setup.ID)
	if got.Version-1 < acknowledged {
		t.Errorf("version %d after %d acknowledged changes", got.Version, acknowledged)
	}
	if events := len(kinds(t, s, setup.ID)); int64(events) != 2*(got.Version-1) {
		t.Errorf("%d events at version %d, want 2 for each change", events, got.Version)
	}
	_, err = s.Save(t.Context(), onboarding.Change{Setup: got})
	must(t, err)
}
