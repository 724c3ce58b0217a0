package web

import (
	"errors"
	"net/http"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const maxName = 80 // characters on the login button; Aritma documents no limit

func (s *Server) signinView(v *visit) page.SigninView {
	a := v.setup.State.Answers
	view := page.SigninView{
		Frame: s.stepFrame(v, wizard.Signin), Form: s.form(v, wizard.Signin), DisplayName: a.DisplayName, Scheme: a.Scheme,
		AutoProvision: a.AutoProvision, HoldButton: a.HoldButton, SchemeFixed: v.setup.State.SchemeFixed(),
	}
	if view.Scheme == "" {
		view.DisplayName, view.Scheme = v.setup.Company, v.setup.ProposedScheme()
	}
	return view
}

func (s *Server) showSignin(v *visit) error {
	return v.render(http.StatusOK, page.Signin(s.signinView(v)))
}

func (s *Server) submitSignin(v *visit) error {
	name, scheme := text(v.r, "name"), wizard.CleanID(v.r.PostForm.Get("scheme"))
	m := &mistakes{v: v}
	m.name(name)
	m.scheme(scheme)
	create := m.oneOf("create", "signin.create.missing", "yes", "no")
	button := m.oneOf("button", "signin.button.missing", "now", "later")
	view := s.signinView(v)
	view.DisplayName, view.Scheme = v.r.PostForm.Get("name"), v.r.PostForm.Get("scheme")
	view.AutoProvision, view.HoldButton = create == "yes", button == "later"
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Signin(view))
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Signin, v.seen(), v.actor(), wizard.SigninChosen{
		DisplayName: name, Scheme: scheme, AutoProvision: create == "yes", HoldButton: button == "later",
	})
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) {
		a := changed.Setup.State.Answers
		s.compare(v, &view.Form, wizard.Signin, changed,
			component.CompareRow{Label: v.t.T("signin.name"), Here: name, There: a.DisplayName},
			component.CompareRow{Label: v.t.T("signin.scheme"), Here: scheme, There: a.Scheme},
			component.CompareRow{Label: v.t.T("signin.create"), Here: s.createWord(v, create == "yes"), There: s.createWord(v, a.AutoProvision)},
			component.CompareRow{Label: v.t.T("signin.button"), Here: s.buttonWord(v, button == "later"), There: s.buttonWord(v, a.HoldButton)})
		return v.render(http.StatusConflict, page.Signin(view))
	}
	return s.saved(v, wizard.Signin, setup, err)
}

func (s *Server) createWord(v *visit, create bool) string {
	if create {
		return v.t.T("signin.create.yes")
	}
	return v.t.T("signin.create.no")
}

func (s *Server) buttonWord(v *visit, hold bool) string {
	if hold {
		return v.t.T("signin.button.later")
	}
	return v.t.T("signin.button.now")
}

func (m *mistakes) name(name string) {
	switch n := len([]rune(name)); {
	case n == 0:
		m.add("name", "signin.name.missing")
	case n > maxName:
		m.add("name", "signin.name.long", "Length", n, "Max", maxName)
	}
}

func (m *mistakes) scheme(scheme string) {
	switch {
	case scheme == "":
		m.add("scheme", "signin.scheme.missing")
	case len(scheme) > wizard.MaxSchemeLength:
		m.add("scheme", "signin.scheme.long", "Length", len(scheme), "Max", wizard.MaxSchemeLength)
	case !wizard.IsScheme(scheme):
		m.add("scheme", "signin.scheme.shape")
	}
}
