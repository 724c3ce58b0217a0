package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showRedirect(v *visit) error {
	return v.render(http.StatusOK, page.Redirect(page.RedirectView{
		Frame: s.stepFrame(v, wizard.Redirect), Form: s.form(v, wizard.Redirect), RedirectURI: s.Onboarding.RedirectURI(v.setup),
		AuthenticationURL: s.portal(v, portal.Authentication), ClaimsURL: s.portal(v, portal.TokenConfiguration), Proof: s.redirectProof(v),
	}))
}

// redirectProof says what Aritma ID really sends; nil before the registration, when it cannot be asked yet.
func (s *Server) redirectProof(v *visit) *component.NoticeView {
	r := v.setup.State.Registration
	at := s.clock(v.t, r.Redirect.At)
	switch {
	case !r.Exists:
		return nil
	case r.Redirect.Differs:
		return &component.NoticeView{Kind: component.NoticeWarning, Title: v.t.T("redirect.differs.title"), Text: v.t.T("redirect.differs", "Time", at)}
	case r.Redirect.Outcome == wizard.Good:
		return &component.NoticeView{Kind: component.NoticeGood, Title: v.t.T("redirect.proven.title"), Text: v.t.T("redirect.proven", "Time", at)}
	case r.Redirect.Outcome == wizard.Bad:
		return s.problemNotice(v, r.Redirect.Problem)
	}
	return &component.NoticeView{Title: v.t.T("redirect.unproven.title"), Text: v.t.T("redirect.unproven")}
}

// redirectProblem is the proof of the Redirect URI where it went wrong: told on the pages that follow the registration.
func (s *Server) redirectProblem(v *visit) []component.NoticeView {
	if v.setup.State.Registration.Redirect.Outcome != wizard.Bad || v.setup.State.Registration.Redirect.Problem == nil {
		return nil
	}
	return []component.NoticeView{*s.redirectProof(v)}
}

func (s *Server) submitRedirect(v *visit) error {
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Redirect, v.seen(), v.actor(), wizard.RedirectAdded{})
	return s.saved(v, wizard.Redirect, setup, err)
}
