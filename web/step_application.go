package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showApplication(v *visit) error {
	view := page.ApplicationView{
		Frame: s.stepFrame(v, wizard.Application), Form: s.form(v, wizard.Application),
		TwoApps: v.setup.State.Answers.TwoApps, Name: v.t.T("application.name"), PortalURL: s.portal(v, portal.CreateApplication),
	}
	if view.TwoApps {
		view.Frame.Lead, view.Name = v.t.T("application.lead.two"), v.t.T("application.name.two")
	}
	return v.render(http.StatusOK, page.Application(view))
}

func (s *Server) submitApplication(v *visit) error {
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Application, v.seen(), v.actor(), wizard.ApplicationCreated{})
	return s.saved(v, wizard.Application, setup, err)
}
