package onboarding

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// directoryPatience bounds a directory lookup: the page answers within a second.
const directoryPatience = 800 * time.Millisecond

// ChangedError says that the step was submitted elsewhere since the form was shown, with other answers. Setup holds
// what is stored now.
type ChangedError struct {
	Setup Setup
	At    time.Time
}

// Error implements error.
func (e *ChangedError) Error() string { return "step was changed in another tab" }

// Submit applies the event of a step's form. Seen is the revision that the form showed.
func (s *Service) Submit(ctx context.Context, id string, step wizard.Step, seen int, actor string, event wizard.Event) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		before := setup.State
		c, err := recorded(setup, now, actor, "step."+string(step), nil, event)
		if err != nil {
			return Change{}, err
		}
		mark := before.Marks[step]
		if mark.Revision != seen && c.Setup.State.Answers != before.Answers {
			return Change{}, &ChangedError{Setup: setup, At: mark.At}
		}
		if !c.Setup.State.ClientSecret.Held {
			c.Drop = append(c.Drop, ClientSecretName)
		}
		if c.Setup.State.Finished() && c.Setup.CompletedAt.IsZero() {
			complete(&c, now, actor)
		}
		return c, nil
	})
}

// complete closes a finished setup: the client secret has served.
func complete(c *Change, now time.Time, actor string) {
	c.Setup.CompletedAt = now
	c.Setup.State.ClientSecret.Held = false
	c.Drop = append(c.Drop, ClientSecretName)
	c.Events = append(c.Events, Event{Setup: c.Setup.ID, At: now, Actor: actor, Kind: "setup.completed"})
}

// SubmitDirectory looks the directory up at Microsoft and saves it. Microsoft being out of reach does not stop the
// step, unless the setup is pinned to a domain: then the directory must be shown to own it.
//
// Faults of kind Invalid are about the directory: entra.directory-unknown, entra.directory-malformed,
// directory.swapped, directory.not-pinned.
func (s *Service) SubmitDirectory(ctx context.Context, id string, seen int, actor, directory, clientID string) (Setup, error) {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return Setup{}, err
	}
	found, proven, err := s.lookUp(ctx, directory, clientID)
	if err != nil {
		return setup, err
	}
	if setup.Domain != "" {
		if err := s.checkPin(ctx, setup.Domain, found.ID); err != nil {
			return setup, err
		}
	}
	return s.Submit(ctx, id, wizard.Directory, seen, actor, wizard.DirectoryGiven{
		DirectoryID: found.ID, ClientID: clientID, Authority: found.Authority, Region: found.Region, Proven: proven,
	})
}

func (s *Service) lookUp(ctx context.Context, directory, clientID string) (found entra.Directory, proven bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	found, err = s.Directory.Lookup(ctx, directory)
	switch {
	case err == nil:
		if found.ID == clientID {
			return found, true, fault.New(fault.Invalid, "directory.same", nil)
		}
		return found, true, nil
	case fault.Is(err, fault.Unavailable) && wizard.IsGUID(directory):
		s.Log.InfoContext(ctx, "directory not proven", "fault", fault.Of(err).ID)
		return entra.Directory{ID: directory, Authority: entra.Authority(directory)}, false, nil
	case fault.Is(err, fault.Unavailable):
		return found, false, fault.Wrap(err, fault.Unavailable, "directory.domain-unproven", nil)
	case fault.Of(err).ID == "entra.directory-unknown" && wizard.IsGUID(directory):
		if other, swapErr := s.Directory.Lookup(ctx, clientID); swapErr == nil && other.ID == clientID {
			return found, false, fault.Wrap(err, fault.Invalid, "directory.swapped", nil)
		}
	}
	return found, false, err
}

// checkPin demands that the pinned domain belongs to the directory: otherwise whoever holds a setup link could
// connect a directory of their own.
func (s *Service) checkPin(ctx context.Context, domain, directory string) error {
	ctx, cancel := context.WithTimeout(ctx, directoryPatience)
	defer cancel()
	owner, err := s.Directory.Lookup(ctx, domain)
	if fault.Is(err, fault.Unavailable) {
		return fault.Wrap(err, fault.Unavailable, "directory.pin-unproven", fault.Data{"Domain": domain})
	}
	if err != nil || owner.ID != directory {
		return fault.Wrap(err, fault.Invalid, "directory.not-pinned", fault.Data{"Domain": domain})
	}
	return nil
}

// ReceiveSecret seals the client secret and keeps it. The rest of the secret step may still be wrong.
func (s *Service) ReceiveSecret(ctx context.Context, id, session, actor string, value secret.Secret) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, actor, "secret.received", nil, wizard.SecretReceived{Session: session})
		if err != nil {
			return Change{}, err
		}
		sealed := s.Keys.Seal(value, place(id, ClientSecretName))
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
	sealed, err := s.Store.Sealed(ctx, id, ClientSecretName)
	if errors.Is(err, ErrNotFound) {
		return secret.Secret{}, s.askAgain(ctx, id, "secret.gone", err)
	}
	if err != nil {
		return secret.Secret{}, err
	}
	value, err := s.Keys.Open(sealed, place(id, ClientSecretName))
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
		c, err := recorded(setup, now, "system", "secret.dropped", nil, wizard.SecretDropped{})
		c.Drop = []string{ClientSecretName}
		return c, err
	})
}

// Sweep drops client secrets whose time has passed.
func (s *Service) Sweep(ctx context.Context) error {
	expired, err := s.Store.ExpiredSecrets(ctx, s.Now().UTC())
	if err != nil {
		return fmt.Errorf("list expired secrets: %w", err)
	}
	for _, e := range expired {
		if _, err := s.dropSecret(ctx, e.Setup); err != nil {
			return fmt.Errorf("drop client secret of setup %s: %w", e.Setup, err)
		}
	}
	return nil
}
