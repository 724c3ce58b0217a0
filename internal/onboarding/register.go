package onboarding

import (
	"context"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Registration is what the admin asked for on the review step.
type Registration struct {
	Operation  string // single-use id of the form
	Adopt      bool   // take over the existing provider of the same scheme
	ProviderID int64  // typed by the admin where Aritma would not tell it; 0 otherwise
}

// Register brings the provider in Aritma in line with the answers: creates it, updates it, or takes an existing one
// over. The outcome, or the problem, is in the setup afterwards; while it is still under way Busy says so.
func (s *Service) Register(ctx context.Context, id string, r Registration, access Access) error {
	return s.act(ctx, id, access, func(ctx context.Context) {
		moved := s.moves(ctx, id)
		if err := s.register(ctx, id, r, access); err != nil {
			s.storeProblem(ctx, id, access.Actor, "register", err, registrationFailed)
			return
		}
		s.proveRedirect(ctx, id, access.Actor)
		if moved {
			s.recount(ctx, id, access)
		}
	})
}

// moves reports whether the provider is about to be moved to another application.
func (s *Service) moves(ctx context.Context, id string) bool {
	setup, err := s.Setup(ctx, id)
	sent := setup.State.Registration.Sent
	return err == nil && setup.State.Registration.Exists && (sent.ClientID != setup.State.Answers.ClientID || sent.DirectoryID != setup.State.Answers.DirectoryID)
}

// storeProblem keeps why an act ended, as the event that makeEvent returns. A used operation id is no problem: the
// form was sent twice, and its outcome is stored already.
func (s *Service) storeProblem(ctx context.Context, id string, actor Actor, action string, err error, makeEvent func(wizard.State, wizard.Problem, error) wizard.Event) {
	cause := err
	if isUsed(err) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	p := s.problem(ctx, id, action, err)
	_, err = s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		return recorded(setup, now, actor, action+".failed", failureOf(p), makeEvent(setup.State, p, cause))
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "problem not stored", "setup", id, "reference", p.Reference, "error", err)
	}
}

// registrationFailed keeps the intent of a create whose outcome is unknown, and of a removal that goes on later.
func registrationFailed(state wizard.State, p wizard.Problem, cause error) wizard.Event {
	if intent := state.Registration.Intent; intent == wizard.Create || intent == wizard.Remove {
		return wizard.RegistrationUnclear{Problem: p}
	}
	return wizard.RegistrationFailed{Problem: p, Unknown: !iam.SurelyNotDone(cause)}
}

func (s *Service) register(ctx context.Context, id string, r Registration, access Access) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	if setup.State.Complete(wizard.Review) {
		return nil // the outcome of this very form, sent twice
	}
	token, err := access.token(ctx)
	if err != nil {
		return err
	}
	if setup, err = s.settleCreate(ctx, setup, token, access.Actor); err != nil || setup.State.Complete(wizard.Review) {
		return err
	}
	switch {
	case setup.State.Registration.Exists:
		return s.put(ctx, setup, wizard.Update, r, token, access)
	case r.Adopt && setup.State.Registration.Clash != nil:
		return s.put(ctx, setup, wizard.Adopt, r, token, access)
	default:
		return s.create(ctx, setup, r, token, access)
	}
}

// provider is the request body that the answers make.
func provider(a wizard.Answers, clientSecret secret.Secret) iam.AzureAD {
	return iam.AzureAD{
		Scheme: a.Scheme, DisplayName: a.DisplayName, Enabled: true,
		LoginEnabled: true, Visible: !a.HoldButton, AutoProvisioningEnabled: a.AutoProvision, UsePKCE: true,
		ClientID: a.ClientID, ClientSecret: clientSecret, Authority: a.Authority,
		ResponseType: "code", Scope: "openid profile email",
	}
}

// Preview is the request that Register would send, with the secret masked.
func (s *Service) Preview(setup Setup) (method, url, body string) {
	p := provider(setup.State.Answers, secret.New(secret.Placeholder)) // shown as the placeholder, whatever it is
	if setup.State.Registration.Exists {
		id := setup.State.Registration.ProviderID
		return "PUT", s.IAM.UpdateURL(id), string(p.PreviewUpdate(id))
	}
	return "POST", s.IAM.RegisterURL(), string(p.Preview())
}

func (s *Service) create(ctx context.Context, setup Setup, r Registration, token secret.Secret, access Access) error {
	actor := access.Actor
	received := setup.State.ClientSecret.ReceivedAt
	clientSecret, err := s.clientSecret(ctx, setup, access)
	if err != nil {
		return err
	}
	existing, looked, err := s.providerOf(ctx, setup, token)
	if err != nil {
		return err
	}
	if existing != nil {
		return s.taken(ctx, setup, *existing, actor)
	}
	setup, err = s.intend(ctx, setup.ID, actor, wizard.RegistrationIntended{Act: wizard.Create, Operation: r.Operation, Looked: looked, Received: received})
	if err != nil {
		return err
	}
	id, err := s.IAM.RegisterAzureAD(ctx, token, provider(setup.State.Answers, clientSecret))
	if err != nil {
		return s.afterFailedCreate(ctx, setup, token, actor, err)
	}
	if id == 0 {
		if made, _, err := s.providerOf(ctx, setup, token); err == nil && made != nil {
			id = made.ID
		}
	}
	return s.registered(ctx, setup, id, actor)
}

// intend stores an intent together with the operation id, which makes the form single-use.
func (s *Service) intend(ctx context.Context, id string, actor Actor, intent wizard.RegistrationIntended) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		detail := map[string]string{"operation": intent.Operation, "act": string(intent.Act)}
		c, err := recorded(setup, now, actor, "provider.intended", detail, intent)
		c.Operation = intent.Operation
		return c, err
	})
}

func (s *Service) registered(ctx context.Context, setup Setup, id int64, actor Actor) error {
	_, err := s.change(context.WithoutCancel(ctx), setup.ID, func(setup Setup, now time.Time) (Change, error) {
		detail := map[string]string{"scheme": setup.State.Answers.Scheme, "provider": fmt.Sprint(id)}
		c, err := recorded(setup, now, actor, "provider.registered", detail, wizard.RegistrationDone{ProviderID: id})
		if !c.Setup.CompletedAt.IsZero() && c.Setup.State.Finished() { // the setup was closed before: the secret has served again
			c.Setup.State.ClientSecret.Held = false
			c.Drop = append(c.Drop, ClientSecretName)
		}
		return c, err
	})
	return err
}

// taken stores that the scheme belongs to a provider which this setup did not make.
func (s *Service) taken(ctx context.Context, setup Setup, p iam.Provider, actor Actor) error {
	r := setup.State.Registration
	_, err := s.record(ctx, setup.ID, actor, "provider.scheme-taken", map[string]string{"scheme": setup.State.Answers.Scheme},
		wizard.SchemeTaken{Clash: wizard.Clash{Scheme: setup.State.Answers.Scheme, ProviderID: p.ID, DisplayName: p.DisplayName, Perhaps: r.Operation != "" && !r.Looked}})
	return err
}

// providerOf finds the provider of the setup's scheme. Looked is false when Aritma does not list providers.
func (s *Service) providerOf(ctx context.Context, setup Setup, token secret.Secret) (found *iam.Provider, looked bool, err error) {
	list, err := s.IAM.Providers(ctx, token)
	if iam.NotOffered(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, p := range list {
		if p.Scheme == setup.State.Answers.Scheme {
			return &p, true, nil
		}
	}
	return nil, true, nil
}

// afterFailedCreate looks again: a failed answer says little about whether the provider was made.
func (s *Service) afterFailedCreate(ctx context.Context, setup Setup, token secret.Secret, actor Actor, cause error) error {
	notDone := iam.SurelyNotDone(cause)
	existing, looked, err := s.providerOf(ctx, setup, token)
	switch {
	case err == nil && existing != nil && !notDone && s.ours(setup, *existing):
		return s.registered(ctx, setup, existing.ID, actor)
	case err == nil && existing != nil:
		return s.taken(ctx, setup, *existing, actor)
	case err == nil && !looked && fault.Is(cause, fault.Conflict):
		return s.taken(ctx, setup, iam.Provider{}, actor)
	case notDone || (err == nil && looked):
		p := s.problem(ctx, setup.ID, "register", cause)
		_, err := s.record(context.WithoutCancel(ctx), setup.ID, actor, "register.failed",
			failureOf(p), wizard.RegistrationFailed{Problem: p})
		return err
	}
	return cause // unclear: the intent stays, and the next attempt settles it first
}

// ours tells a provider that an earlier attempt of this setup made from somebody else's: it was not there before the
// intent, and bears the name that was sent.
func (s *Service) ours(setup Setup, p iam.Provider) bool {
	return setup.State.Registration.Looked && p.DisplayName == setup.State.Answers.DisplayName
}

// settleCreate finds out what became of a create whose outcome is not stored: afterwards it is registered, taken, or
// not done. Where Aritma does not list providers it counts as not done; a repeat then meets the provider as a conflict.
func (s *Service) settleCreate(ctx context.Context, setup Setup, token secret.Secret, actor Actor) (Setup, error) {
	if setup.State.Registration.Intent != wizard.Create {
		return setup, nil
	}
	existing, _, err := s.providerOf(ctx, setup, token)
	switch {
	case err != nil:
		return setup, err
	case existing == nil:
		p := s.problem(ctx, setup.ID, "register", fault.New(fault.Unavailable, "review.interrupted", nil))
		_, err = s.record(ctx, setup.ID, actor, "register.failed", failureOf(p), wizard.RegistrationFailed{Problem: p})
	case s.ours(setup, *existing):
		err = s.registered(ctx, setup, existing.ID, actor)
	default:
		err = s.taken(ctx, setup, *existing, actor)
	}
	if err != nil {
		return setup, err
	}
	return s.Setup(ctx, setup.ID)
}

// put updates the provider, or takes an existing one over. A PUT may be repeated, so its intent needs no settling.
func (s *Service) put(ctx context.Context, setup Setup, act wizard.Act, r Registration, token secret.Secret, access Access) error {
	actor := access.Actor
	received := setup.State.ClientSecret.ReceivedAt
	clientSecret, err := s.clientSecret(ctx, setup, access)
	if err != nil {
		return err
	}
	id, err := s.providerID(ctx, setup, r, token)
	if err != nil {
		return err
	}
	setup, err = s.intend(ctx, setup.ID, actor, wizard.RegistrationIntended{Act: act, Operation: r.Operation, Received: received})
	if err != nil {
		return err
	}
	if err := s.IAM.UpdateAzureAD(ctx, token, id, provider(setup.State.Answers, clientSecret)); err != nil {
		if iam.NotOffered(err) {
			return fault.Wrap(err, fault.Upstream, "review.update-not-offered", nil)
		}
		return err
	}
	return s.registered(ctx, setup, id, actor)
}

// providerID is the number that PUT needs: stored, found in the list by scheme, or typed where Aritma would not list
// it. A typed one counts only when the provider behind it bears the scheme: any other is somebody else's.
func (s *Service) providerID(ctx context.Context, setup Setup, r Registration, token secret.Secret) (int64, error) {
	known := setup.State.Registration.ProviderID
	if clash := setup.State.Registration.Clash; clash != nil {
		known = clash.ProviderID
	}
	if known != 0 {
		return known, nil
	}
	found, _, err := s.providerOf(ctx, setup, token)
	if err != nil {
		return 0, err
	}
	if found != nil && found.ID != 0 {
		return found.ID, nil
	}
	scheme := setup.State.Answers.Scheme
	if r.ProviderID == 0 {
		return 0, fault.New(fault.NotFound, "review.no-provider-id", fault.Data{"Scheme": scheme})
	}
	typed, err := s.IAM.AzureAD(ctx, token, r.ProviderID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	if err != nil || typed.Scheme != scheme {
		return 0, fault.Wrap(err, fault.NotFound, "review.other-provider", fault.Data{"ID": r.ProviderID, "Scheme": scheme})
	}
	return r.ProviderID, nil
}
