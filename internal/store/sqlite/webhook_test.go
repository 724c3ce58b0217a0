package sqlite_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// undelivered says what is to be told, in the order in which it was written.
func undelivered(t *testing.T, s *sqlite.Store) (all []string) {
	t.Helper()
	messages, err := s.Undelivered(t.Context(), 5000)
	must(t, err)
	for _, m := range messages {
		all = append(all, strings.TrimSpace(m.Setup+" "+m.Type+" "+m.Problem))
	}
	return all
}

// Nobody is told at an upgrade of what happened long before.
func TestNothingIsToldOfTheVersionBefore(t *testing.T) {
	path, db := before(t)
	hour := at.Add(-time.Hour).UnixNano()
	insertOld(t, db, "new", "Nyland AS", at, nil, nil, noState)
	insertOld(t, db, "failed", "Feilby AS", at, hour, nil, failedState)
	insertOld(t, db, "done", "Ferdigstad AS", at, hour, at.UnixNano(), noState)
	s := open(t, path)
	same(t, "after the upgrade", undelivered(t, s), []string(nil))
	must(t, s.ServeAlone(t.Context()))
	same(t, "when it serves", undelivered(t, s), []string(nil))
	setup, err := s.Setup(t.Context(), "failed")
	must(t, err)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: setup})
	must(t, err)
	same(t, "after a change that is none", undelivered(t, s), []string(nil))
}

// The same from the version that kept where setups stand, but told nobody.
func TestNothingIsToldOfTheVersionWithStands(t *testing.T) {
	path := newPath(t)
	db := raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	must(t, err)
	_, err = provider.UpTo(t.Context(), 3)
	must(t, err)
	insertOld(t, db, "failed", "Feilby AS", at, at.UnixNano(), nil, failedState)
	_, err = db.ExecContext(t.Context(), `UPDATE setups SET stand = 'problem', problem = 'iam.forbidden', stands_at = version`)
	must(t, err)
	insertOld(t, db, "behind", "Sentby AS", at, at.UnixNano(), nil, failedState)
	s := open(t, path)
	must(t, s.ServeAlone(t.Context()))
	same(t, "after the upgrade", undelivered(t, s), []string(nil))
}

// What happens under a program of the version before, beside this one or after a roll-back, is told once this one serves.
func TestProgramOfTheVersionBeforeIsToldOf(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	setup := newSetup()
	setup.ID = "known"
	must(t, s.CreateSetup(t.Context(), setup))
	db := raw(t, path)
	insertOld(t, db, "old", "Gammelby AS", at, nil, nil, noState)
	updateOld(t, db, "old", "Gammelby AS", at, at.UnixNano(), at.Add(time.Minute).UnixNano(), noState)
	updateOld(t, db, "known", "Kjentby AS", at.Add(2*time.Minute), at.Add(-time.Second).UnixNano(), nil, failedState)
	want := []string{"known setup.opened", "old setup.opened", "old setup.completed"}
	same(t, "while it runs", undelivered(t, s), want)
	must(t, s.ServeAlone(t.Context()))
	want = append(want, "known setup.problem iam.forbidden")
	same(t, "when this program serves", undelivered(t, s), want)
	must(t, s.Close())
	same(t, "when it is opened again", undelivered(t, open(t, path)), want)
}

// A claim ends with the process that held it.
func TestForgetLeasesForgetsClaims(t *testing.T) {
	s := open(t, newPath(t))
	setup := newSetup()
	setup.OpenedAt = at
	must(t, s.CreateSetup(t.Context(), setup))
	for attempt := range 3 {
		m, claimed, err := s.ClaimMessage(t.Context(), at, at.Add(time.Hour))
		must(t, err)
		if !claimed || m.Attempt != attempt+1 {
			t.Fatalf("claimed %v, attempt %d", claimed, m.Attempt)
		}
		must(t, s.ForgetLeases(t.Context()))
	}
	m, _, err := s.ClaimMessage(t.Context(), at, at.Add(time.Hour))
	must(t, err)
	must(t, s.RetryMessage(t.Context(), m, at.Add(time.Hour), "500"))
	must(t, s.ForgetLeases(t.Context()))
	if _, early, err := s.ClaimMessage(t.Context(), at, at.Add(time.Hour)); early || err != nil {
		t.Errorf("a message that waits for its next attempt is due: %v", err)
	}
}

// What is to be told of a setup goes with it.
func TestMessagesGoWithTheirSetup(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	setup := newSetup()
	setup.OpenedAt = at
	must(t, s.CreateSetup(t.Context(), setup))
	_, err := raw(t, path).ExecContext(t.Context(), `DELETE FROM setups`)
	must(t, err)
	same(t, "after the setup was deleted", undelivered(t, s), []string(nil))
}
