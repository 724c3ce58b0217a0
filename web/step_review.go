package web

import (
	"net/http"
	"strconv"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) reviewView(v *visit) (page.ReviewView, error) {
	state := v.setup.State
	r := state.Registration
	busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
	if err != nil {
		return page.ReviewView{}, err
	}
	method, url, body := s.Onboarding.Preview(v.setup)
	view := page.ReviewView{
		Frame: s.stepFrame(v, wizard.Review), Form: s.form(v, wizard.Review), Operation: onboarding.NewOperation(), Rows: s.reviewRows(v),
		Request: component.RequestView{Method: method, URL: url, Body: body, Note: v.t.T("review.request.note")},
		Access:  s.accessNeed(v, wizard.Review), NextURL: v.step(state.Open()),
		DiscardURL: v.url("review/discard"), StartOverURL: v.url("start-over"), ClashURL: v.step(wizard.Signin),
		Interrupted: r.Intent == wizard.Remove, Pending: state.Pending(),
	}
	view.Form.Problem = s.problemNotice(v, r.Problem)
	if r.Intent == wizard.Create && !busy {
		view.Frame.Lead = v.t.T("review.lead.unclear")
	}
	if r.Uncertain {
		view.DiscardURL = ""
	}
	if r.Exists {
		view.Frame.Lead = v.t.T("review.lead.registered")
	}
	switch {
	case busy:
		view.Running = s.waiting(v, "review", "review.running")
		view.Frame.Live, view.Frame.Lead = true, "" // nothing to check while it is sent
		view.Form.Problem = nil
	case state.Complete(wizard.Review):
		view.Registered = &component.NoticeView{Kind: component.NoticeGood, Title: v.t.T("review.done", "Time", s.clock(v.t, r.RegisteredAt)), Text: v.t.T("review.done.text")}
	case r.Clash != nil:
		view.Clash = &component.NoticeView{Kind: component.NoticeWarning, Title: v.t.T("review.clash.title", "Scheme", r.Clash.Scheme), Text: s.clashText(v)}
	case r.Intent == wizard.Create && r.Problem == nil:
		view.Form.Problem = &component.NoticeView{Kind: component.NoticeWarning, Text: v.t.T("review.interrupted")}
	}
	view.AskID = r.Problem != nil && (r.Problem.ID == "review.no-provider-id" || r.Problem.ID == "review.other-provider")
	return view, nil
}

// clashText says whose the provider is, as far as that is known.
func (s *Server) clashText(v *visit) string {
	clash := v.setup.State.Registration.Clash
	name := nameOr(clash.DisplayName, clash.Scheme)
	if clash.Perhaps {
		return v.t.T("review.clash.perhaps", "Name", name)
	}
	return v.t.T("review.clash", "Name", name)
}

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// waiting is work under way, with the page that tells how it goes.
func (s *Server) waiting(v *visit, page, id string) *component.WaitingView {
	return &component.WaitingView{Title: v.t.T(id), Text: v.t.T(id + ".text"), CheckURL: v.url(page), ProgressURL: v.url(page + "/progress")}
}

func (s *Server) reviewRows(v *visit) []component.SummaryRow {
	state := v.setup.State
	a := state.Answers
	received, tag := v.t.T("review.secret.sent"), ""
	switch state.ClientSecret.Check.Outcome {
	case wizard.Good:
		tag = v.t.T("review.secret.proven")
	case wizard.Doubt:
		tag = v.t.T("review.secret.unproven")
	}
	if state.ClientSecret.Held {
		received = v.t.T("review.secret.received", "Time", s.clock(v.t, state.ClientSecret.ReceivedAt))
	}
	rows := []component.SummaryRow{
		{Label: labelDirectory, LabelLang: "en", Value: a.DirectoryID, Mono: true, ChangeURL: v.step(wizard.Directory)},
		{Label: labelClient, LabelLang: "en", Value: a.ClientID, Mono: true, ChangeURL: v.step(wizard.Directory)},
		{Label: v.t.T("secret.secret"), LabelLang: "en", Value: received, Tag: tag, ChangeURL: v.step(wizard.Secret)},
		{Label: v.t.T("secret.expires"), Value: s.expiresWord(v), ChangeURL: v.step(wizard.Secret)},
		{Label: v.t.T("signin.name"), Value: a.DisplayName, ChangeURL: v.step(wizard.Signin)},
		{Label: v.t.T("signin.scheme"), Value: a.Scheme, Mono: true, ChangeURL: v.step(wizard.Signin)},
		{Label: "Redirect URI", LabelLang: "en", Value: s.Onboarding.RedirectURI(v.setup), Mono: true},
		{Label: v.t.T("signin.create"), Value: s.createWord(v, a.AutoProvision), ChangeURL: v.step(wizard.Signin)},
		{Label: v.t.T("signin.button"), Value: s.buttonWord(v, a.HoldButton), ChangeURL: v.step(wizard.Signin)},
		{Label: v.t.T("review.applications"), Value: s.applicationsWord(v, a.TwoApps), ChangeURL: v.step(wizard.Start)},
		{Label: v.t.T("assign.person"), Value: nameOr(a.FirstPerson, v.t.T("not-given")), ChangeURL: v.step(wizard.Assign)},
	}
	if state.Registration.Redirect.Outcome == wizard.Good {
		rows[6].Tag = v.t.T("review.redirect.proven")
	}
	if state.SchemeFixed() {
		rows[5].ChangeURL, rows[5].Tag = "", v.t.T("signin.scheme.fixed")
	}
	return rows
}

// expiresWord is the day on which the client secret expires, as far as it was given.
func (s *Server) expiresWord(v *visit) string {
	day, known := v.secretExpires()
	if !known {
		return v.t.T("not-given")
	}
	return v.t.Day(day)
}

func (s *Server) showReview(v *visit) error {
	view, err := s.reviewView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Review(view))
}

func (s *Server) submitReview(v *visit) error {
	op := operation(v.r)
	m := &mistakes{v: v}
	providerID := m.providerID()
	if m.any() {
		view, err := s.reviewView(v)
		if err != nil {
			return err
		}
		view.ProviderID = v.r.PostForm.Get("provider")
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Review(view))
	}
	if op == "" || s.needsAccess(v) {
		return v.redirect(v.step(wizard.Review))
	}
	request := onboarding.Registration{Operation: op, Adopt: v.r.PostForm.Get("adopt") == "yes", ProviderID: providerID}
	if err := s.Onboarding.Register(v.ctx(), v.setup.ID, request, s.access(v)); err != nil {
		return err
	}
	setup, err := s.Onboarding.Setup(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	if err := s.forgetRefused(v, setup.State.Registration.Problem); err != nil {
		return err
	}
	if setup.State.Complete(wizard.Review) {
		return v.next(setup)
	}
	return v.redirect(v.step(wizard.Review))
}

// providerID is the number that the admin typed where Aritma would not tell it; 0 when the field was not shown.
func (m *mistakes) providerID() int64 {
	text := wizard.CleanID(m.v.r.PostForm.Get("provider"))
	if text == "" {
		return 0
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		m.add("provider", "review.provider.shape")
	}
	return id
}

func (s *Server) discardChanges(v *visit) error {
	setup, err := s.Onboarding.DiscardChanges(v.ctx(), v.setup.ID, v.actor())
	return s.saved(v, wizard.Review, setup, err)
}

// showProgress answers the waiting page of a step: still running, or over with the way on.
func (s *Server) showProgress(step wizard.Step) inSetup {
	return func(v *visit) error {
		busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
		if err != nil {
			return err
		}
		id := string(step)
		over := v.step(step)
		if busy {
			over = ""
		} else if step == wizard.Review && v.setup.State.Complete(step) {
			over = v.step(v.setup.State.Open())
		}
		if t := v.setup.State.Token; step == wizard.Token && !busy && t.Status == wizard.TokenSealed && t.OrphansRemoved == 0 && t.Check.Outcome == wizard.Good {
			return v.render(http.StatusOK, page.TokenReady(v.t, v.step(step)))
		}
		return v.render(http.StatusOK, page.Progress(*s.waiting(v, id, id+".running"), s.frame(v.r, id+".title", ""), over))
	}
}
