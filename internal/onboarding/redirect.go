package onboarding

import (
	"context"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// redirectTime is how long Aritma ID may take to say which Redirect URI it sends.
const redirectTime = 5 * time.Second

// proveRedirect reads off the wire which Redirect URI Aritma ID sends for the scheme, and corrects the card when it is another
// one.
func (s *Service) proveRedirect(ctx context.Context, id string, actor Actor) {
	setup, err := s.Setup(ctx, id)
	r := setup.State.Registration
	if err != nil || s.Signin == nil || !r.Exists || r.Intent != "" || r.Redirect.At.After(setup.State.Marks[wizard.Review].At) {
		return
	}
	proven := s.readRedirect(ctx, setup)
	facts := factsOf(proven.Check)
	facts["uri"] = proven.URI
	_, err = s.record(context.WithoutCancel(ctx), id, actor, "redirect.proven", facts, proven)
	if err != nil && !fault.Is(err, fault.Conflict) {
		s.Log.ErrorContext(ctx, "proof of Redirect URI not stored", "setup", id, "error", err)
	}
}

func (s *Service) readRedirect(ctx context.Context, setup Setup) wizard.RedirectProven {
	ctx, cancel := context.WithTimeout(ctx, redirectTime)
	defer cancel()
	shown := s.RedirectURI(setup)
	sent, err := s.Signin.RedirectURI(ctx, setup.Tenant, setup.State.Registration.Sent.Scheme, s.MicrosoftHosts)
	if err == nil && !s.onAritmaID(sent.RedirectURI) {
		err = fault.New(fault.Upstream, "redirect.foreign", fault.Data{"URI": sent.RedirectURI})
	}
	if err == nil && !strings.EqualFold(sent.ClientID, setup.State.Registration.Sent.ClientID) {
		err = fault.New(fault.Upstream, "redirect.other-client", fault.Data{"ClientID": sent.ClientID})
	}
	if err == nil && !strings.EqualFold(sent.Authority, setup.State.Registration.Sent.DirectoryID) {
		err = fault.New(fault.Upstream, "redirect.other-directory", fault.Data{"Directory": sent.Authority})
	}
	proven := wizard.RedirectProven{Check: s.checkOf(ctx, setup.ID, "prove-redirect", err)}
	if err == nil {
		proven.URI, proven.Differs = sent.RedirectURI, sent.RedirectURI != shown
	}
	return proven
}
