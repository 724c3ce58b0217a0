package web

import (
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// callbackPath is registered at Aritma ID, behind the public address.
const callbackPath = "/signin/callback"

// showCallback is where Aritma ID sends the browser back to, with a code or an error: after a sign-in, or a test sign-in of a
// setup.
//
// OAuth answers with a GET, so this is the one GET that stores something. Nobody else can make it do so: the attempt is
// good once, and only in the browser session that began it. What stood in the address is gone with the redirect.
func (s *Server) showCallback(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	err := s.takeCallback(w, r, sess)
	if err != nil && r.URL.RawQuery != "" { // what came with it stays in no address and no Referer
		s.Log.InfoContext(r.Context(), "answer to a sign-in refused", "reference", reference(r), "error", err)
		http.Redirect(w, r, callbackPath, http.StatusSeeOther)
		return nil
	}
	return err
}

func (s *Server) takeCallback(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	query := r.URL.Query()
	if r.URL.RawQuery == "" {
		return onboarding.ErrForeignTrial
	}
	if account.IsSignin(query) {
		return s.takeSignIn(w, r, sess, query)
	}
	v, err := s.enter(w, r, onboarding.SetupOfState(query.Get("state")))
	if err != nil {
		return err
	}
	setup := v.setup
	if r.Method == http.MethodHead { // nobody signs in with one
		return v.redirect(v.url("signin-test/result"))
	}
	if err := s.Onboarding.FinishTrial(v.ctx(), setup.ID, v.sessionTag(), query, s.access(v)); err != nil {
		return err
	}
	if v.setup, err = s.Onboarding.Setup(v.ctx(), setup.ID); err != nil {
		return err
	}
	if trial := v.setup.State.Trial; trial.Outcome == wizard.Doubt { // the sign-in is over, asking about the person failed
		if err := s.forgetRefused(v, trial.Problem); err != nil {
			return err
		}
	}
	return v.redirect(v.url("signin-test/result"))
}

// trialOfResult is the panel of the tab that came back: what is to be done next stands in the wizard's tab.
func (s *Server) trialOfResult(v *visit) page.TrialView {
	view := s.trialView(v, v.url("signin-test/result"), v.url("signin-test/progress?in=result"))
	if view.Running != nil {
		view.Running.Text = v.t.T("trial.result.running.text")
	}
	return view
}

// showTrialResult says the verdict in the tab that came back.
func (s *Server) showTrialResult(v *visit) error {
	view := page.TrialResultView{Frame: s.aside(v, "trial.result.title", ""), Trial: s.trialOfResult(v), BackURL: v.step(wizard.SigninTest)}
	view.Trial.Say = ""
	view.Frame.Live = view.Trial.Every != ""
	return v.render(http.StatusOK, page.TrialResult(view))
}
