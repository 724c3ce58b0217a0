package onboarding

import (
	"context"
	"sync"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// probeTime is how long the SCIM endpoint may take; Entra itself waits longer.
const probeTime = 8 * time.Second

// proveToken tries the new token at the SCIM endpoint and counts who is in Aritma, while the token is still sealed: nobody
// can have been provisioned with it yet. Neither can fail the creation.
func (s *Service) proveToken(ctx context.Context, setup Setup, value, access secret.Secret, actor Actor) {
	ctx, cancel := context.WithTimeout(outbound.Once(context.WithoutCancel(ctx)), probeTime)
	defer cancel()
	var check wizard.Check
	var counted *wizard.ArrivalsCounted
	var both sync.WaitGroup
	both.Go(func() { check = s.checkOf(ctx, setup.ID, "probe-scim", s.SCIM.Probe(ctx, s.TenantURL(setup), value)) })
	if a := setup.State.Arrivals; a.Since.IsZero() && !a.Late && !access.IsZero() {
		both.Go(func() { counted = s.countArrivals(ctx, setup, access) })
	}
	both.Wait()
	events := []wizard.Event{wizard.TokenProbed{Generation: setup.State.Token.Generation, Check: check}}
	if counted != nil {
		events = append(events, *counted)
	}
	_, err := s.record(context.WithoutCancel(ctx), setup.ID, actor, "token.probed", factsOf(check), events...)
	if err != nil && !fault.Is(err, fault.Conflict) {
		s.Log.ErrorContext(ctx, "probe of SCIM endpoint not stored", "setup", setup.ID, "error", err)
	}
}

// countArrivals is what is in Aritma before provisioning; nil when Aritma does not say.
func (s *Service) countArrivals(ctx context.Context, setup Setup, access secret.Secret) *wizard.ArrivalsCounted {
	person, err := s.findPerson(ctx, setup, access)
	if err != nil {
		return s.notCounted(ctx, setup, err)
	}
	users, err := s.IAM.Users(ctx, access, "")
	if err != nil {
		return s.notCounted(ctx, setup, err)
	}
	groups, err := s.IAM.Groups(ctx, access, "")
	if err != nil {
		return s.notCounted(ctx, setup, err)
	}
	return &wizard.ArrivalsCounted{Users: users.Total, Groups: groups.Total, Person: setup.State.Answers.FirstPerson, PersonBefore: person != nil}
}

// recount counts anew after the provider was moved to another application: whoever came by the old one is no proof.
func (s *Service) recount(ctx context.Context, id string, access Access) {
	setup, err := s.Setup(ctx, id)
	if err != nil || !setup.State.Arrivals.Since.IsZero() || setup.State.Token.CreatedAt.IsZero() || !setup.State.Registration.Exists {
		return
	}
	token, err := access.token(ctx)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(outbound.Once(ctx), probeTime)
	defer cancel()
	if counted := s.countArrivals(ctx, setup, token); counted != nil {
		if _, err := s.record(ctx, id, access.Actor, "people.counted", nil, *counted); err != nil && !fault.Is(err, fault.Conflict) {
			s.Log.ErrorContext(ctx, "count not stored", "setup", id, "error", err)
		}
	}
}

func (s *Service) notCounted(ctx context.Context, setup Setup, err error) *wizard.ArrivalsCounted {
	s.Log.InfoContext(ctx, "people in Aritma not counted", "setup", setup.ID, "error", err)
	return nil
}

// ProbeToken tries the sealed token again. Once it was given out it cannot be tried any more.
func (s *Service) ProbeToken(ctx context.Context, id string, access Access) error {
	return s.act(ctx, id, access, func(ctx context.Context) {
		setup, err := s.Setup(ctx, id)
		if err != nil || setup.State.Token.Status != wizard.TokenSealed {
			return
		}
		sealed, err := s.Store.Sealed(ctx, id, SCIMTokenName)
		if err != nil {
			return // claimed meanwhile
		}
		value, err := s.Keys.Open(sealed, SecretPlace(id, SCIMTokenName))
		if err != nil {
			s.Log.ErrorContext(ctx, "sealed token unreadable", "setup", id, "error", err)
			return
		}
		s.proveToken(ctx, setup, value, secret.Secret{}, access.Actor) // the probe alone: Aritma was counted when it was made
	})
}
