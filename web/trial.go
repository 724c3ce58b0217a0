package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// How often a page reads how the test sign-in goes. It asks nobody outside.
const (
	runningEvery = "2s"
	idleEvery    = "4s"
)

// wantedClaims are those by which Aritma recognises people.
var wantedClaims = []string{"email", "name", "preferred_username"}

// trialOfStep is the panel of the signin-test step, with its buttons.
func (s *Server) trialOfStep(v *visit) page.TrialView {
	trial := v.setup.State.Trial
	view := s.trialView(v, v.step(wizard.SigninTest), v.url("signin-test/progress"))
	if view.Every == "" {
		view.Every = idleEvery // a test that another tab begins is seen here
	}
	view.Test = &page.TestView{
		Action: v.url("signin-test/begin"), Begun: !trial.BeganAt.IsZero(), Running: view.Running != nil,
		Settled: trial.Outcome == wizard.Good && !trial.Running(), Finish: s.form(v, wizard.SigninTest),
	}
	view.Access = s.accessNeed(v, wizard.SigninTest)
	if button := s.loginButton(v, wizard.SigninTest); button.Hidden {
		view.Button = &button
	}
	return view
}

// trialView is the newest test sign-in. Self is the page that shows it, progress the address that tells how it goes.
func (s *Server) trialView(v *visit, self, progress string) page.TrialView {
	trial := v.setup.State.Trial
	view := page.TrialView{ProgressURL: progress, Told: "nothing"}
	began := s.clock(v.t, trial.BeganAt)
	switch {
	case trial.Running() && s.Now().Sub(trial.BeganAt) < onboarding.TrialLife:
		view.Every, view.Told = runningEvery, "running"
		view.Running = &component.WaitingView{Title: v.t.T("trial.running"), Text: v.t.T("trial.running.text", "Time", began), CheckURL: self}
		return view
	case trial.Running():
		view.Notices = []component.NoticeView{{Kind: component.NoticeWarning, Title: v.t.T("trial.nobody.title"), Text: v.t.T("trial.nobody", "Time", began)}}
		view.Told, view.Say = "nobody", v.t.T("trial.nobody.title")
		return view
	case trial.Outcome == wizard.Unchecked:
		return view
	}
	view.Verdict = s.verdict(v, &view)
	view.Told, view.Say = "verdict-"+strconv.FormatInt(trial.At.UnixMilli(), 10), view.Verdict.Title
	if len(trial.Claims) > 0 {
		view.Rows = s.trialRows(v)
		if trial.Lacks("email") {
			view.ClaimsURL = s.portal(v, portal.TokenConfiguration)
		}
	}
	if d := s.Onboarding.Diagnose(trial.Shown); d.Code != 0 {
		view.Found = s.found(v, d)
	}
	return view
}

// verdict says the outcome in a line, and why. It puts into view what leads on.
func (s *Server) verdict(v *visit, view *page.TrialView) *component.StatusView {
	trial := v.setup.State.Trial
	name := s.trialName(v)
	if trial.Problem != nil {
		view.Reference = trial.Problem.Reference
	}
	switch {
	case trial.Outcome == wizard.Good:
		return &component.StatusView{State: component.StateGood, Title: v.t.T("trial.good"), Text: s.matchText(v, nameOr(trial.Known.Name, name))}
	case trial.Outcome == wizard.Doubt && trial.Problem == nil:
		view.ProvisioningURL = v.step(wizard.Provisioning)
		return &component.StatusView{State: component.StateDoubt, Title: v.t.T("trial.unknown", "Name", name), Text: v.t.T("trial.unknown.half"), Fix: s.unknownReason(v)}
	case trial.Outcome == wizard.Doubt && trial.Match != wizard.MatchNone:
		view.ProvisioningURL = v.step(wizard.Provisioning)
		return &component.StatusView{State: component.StateDoubt, Title: v.t.T("trial.unsure", "Name", name), Text: v.t.T("trial.unknown.half"), Fix: v.sentence(trial.Problem)}
	case trial.Outcome == wizard.Doubt && len(trial.Claims) > 0:
		return &component.StatusView{State: component.StateDoubt, Title: v.t.T("trial.unasked", "Name", name), Text: v.t.T("trial.unknown.half"), Fix: s.problemNotice(v, trial.Problem).Text}
	}
	// What Aritma ID said of the person is not about the wizard's own access, which problemNotice would make of it.
	verdict := &component.StatusView{State: component.StateFailed, Title: v.t.T("trial.failed")}
	verdict.Text = v.sentence(trial.Problem)
	if trial.Outcome == wizard.Doubt {
		verdict.State, verdict.Title = component.StateDoubt, v.t.T("trial.unproven")
	}
	return verdict
}

// trialName is who signed in, by what Aritma ID said.
func (s *Server) trialName(v *visit) string {
	trial := v.setup.State.Trial
	return nameOr(trial.Name, nameOr(trial.Email, nameOr(trial.UserName, v.t.T("trial.person.somebody"))))
}

func (s *Server) matchText(v *visit, name string) string {
	switch v.setup.State.Trial.Match {
	case wizard.MatchSubject:
		return v.t.T("trial.good.subject", "Name", name)
	case wizard.MatchEmail:
		return v.t.T("trial.good.email", "Name", name)
	case wizard.MatchUserName:
		return v.t.T("trial.good.username", "Name", name)
	}
	return v.t.T("trial.good.external", "Name", name)
}

// unknownReason is the likeliest reason why Aritma does not know who signed in.
func (s *Server) unknownReason(v *visit) string {
	a, trial, named := v.setup.State.Arrivals, v.setup.State.Trial, v.setup.State.Answers.FirstPerson
	isNamed := named != "" && (strings.EqualFold(named, trial.Email) || strings.EqualFold(named, trial.UserName))
	switch {
	case !a.Somebody() && a.Person == nil:
		return v.t.T("trial.unknown.nobody")
	case isNamed && a.Person == nil:
		return v.t.T("trial.unknown.not-arrived", "Person", named)
	case a.Person != nil && a.Person.UserName != "" && (isNamed || strings.EqualFold(a.Person.Name, trial.Name)):
		return v.t.T("trial.unknown.username", "UserName", a.Person.UserName)
	}
	return v.t.T("trial.unknown.other")
}

func (s *Server) trialRows(v *visit) []component.SummaryRow {
	trial, none := v.setup.State.Trial, v.t.T("trial.person.none")
	var here, missing []string
	for _, claim := range wantedClaims {
		if trial.Lacks(claim) {
			missing = append(missing, claim)
		} else {
			here = append(here, claim)
		}
	}
	rows := []component.SummaryRow{
		{Label: v.t.T("trial.person.name"), Value: nameOr(trial.Name, none)},
		{Label: v.t.T("trial.person.email"), Value: nameOr(trial.Email, none)},
		{Label: v.t.T("trial.person.username"), Value: nameOr(trial.UserName, none)},
		{Label: v.t.T("trial.person.provider"), Value: nameOr(trial.Provider, none), Mono: trial.Provider != ""},
		{Label: v.t.T("trial.claims"), Value: nameOr(strings.Join(here, ", "), v.t.T("trial.claims.none"))},
	}
	if len(missing) > 0 {
		rows = append(rows, component.SummaryRow{Label: v.t.T("trial.claims.missing"), Value: strings.Join(missing, ", ")})
	}
	if trial.Known != nil {
		rows = append(rows, component.SummaryRow{Label: v.t.T("trial.person.known"), Value: nameOr(trial.Known.Name, trial.Known.UserName), Tag: trial.Known.UserName})
	}
	return append(rows, component.SummaryRow{Label: v.t.T("trial.at"), Value: s.clock(v.t, trial.At)})
}

// showTrialProgress answers the live panel, of the step or of the tab that came back. It reads only.
func (s *Server) showTrialProgress(v *visit) error {
	query := v.r.URL.Query()
	view := s.trialOfStep(v)
	if query.Get("in") == "result" {
		view = s.trialOfResult(v)
	}
	if query.Get("told") == view.Told {
		view.Say = ""
	}
	return v.render(http.StatusOK, page.Trial(v.t, view))
}

// submitTrial begins a test sign-in in a tab of its own and leads it to Aritma ID.
func (s *Server) submitTrial(v *visit) error {
	to, err := s.Onboarding.BeginTrial(v.ctx(), v.setup.ID, v.sessionTag(), v.actor())
	if fault.Is(err, fault.Conflict) {
		return v.redirect(v.step(wizard.SigninTest)) // which says what is the matter
	}
	if err != nil {
		f := fault.Of(err)
		s.Log.WarnContext(v.ctx(), "test sign-in not begun", "setup", v.setup.ID, "reference", reference(v.r), "kind", f.Kind.String(), "error", err)
		return v.render(statusOf(f.Kind), page.NotBegun(page.NotBegunView{
			Frame: s.aside(v, "trial.not-begun.title", ""), AgainAction: v.url("signin-test/begin"),
			Problem: component.NoticeView{Kind: component.NoticeProblem, Text: v.t.Fault(f), Reference: reference(v.r)},
		}))
	}
	s.rememberTest(v.w)
	frame := s.aside(v, "trial.leaving.title", "trial.leaving.lead")
	frame.Refresh = to.String()
	return v.render(http.StatusOK, page.Onward(page.OnwardView{Frame: frame, URL: to.String(), Text: v.t.T("trial.leaving.link")}))
}
