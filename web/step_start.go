package web

import (
	"errors"
	"net/http"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// showSetup leads to where the setup goes on.
func (s *Server) showSetup(v *visit) error { return v.next(v.setup) }

func (s *Server) startView(v *visit) page.StartView {
	a := v.setup.State.Answers
	return page.StartView{Frame: s.stepFrame(v, wizard.Start), Form: s.form(v, wizard.Start), SharingScreen: a.SharingScreen, TwoApps: a.TwoApps}
}

func (s *Server) showStart(v *visit) error {
	return v.render(http.StatusOK, page.Start(s.startView(v)))
}

func (s *Server) submitStart(v *visit) error {
	m := &mistakes{v: v}
	sharing := m.oneOf("sharing", "start.sharing.missing", "yes", "no")
	applications := m.oneOf("applications", "start.applications.missing", "one", "two")
	if !m.any() {
		setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Start, v.seen(), v.actor(),
			wizard.Started{SharingScreen: sharing == "yes", TwoApps: applications == "two"})
		var changed *onboarding.ChangedError
		if !errors.As(err, &changed) {
			return s.saved(v, wizard.Start, setup, err)
		}
		a := changed.Setup.State.Answers
		view := s.startView(v)
		view.SharingScreen, view.TwoApps = sharing == "yes", applications == "two"
		s.compare(v, &view.Form, wizard.Start, changed,
			component.CompareRow{Label: v.t.T("start.sharing"), Here: s.yesWord(v, view.SharingScreen), There: s.yesWord(v, a.SharingScreen)},
			component.CompareRow{Label: v.t.T("start.applications"), Here: s.applicationsWord(v, view.TwoApps), There: s.applicationsWord(v, a.TwoApps)})
		return v.render(http.StatusConflict, page.Start(view))
	}
	view := s.startView(v)
	view.SharingScreen, view.TwoApps = sharing != "no", applications == "two"
	wrong(&view.Frame, &view.Form, m)
	return v.render(http.StatusUnprocessableEntity, page.Start(view))
}

func (s *Server) yesWord(v *visit, yes bool) string {
	if yes {
		return v.t.T("yes")
	}
	return v.t.T("no")
}

func (s *Server) applicationsWord(v *visit, two bool) string {
	if two {
		return v.t.T("start.applications.two")
	}
	return v.t.T("start.applications.one")
}
