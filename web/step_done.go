package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) showDone(v *visit) error {
	view := page.DoneView{
		Frame: s.stepFrame(v, wizard.Done, "Company", v.setup.Company), Connection: s.connection(v), Rows: s.doneRows(v),
		Links: []component.Link{
			{Text: v.t.T("done.manage.provisioning"), URL: s.portal(v, portal.Provisioning), NewTab: true},
			{Text: v.t.T("done.manage.people"), URL: s.portal(v, portal.UsersAndGroups), NewTab: true},
			{Text: v.t.T("done.manage.secret"), URL: s.portal(v, portal.Credentials), NewTab: true},
			{Text: v.t.T("done.manage.new-secret"), URL: v.step(wizard.Secret)},
			{Text: v.t.T("token.replace.link"), URL: v.url("token/replace")},
			{Text: v.t.T("done.manage.review"), URL: v.step(wizard.Review)},
		},
		Notices: s.tokenNotices(v), Button: s.loginButton(v, wizard.Done), RecordURL: v.url("done/record.html"),
	}
	view.Frame.Lead = s.doneLead(v)
	if day, known := v.secretExpires(); known {
		view.Expires, view.CalendarURL = v.t.Day(day), v.url("done/secret-expires.ics")
	}
	return v.render(http.StatusOK, page.Done(view))
}

// doneLead says in one sentence what is on.
func (s *Server) doneLead(v *visit) string {
	a := v.setup.State.Answers
	switch {
	case !a.FirstUserArrived:
		return v.t.T("done.lead.waiting")
	case a.HoldButton:
		return v.t.T("done.lead.held")
	}
	return v.t.T("done.lead")
}

// connection is the picture of what works.
func (s *Server) connection(v *visit) component.ConnectionView {
	signin, people := !v.setup.State.Answers.HoldButton, v.setup.State.Answers.FirstUserArrived
	title := "done.connection"
	switch {
	case !signin && !people:
		title = "done.connection.neither"
	case !signin:
		title = "done.connection.people"
	case !people:
		title = "done.connection.signin"
	}
	return component.ConnectionView{Title: v.t.T(title), Lines: []component.ConnectionLine{
		{Text: v.t.T("connection.signin"), On: signin}, {Text: v.t.T("connection.provisioning"), On: people},
	}}
}

// doneRows is what was set up; no secret.
func (s *Server) doneRows(v *visit) []component.SummaryRow {
	a := v.setup.State.Answers
	button := v.t.T("done.button.shown")
	if a.HoldButton {
		button = v.t.T("done.button.held")
	}
	return []component.SummaryRow{
		{Label: v.t.T("done.signin"), Value: a.DisplayName, Tag: button},
		{Label: v.t.T("done.people"), Value: s.donePeople(v)},
		{Label: v.t.T("done.tested"), Value: s.doneTested(v)},
		{Label: labelDirectory, LabelLang: "en", Value: a.DirectoryID, Mono: true},
		{Label: labelClient, LabelLang: "en", Value: a.ClientID, Mono: true},
		{Label: v.t.T("signin.scheme"), Value: a.Scheme, Mono: true},
		{Label: "Redirect URI", LabelLang: "en", Value: s.Onboarding.RedirectURI(v.setup), Mono: true},
		{Label: "Tenant URL", LabelLang: "en", Value: s.Onboarding.TenantURL(v.setup), Mono: true},
		{Label: v.t.T("done.completed"), Value: v.t.Moment(v.setup.CompletedAt)},
	}
}

// donePeople says whether provisioning was seen working, and by whom.
func (s *Server) donePeople(v *visit) string {
	a := v.setup.State.Arrivals
	switch {
	case a.Person != nil && !a.PersonBefore && nameOr(a.Person.Name, a.Person.UserName) != "":
		return v.t.T("arrivals.done", "Name", nameOr(a.Person.Name, a.Person.UserName), "Time", s.clock(v.t, a.Person.At))
	case a.Somebody():
		return v.t.T("done.people.arrived")
	case v.setup.State.Answers.FirstUserArrived:
		return v.t.T("done.people.said")
	}
	return v.t.T("done.people.waiting")
}

// doneTested says what the newest test sign-in showed.
func (s *Server) doneTested(v *visit) string {
	trial := v.setup.State.Trial
	switch {
	case trial.Outcome == wizard.Good:
		return v.t.T("done.tested.good", "Name", s.trialName(v), "Time", s.clock(v.t, trial.At))
	case trial.Outcome == wizard.Doubt && len(trial.Claims) > 0:
		return v.t.T("done.tested.half", "Name", s.trialName(v), "Time", s.clock(v.t, trial.At))
	}
	return v.t.T("done.tested.none")
}
