package storetest

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
)

func newLink(setup, value string) onboarding.Link {
	return onboarding.Link{
		ID: onboarding.NewOperation(), Setup: setup, Hash: onboarding.HashLink(secret.New(value)), Label: "admin",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

// linked returns a stored link.
func linked(t *testing.T, s Store, setup, value string) onboarding.Link {
	t.Helper()
	link := newLink(setup, value)
	must(t, s.AddLink(t.Context(), link))
	return link
}

func testLink(t *testing.T, s Store) {
	setup := created(t, s)
	link := newLink(setup.ID, "one")
	must(t, s.AddLink(t.Context(), link, event("link.created")))
	got, err := s.LinkByHash(t.Context(), link.Hash)
	must(t, err)
	wantEqual(t, "the link", got, link)
	wantEqual(t, "the events", kinds(t, s, setup.ID), []string{"link.created"})
	_, err = s.LinkByHash(t.Context(), onboarding.HashLink(secret.New("two")))
	wantError(t, err, onboarding.ErrNotFound)
	wantError(t, s.AddLink(t.Context(), newLink("nobody", "three")), onboarding.ErrNotFound)
	if err := s.AddLink(t.Context(), newLink(setup.ID, "one"), event("link.created")); err == nil {
		t.Error("two links with one secret were stored")
	}
	twin := newLink(setup.ID, "five")
	twin.ID = link.ID
	wantError(t, s.AddLink(t.Context(), twin, event("link.created")), onboarding.ErrConflict)
	wantEqual(t, "the events after refused links", kinds(t, s, setup.ID), []string{"link.created"})
	expired := newLink(setup.ID, "four")
	expired.ExpiresAt = now.Add(-time.Hour)
	must(t, s.AddLink(t.Context(), expired))
	got, err = s.LinkByHash(t.Context(), expired.Hash)
	must(t, err) // whatever its state
	wantEqual(t, "the expired link", got, expired)
}

func testRevokeLink(t *testing.T, s Store) {
	setup := created(t, s)
	link, other := linked(t, s, setup.ID, "one"), linked(t, s, setup.ID, "two")
	must(t, s.RevokeLink(t.Context(), link.ID, now.Add(time.Minute), event("link.revoked")))
	must(t, s.RevokeLink(t.Context(), link.ID, now.Add(time.Hour), event("link.revoked")))
	wantError(t, s.RevokeLink(t.Context(), "nobody", now, event("link.revoked")), onboarding.ErrNotFound)
	got, err := s.LinkByHash(t.Context(), link.Hash)
	must(t, err)
	link.RevokedAt = now.Add(time.Minute)
	wantEqual(t, "the revoked link keeps its first time", got, link)
	wantEqual(t, "it was recorded once", kinds(t, s, setup.ID), []string{"link.revoked"})
	got, err = s.LinkByHash(t.Context(), other.Hash)
	must(t, err)
	wantEqual(t, "the other link", got, other)
}

func testGrant(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	alice, bob := Session(t, s, "alice", now), Session(t, s, "bob", now)
	first, second := linked(t, s, setup.ID, "one"), linked(t, s, setup.ID, "two")
	grant := onboarding.Grant{Session: alice, Setup: setup.ID, Link: first.ID, Label: first.Label, At: now}
	must(t, s.AddGrant(t.Context(), grant))
	must(t, s.AddGrant(t.Context(), grant))
	got, err := s.Granted(t.Context(), alice, setup.ID, now)
	must(t, err)
	wantEqual(t, "the grant", got, grant)

	denied := func(what string, session []byte, setup string, at time.Time) {
		t.Helper()
		if _, err := s.Granted(t.Context(), session, setup, at); err == nil {
			t.Errorf("%s: granted", what)
		} else {
			wantError(t, err, onboarding.ErrNotFound)
		}
	}
	denied("another session", bob, setup.ID, now)
	denied("another setup", alice, other.ID, now)
	denied("no setup", alice, "", now)
	denied("no session", nil, setup.ID, now)
	denied("an expired link", alice, setup.ID, first.ExpiresAt)

	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: alice, Setup: setup.ID, Link: second.ID, At: now.Add(1)}))
	must(t, s.RevokeLink(t.Context(), second.ID, now))
	got, err = s.Granted(t.Context(), alice, setup.ID, now)
	must(t, err)
	wantEqual(t, "the grant by the link that still holds", got, grant)
	must(t, s.RevokeLink(t.Context(), first.ID, now))
	denied("revoked links", alice, setup.ID, now)
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: alice, Setup: setup.ID, Link: first.ID, At: now}))
	denied("a grant by a revoked link", alice, setup.ID, now)

	began := onboarding.Grant{Session: alice, Setup: setup.ID, At: now}
	must(t, s.AddGrant(t.Context(), began))
	got, err = s.Granted(t.Context(), alice, setup.ID, now.Add(1000*time.Hour))
	must(t, err)
	wantEqual(t, "the grant of the session that began the setup", got, began)

	signedIn := onboarding.Grant{Session: bob, Setup: setup.ID, Signin: true, At: now}
	must(t, s.AddGrant(t.Context(), signedIn))
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: alice, Setup: setup.ID, Signin: true, At: now.Add(2)}))
	got, err = s.Granted(t.Context(), bob, setup.ID, now)
	must(t, err)
	wantEqual(t, "the grant of a session that signed in", got, signedIn)
	got, err = s.Granted(t.Context(), alice, setup.ID, now)
	must(t, err)
	began.At = now.Add(2)
	wantEqual(t, "the grant of the session that began the setup, signed in later", got, began)
}

func testGrantNeeds(t *testing.T, s Store) {
	setup, other := created(t, s), created(t, s)
	session := Session(t, s, "alice", now)
	foreign := linked(t, s, other.ID, "one")
	for what, grant := range map[string]onboarding.Grant{
		"session": {Session: []byte("nobody"), Setup: setup.ID, At: now},
		"setup":   {Session: session, Setup: "nobody", At: now},
		"link":    {Session: session, Setup: setup.ID, Link: "nobody", At: now},
		"foreign": {Session: session, Setup: setup.ID, Link: foreign.ID, At: now},
	} {
		if err := s.AddGrant(t.Context(), grant); err == nil {
			t.Errorf("%s: a grant that refers to what is not there was stored", what)
		} else {
			wantError(t, err, onboarding.ErrNotFound)
		}
	}
}

func testGrants(t *testing.T, s Store) {
	a, b, c := created(t, s), created(t, s), created(t, s)
	session, other := Session(t, s, "alice", now), Session(t, s, "bob", now)
	link := linked(t, s, c.ID, "one")
	byLink := onboarding.Grant{Session: session, Setup: c.ID, Link: link.ID, At: now.Add(3)}
	for _, g := range []onboarding.Grant{
		{Session: session, Setup: a.ID, At: now.Add(1)},
		{Session: session, Setup: b.ID, At: now.Add(2)},
		{Session: session, Setup: c.ID, At: now},
		byLink,
		{Session: other, Setup: a.ID, At: now},
	} {
		must(t, s.AddGrant(t.Context(), g))
	}
	order := func(want ...string) {
		t.Helper()
		grants, err := s.Grants(t.Context(), session, now)
		must(t, err)
		var got []string
		for _, g := range grants {
			got = append(got, g.Setup)
		}
		wantEqual(t, "the setups, newest first and once each", got, want)
	}
	order(c.ID, b.ID, a.ID)
	must(t, s.RevokeLink(t.Context(), link.ID, now))
	order(b.ID, a.ID, c.ID)
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: session, Setup: a.ID, At: now.Add(9)}))
	order(a.ID, b.ID, c.ID)
	grants, err := s.Grants(t.Context(), []byte("nobody"), now)
	must(t, err)
	wantEqual(t, "grants of nobody", grants, []onboarding.Grant(nil))
}
