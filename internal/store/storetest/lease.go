package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

func testLease(t *testing.T, s Store) {
	acquire := func(setup, holder string, at time.Time, want bool) {
		t.Helper()
		got, err := s.AcquireLease(t.Context(), setup, holder, at, at.Add(time.Minute))
		must(t, err)
		if got != want {
			t.Errorf("%s acquires %s at %v: %v, want %v", holder, setup, at.Sub(now), got, want)
		}
	}
	leased := func(setup string, at time.Time, want bool) {
		t.Helper()
		got, err := s.Leased(t.Context(), setup, at)
		must(t, err)
		if got != want {
			t.Errorf("%s leased at %v: %v, want %v", setup, at.Sub(now), got, want)
		}
	}
	leased("a", now, false)
	acquire("a", "one", now, true)
	leased("a", now, true)
	acquire("a", "two", now, false)
	acquire("b", "two", now, true) // one setup's lease is not another's
	acquire("a", "one", now.Add(30*time.Second), true)
	acquire("a", "two", now.Add(80*time.Second), false) // it was prolonged
	leased("a", now.Add(90*time.Second), false)
	acquire("a", "two", now.Add(90*time.Second), true) // taken over from a holder that died
	acquire("a", "one", now.Add(91*time.Second), false)
	must(t, s.ReleaseLease(t.Context(), "a", "one")) // the late holder gives back nothing
	leased("a", now.Add(91*time.Second), true)
	must(t, s.ReleaseLease(t.Context(), "a", "two"))
	leased("a", now.Add(91*time.Second), false)
	leased("b", now, true)
	must(t, s.ReleaseLease(t.Context(), "nobody", "one"))
	acquire("a", "one", now, true)
}

var errHeld = errors.New("somebody else has the lease")

func testParallelLease(t *testing.T, s Store) {
	for round := range 20 {
		at := now.Add(time.Duration(round) * time.Minute)
		won := together(t, func(n int) error {
			held, err := s.AcquireLease(t.Context(), "a", strconv.Itoa(round*parallel+n), at, at.Add(time.Minute))
			if err == nil && !held {
				return errHeld
			}
			return err
		}, errHeld)
		if won != 1 {
			t.Fatalf("round %d: %d holders, want 1", round, won)
		}
	}
}
