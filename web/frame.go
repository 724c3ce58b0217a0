package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/layout"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
)

// frame is the frame of a page outside a setup.
func (s *Server) frame(r *http.Request, title, lead string, pairs ...any) layout.Frame {
	t, back := s.printer(r), s.back(r)
	f := layout.Frame{T: t, Title: t.T(title, pairs...), Sandbox: s.Sandbox != nil, Support: s.Support, Languages: s.languages(back), Theme: s.theme(r, back)}
	if sess, err := s.session(r); err == nil {
		f.Session = s.sessionLife(t, sess)
		if person := accountOf(sess); !person.IsZero() {
			f.Person = person.Label()
		}
	}
	if lead != "" {
		f.Lead = t.T(lead, pairs...)
	}
	return f
}

// aside is the frame of a page inside a setup that is no step.
func (s *Server) aside(v *visit, title, lead string, pairs ...any) layout.Frame {
	f := s.frame(v.r, title, lead, pairs...)
	if v.guide != nil {
		f.Console, f.Guide = s.consoleNav(v.t, ""), v.guide.view
		return f
	}
	f.Company = v.setup.Company
	if at := v.setup.State.ForgottenAt; !at.IsZero() {
		f.Forgotten = v.t.T("layout.forgotten", "Date", v.t.Day(at))
	}
	f.LinksURL, f.ActivityURL = v.url("links"), v.url("activity")
	if s.Console != nil {
		f.WatchingURL, f.Watched = v.url("watching"), s.watched(v)
	}
	_, answered := v.setup.State.Marks[wizard.Start]
	if answered {
		f.SharingScreen, f.SharingURL, f.SharingBack = v.setup.State.Answers.SharingScreen, v.url("sharing"), v.within(f.Theme.Back)
	}
	return f
}

// stepFrame is the frame of a step.
func (s *Server) stepFrame(v *visit, step wizard.Step, pairs ...any) layout.Frame {
	f := s.aside(v, string(step)+".title", string(step)+".lead", pairs...)
	progress := layout.Progress{Number: step.Number(), Total: len(wizard.Steps())}
	for _, each := range wizard.Steps() {
		entry := layout.ProgressStep{Title: v.t.T(string(each) + ".short"), State: "todo"}
		if each == wizard.Redirect || each == wizard.Token { // named as in the portal
			entry.Lang = "en"
		}
		switch {
		case each == step:
			entry.State = "current"
		case v.setup.State.Complete(each):
			entry.State = "done"
		}
		if each != step && v.setup.State.Reachable(each) {
			entry.URL = v.step(each)
		}
		progress.Steps = append(progress.Steps, entry)
	}
	f.Progress, f.HelpReference = &progress, reference(v.r)
	if f.Languages != nil && v.guide == nil && slices.Contains(retellable, step) {
		f.Languages.Form = page.AnswersID
	}
	if step != wizard.Done && v.guide == nil {
		f.LaterURL = v.url("later")
	}
	return f
}

// form is what every step's form has in common. One that was not accepted keeps the revision that it was sent with: what another
// tab saved meanwhile is still compared with the next one sent.
func (s *Server) form(v *visit, step wizard.Step) page.Form {
	f := page.Form{Action: v.step(step), Revision: v.revision(step)}
	switch {
	case v.retold && v.r.PostForm.Has("before"): // the comparison is not shown again by this answer
		f.Revision, _ = strconv.Atoi(v.r.PostForm.Get("before"))
	case v.r.PostForm.Has("revision"):
		f.Revision = v.seen()
	}
	return f
}

// mistakes collects what is wrong with a form, in the order of its fields.
type mistakes struct {
	v      *visit
	errors []component.FieldError
}

func (m *mistakes) add(field, id string, pairs ...any) {
	m.v.refused = append(m.v.refused, id)
	m.errors = append(m.errors, component.FieldError{Field: field, Text: m.v.t.T(id, pairs...)})
}

// fault adds a fault of the onboarding service to a field.
func (m *mistakes) fault(field string, err error) {
	f := fault.Of(err)
	m.v.refused = append(m.v.refused, f.ID)
	m.errors = append(m.errors, component.FieldError{Field: field, Text: m.v.t.Fault(f)})
}

// sentence is that of a stored problem; empty when there is none.
func (v *visit) sentence(p *wizard.Problem) string {
	if p == nil {
		return ""
	}
	return v.t.Fault(&fault.Error{ID: p.ID, Data: p.Data})
}

// problem adds a stored problem to a field.
func (m *mistakes) problem(field string, p *wizard.Problem) {
	m.errors = append(m.errors, component.FieldError{Field: field, Text: m.v.sentence(p)})
}

// any reports whether the form is to be shown again. One that is read in another language has no mistakes yet, and nothing is done
// with it.
func (m *mistakes) any() bool {
	if m.v.retold {
		m.errors = nil
	}
	return len(m.errors) > 0 || m.v.retold
}

// wrong marks a page as a form shown again.
func wrong(f *layout.Frame, form *page.Form, m *mistakes) {
	f.Wrong, form.Errors = len(m.errors) > 0, m.errors
}

// problemNotice shows a stored problem; nil when there is none.
func (s *Server) problemNotice(v *visit, p *wizard.Problem) *component.NoticeView {
	if p == nil {
		return nil
	}
	f := &fault.Error{ID: p.ID, Data: p.Data}
	refused := p.Kind == fault.Unauthorized || p.Kind == fault.Forbidden
	switch {
	case refused && s.serves(v):
		f = fault.New(p.Kind, "service.refused", fault.Data{"Support": s.Support})
	case p.Kind == fault.Unauthorized && v.role == onboarding.RoleAdmin:
		f = fault.New(p.Kind, "account.refused", nil)
	}
	return &component.NoticeView{
		Kind: component.NoticeProblem, Title: v.t.T("problem.at", "Time", s.clock(v.t, p.At)),
		Text: v.t.Fault(f), Reference: p.Reference,
	}
}

// reference is the number of this request that people can quote.
func reference(r *http.Request) string { return middleware.ID(r.Context()) }
