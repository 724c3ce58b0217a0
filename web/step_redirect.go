package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showRedirect(v *visit) error {
	return v.render(http.StatusOK, page.Redirect(page.RedirectView{
		Frame: s.stepFrame(v, wizard.Redirect), Form: s.form(v, wizard.Redirect), RedirectURI: s.Onboarding.RedirectURI(v.setup),
		AuthenticationURL: s.portal(v, portal.Authentication), ClaimsURL: s.portal(v, portal.TokenConfiguration),
	}))
}

func (s *Server) submitRedirect(v *visit) error {
	if err := readForm(v.r); err != nil {
		return err
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Redirect, v.seen(), v.actor(), wizard.RedirectAdded{})
	return s.saved(v, wizard.Redirect, setup, err)
}
