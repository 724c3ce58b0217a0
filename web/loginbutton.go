package web

import (
	"errors"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// loginButton says whether the login button is shown, as Aritma holds it, and leads back to the given step.
func (s *Server) loginButton(v *visit, back wizard.Step) page.LoginButtonView {
	sent := v.setup.State.Registration.Sent
	return page.LoginButtonView{
		Name: sent.DisplayName, Hidden: sent.HoldButton,
		Action: v.url("signin-test/button"), Operation: onboarding.NewOperation(), Back: string(back),
	}
}

// submitButton shows or hides the login button: the answer is changed, and sent to Aritma at once where the client secret
// is still held. Otherwise the secret step asks for it and says why.
func (s *Server) submitButton(v *visit) error {
	back := v.step(wizard.SigninTest)
	if v.r.PostForm.Get("back") == string(wizard.Done) {
		back = v.step(wizard.Done)
	}
	m := &mistakes{v: v}
	show, op := m.oneOf("show", "signin.button.missing", "yes", "no"), operation(v.r)
	if m.any() || op == "" {
		return v.redirect(back)
	}
	setup, err := s.holdButton(v, show == "no")
	var changed *onboarding.ChangedError
	switch {
	case errors.As(err, &changed), fault.Is(err, fault.Conflict):
		return v.redirect(back)
	case err != nil:
		return err
	case setup.State.Complete(wizard.Review): // it is so already
		return v.redirect(back)
	case setup.State.NeedsSecret():
		return v.redirect(v.step(wizard.Secret))
	case s.needsAccess(v):
		return v.redirect(v.step(wizard.Review))
	}
	if err := s.Onboarding.Register(v.ctx(), v.setup.ID, onboarding.Registration{Operation: op}, s.access(v)); err != nil {
		return err
	}
	if setup, err = s.Onboarding.Setup(v.ctx(), v.setup.ID); err != nil {
		return err
	}
	if err := s.forgetRefused(v, setup.State.Registration.Problem); err != nil {
		return err
	}
	if !setup.State.Complete(wizard.Review) {
		return v.redirect(v.step(wizard.Review)) // under way, or why not
	}
	return v.redirect(back)
}

func (s *Server) holdButton(v *visit, hold bool) (onboarding.Setup, error) {
	a := v.setup.State.Answers
	if a.HoldButton == hold {
		return v.setup, nil
	}
	return s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Signin, v.revision(wizard.Signin), v.actor(), wizard.SigninChosen{
		DisplayName: a.DisplayName, Scheme: a.Scheme, AutoProvision: a.AutoProvision, HoldButton: hold,
	})
}
