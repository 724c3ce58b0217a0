package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showSigninTest(v *visit) error {
	return v.render(http.StatusOK, page.SigninTest(s.signinTestView(v)))
}

func (s *Server) signinTestView(v *visit) page.SigninTestView {
	view := page.SigninTestView{
		Frame: s.stepFrame(v, wizard.SigninTest), Form: s.form(v, wizard.SigninTest), ButtonName: v.setup.State.Answers.DisplayName,
		Button: s.loginButton(v, wizard.SigninTest), DiagnoseAction: v.url("signin-test/diagnosis"),
	}
	if s.Onboarding.CanTry() {
		trial := s.trialOfStep(v)
		trial.Say = "" // a whole page says itself what it shows
		view.Trial, view.Frame.Live = &trial, true
	}
	return view
}

// showDiagnosis explains an error of Microsoft's that was pasted. It changes nothing.
func (s *Server) showDiagnosis(v *visit) error {
	view := s.signinTestView(v)
	view.Pasted = v.r.PostForm.Get("shown")
	if text(v.r, "shown") == "" {
		m := &mistakes{v: v}
		m.add("shown", "signin-test.shown.missing")
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.SigninTest(view))
	}
	view.Found = s.found(v, s.Onboarding.Diagnose(view.Pasted))
	return v.render(http.StatusOK, page.SigninTest(view))
}

func (s *Server) found(v *visit, d onboarding.Diagnosis) *page.FoundView {
	title := v.t.T("signin-test.found.none")
	if d.Code != 0 {
		title = v.t.T("signin-test.found", "Code", d.Code)
	}
	found := &page.FoundView{
		Notice: component.NoticeView{Kind: component.NoticeWarning, Title: title, Text: v.t.T(d.Meaning, "Code", d.Code)},
		Fix:    v.t.T(d.Fix, "Code", d.Code),
	}
	if d.Place != "" {
		found.PortalURL = s.portal(v, portal.Target(d.Place))
	}
	switch {
	case d.RedirectURI == "":
	case d.Ours:
		found.RedirectURI = d.RedirectURI
	default:
		found.Foreign = d.RedirectURI
	}
	for _, id := range []component.SummaryRow{
		{Label: v.t.T("signin-test.correlation"), Value: d.Correlation}, {Label: v.t.T("signin-test.trace"), Value: d.Trace},
	} {
		if id.Value != "" {
			id.LabelLang, id.Mono = "en", true
			found.IDs = append(found.IDs, id)
		}
	}
	return found
}

func (s *Server) submitSigninTest(v *visit) error {
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.SigninTest, v.seen(), v.actor(), wizard.SigninSeen{})
	return s.saved(v, wizard.SigninTest, setup, err)
}
