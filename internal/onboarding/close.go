package onboarding

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// ErrClosed says that customer success closed the setup: nobody gets in until it is opened again. What it holds stays.
var ErrClosed = fault.New(fault.Gone, "setup.closed", nil)

// Close shuts a setup: its links open nothing and whoever is in it is out at the next request. Doing it twice is fine.
func (s *Service) Close(ctx context.Context, id string, actor Actor) error {
	return s.set(ctx, id, actor, "setup.closed", func(setup *Setup, now time.Time) error {
		if !setup.ClosedAt.IsZero() {
			return errAsItWas
		}
		setup.ClosedAt = now
		return nil
	})
}

// Reopen lets people in again, by links that are still good or by signing in.
func (s *Service) Reopen(ctx context.Context, id string, actor Actor) error {
	return s.set(ctx, id, actor, "setup.reopened", func(setup *Setup, _ time.Time) error {
		if setup.ClosedAt.IsZero() {
			return errAsItWas
		}
		setup.ClosedAt = time.Time{}
		return nil
	})
}

// About is what customer success says of a setup, and may correct.
type About struct{ Company, Domain, Contact string }

// ErrDomainFixed says that the directory was chosen by the domain, which stays therefore.
var ErrDomainFixed = fault.New(fault.Conflict, "console.about.domain-fixed", nil)

// DomainFixed reports whether the e-mail domain stays as it is: a directory was chosen by it.
func (s Setup) DomainFixed() bool {
	_, answered := s.State.Marks[wizard.Directory]
	return answered || s.State.SchemeFixed()
}

// Correct changes what customer success said of a setup; ErrDomainFixed when it is too late for another domain.
func (s *Service) Correct(ctx context.Context, id string, a About, actor Actor) error {
	return s.set(ctx, id, actor, "setup.corrected", func(setup *Setup, _ time.Time) error {
		switch before := (About{setup.Company, setup.Domain, setup.Contact}); {
		case before == a:
			return errAsItWas
		case a.Domain != before.Domain && setup.DomainFixed():
			return ErrDomainFixed
		}
		setup.Company, setup.Domain, setup.Contact = a.Company, a.Domain, a.Contact
		return nil
	})
}

// LetWatch says whether customer success may look at the setup while the customer works in it.
func (s *Service) LetWatch(ctx context.Context, id string, actor Actor, may bool) error {
	kind := "watching.refused"
	if may {
		kind = "watching.allowed"
	}
	return s.set(ctx, id, actor, kind, func(setup *Setup, _ time.Time) error {
		if setup.Unwatched == !may {
			return errAsItWas
		}
		setup.Unwatched = !may
		return nil
	})
}

// ShareScreen says whether the customer's screen is seen by others: what is secret is asked about before it is shown then.
func (s *Service) ShareScreen(ctx context.Context, id string, actor Actor, shared bool) error {
	kind := "sharing.ended"
	if shared {
		kind = "sharing.began"
	}
	return s.set(ctx, id, actor, kind, func(setup *Setup, _ time.Time) error {
		if setup.State.Answers.SharingScreen == shared {
			return errAsItWas
		}
		setup.State.Answers.SharingScreen = shared
		return nil
	})
}

// errAsItWas says that there is nothing to save.
var errAsItWas = errors.New("as it was")

// set changes something of a setup that is no answer, and records it when it was a change.
func (s *Service) set(ctx context.Context, id string, actor Actor, kind string, change func(setup *Setup, now time.Time) error) error {
	_, err := s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		if err := change(&setup, now); err != nil {
			return Change{}, err
		}
		return recorded(setup, now, actor, kind, nil)
	})
	if errors.Is(err, errAsItWas) {
		return nil
	}
	return err
}
