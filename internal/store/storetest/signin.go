package storetest

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/web/session"
)

// begun returns the id of a stored sign-in that lives for ten minutes.
func begun(t *testing.T, s Store, session []byte, name string) []byte {
	t.Helper()
	must(t, s.BeginSignin(t.Context(), account.Signin{ID: []byte(name), Session: session, Sealed: value(1), ExpiresAt: now.Add(10 * time.Minute)}))
	return []byte(name)
}

func wantStage(t *testing.T, s Store, id, session []byte, want account.Stage) {
	t.Helper()
	stage, outcome, err := s.SigninStage(t.Context(), id, session, now)
	must(t, err)
	wantEqual(t, "the stage", stage, want)
	if want == account.Ended {
		wantEqual(t, "the outcome, not taken yet", outcome, value(2))
	} else if len(outcome) > 0 {
		t.Errorf("an outcome at stage %q", stage)
	}
}

func testSignin(t *testing.T, s Store) {
	mine, other := Session(t, s, "alice", now), Session(t, s, "bob", now)
	id := begun(t, s, mine, "one")
	wantStage(t, s, id, mine, account.Begun)
	wantStage(t, s, id, other, account.Gone)
	_, err := s.TakeOutcome(t.Context(), id, mine, now)
	wantError(t, err, account.ErrNotFound) // it has not ended
	wantError(t, s.EndSignin(t.Context(), id, value(2)), account.ErrNotFound)
	_, err = s.TakeAttempt(t.Context(), id, other, now)
	wantError(t, err, account.ErrNotFound) // of another session
	_, err = s.TakeAttempt(t.Context(), id, mine, now.Add(10*time.Minute))
	wantError(t, err, account.ErrNotFound) // too old
	sealed, err := s.TakeAttempt(t.Context(), id, mine, now)
	must(t, err)
	wantEqual(t, "the attempt", sealed, value(1))
	_, err = s.TakeAttempt(t.Context(), id, mine, now)
	wantError(t, err, account.ErrNotFound) // a second time
	wantStage(t, s, id, mine, account.Taken)

	must(t, s.EndSignin(t.Context(), id, value(2)))
	wantError(t, s.EndSignin(t.Context(), id, value(3)), account.ErrNotFound)
	wantStage(t, s, id, mine, account.Ended)
	_, err = s.TakeOutcome(t.Context(), id, other, now)
	wantError(t, err, account.ErrNotFound)
	sealed, err = s.TakeOutcome(t.Context(), id, mine, now)
	must(t, err)
	wantEqual(t, "the outcome", sealed, value(2))
	_, err = s.TakeOutcome(t.Context(), id, mine, now)
	wantError(t, err, account.ErrNotFound)
	wantStage(t, s, id, mine, account.Gone)
	wantError(t, s.BeginSignin(t.Context(), account.Signin{ID: []byte("two"), Session: []byte("nobody"), Sealed: value(1), ExpiresAt: now}), account.ErrNotFound)
}

func testSigninFollowsSession(t *testing.T, s Store) {
	old := Session(t, s, "alice", now)
	id, gone := begun(t, s, old, "one"), begun(t, s, Session(t, s, "bob", now), "two")
	next := loadSession(t, s, old)
	next.Hash = []byte("fresh")
	must(t, s.RenameSession(t.Context(), old, next))
	wantStage(t, s, id, next.Hash, account.Begun)
	wantStage(t, s, id, old, account.Gone)
	must(t, s.DeleteSession(t.Context(), Session(t, s, "carol", now)))
	must(t, s.DeleteExpiredSignins(t.Context(), now.Add(10*time.Minute-1)))
	wantStage(t, s, id, next.Hash, account.Begun)
	must(t, s.DeleteExpiredSignins(t.Context(), now.Add(10*time.Minute)))
	wantStage(t, s, id, next.Hash, account.Gone)
	wantStage(t, s, gone, []byte("bob"), account.Gone)
	id = begun(t, s, next.Hash, "three")
	must(t, s.DeleteSession(t.Context(), next.Hash))
	wantStage(t, s, id, next.Hash, account.Gone)
}

func testParallelSignin(t *testing.T, s Store) {
	mine := Session(t, s, "alice", now)
	for _, name := range []string{"one", "two", "three"} {
		id := begun(t, s, mine, name)
		take := func(int) error { _, err := s.TakeAttempt(t.Context(), id, mine, now); return err }
		if won := together(t, take, account.ErrNotFound); won != 1 {
			t.Errorf("%d of %d took one attempt, want 1", won, parallel)
		}
		end := func(n int) error { return s.EndSignin(t.Context(), id, value(n)) }
		if won := together(t, end, account.ErrNotFound); won != 1 {
			t.Errorf("%d of %d ended one sign-in, want 1", won, parallel)
		}
		enter := func(int) error { _, err := s.TakeOutcome(t.Context(), id, mine, now); return err }
		if won := together(t, enter, account.ErrNotFound); won != 1 {
			t.Errorf("%d of %d took one outcome, want 1", won, parallel)
		}
	}
}

func testSessionsOf(t *testing.T, s Store) {
	owner, other := []byte("owner"), []byte("other")
	save := func(name string, owner []byte, seen, expires time.Time) session.Record {
		t.Helper()
		r := session.Record{Hash: []byte(name), Values: seal.Sealed("values"), Owner: owner, CreatedAt: now, SeenAt: seen, ExpiresAt: expires}
		must(t, s.SaveSession(t.Context(), r))
		r.Version = 1
		return r
	}
	first := save("first", owner, now, now.Add(time.Hour))
	later := save("later", owner, now.Add(time.Minute), now.Add(time.Hour))
	save("ended", owner, now, now)
	save("foreign", other, now, now.Add(time.Hour))
	save("nobody's", nil, now, now.Add(time.Hour))
	of := func(owner []byte) []session.Record {
		t.Helper()
		records, err := s.SessionsOf(t.Context(), owner, now)
		must(t, err)
		return records
	}
	wantEqual(t, "the owner's sessions, last seen first", of(owner), []session.Record{later, first})
	wantEqual(t, "sessions of nobody", of(nil), []session.Record(nil))
	first.Owner = other
	must(t, s.SaveSession(t.Context(), first))
	wantEqual(t, "after one went to another owner", of(owner), []session.Record{later})
}

func testLinks(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	first, second := linked(t, s, setup.ID, "one"), newLink(setup.ID, "two")
	second.CreatedAt, second.Label = now.Add(time.Minute), onboarding.LinkDeputy
	must(t, s.AddLink(t.Context(), second))
	linked(t, s, other.ID, "three")
	links := func() []onboarding.Link {
		t.Helper()
		all, err := s.Links(t.Context(), setup.ID)
		must(t, err)
		return all
	}
	wantEqual(t, "the links, oldest first", links(), []onboarding.Link{first, second})

	next := newLink(setup.ID, "four")
	next.CreatedAt = now.Add(time.Hour)
	foreign := newLink(other.ID, "five")
	wantError(t, s.ReplaceLink(t.Context(), first.ID, foreign, event("link.created")), onboarding.ErrNotFound)
	must(t, s.ReplaceLink(t.Context(), first.ID, next, event("link.revoked"), event("link.created")))
	first.RevokedAt = next.CreatedAt
	wantEqual(t, "after one was replaced", links(), []onboarding.Link{first, second, next})
	again := newLink(setup.ID, "six")
	wantError(t, s.ReplaceLink(t.Context(), first.ID, again, event("link.created")), onboarding.ErrNotFound)
	wantEqual(t, "after it was replaced again", links(), []onboarding.Link{first, second, next})
	wantEqual(t, "the events", kinds(t, s, setup.ID), []string{"link.revoked", "link.created"})
	wantEqual(t, "the other setup's events", kinds(t, s, other.ID), []string(nil))
}

func testLostLink(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	session := Session(t, s, "alice", now)
	link, later := linked(t, s, setup.ID, "one"), linked(t, s, setup.ID, "two")
	lost := func(setup string) (onboarding.Link, error) { return s.LostLink(t.Context(), session, setup) }
	_, err := lost(setup.ID)
	wantError(t, err, onboarding.ErrNotFound)
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: session, Setup: other.ID, At: now}))
	_, err = lost(other.ID)
	wantError(t, err, onboarding.ErrNotFound) // came without a link
	for i, l := range []onboarding.Link{link, later} {
		must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: session, Setup: setup.ID, Link: l.ID, At: now.Add(time.Duration(i))}))
		must(t, s.RevokeLink(t.Context(), l.ID, now))
		got, err := lost(setup.ID)
		must(t, err)
		l.RevokedAt = now
		wantEqual(t, "the link by which the session came last", got, l)
	}
}

func testSetupsOfTenant(t *testing.T, s Store) {
	create := func(tenant string, changed time.Time, selfBegun bool) string {
		t.Helper()
		setup := newSetup()
		setup.Tenant, setup.ChangedAt, setup.SelfBegun, setup.BegunBySignin = tenant, changed, selfBegun, !selfBegun
		must(t, s.CreateSetup(t.Context(), setup))
		return setup.ID
	}
	old, young := create("contoso", now, false), create("Contoso", now.Add(1), false)
	create("contoso", now.Add(2), true)
	create("fabrikam", now, false)
	of := func(tenant string, limit int) (ids []string) {
		t.Helper()
		setups, err := s.SetupsOfTenant(t.Context(), tenant, limit)
		must(t, err)
		for _, setup := range setups {
			ids = append(ids, setup.ID)
			if !setup.BegunBySignin {
				t.Error("who began it is lost")
			}
		}
		return ids
	}
	wantEqual(t, "the tenant's setups, last changed first", of("contoso", 9), []string{young, old})
	wantEqual(t, "one of them", of("contoso", 1), []string{young})
	wantEqual(t, "setups of nobody", of("", 9), []string(nil))
}
