package onboarding_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// atDirectory is a setup whose open step is directory.
func (w *world) atDirectory(domain string) string {
	w.t.Helper()
	setup, err := w.CreateSetup(w.t.Context(), onboarding.NewSetup{Company: "Acme", Tenant: tenant, Domain: domain, Actor: onboarding.Operator})
	w.fatal(err)
	for _, step := range []wizard.Step{wizard.Start, wizard.Application} {
		setup, err = w.Submit(w.t.Context(), setup.ID, step, 0, admin, w.answers("Acme")[step])
		w.fatal(err)
	}
	return setup.ID
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sample := w.box.Sample()
	const noDirectory = "11111111-2222-4333-8444-555555555555"
	unreachable, garbled := []sandbox.Switch{sandbox.EntraUnreachable}, []sandbox.Switch{sandbox.EntraGarbled}
	for name, c := range map[string]struct {
		pin, directory, client string
		faults                 []sandbox.Switch
		refused                string // id of the sentence
		proven                 bool
	}{
		"its own":                             {directory: sample.DirectoryID, client: sample.ClientID, proven: true},
		"by its domain":                       {directory: sample.Domain, client: sample.ClientID, proven: true},
		"pinned, its own":                     {pin: sample.Domain, directory: sample.DirectoryID, client: sample.ClientID, proven: true},
		"pinned, by its domain":               {pin: sample.Domain, directory: sample.Domain, client: sample.ClientID, proven: true},
		"pinned, another":                     {pin: sample.Domain, directory: sample.OtherDirectoryID, client: sample.ClientID, refused: "directory.not-pinned"},
		"pinned, another by its domain":       {pin: sample.Domain, directory: sample.OtherDomain, client: sample.ClientID, refused: "directory.not-pinned"},
		"pinned to a domain that nobody has":  {pin: "nobody.example", directory: sample.DirectoryID, client: sample.ClientID, refused: "directory.not-pinned"},
		"pinned, nobody there":                {pin: sample.Domain, directory: sample.DirectoryID, client: sample.ClientID, faults: unreachable, refused: "directory.pin-unproven"},
		"pinned, garbled":                     {pin: sample.Domain, directory: sample.DirectoryID, client: sample.ClientID, faults: garbled, refused: "directory.pin-unproven"},
		"nobody there":                        {directory: sample.DirectoryID, client: sample.ClientID, faults: unreachable},
		"unavailable":                         {directory: sample.DirectoryID, client: sample.ClientID, faults: []sandbox.Switch{sandbox.EntraUnavailable}},
		"limited":                             {directory: sample.DirectoryID, client: sample.ClientID, faults: []sandbox.Switch{sandbox.EntraLimited}},
		"slow":                                {directory: sample.DirectoryID, client: sample.ClientID, faults: []sandbox.Switch{sandbox.EntraSlow}},
		"garbled":                             {directory: sample.DirectoryID, client: sample.ClientID, faults: garbled},
		"nobody there to tell whose domain":   {directory: sample.Domain, client: sample.ClientID, faults: unreachable, refused: "directory.domain-unproven"},
		"no such directory":                   {directory: noDirectory, client: sample.ClientID, refused: "entra.directory-unknown"},
		"no such domain":                      {directory: "nobody.example", client: sample.ClientID, refused: "entra.directory-unknown"},
		"swapped":                             {directory: noDirectory, client: sample.DirectoryID, refused: "directory.swapped"},
		"domain, and its directory as client": {directory: sample.Domain, client: sample.DirectoryID, refused: "directory.same"},
	} {
		t.Run(name, func(t *testing.T) {
			w.box.Faults().ClearAll()
			for _, sw := range c.faults {
				w.box.Faults().Set(sw, sandbox.UntilCleared)
			}
			id := w.atDirectory(c.pin)
			begun := time.Now()
			setup, err := w.SubmitDirectory(t.Context(), id, 0, admin, c.directory, c.client)
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("answered after %v", took)
			}
			if c.refused != "" {
				if f := fault.Of(err); f.ID != c.refused || !slices.Contains(catalogue().IDs(), f.ID) || w.setup(id).State.Answers.DirectoryID != "" {
					t.Errorf("refused with %q (%v), want %q; kept %q", f.ID, err, c.refused, w.setup(id).State.Answers.DirectoryID)
				}
				return
			}
			a := setup.State.Answers
			if err != nil || a.DirectoryID != sample.DirectoryID || a.Proven != c.proven || !strings.HasSuffix(a.Authority, "/"+sample.DirectoryID+"/v2.0") {
				t.Errorf("answers = %+v, %v", a, err)
			}
		})
	}
}

// hasSecret reports whether the sealed client secret is stored.
func (w *world) hasSecret(id string) bool {
	w.t.Helper()
	_, err := w.store.Sealed(w.t.Context(), id, onboarding.ClientSecretName)
	if err != nil && !errors.Is(err, onboarding.ErrNotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

func TestClientSecretIsDroppedAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.review()
	w.ahead.Store(int64(onboarding.ClientSecretLife - time.Minute))
	w.fatal(w.Sweep(t.Context()))
	if !w.hasSecret(id) || w.setup(id).State.Open() != wizard.Review {
		t.Fatal("dropped before its time")
	}
	w.ahead.Store(int64(onboarding.ClientSecretLife + time.Minute))
	w.fatal(w.Sweep(t.Context()))
	setup := w.setup(id)
	if w.hasSecret(id) || setup.State.ClientSecret.Held || setup.State.Open() != wizard.Secret {
		t.Fatalf("kept after a day: open %s, %+v", setup.State.Open(), setup.State.ClientSecret)
	}
	if a := setup.State.Answers; a.ClientID == "" || a.Scheme != scheme {
		t.Errorf("answers are gone: %+v", a)
	}
	w.fatal(w.answer(w.Service, setup))
	if setup = w.register(w.Service, id, onboarding.Registration{}, w.access()); !setup.State.Complete(wizard.Review) {
		t.Errorf("entered again it does not register: %+v", setup.State.Registration.Problem)
	}
}

// TestUnreadableSecretIsAskedAgain: bytes that do not open in their place are no secret.
func TestUnreadableSecretIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := w.review(), w.review()
	sealed, err := w.store.Sealed(t.Context(), other, onboarding.ClientSecretName)
	w.fatal(err)
	_, err = w.store.Save(t.Context(), onboarding.Change{Setup: w.setup(id), Put: map[string]onboarding.SealedSecret{onboarding.ClientSecretName: {Value: sealed}}})
	w.fatal(err)
	setup := w.register(w.Service, id, onboarding.Registration{}, w.access())
	w.wantTold(setup.State.Registration.Problem)
	if p := setup.State.Registration.Problem; p == nil || p.ID != "secret.gone" || setup.State.Open() != wizard.Secret || w.providers() != 0 {
		t.Errorf("a secret of another setup: open %s, problem %+v, %d providers", setup.State.Open(), p, w.providers())
	}
}

func TestClientSecretIsDroppedAtTheEndAndAskedForAnUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.pasted()
	for !w.setup(id).State.Finished() {
		w.fatal(w.answer(w.Service, w.setup(id)))
	}
	setup := w.setup(id)
	if w.hasSecret(id) || setup.CompletedAt.IsZero() {
		t.Fatalf("completed at %v, client secret still there %v", setup.CompletedAt, w.hasSecret(id))
	}
	_, err := w.Submit(t.Context(), id, wizard.Signin, setup.State.Marks[wizard.Signin].Revision, admin, wizard.SigninChosen{DisplayName: "Acme Group", Scheme: scheme})
	w.fatal(err)
	if setup = w.setup(id); setup.State.Open() != wizard.Secret || !setup.State.NeedsSecret() {
		t.Fatalf("an update without the secret: open %s", setup.State.Open())
	}
	if w.register(w.Service, id, onboarding.Registration{}, w.access()); w.requests("PUT /core/iam/v1/sso/azuread/{id}") != 0 {
		t.Fatal("updated without a secret")
	}
	w.fatal(w.answer(w.Service, w.setup(id)))
	setup = w.register(w.Service, id, onboarding.Registration{}, w.access())
	if !setup.State.Finished() || w.box.Snapshot(tenant).Providers[0].DisplayName != "Acme Group" {
		t.Errorf("not updated: open %s, %+v", setup.State.Open(), setup.State.Registration.Problem)
	}
	if w.hasSecret(id) {
		t.Error("after the update of a closed setup the client secret is still there")
	}
}

// TestEveryActIsInTheTrail walks through everything and reads the audit trail and the log.
func TestEveryActIsInTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atDirectory("")
	sample, ctx := w.box.Sample(), t.Context()
	_, err := w.SubmitDirectory(ctx, id, 0, admin, sample.DirectoryID, sample.ClientID)
	w.fatal(err)
	link, _, err := w.MakeLink(ctx, onboarding.NewLink{Setup: id, Label: onboarding.LinkAdmin, Actor: onboarding.Operator, Life: time.Hour})
	w.fatal(err)
	for w.setup(id).State.Open() != wizard.Review {
		w.fatal(w.answer(w.Service, w.setup(id)))
	}
	accessToken := w.box.AccessToken(tenant)
	access := onboarding.Access{Actor: admin, Token: func(context.Context) (secret.Secret, error) { return accessToken, nil }}
	w.register(w.Service, id, onboarding.Registration{}, access)
	w.box.Faults().Set(sandbox.CreateTokenAnswerLost, 1)
	w.token(w.Service, id, access)
	value, setup, err := w.RevealToken(ctx, id, "", admin)
	w.fatal(err)
	_, err = w.TokenPasted(ctx, id, setup.State.Token.Generation, access)
	w.fatal(err)
	for !w.setup(id).State.Finished() {
		w.fatal(w.answer(w.Service, w.setup(id)))
	}
	w.box.Faults().Set(sandbox.IAMUnavailable, sandbox.UntilCleared)
	w.startOver(w.service(w.store, w.client(600*time.Millisecond)), id, access)
	w.box.Faults().ClearAll()
	w.startOver(w.Service, id, access)

	trail, err := w.store.Events(ctx, id)
	w.fatal(err)
	var kinds []string
	for _, e := range trail {
		kinds = append(kinds, e.Kind)
		if e.Actor == "" || e.At.IsZero() || e.Setup != id {
			t.Errorf("event %+v", e)
		}
	}
	want := []string{
		"setup.created", "step.start", "step.application", "step.directory", "link.created", "step.signin", "step.redirect",
		"secret.received", "step.secret", "step.assign", "provider.intended", "provider.registered", "redirect.proven", "token.intended",
		"token.orphan-found", "token.removed", "token.intended", "token.created", "token.probed", "token.revealed", "token.pasted",
		"step.provisioning", "step.signin-test", "setup.completed",
	}
	if len(kinds) < len(want) || !slices.Equal(kinds[:len(want)], want) {
		t.Errorf("the trail says\n%q, want\n%q", kinds, want)
	}
	for _, kind := range []string{"start-over.failed", "token.removed", "setup.started-over"} {
		if !slices.Contains(kinds[min(len(kinds), len(want)):], kind) {
			t.Errorf("the trail of starting over has no %s: %q", kind, kinds[min(len(kinds), len(want)):])
		}
	}
	wal, err := os.ReadFile(w.path + "-wal")
	w.fatal(err)
	file, err := os.ReadFile(w.path)
	w.fatal(err)
	for name, held := range map[string]secret.Secret{"client secret": secret.New(clientValue), "access token": accessToken, "link secret": link, "SCIM token": value} {
		for where, text := range map[string]string{"trail": fmt.Sprintf("%+v", trail), "log": w.log.String(), "database": string(file), "write-ahead log": string(wal)} {
			if strings.Contains(text, held.Expose()) {
				t.Errorf("the %s is in the %s", name, where)
			}
		}
	}
}
