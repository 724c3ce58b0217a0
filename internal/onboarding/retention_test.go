package onboarding_test

import (
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const day = 24 * time.Hour

var kept = onboarding.Retention{Completed: 100 * day, Abandoned: 30 * day, Setups: 200 * day}

// retained goes through all setups so many days later, once.
func (w *world) retained(days int) {
	w.t.Helper()
	w.ahead.Store(int64(time.Duration(days) * day))
	for after := ""; ; {
		var err error
		if after, err = w.Retain(w.t.Context(), kept, after); err != nil {
			w.t.Fatal(err)
		}
		if after == "" {
			return
		}
	}
}

func (w *world) gone(id string) bool {
	_, err := w.store.Setup(w.t.Context(), id)
	return err != nil
}

// TestRetentionWaits: what is worked on, and what is not settled in Aritma, keeps everything; more setups than go in one batch
// do not hide what comes after them.
func TestRetentionWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const more = 120
	ids := make([]string, more)
	for i := range ids {
		ids[i] = w.create()
	}
	busy, open := w.create(), w.registered()
	w.box.Faults().Set(sandbox.CreateTokenAnswerLost, 2) // the second try as well
	if setup := w.token(w.Service, open, w.access()); setup.State.Token.Status != wizard.TokenIntended {
		t.Fatalf("the token is %q, want one whose outcome is not known", setup.State.Token.Status)
	}
	w.box.Faults().ClearAll()
	far := time.Now().Add(1000 * day)
	if held, err := w.store.AcquireLease(t.Context(), busy, "another process", time.Now(), far); !held || err != nil {
		t.Fatal(held, err)
	}
	w.retained(29)
	if !w.setup(ids[0]).State.ForgottenAt.IsZero() {
		t.Error("forgotten before its time")
	}
	w.retained(31)
	for _, id := range ids {
		if w.setup(id).State.ForgottenAt.IsZero() {
			t.Fatalf("setup %s is not forgotten", id)
		}
	}
	first := w.setup(ids[0])
	w.retained(60)
	if again := w.setup(ids[0]); again.Version != first.Version {
		t.Error("forgotten twice")
	}
	w.retained(201)
	for _, id := range ids {
		if !w.gone(id) {
			t.Fatalf("setup %s is still there", id)
		}
	}
	for name, id := range map[string]string{"worked on": busy, "not settled": open} {
		if w.gone(id) || !w.setup(id).State.ForgottenAt.IsZero() {
			t.Errorf("the setup that is %s is touched", name)
		}
	}
	w.fatal(w.store.ReleaseLease(t.Context(), busy, "another process"))
	if setup := w.token(w.Service, open, w.access()); setup.State.Token.Status != wizard.TokenSealed || len(w.live(open)) != 1 {
		t.Errorf("the act is not settled afterwards: %+v", setup.State.Token)
	}
	w.retained(201)
	if !w.gone(busy) || w.gone(open) {
		t.Error("the one that was worked on stays, or the one that was opened just now does not")
	}
}

// TestForgottenTokenIsReplaced: a token that nobody fetched loses its value; whoever comes back makes another one, and has one.
func TestForgottenTokenIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sealed()
	w.retained(31)
	if _, err := w.store.Sealed(t.Context(), id, onboarding.SCIMTokenName); err == nil {
		t.Error("the sealed token is still there")
	}
	setup := w.token(w.Service, id, w.access())
	if setup.State.Token.Status != wizard.TokenSealed {
		t.Fatalf("no token afterwards: %+v", setup.State.Token)
	}
	value, _, err := w.RevealToken(t.Context(), id, "", admin)
	w.fatal(err)
	if live := w.live(id); len(live) != 1 || !w.works(value) {
		t.Errorf("tokens %v in Aritma; the one that was handed over works: %v", live, w.works(value))
	}
}
