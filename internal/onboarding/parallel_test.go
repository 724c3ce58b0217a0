package onboarding_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// at once calls do n times in parallel, all released together.
func atOnce(n int, do func(i int)) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	wait.Wait()
}

// TestRevealOnce is promise 1: 32 parallel reveals of each of 500 tokens.
func TestRevealOnce(t *testing.T) {
	t.Parallel()
	const tokens, parallel = 500, 32
	w := newWorld(t)
	made := w.setup(w.sealed())
	ids, values := make([]string, tokens), make([]secret.Secret, tokens)
	for i := range tokens {
		setup := made
		setup.ID = w.create()
		setup.Version = w.setup(setup.ID).Version
		values[i] = seal.Generate()
		sealed := w.keys.Seal(values[i], seal.Place("setup", setup.ID, onboarding.SCIMTokenName))
		_, err := w.store.Save(t.Context(), onboarding.Change{Setup: setup, Put: map[string]onboarding.SealedSecret{onboarding.SCIMTokenName: {Value: sealed}}})
		w.fatal(err)
		ids[i] = setup.ID
	}
	begun, shown, refused := time.Now(), 0, 0
	for i, id := range ids {
		var winners, losers atomic.Int32
		atOnce(parallel, func(int) {
			value, _, err := w.RevealToken(t.Context(), id, "", admin)
			switch {
			case err == nil && value.Equal(values[i]):
				winners.Add(1)
			case errors.Is(err, onboarding.ErrShown) && value.IsZero():
				losers.Add(1)
			default:
				t.Errorf("token %d: a value that is not its own, or %v", i, err)
			}
		})
		if winners.Load() != 1 || losers.Load() != parallel-1 {
			t.Fatalf("token %d: %d showings, %d refusals", i, winners.Load(), losers.Load())
		}
		if _, err := w.store.Sealed(t.Context(), id, onboarding.SCIMTokenName); !errors.Is(err, onboarding.ErrNotFound) {
			t.Fatalf("token %d: its ciphertext is still there: %v", i, err)
		}
		shown, refused = shown+1, refused+int(losers.Load())
	}
	t.Logf("%d tokens × %d parallel reveals: %d showings, %d refusals, %v", tokens, parallel, shown, refused, time.Since(begun).Round(time.Millisecond))
}

// operations gives each of several presses the same operation id or one of its own.
func operations(same bool) func() string {
	op := onboarding.NewOperation()
	return func() string {
		if same {
			return op
		}
		return onboarding.NewOperation()
	}
}

func TestParallelRegisterMakesOneProvider(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{true, false} {
		t.Run(fmt.Sprintf("same operation %v", same), func(t *testing.T) {
			w := newWorld(t)
			id, op := w.review(), operations(same)
			for range 4 {
				atOnce(16, func(int) {
					if err := w.Register(t.Context(), id, onboarding.Registration{Operation: op()}, w.access()); err != nil {
						t.Error(err)
					}
				})
				w.Await(id)
			}
			setup := w.setup(id)
			if !setup.State.Complete(wizard.Review) || setup.State.Registration.Problem != nil {
				t.Errorf("registration = %+v", setup.State.Registration)
			}
			if w.providers() != 1 || w.requests(createProvider) != 1 {
				t.Errorf("%d providers by %d requests", w.providers(), w.requests(createProvider))
			}
		})
	}
}

func TestParallelCreateTokenMakesOneToken(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{true, false} {
		t.Run(fmt.Sprintf("same operation %v", same), func(t *testing.T) {
			w := newWorld(t)
			id, op := w.registered(), operations(same)
			for range 4 {
				atOnce(16, func(int) {
					if err := w.CreateToken(t.Context(), id, op(), 0, w.access()); err != nil {
						t.Error(err)
					}
				})
				w.Await(id)
			}
			setup := w.setup(id)
			if setup.State.Token.Status != wizard.TokenSealed || setup.State.Token.Generation != 1 || setup.State.Token.Problem != nil {
				t.Errorf("token = %+v", setup.State.Token)
			}
			if len(w.live(id)) != 1 || w.requests(createToken) != 1 {
				t.Errorf("%d live tokens by %d requests", len(w.live(id)), w.requests(createToken))
			}
		})
	}
}

// TestTwoProcesses lets two services on one database press the same buttons: the lease keeps their acts apart.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	services := []*onboarding.Service{w.Service, w.service(w.store, w.client(0))}
	both := func(id string, press func(s *onboarding.Service) error) {
		t.Helper()
		atOnce(16, func(i int) {
			if err := press(services[i%2]); err != nil {
				t.Error(err)
			}
		})
		services[0].Await(id)
		services[1].Await(id)
	}
	for range 5 {
		id := w.review()
		w.box.Reset()
		both(id, func(s *onboarding.Service) error {
			return s.Register(t.Context(), id, onboarding.Registration{Operation: onboarding.NewOperation()}, w.access())
		})
		both(id, func(s *onboarding.Service) error {
			return s.CreateToken(t.Context(), id, onboarding.NewOperation(), 0, w.access())
		})
		var shown atomic.Int32
		both(id, func(s *onboarding.Service) error {
			value, _, err := s.RevealToken(t.Context(), id, "", admin)
			if err == nil && w.works(value) {
				shown.Add(1)
			} else if !errors.Is(err, onboarding.ErrShown) {
				return fmt.Errorf("reveal: %w", err)
			}
			return nil
		})
		generation := w.setup(id).State.Token.Generation
		both(id, func(s *onboarding.Service) error {
			return s.CreateToken(t.Context(), id, onboarding.NewOperation(), generation, w.access())
		})
		setup := w.setup(id)
		if w.providers() != 1 || w.requests(createProvider) != 1 || w.requests(createToken) != 2 || len(w.live(id)) != 1 || shown.Load() != 1 {
			t.Errorf("%d providers by %d requests, %d live tokens by %d requests, %d showings",
				w.providers(), w.requests(createProvider), len(w.live(id)), w.requests(createToken), shown.Load())
		}
		if setup.State.Token.Generation != 2 || setup.State.Token.Status != wizard.TokenSealed || len(w.unknown(id)) != 0 {
			t.Errorf("token = %+v", setup.State.Token)
		}
	}
}

// TestLeaseOfTheDeadRunsOut: a process that died while acting holds nobody up for longer than its lease.
func TestLeaseOfTheDeadRunsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.review()
	now := time.Now().UTC()
	if held, err := w.store.AcquireLease(t.Context(), id, "the dead", now, now.Add(75*time.Second)); err != nil || !held {
		t.Fatal(held, err)
	}
	setup := w.register(w.Service, id, onboarding.Registration{}, w.access())
	busy, err := w.Busy(t.Context(), id)
	if setup.State.Registration.Exists || !busy || err != nil {
		t.Errorf("acted beside the lease's holder: %+v, busy %v, %v", setup.State.Registration, busy, err)
	}
	w.ahead.Store(int64(76 * time.Second))
	if setup = w.register(w.Service, id, onboarding.Registration{}, w.access()); !setup.State.Complete(wizard.Review) {
		t.Errorf("still held up: %+v", setup.State.Registration)
	}
}
