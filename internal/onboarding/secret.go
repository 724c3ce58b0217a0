package onboarding

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// proofTime is how long Microsoft is asked about a client secret, which may be too new to be known everywhere.
const proofTime = 12 * time.Second

// ReceiveSecret seals the client secret and keeps it, with its expiry date as an ISO date or empty. The rest of the secret
// step may still be wrong.
func (s *Service) ReceiveSecret(ctx context.Context, id, session string, actor Actor, value secret.Secret, expires string) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, actor, "secret.received", nil, wizard.SecretReceived{Session: session, Expires: expires})
		if err != nil {
			return Change{}, err
		}
		sealed := s.Keys.Seal(value, SecretPlace(id, ClientSecretName))
		c.Put = map[string]SealedSecret{ClientSecretName: {Value: sealed, DropAt: now.Add(ClientSecretLife)}}
		return c, nil
	})
}

// clientSecret opens the sealed client secret. A missing or unreadable one is a fault that asks for it again, and so is
// one that another session entered when this one acts with an access token of its own: nobody has shown that the two
// belong together, and the secret would go to the token's owner.
func (s *Service) clientSecret(ctx context.Context, setup Setup, access Access) (secret.Secret, error) {
	id := setup.ID
	if access.Session != "" && access.Session != setup.State.ClientSecret.Session {
		return secret.Secret{}, s.askAgain(ctx, id, "secret.other-session", nil)
	}
	return s.openSecret(ctx, id)
}

// openSecret opens the sealed client secret, or asks for it again.
func (s *Service) openSecret(ctx context.Context, id string) (secret.Secret, error) {
	sealed, err := s.Store.Sealed(ctx, id, ClientSecretName)
	if errors.Is(err, ErrNotFound) {
		return secret.Secret{}, s.askAgain(ctx, id, "secret.gone", err)
	}
	if err != nil {
		return secret.Secret{}, err
	}
	value, err := s.Keys.Open(sealed, SecretPlace(id, ClientSecretName))
	if err != nil {
		return secret.Secret{}, s.askAgain(ctx, id, "secret.gone", err)
	}
	return value, nil
}

func (s *Service) askAgain(ctx context.Context, id, message string, cause error) error {
	if _, err := s.dropSecret(ctx, id); err != nil {
		return err
	}
	return fault.Wrap(cause, fault.Conflict, message, nil)
}

func (s *Service) dropSecret(ctx context.Context, id string) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, System, "secret.dropped", nil, wizard.SecretDropped{})
		c.Drop = []string{ClientSecretName}
		return c, err
	})
}

// ProveSecret asks Microsoft, with a real token request, whether the client secret that is held belongs to the application.
// A good one submits the secret step with the expiry date; a refused one is dropped, unless something else than the secret
// is at fault. The verdict is in the setup afterwards; while Microsoft is still asked, Proving says so.
func (s *Service) ProveSecret(ctx context.Context, id string, actor Actor, expires string) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	return s.look(ctx, id, proofOf(setup), func(ctx context.Context) {
		if err := s.proveSecret(ctx, id, actor, expires); err != nil {
			s.Log.ErrorContext(ctx, "proof of client secret not stored", "setup", id, "error", err)
		}
	})
}

func (s *Service) proveSecret(ctx context.Context, id string, actor Actor, expires string) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	value, err := s.openSecret(ctx, id)
	if fault.Is(err, fault.Conflict) {
		return nil // it is asked for again, and the page says so
	}
	if err != nil {
		return err
	}
	a := setup.State.Answers
	asking, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	err = s.Directory.ProveSecret(asking, entra.Directory{ID: a.DirectoryID, Authority: a.Authority}, a.ClientID, value, true)
	return s.judgeSecret(ctx, setup, actor, expires, s.checkOf(ctx, id, "prove-secret", err))
}

// judgeSecret stores the verdict, unless another secret or application came meanwhile.
func (s *Service) judgeSecret(ctx context.Context, asked Setup, actor Actor, expires string, check wizard.Check) error {
	received := asked.State.ClientSecret.ReceivedAt
	keep := check.Problem == nil || !strings.HasPrefix(check.Problem.ID, "entra.secret-")
	_, err := s.change(context.WithoutCancel(ctx), asked.ID, func(setup Setup, now time.Time) (Change, error) {
		events := []wizard.Event{wizard.SecretChecked{Received: received, Check: check, Keep: keep}}
		if check.Outcome == wizard.Good && setup.State.Registration.Intent == "" {
			events = append(events, wizard.SecretGiven{Expires: expires})
		}
		c, err := recorded(setup, now, actor, "secret.checked", factsOf(check), events...)
		if err == nil && !c.Setup.State.ClientSecret.Held {
			c.Drop = []string{ClientSecretName}
		}
		return c, err
	})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// Sweep drops sealed secrets whose time has passed: client secrets, and test sign-ins that never came back.
func (s *Service) Sweep(ctx context.Context) error {
	expired, err := s.Store.ExpiredSecrets(ctx, s.Now().UTC())
	if err != nil {
		return fmt.Errorf("list expired secrets: %w", err)
	}
	for _, e := range expired {
		drop := s.dropSecret
		if e.Name == trialName {
			drop = s.dropTrial
		}
		if _, err := drop(ctx, e.Setup); err != nil {
			return fmt.Errorf("drop %s of setup %s: %w", e.Name, e.Setup, err)
		}
	}
	return nil
}

func (s *Service) dropTrial(ctx context.Context, id string) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, System, "signin.test-expired", nil)
		c.Drop = []string{trialName}
		return c, err
	})
}
