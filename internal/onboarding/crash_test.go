package onboarding_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

var errDead = errors.New("the process is dead")

// mortal dies at its n-th boundary: before or after a write to the store, before or after a request to the outside.
// From then on nothing of it reaches anything.
type mortal struct {
	at     int64 // 0: lives for ever
	passed atomic.Int64
	dead   atomic.Bool
}

// pass is one boundary.
func (m *mortal) pass() error {
	if m.dead.Load() {
		return errDead
	}
	if m.passed.Add(1) == m.at {
		m.dead.Store(true)
		return errDead
	}
	return nil
}

func (m *mortal) alive() error {
	if m.dead.Load() {
		return errDead
	}
	return nil
}

// mortalStore is the store as a process that dies sees it: a write whose end it did not live to see is there.
type mortalStore struct {
	onboarding.Store
	*mortal
}

// around makes one write between two boundaries.
func (m mortalStore) around(write func() error) error {
	if err := m.pass(); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	return m.pass()
}

func (m mortalStore) Setup(ctx context.Context, id string) (onboarding.Setup, error) {
	if err := m.alive(); err != nil {
		return onboarding.Setup{}, err
	}
	return m.Store.Setup(ctx, id)
}

func (m mortalStore) Sealed(ctx context.Context, id, name string) (seal.Sealed, error) {
	if err := m.alive(); err != nil {
		return nil, err
	}
	return m.Store.Sealed(ctx, id, name)
}

func (m mortalStore) Save(ctx context.Context, c onboarding.Change) (saved onboarding.Setup, err error) {
	err = m.around(func() (err error) { saved, err = m.Store.Save(ctx, c); return err })
	return saved, err
}

func (m mortalStore) Claim(ctx context.Context, c onboarding.Change, name string) (saved onboarding.Setup, value seal.Sealed, err error) {
	err = m.around(func() (err error) { saved, value, err = m.Store.Claim(ctx, c, name); return err })
	return saved, value, err
}

func (m mortalStore) AcquireLease(ctx context.Context, id, holder string, now, until time.Time) (held bool, err error) {
	err = m.around(func() (err error) { held, err = m.Store.AcquireLease(ctx, id, holder, now, until); return err })
	return held, err
}

func (m mortalStore) ReleaseLease(ctx context.Context, id, holder string) error {
	return m.around(func() error { return m.Store.ReleaseLease(ctx, id, holder) })
}

// mortalTransport is the outside as the same process sees it.
type mortalTransport struct {
	next http.RoundTripper
	*mortal
}

func (m mortalTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := m.pass(); err != nil {
		return nil, err
	}
	answer, err := m.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := m.pass(); err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	return answer, nil
}

// journey is one admin who takes a setup all the way, through every change that the wizard offers, whatever dies.
type journey struct {
	*world
	id     string
	life   *mortal
	now    *onboarding.Service
	deaths int

	shown map[string]secret.Secret // by token id: what came out of RevealToken
}

func newJourney(w *world, deathAt int64) *journey {
	j := &journey{world: w, id: w.review(), shown: map[string]secret.Secret{}}
	j.begin(deathAt)
	return j
}

// begin starts the process.
func (j *journey) begin(deathAt int64) {
	j.life = &mortal{at: deathAt}
	client := *j.client(0)
	client.Transport = mortalTransport{client.Transport, j.life}
	j.now = j.service(mortalStore{j.store, j.life}, &client)
}

// mourn starts the process again when it died, as serve does, after looking at what it left.
func (j *journey) mourn() {
	j.t.Helper()
	j.now.Await(j.id)
	if j.life.alive() == nil {
		return
	}
	j.deaths++
	setup := j.setup(j.id)
	if unknown := j.unknown(j.id); len(unknown) > 1 || (len(unknown) == 1 && setup.State.Token.Status != wizard.TokenIntended) {
		j.t.Errorf("after its death: live tokens %v that no page tells of: %+v", unknown, setup.State.Token)
	}
	if j.providers() > 1 {
		j.t.Errorf("after its death: %d providers", j.providers())
	}
	j.fatal(j.store.ForgetLeases(j.t.Context()))
	j.begin(0)
}

// step does what the open page asks for. An error is met by pressing again.
func (j *journey) step(setup onboarding.Setup) error {
	token, ctx := setup.State.Token, context.Background()
	switch setup.State.Open() {
	case wizard.Review:
		if setup.State.Registration.Intent == wizard.Remove {
			return j.now.StartOver(ctx, j.id, onboarding.NewOperation(), j.access())
		}
		return j.now.Register(ctx, j.id, onboarding.Registration{Operation: onboarding.NewOperation()}, j.access())
	case wizard.Token:
		_, have := j.shown[token.ID]
		switch {
		case token.Status == wizard.TokenSealed:
			return j.reveal(token.ID)
		case token.Status == wizard.TokenClaimed && have:
			_, err := j.now.TokenPasted(ctx, j.id, token.Generation, j.access())
			return err
		}
		return j.now.CreateToken(ctx, j.id, onboarding.NewOperation(), token.Generation, j.access())
	}
	return j.answer(j.now, setup)
}

func (j *journey) reveal(token string) error {
	value, _, err := j.now.RevealToken(context.Background(), j.id, "", admin)
	if err != nil {
		return err
	}
	if _, twice := j.shown[token]; twice {
		j.t.Errorf("token %s was shown twice", token)
	}
	j.shown[token] = value
	return nil
}

// until goes on page by page until the setup is as wanted.
func (j *journey) until(what string, reached func(setup onboarding.Setup) bool, press func(setup onboarding.Setup) error) {
	j.t.Helper()
	for range 60 {
		setup := j.setup(j.id)
		if reached(setup) {
			return
		}
		if err := press(setup); err != nil && !errors.Is(err, errDead) {
			j.t.Fatalf("%s: stuck at %s: %v", what, setup.State.Open(), err)
		}
		j.mourn()
	}
	setup := j.setup(j.id)
	j.t.Fatalf("%s: never reached, at %s:\n%+v\n%+v", what, setup.State.Open(), setup.State.Registration, setup.State.Token)
}

func finished(setup onboarding.Setup) bool { return setup.State.Finished() }

// travel is the whole life of a setup.
func (j *journey) travel() {
	j.t.Helper()
	j.until("first time done", finished, j.step)
	generation := j.setup(j.id).State.Token.Generation
	j.until("token replaced after the first sync", func(setup onboarding.Setup) bool {
		return setup.State.Token.Generation > generation
	}, func(onboarding.Setup) error {
		return j.now.CreateToken(context.Background(), j.id, onboarding.NewOperation(), generation, j.access())
	})
	j.until("new token pasted", finished, j.step)
	j.until("renamed", func(setup onboarding.Setup) bool { return setup.State.Answers.DisplayName == "Acme Group" }, func(setup onboarding.Setup) error {
		_, err := j.now.Submit(context.Background(), j.id, wizard.Signin, setup.State.Marks[wizard.Signin].Revision, admin, wizard.SigninChosen{DisplayName: "Acme Group", Scheme: scheme})
		return err
	})
	j.until("updated", finished, j.step)
	j.until("replaced token removed", func(setup onboarding.Setup) bool { return len(setup.State.Token.Old) == 0 }, func(setup onboarding.Setup) error {
		_, err := j.now.TokenPasted(context.Background(), j.id, setup.State.Token.Generation, j.access())
		return err
	})
	j.proved()
	j.until("started over", func(setup onboarding.Setup) bool { return setup.State.Open() == wizard.Start }, func(onboarding.Setup) error {
		return j.now.StartOver(context.Background(), j.id, onboarding.NewOperation(), j.access())
	})
	if j.providers() != 0 || len(j.live(j.id)) != 0 {
		j.t.Errorf("start over left %d providers and %v", j.providers(), j.live(j.id))
	}
	j.until("second time done", finished, j.step)
	j.proved()
}

// proved demands that what the setup says is what Aritma holds.
func (j *journey) proved() {
	j.t.Helper()
	setup := j.setup(j.id)
	live := j.live(j.id)
	if j.providers() != 1 || len(live) != 1 || live[0] != setup.State.Token.ID || !j.works(j.shown[setup.State.Token.ID]) {
		j.t.Errorf("%d providers, live tokens %v, the setup's %q works %v", j.providers(), live, setup.State.Token.ID, j.works(j.shown[setup.State.Token.ID]))
	}
	if _, _, err := j.now.RevealToken(j.t.Context(), j.id, "", admin); !errors.Is(err, onboarding.ErrShown) {
		j.t.Errorf("shown again: %v", err)
	}
}

// TestDeathAtEveryBoundary is promise 2: the process dies at each write and at each request, before it and after it.
func TestDeathAtEveryBoundary(t *testing.T) {
	t.Parallel()
	unharmed := newJourney(newWorld(t), 0)
	unharmed.travel()
	boundaries := unharmed.life.passed.Load()
	if unharmed.deaths != 0 || boundaries < 100 {
		t.Fatalf("%d boundaries, %d deaths", boundaries, unharmed.deaths)
	}
	var runs, deaths atomic.Int64
	t.Run("death", func(t *testing.T) {
		const lanes = 4
		for lane := range int64(lanes) {
			t.Run(fmt.Sprintf("lane %d", lane), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				for at := lane + 1; at <= boundaries; at += lanes {
					t.Run(fmt.Sprint(at), func(t *testing.T) {
						j := newJourney(w.in(t), at)
						j.travel()
						runs.Add(1)
						deaths.Add(int64(j.deaths))
					})
				}
			})
		}
	})
	if deaths.Load() != boundaries {
		t.Errorf("%d deaths at %d boundaries", deaths.Load(), boundaries)
	}
	t.Logf("%d boundaries, %d runs, %d deaths", boundaries, runs.Load(), deaths.Load())
}

// TestStartOverAfterDeathInTheMiddle presses Start over, and not the button that was pressed before, after a death in
// each act on the provider.
func TestStartOverAfterDeathInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, before := range []deed{deeds[0], deeds[1], deeds[2], deeds[3], deeds[4]} {
		t.Run(before.name, func(t *testing.T) {
			t.Parallel()
			for w, at := newWorld(t), int64(1); ; at++ {
				w = w.in(t)
				j := &journey{world: w, id: before.prepare(w), shown: map[string]secret.Secret{}}
				theirs := w.providers()
				if !w.setup(j.id).State.Registration.Exists && before.name != "adopt" {
					theirs = 0
				} else if before.name != "adopt" {
					theirs--
				}
				j.begin(at)
				before.press(w, j.now, j.id, w.access())
				if j.life.alive() == nil {
					t.Logf("%d boundaries", at-1)
					return
				}
				j.mourn()
				j.until("started over", func(setup onboarding.Setup) bool { return setup.State.Open() == wizard.Start }, func(onboarding.Setup) error {
					return j.now.StartOver(context.Background(), j.id, onboarding.NewOperation(), j.access())
				})
				if w.providers() != theirs || len(w.live(j.id)) != 0 {
					t.Errorf("death at %d: start over left %d providers, want %d, and %v", at, w.providers(), theirs, w.live(j.id))
				}
			}
		})
	}
}

// TestDeathWhereNothingIsListed: without a list the admin is told what may be left over, and the setup still goes on.
func TestDeathWhereNothingIsListed(t *testing.T) {
	t.Parallel()
	for w, at := newWorld(t), int64(1); ; at++ {
		w = w.in(t)
		id := w.registered()
		w.box.Faults().Set(sandbox.ListNotOffered, sandbox.UntilCleared)
		j := &journey{world: w, id: id, shown: map[string]secret.Secret{}}
		j.begin(at)
		j.until("sealed", func(setup onboarding.Setup) bool { return setup.State.Token.Status == wizard.TokenSealed }, j.step)
		setup := w.setup(id)
		if unknown := w.unknown(id); len(unknown) > 0 && !setup.State.Token.LostUnlisted {
			t.Errorf("death at %d: live tokens %v that nobody was told of", at, unknown)
		}
		if j.deaths == 0 {
			return
		}
	}
}
