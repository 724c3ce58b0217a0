package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

func isMissing(err error) bool { return errors.Is(err, onboarding.ErrNotFound) }

func saved(t *testing.T, s onboarding.Store, setup onboarding.Setup) onboarding.Setup {
	t.Helper()
	setup, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{Kind: "saved"}}})
	must(t, err)
	return setup
}

// TestSlowTransaction: an entry that was written first and commits last is told when it commits, and nobody waits for it.
func TestSlowTransaction(t *testing.T) {
	address := postgrestest.Database(t)
	s, slow := open(t, address), raw(t, address)
	early, late := newSetup(), newSetup()
	must(t, s.CreateSetup(t.Context(), early))
	must(t, s.CreateSetup(t.Context(), late))

	begun, err := slow.Begin(t.Context())
	must(t, err)
	_, err = begun.Exec(t.Context(), `INSERT INTO events (setup, actor, origin, kind, problem) VALUES ($1, '', '', 'slow', '')`, late.ID)
	must(t, err)
	early = saved(t, s, early) // takes a higher number than the entry that is not committed
	changes, at, err := s.Changes(t.Context(), 0, 100)
	must(t, err)
	if len(changes) != 1 || changes[0].Setup != early.ID {
		t.Fatalf("told of %+v, want the one that is committed", changes)
	}
	must(t, begun.Commit(t.Context()))
	changes, next, err := s.Changes(t.Context(), at, 100)
	must(t, err)
	if len(changes) != 1 || changes[0] != (live.Change{Setup: late.ID, At: next}) || next <= at {
		t.Errorf("told of %+v up to %d, want the slow one after %d", changes, next, at)
	}
	newest, err := s.Newest(t.Context())
	must(t, err)
	if newest != next {
		t.Errorf("the newest is %d, want %d", newest, next)
	}
}

// TestCommitsInTurn: while one transaction commits, another that has an entry waits for it, and none that has not.
func TestCommitsInTurn(t *testing.T) {
	address := postgrestest.Database(t)
	s, holder := open(t, address), raw(t, address)
	setup, other := newSetup(), newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	must(t, s.CreateSetup(t.Context(), other))
	begun, err := holder.Begin(t.Context())
	must(t, err)
	_, err = begun.Exec(t.Context(), `SELECT commit_in_turn()`) // as if it were committing, and that took long
	must(t, err)
	_, err = begun.Exec(t.Context(), `INSERT INTO trail (setup) VALUES ($1)`, other.ID)
	must(t, err)
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{Kind: "saved"}}}); err != nil {
			t.Error(err)
		}
	})
	_, err = s.AcquireLease(t.Context(), setup.ID, "me", time.Now(), time.Now().Add(time.Minute))
	must(t, err)
	_, err = s.Save(t.Context(), onboarding.Change{Setup: other})
	must(t, err)
	waiting := raw(t, address)
	for n := 0; n == 0; { // the save has come to its commit
		must(t, waiting.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`).Scan(&n))
	}
	newest, err := s.Newest(t.Context())
	must(t, err)
	if newest != 0 {
		t.Errorf("an entry has place %d before those below it are there", newest)
	}
	must(t, begun.Commit(t.Context()))
	wait.Wait()
	changes, _, err := s.Changes(t.Context(), 0, 10)
	must(t, err)
	if len(changes) != 2 || changes[0].Setup != other.ID || changes[1].Setup != setup.ID {
		t.Errorf("told of %+v, want them in the order of their commits", changes)
	}
}

// TestOnEvents: a commit through any handle is heard by all, once its entries can be read.
func TestOnEvents(t *testing.T) {
	address := postgrestest.Database(t)
	here, there := open(t, address), open(t, address)
	heard := make(chan int64, 100)
	here.OnEvents(func() {
		at, err := here.Newest(t.Context())
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		heard <- at
	})
	<-heard // it listens
	setup := newSetup()
	must(t, there.CreateSetup(t.Context(), setup))
	for n := range 5 {
		setup = saved(t, there, setup)
		newest, err := there.Newest(t.Context())
		must(t, err)
		if at := <-heard; at != newest {
			t.Fatalf("change %d: heard when %d was the newest, want %d", n, at, newest)
		}
	}
	_, err := there.Save(t.Context(), onboarding.Change{Setup: setup}) // nothing happened that the trail tells
	must(t, err)
	saved(t, here, setupOf(t, here, setup.ID))
	<-heard
	if len(heard) != 0 {
		t.Errorf("heard %d times more than the trail grew", len(heard))
	}
}

func setupOf(t *testing.T, s onboarding.Store, id string) onboarding.Setup {
	t.Helper()
	setup, err := s.Setup(t.Context(), id)
	must(t, err)
	return setup
}

// TestGivenUp: whoever gives up while others hold the setup leaves nothing behind, at once and later.
func TestGivenUp(t *testing.T) {
	address := postgrestest.Database(t)
	s, holder := open(t, address), raw(t, address)
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	begun, err := holder.Begin(t.Context())
	must(t, err)
	_, err = begun.Exec(t.Context(), `SELECT 1 FROM setups WHERE id = $1 FOR UPDATE`, setup.ID)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Save(ctx, onboarding.Change{Setup: setup, Operation: "one"}); err == nil {
		t.Error("saved what somebody else holds")
	}
	must(t, begun.Commit(t.Context()))
	if _, err := s.Save(t.Context(), onboarding.Change{Setup: setup, Operation: "one"}); err != nil {
		t.Errorf("after it was given up: %v", err)
	}
}

// TestNoWhileSomebodyBeginsToWatch: the customer's no ends the watching that is only just beginning, too.
func TestNoWhileSomebodyBeginsToWatch(t *testing.T) {
	address := postgrestest.Database(t)
	s, holder := open(t, address), raw(t, address)
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	begun, err := holder.Begin(t.Context())
	must(t, err)
	_, err = begun.Exec(t.Context(), `UPDATE setups SET unwatched = true WHERE id = $1`, setup.ID) // not committed yet
	must(t, err)
	watched := make(chan error, 1)
	go func() {
		watched <- s.Watch(t.Context(), console.Watcher{Setup: setup.ID, ID: "guide", Name: "Guide", Until: time.Now().Add(time.Hour)})
	}()
	waiting := raw(t, address)
	for n := 0; n == 0; { // whoever wants to watch has come to the setup
		must(t, waiting.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&n))
	}
	must(t, begun.Commit(t.Context()))
	if err := <-watched; !errors.Is(err, onboarding.ErrConflict) {
		t.Errorf("watching is answered %v", err)
	}
	watchers, err := s.Watchers(t.Context(), setup.ID, time.Now())
	must(t, err)
	if len(watchers) != 0 {
		t.Errorf("watched by %+v after the customer's no", watchers)
	}
}
