package onboarding

import (
	"context"
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// StartOver deletes what this setup made in Aritma, and then forgets its answers and secrets. A provider that was
// taken over is left as it is. It may be repeated until nothing is left.
func (s *Service) StartOver(ctx context.Context, id, operation string, access Access) error {
	return s.act(ctx, id, access, func(ctx context.Context) {
		if err := s.startOver(ctx, id, operation, access); err != nil {
			s.storeProblem(ctx, id, access.Actor, "start-over", err, removalFailed)
		}
	})
}

// removalFailed keeps the intent where the answer leaves open what is there, so that the removal goes on later. Where
// Aritma plainly refuses, the setup goes on with what is left.
func removalFailed(state wizard.State, p wizard.Problem, _ error) wizard.Event {
	open := p.Kind == fault.Unavailable || p.Kind == fault.Unknown || (p.Kind == fault.Upstream && p.ID != notOfferedHere)
	if state.Registration.Intent != "" && open {
		return wizard.RegistrationUnclear{Problem: p}
	}
	return wizard.RegistrationFailed{Problem: p}
}

const notOfferedHere = "start-over.not-offered"

func (s *Service) startOver(ctx context.Context, id, operation string, access Access) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	var token secret.Secret
	if setup.InAritma() {
		if token, err = access.token(ctx); err != nil {
			return err
		}
		if err := s.settleAll(ctx, setup, token, access.Actor); err != nil {
			return err
		}
	}
	intent := wizard.RegistrationIntended{Act: wizard.Remove, Operation: operation}
	if setup, err = s.intend(ctx, id, access.Actor, intent); err != nil {
		return err
	}
	if err := s.removeTokens(ctx, setup, token, access.Actor); err != nil {
		return err
	}
	if err := s.removeProvider(ctx, setup, token); err != nil {
		return err
	}
	_, err = s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, access.Actor, "setup.started-over", nil, wizard.Removed{})
		c.Setup.State.Answers.SharingScreen = true
		c.Setup.CompletedAt = time.Time{}
		c.Drop = []string{ClientSecretName, SCIMTokenName, trialName}
		return c, err
	})
	return err
}

// InAritma reports whether the setup made, or may have made, anything in Aritma.
func (s Setup) InAritma() bool {
	r, t := s.State.Registration, s.State.Token
	return r.Exists || r.Intent != "" || t.Status != wizard.TokenNone || len(t.Old) > 0
}

// settleAll finds out what intents without an outcome left behind, so that it can be removed too.
func (s *Service) settleAll(ctx context.Context, setup Setup, token secret.Secret, actor Actor) error {
	setup, err := s.settleCreate(ctx, setup, token, actor)
	if err != nil {
		return err
	}
	if act := setup.State.Registration.Intent; act == wizard.Update || act == wizard.Adopt { // a PUT cut off: its outcome no longer matters
		p := s.problem(ctx, setup.ID, "register", fault.New(fault.Unavailable, "review.interrupted", nil))
		if setup, err = s.record(ctx, setup.ID, actor, "register.failed", failureOf(p), wizard.RegistrationFailed{Problem: p, Unknown: true}); err != nil {
			return err
		}
	}
	if setup, err = s.settleToken(ctx, setup, token, actor); err != nil || setup.State.Token.Status != wizard.TokenIntended {
		return err
	}
	failed := wizard.TokenFailed{Problem: s.problem(ctx, setup.ID, "token", fault.New(fault.Unavailable, "token.interrupted", nil))}
	_, err = s.record(ctx, setup.ID, actor, "token.failed", failureOf(failed.Problem), failed)
	return err
}

func (s *Service) removeTokens(ctx context.Context, setup Setup, token secret.Secret, actor Actor) error {
	ids := slices.Clone(setup.State.Token.Old)
	if id := setup.State.Token.ID; id != "" {
		ids = append(ids, id)
	}
	for _, id := range ids {
		if err := s.IAM.DeleteSCIMToken(ctx, token, id); err != nil && !s.tokenGone(ctx, id, token, err) {
			return notRemoved(err)
		}
		if _, err := s.record(ctx, setup.ID, actor, "token.removed", map[string]string{"token": id}, wizard.TokensRemoved{IDs: []string{id}}); err != nil {
			return err
		}
	}
	return nil
}

// removeProvider deletes the provider that this setup made: the one behind the stored number if it bears the scheme,
// otherwise the one that the list shows for the scheme. What bears another scheme is somebody else's.
func (s *Service) removeProvider(ctx context.Context, setup Setup, token secret.Secret) error {
	r := setup.State.Registration
	if !r.Exists || r.Adopted {
		return nil
	}
	id := r.ProviderID
	if id != 0 {
		there, err := s.IAM.AzureAD(ctx, token, id)
		switch {
		case err == nil && there.Scheme != r.Sent.Scheme:
			id = 0
		case fault.Is(err, fault.NotFound) && !iam.NotOffered(err):
			return nil // somebody removed it
		case err != nil && !iam.NotOffered(err):
			return err
		}
	}
	if id != 0 {
		if err := s.IAM.DeleteAzureAD(ctx, token, id); !iam.NotOffered(err) {
			return err
		}
	}
	found, looked, err := s.providerOf(ctx, setup, token)
	switch {
	case err != nil:
		return err
	case found == nil && looked:
		return nil
	case found == nil || found.ID == 0 || found.ID == id:
		return fault.New(fault.Upstream, notOfferedHere, nil)
	}
	return notRemoved(s.IAM.DeleteAzureAD(ctx, token, found.ID))
}

// tokenGone reports whether a token that cannot be deleted here is not in the list any more: somebody else did it.
func (s *Service) tokenGone(ctx context.Context, id string, token secret.Secret, err error) bool {
	if !iam.NotOffered(err) {
		return false
	}
	list, err := s.IAM.SCIMTokens(ctx, token)
	return err == nil && !slices.ContainsFunc(list, func(t iam.SCIMToken) bool { return t.ID == id })
}

func notRemoved(err error) error {
	if iam.NotOffered(err) {
		return fault.Wrap(err, fault.Upstream, notOfferedHere, nil)
	}
	return err
}

// DiscardChanges returns to the answers that Aritma holds.
func (s *Service) DiscardChanges(ctx context.Context, id string, actor Actor) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, actor, "changes.discarded", nil, wizard.ChangesDiscarded{})
		c.Drop = []string{ClientSecretName}
		return c, err
	})
}
