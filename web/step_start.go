package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/wizard"
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
	if err := readForm(v.r); err != nil {
		return err
	}
	m := &mistakes{v: v}
	sharing := m.oneOf("sharing", "start.sharing.missing", "yes", "no")
	applications := m.oneOf("applications", "start.applications.missing", "one", "two")
	if !m.any() {
		setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Start, v.seen(), v.actor(),
			wizard.Started{SharingScreen: sharing == "yes", TwoApps: applications == "two"})
		return s.saved(v, wizard.Start, setup, err)
	}
	view := s.startView(v)
	wrong(&view.Frame, &view.Form, m)
	return v.render(http.StatusUnprocessableEntity, page.Start(view))
}
