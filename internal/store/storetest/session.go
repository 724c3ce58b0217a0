package storetest

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/web/session"
)

func loadSession(t *testing.T, s Store, hash []byte) session.Record {
	t.Helper()
	record, err := s.LoadSession(t.Context(), hash, now)
	must(t, err)
	return record
}

func testSession(t *testing.T, s Store) {
	record := session.Record{Hash: []byte("hash"), Values: value(1), CreatedAt: now, SeenAt: now.Add(1), ExpiresAt: now.Add(time.Hour)}
	must(t, s.SaveSession(t.Context(), record))
	record.Version = 1
	wantEqual(t, "the session", loadSession(t, s, record.Hash), record)
	_, err := s.LoadSession(t.Context(), record.Hash, record.ExpiresAt.Add(-1))
	must(t, err)
	_, err = s.LoadSession(t.Context(), record.Hash, record.ExpiresAt)
	wantError(t, err, session.ErrNotFound)
	_, err = s.LoadSession(t.Context(), []byte("nobody"), now)
	wantError(t, err, session.ErrNotFound)
	_, err = s.LoadSession(t.Context(), nil, now)
	wantError(t, err, session.ErrNotFound)
}

func testSessionVersion(t *testing.T, s Store) {
	record := loadSession(t, s, Session(t, s, "alice", now))
	fresh := record
	fresh.Version = 0
	wantError(t, s.SaveSession(t.Context(), fresh), session.ErrConflict)
	record.Values = value(2)
	must(t, s.SaveSession(t.Context(), record))
	wantError(t, s.SaveSession(t.Context(), record), session.ErrConflict)
	record.Version++
	wantEqual(t, "the session", loadSession(t, s, record.Hash), record)
	record.Hash = []byte("nobody")
	wantError(t, s.SaveSession(t.Context(), record), session.ErrNotFound)
}

func testSessionTouch(t *testing.T, s Store) {
	record := loadSession(t, s, Session(t, s, "alice", now))
	touch := func(by time.Duration) {
		t.Helper()
		must(t, s.TouchSession(t.Context(), record.Hash, now.Add(by), now.Add(by+time.Hour)))
	}
	touch(10 * time.Minute)
	touch(5 * time.Minute) // a slower request does not move it back
	record.SeenAt, record.ExpiresAt = now.Add(10*time.Minute), now.Add(70*time.Minute)
	wantEqual(t, "the session with its version", loadSession(t, s, record.Hash), record)
	must(t, s.TouchSession(t.Context(), []byte("nobody"), now, now))
	_, err := s.LoadSession(t.Context(), []byte("nobody"), now)
	wantError(t, err, session.ErrNotFound)
}

// testSessionTimes: what was loaded before another request prolonged the session does not shorten it when it is saved.
func testSessionTimes(t *testing.T, s Store) {
	stale := loadSession(t, s, Session(t, s, "alice", now))
	seen, expires := now.Add(50*time.Minute), now.Add(110*time.Minute)
	must(t, s.TouchSession(t.Context(), stale.Hash, seen, expires))
	must(t, s.SaveSession(t.Context(), stale))
	after := loadSession(t, s, stale.Hash)
	if !after.SeenAt.Equal(seen) || !after.ExpiresAt.Equal(expires) {
		t.Errorf("saved, it was seen %v and expires %v", after.SeenAt.Sub(now), after.ExpiresAt.Sub(now))
	}
	stale.Version, stale.Hash = after.Version, []byte("renamed")
	must(t, s.RenameSession(t.Context(), after.Hash, stale))
	if after = loadSession(t, s, stale.Hash); !after.SeenAt.Equal(seen) || !after.ExpiresAt.Equal(expires) {
		t.Errorf("renamed, it was seen %v and expires %v", after.SeenAt.Sub(now), after.ExpiresAt.Sub(now))
	}
	after.SeenAt, after.ExpiresAt = seen.Add(time.Minute), expires.Add(time.Minute)
	must(t, s.SaveSession(t.Context(), after))
	after.Version++
	wantEqual(t, "the session, prolonged by saving", loadSession(t, s, stale.Hash), after)
}

func testSessionRename(t *testing.T, s Store) {
	setup := created(t, s)
	old, other := Session(t, s, "alice", now), Session(t, s, "bob", now)
	for _, hash := range [][]byte{old, other} {
		must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: hash, Setup: setup.ID, At: now}))
	}
	next := loadSession(t, s, old)
	next.Hash, next.Values = []byte("fresh"), value(7)
	must(t, s.RenameSession(t.Context(), old, next))
	_, err := s.LoadSession(t.Context(), old, now)
	wantError(t, err, session.ErrNotFound)
	_, err = s.Granted(t.Context(), old, setup.ID, now)
	wantError(t, err, onboarding.ErrNotFound)
	_, err = s.Granted(t.Context(), next.Hash, setup.ID, now)
	must(t, err)
	_, err = s.Granted(t.Context(), other, setup.ID, now)
	must(t, err)
	wantError(t, s.RenameSession(t.Context(), old, next), session.ErrNotFound)
	wantError(t, s.SaveSession(t.Context(), session.Record{Hash: old, Version: 1, Values: value(8), ExpiresAt: now}), session.ErrNotFound)
	stale := next
	stale.Hash = []byte("fresher")
	wantError(t, s.RenameSession(t.Context(), next.Hash, stale), session.ErrConflict)
	next.Version++
	wantEqual(t, "the renamed session", loadSession(t, s, next.Hash), next)
}

func testSessionDelete(t *testing.T, s Store) {
	setup := created(t, s)
	hash, other := Session(t, s, "alice", now), Session(t, s, "bob", now)
	for _, h := range [][]byte{hash, other} {
		must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: h, Setup: setup.ID, At: now}))
	}
	must(t, s.DeleteSession(t.Context(), hash))
	must(t, s.DeleteSession(t.Context(), hash))
	_, err := s.LoadSession(t.Context(), hash, now)
	wantError(t, err, session.ErrNotFound)
	_, err = s.Granted(t.Context(), hash, setup.ID, now)
	wantError(t, err, onboarding.ErrNotFound)
	_, err = s.Granted(t.Context(), other, setup.ID, now)
	must(t, err)
	Session(t, s, "alice", now)
	_, err = s.Granted(t.Context(), hash, setup.ID, now)
	wantError(t, err, onboarding.ErrNotFound) // no grant waits for a session to come back
}

func testSessionsExpire(t *testing.T, s Store) {
	setup := created(t, s)
	old, fresh := Session(t, s, "old", now.Add(-time.Hour)), Session(t, s, "fresh", now)
	must(t, s.AddGrant(t.Context(), onboarding.Grant{Session: old, Setup: setup.ID, At: now}))
	for _, want := range []int{1, 0} {
		deleted, err := s.DeleteExpiredSessions(t.Context(), now)
		must(t, err)
		wantEqual(t, "deleted", deleted, want)
	}
	_, err := s.Granted(t.Context(), old, setup.ID, now)
	wantError(t, err, onboarding.ErrNotFound)
	loadSession(t, s, fresh)
}

func testParallelSession(t *testing.T, s Store) {
	hash := Session(t, s, "alice", now)
	for round := range 10 {
		record := loadSession(t, s, hash)
		won := together(t, func(n int) error {
			mine := record
			mine.Values = value(n)
			if n%2 == 0 {
				return s.SaveSession(t.Context(), mine)
			}
			return s.RenameSession(t.Context(), hash, mine) // to its own name: the same swap
		}, session.ErrConflict)
		if won != 1 {
			t.Fatalf("round %d: %d of %d savers of one version succeeded, want 1", round, won, parallel)
		}
	}
}
