package onboarding_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const expires = "2027-05-01"

// atSecret is a setup whose open step is secret.
func (w *world) atSecret() string {
	w.t.Helper()
	id := w.create()
	for w.setup(id).State.Open() != wizard.Secret {
		w.fatal(w.answer(w.Service, w.setup(id)))
	}
	return id
}

// prove enters a client secret and waits for Microsoft's word on it.
func (w *world) prove(s *onboarding.Service, id string, value secret.Secret) onboarding.Setup {
	w.t.Helper()
	_, err := s.ReceiveSecret(w.t.Context(), id, "", admin, value, expires)
	w.fatal(err)
	w.fatal(s.ProveSecret(w.t.Context(), id, admin, expires))
	s.Await(id)
	return w.setup(id)
}

func TestSecretIsProvenBeforeAnythingIsSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sample := w.box.Sample()
	for _, c := range []struct {
		name    string
		value   secret.Secret
		fault   sandbox.Switch
		outcome wizard.Outcome
		problem string
		held    bool
	}{
		{"right", sample.ClientSecret, "", wizard.Good, "", true},
		{"expired", sample.ExpiredSecret, "", wizard.Bad, "entra.secret-expired", false},
		{"stopped by conditional access", sample.ClientSecret, sandbox.EntraConditionalAccess, wizard.Doubt, "entra.secret-policy", true},
		{"Microsoft away", sample.ClientSecret, sandbox.EntraUnreachable, wizard.Doubt, "entra.secret-unproven", true},
		{"Microsoft says 503", sample.ClientSecret, sandbox.EntraUnavailable, wizard.Doubt, "entra.secret-unproven", true},
		{"Microsoft says what nobody knows", sample.ClientSecret, sandbox.EntraUnknownError, wizard.Doubt, "entra.secret-unproven", true},
		{"a page in between", sample.ClientSecret, sandbox.EntraGarbled, wizard.Doubt, "entra.secret-unproven", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			id := w.atSecret()
			if c.fault != "" {
				w.box.Faults().Set(c.fault, sandbox.UntilCleared)
			}
			setup := w.prove(w.Service, id, c.value)
			kept := setup.State.ClientSecret
			w.wantTold(kept.Check.Problem)
			if kept.Check.Outcome != c.outcome || kept.Held != c.held || (kept.Check.Problem != nil && kept.Check.Problem.ID != c.problem) {
				t.Errorf("secret is %+v, problem %+v", kept, kept.Check.Problem)
			}
			if _, err := w.store.Sealed(t.Context(), id, onboarding.ClientSecretName); (err == nil) != c.held {
				t.Errorf("sealed secret: %v", err)
			}
			if done := setup.State.Complete(wizard.Secret); done != (c.outcome == wizard.Good) {
				t.Errorf("step done: %v", done)
			}
			if n := w.requests(createProvider); n != 0 {
				t.Errorf("%d providers were asked for", n)
			}
			if strings.Contains(w.log.String(), c.value.Expose()) {
				t.Error("the log shows the secret")
			}
		})
	}
}

func TestApplicationAtFaultKeepsTheSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atSecret()
	w.box.Faults().Set(sandbox.EntraClientUnknown, sandbox.UntilCleared)
	setup := w.prove(w.Service, id, w.box.Sample().ClientSecret)
	if kept := setup.State.ClientSecret; kept.Check.Outcome != wizard.Bad || kept.Check.Problem.ID != "entra.app-unknown" || !kept.Held || setup.State.Complete(wizard.Secret) {
		t.Fatalf("secret is %+v", kept)
	}
	_, err := w.Submit(t.Context(), id, wizard.Secret, 0, admin, wizard.SecretGiven{})
	if err == nil {
		t.Error("the step can be left although Microsoft refused")
	}
	w.box.Faults().ClearAll()
	w.fatal(w.ProveSecret(t.Context(), id, admin, expires))
	w.Await(id)
	if setup := w.setup(id); !setup.State.Complete(wizard.Secret) || setup.State.Answers.SecretExpires != expires {
		t.Errorf("after the application was mended: %+v", setup.State.ClientSecret)
	}
}

// TestMicrosoftHangs: the request is answered soon, the check goes on and ends as "could not be proven".
func TestMicrosoftHangs(t *testing.T) {
	w := newWorld(t)
	id := w.atSecret()
	_, err := w.ReceiveSecret(t.Context(), id, "", admin, w.box.Sample().ClientSecret, expires)
	w.fatal(err)
	w.box.Faults().Set(sandbox.EntraSlow, sandbox.UntilCleared)
	began := time.Now()
	w.fatal(w.ProveSecret(t.Context(), id, admin, expires))
	if took := time.Since(began); took > 3*onboarding.Patience {
		t.Errorf("answered after %v", took)
	}
	if proving, err := w.Proving(t.Context(), w.setup(id)); err != nil || !proving {
		t.Fatal("nothing is under way: ", err)
	}
	w.box.Faults().ClearAll()
	w.Await(id)
	if setup := w.setup(id); setup.State.ClientSecret.Check.Outcome != wizard.Good || !setup.State.Complete(wizard.Secret) {
		t.Errorf("after the answer came: %+v", setup.State.ClientSecret)
	}
}

func TestAnotherSecretIsNotJudgedByTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atSecret()
	_, err := w.ReceiveSecret(t.Context(), id, "", admin, w.box.Sample().ExpiredSecret, "")
	w.fatal(err)
	w.box.Faults().Set(sandbox.EntraSlow, 1)
	w.fatal(w.ProveSecret(t.Context(), id, admin, ""))
	held, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	w.fatal(w.box.Faults().AwaitHeld(held, 1))
	_, err = w.ReceiveSecret(t.Context(), id, "", admin, w.box.Sample().ClientSecret, "")
	w.fatal(err)
	w.box.Faults().Release()
	w.Await(id)
	if kept := w.setup(id).State.ClientSecret; !kept.Held || kept.Check.Outcome != wizard.Unchecked {
		t.Errorf("the new secret is judged by the old one: %+v", kept)
	}
}
