package onboarding

import (
	"context"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
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
func (s *Service) Submit(ctx context.Context, id string, step wizard.Step, seen int, actor Actor, event wizard.Event) (Setup, error) {
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
func complete(c *Change, now time.Time, actor Actor) {
	c.Setup.CompletedAt = now
	c.Setup.State.ClientSecret.Held = false
	c.Drop = append(c.Drop, ClientSecretName)
	c.Events = append(c.Events, Event{Setup: c.Setup.ID, At: now, Actor: actor.Who, From: actor.From, Kind: "setup.completed"})
}

// SubmitDirectory looks the directory up at Microsoft and saves it. Microsoft being out of reach does not stop the
// step, unless the setup is pinned to a domain: then the directory must be shown to own it.
//
// Faults of kind Invalid are about the directory: entra.directory-unknown, entra.directory-malformed,
// directory.swapped, directory.not-pinned.
func (s *Service) SubmitDirectory(ctx context.Context, id string, seen int, actor Actor, directory, clientID string) (Setup, error) {
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
