package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

func by(actor, kind string, at time.Time) onboarding.Event {
	return onboarding.Event{At: at, Actor: actor, From: "192.0.2.7", Kind: kind, Detail: map[string]string{"problem": "entra.secret-wrong"}}
}

func testKeptSetups(t *testing.T, s Store) {
	want := map[string]onboarding.Kept{}
	add := func(change func(setup *onboarding.Setup), last time.Time, forgotten bool, events ...onboarding.Event) {
		t.Helper()
		setup := newSetup()
		change(&setup)
		must(t, s.CreateSetup(t.Context(), setup, events...))
		want[setup.ID] = onboarding.Kept{ID: setup.ID, Completed: !setup.CompletedAt.IsZero(), LastAt: last, Forgotten: forgotten}
	}
	later := now.Add(time.Hour)
	removed := onboarding.Event{At: now.Add(2 * time.Hour), Actor: "system", Kind: onboarding.DataRemoved}
	add(func(*onboarding.Setup) {}, now, false)
	add(func(setup *onboarding.Setup) { setup.CompletedAt = now }, now, false, by("system", "a", now.Add(-time.Hour)))
	add(func(*onboarding.Setup) {}, later, false, by("console:Ann", "note.added", later))
	add(func(*onboarding.Setup) {}, later, true, by("system", "a", later), removed)
	add(func(*onboarding.Setup) {}, later, false, removed, by("console:Ann", "note.added", later))
	var got []onboarding.Kept
	for after := ""; ; {
		page, err := s.Kept(t.Context(), after, 2)
		must(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		after = page[len(page)-1].ID
	}
	if len(got) != len(want) {
		t.Fatalf("%d setups, want %d", len(got), len(want))
	}
	for i, k := range got {
		if i > 0 && k.ID <= got[i-1].ID {
			t.Errorf("%s comes after %s", k.ID, got[i-1].ID)
		}
		wantEqual(t, "what is kept", k, want[k.ID])
	}
}

func testForget(t *testing.T, s Store) {
	setup, other := holding(t, s, "client-secret", value(1)), created(t, s)
	for _, each := range []onboarding.Setup{setup, other} {
		for _, who := range []string{"person:Kari Nordmann", "console:Ann", "link:admin", "personal"} {
			must(t, s.AddNote(t.Context(), console.Note{Setup: each.ID, At: now, Who: "Ann", Text: "Kari is away"}, by(who, "note.added", now)))
		}
		must(t, s.Watch(t.Context(), console.Watcher{Setup: each.ID, ID: "w" + each.ID, Name: "Ann", Until: now.Add(time.Hour)}))
	}
	stale := setup
	setup.Contact, setup.State = "", setup.State.Forget(now)
	forget := onboarding.Change{Setup: setup, Drop: []string{"client-secret"}, Events: []onboarding.Event{{At: now, Actor: "system", Kind: onboarding.DataRemoved}}}
	saved, err := s.Forget(t.Context(), forget)
	must(t, err)
	wantEqual(t, "the setup", load(t, s, setup.ID), saved)
	wantEqual(t, "the version", saved.Version, setup.Version+1)
	_, err = s.Forget(t.Context(), onboarding.Change{Setup: stale})
	wantError(t, err, onboarding.ErrConflict)
	_, err = s.Sealed(t.Context(), setup.ID, "client-secret")
	wantError(t, err, onboarding.ErrNotFound)

	events, err := s.Events(t.Context(), setup.ID)
	must(t, err)
	var actors []string
	for _, e := range events {
		if e.From != "" {
			t.Errorf("%s still came from %s", e.Kind, e.From)
		}
		actors = append(actors, e.Actor)
	}
	wantEqual(t, "the actors", actors, []string{"person", "console", "link:admin", "personal", "system"})
	wantEqual(t, "the details", events[0].Detail, map[string]string{"problem": "entra.secret-wrong"})
	for id, n := range map[string]int{setup.ID: 0, other.ID: 4} {
		notes, err := s.Notes(t.Context(), id)
		must(t, err)
		watchers, err := s.Watchers(t.Context(), id, now)
		must(t, err)
		if len(notes) != n || len(watchers) != min(n, 1) {
			t.Errorf("%d notes and %d watchers are left, want %d and %d", len(notes), len(watchers), n, min(n, 1))
		}
	}
	untouched, err := s.Events(t.Context(), other.ID)
	must(t, err)
	if untouched[0].Actor != "person:Kari Nordmann" || untouched[0].From == "" {
		t.Errorf("another setup's trail became %+v", untouched[0])
	}
	found, err := s.Rows(t.Context(), console.Query{Words: "kari", Limit: 9, Now: now})
	must(t, err)
	if len(found) != 1 || found[0].ID != other.ID {
		t.Errorf("a search for the contact finds %+v, want the other setup alone", found)
	}
}

// counts are the figures that forgetting and deleting must keep right.
func counts(t *testing.T, s Store) (console.Figures, int) {
	t.Helper()
	f, err := s.Figures(t.Context(), now)
	must(t, err)
	n := 0
	for _, p := range f.Problems {
		n += p.N
	}
	return f, n
}

// troubled is a stored setup that stands in a problem.
func troubled(t *testing.T, s Store) onboarding.Setup {
	t.Helper()
	setup := newSetup()
	setup.OpenedAt = now
	setup.State.Registration.Problem = &wizard.Problem{ID: "iam.refused", At: now, Data: map[string]any{"Host": "id.example"}}
	must(t, s.CreateSetup(t.Context(), setup, by("person:Kari", "register.failed", now)))
	return setup
}

func testForgetFigures(t *testing.T, s Store) {
	setup := troubled(t, s)
	before, problems := counts(t, s)
	told, err := s.Undelivered(t.Context(), 9)
	must(t, err)
	setup.State = setup.State.Forget(now)
	_, err = s.Forget(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{At: now, Actor: "system", Kind: onboarding.DataRemoved}}})
	must(t, err)
	after, n := counts(t, s)
	wantEqual(t, "the figures", after, before)
	wantEqual(t, "the problems", n, problems)
	again, err := s.Undelivered(t.Context(), 9)
	must(t, err)
	wantEqual(t, "what a webhook is told", len(again), len(told))
}

func testDeleteSetup(t *testing.T, s Store) {
	setup, other := troubled(t, s), created(t, s)
	session, link := Session(t, s, "alice", now), linked(t, s, setup.ID, "one")
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: session, Setup: setup.ID, Link: link.ID, At: now}))
	_, err := s.AcquireLease(t.Context(), setup.ID, "one", now, now.Add(time.Minute))
	must(t, err)
	must(t, s.AddNote(t.Context(), console.Note{Setup: setup.ID, At: now, Who: "Ann", Text: "x"}))
	wantError(t, s.DeleteSetup(t.Context(), setup.ID, setup.Version+1), onboarding.ErrConflict)
	load(t, s, setup.ID)
	must(t, s.DeleteSetup(t.Context(), setup.ID, setup.Version))
	wantError(t, s.DeleteSetup(t.Context(), setup.ID, setup.Version), onboarding.ErrConflict)

	_, err = s.Setup(t.Context(), setup.ID)
	wantError(t, err, onboarding.ErrNotFound)
	_, err = s.LinkByHash(t.Context(), link.Hash)
	wantError(t, err, onboarding.ErrNotFound)
	_, err = s.Granted(t.Context(), session, setup.ID, now)
	wantError(t, err, onboarding.ErrNotFound)
	notes, err := s.Notes(t.Context(), setup.ID)
	must(t, err)
	held, err := s.Leased(t.Context(), setup.ID, now)
	must(t, err)
	messages, err := s.Undelivered(t.Context(), 9)
	must(t, err)
	if left := kinds(t, s, setup.ID); len(left)+len(notes)+len(messages) > 0 || held {
		t.Errorf("left over: events %v, %d notes, %d messages, leased %v", left, len(notes), len(messages), held)
	}
	f, problems := counts(t, s)
	wantEqual(t, "setups by stand", f.Stands, map[console.Stand]int{console.NotOpened: 1})
	wantEqual(t, "problems of the month stay counted", problems, 1)
	changes, _, err := s.Changes(t.Context(), 0, 99)
	must(t, err)
	for _, c := range changes {
		if strings.Contains(c.Setup, setup.ID) {
			t.Error("the trail still names the setup")
		}
	}
	load(t, s, other.ID)
	loadSession(t, s, session)
}
