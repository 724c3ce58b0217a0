package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// tenantOf reads the tid claim of a token that is a JWT, without verifying anything; empty when it is none.
func tenantOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Tenant string `json:"tid"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Tenant
}

func (s *Server) accessView(v *visit) page.AccessView {
	back := v.step(wizard.Review)
	switch step := wizard.Step(v.r.URL.Query().Get("back")); step {
	case wizard.Token, wizard.Provisioning, wizard.SigninTest:
		back = v.step(step)
	}
	return page.AccessView{Frame: s.aside(v, "access.title", ""), Form: page.Form{Action: v.r.URL.RequestURI()}, BackURL: back}
}

func (s *Server) showAccess(v *visit) error {
	if !s.mayPaste(v) {
		return v.next(v.setup)
	}
	return v.render(http.StatusOK, page.Access(s.accessView(v)))
}

// submitAccess keeps an access token in the session, for this setup alone.
func (s *Server) submitAccess(v *visit) error {
	if !s.mayPaste(v) {
		return v.next(v.setup)
	}
	token := accessToken(v.r)
	m := &mistakes{v: v}
	m.token(token, v.setup.Tenant)
	if !m.any() {
		_ = m.accepted(s.CheckToken, token) // what cannot be judged now is met again at the next act
	}
	view := s.accessView(v)
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Access(view))
	}
	v.session.Values[tokenKey+v.setup.ID] = token
	if err := v.session.Save(v.r, v.w); err != nil {
		return err
	}
	return v.redirect(view.BackURL)
}

func (s *Server) laterView(v *visit) (page.LaterView, error) {
	view := page.LaterView{
		Frame: s.aside(v, "later.title", "later.lead"), ByLink: v.role == onboarding.RoleHolder, BySignIn: v.role == onboarding.RoleAdmin, Action: v.url("later"),
		ResumeAction: v.url("later/link"), Operation: onboarding.NewOperation(), BackURL: v.step(v.setup.State.Open()),
		Address: s.PublicURL.String(),
	}
	if !view.ByLink {
		return view, nil
	}
	link, err := s.Onboarding.Link(v.ctx(), v.setup.ID, v.grant.Link)
	view.Until = v.t.Moment(link.ExpiresAt)
	view.MaySignIn, view.Support = s.Accounts != nil && !v.setup.SelfBegun, s.Support
	return view, err
}

func (s *Server) showLater(v *visit) error {
	view, err := s.laterView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Later(view))
}

// submitLater closes the setup in this browser: the session ends, with any access token in it.
func (s *Server) submitLater(v *visit) error {
	if v.role == onboarding.RoleAdmin {
		return s.submitSignOut(v.w, v.r, v.session)
	}
	if err := s.Sessions.Destroy(v.w, v.r, v.session); err != nil {
		return err
	}
	return v.redirect("/")
}

// makeResumeLink makes a link to a setup that was begun with an access token. Its answer shows it, once.
func (s *Server) makeResumeLink(v *visit) error {
	if v.role != onboarding.RoleBeginner {
		return v.redirect(v.url("later"))
	}
	if err := v.awaited(); err != nil {
		return err
	}
	view, err := s.laterView(v)
	if err != nil {
		return err
	}
	value, link, err := s.Onboarding.MakeLink(v.ctx(), v.newLink(onboarding.LinkResume))
	if errors.Is(err, onboarding.ErrLinkMade) {
		view.Notice = v.notDone(onboarding.ErrLinkMade)
		return v.render(http.StatusConflict, page.Later(view))
	}
	if err != nil {
		return err
	}
	view.ResumeURL = secret.New(s.PublicURL.JoinPath("s", value.Expose()).String())
	view.Frame.Keep, view.SharingScreen = true, v.setup.State.Answers.SharingScreen
	view.ResumeUntil = v.t.Day(link.ExpiresAt)
	return v.render(http.StatusOK, page.Later(view))
}

func (s *Server) startOverView(v *visit) (page.StartOverView, error) {
	state := v.setup.State
	busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
	if err != nil {
		return page.StartOverView{}, err
	}
	view := page.StartOverView{
		Frame: s.aside(v, "start-over.title", "start-over.lead"), Form: page.Form{Action: v.url("start-over")}, Operation: onboarding.NewOperation(),
		BackURL: v.step(state.Open()),
		Deletes: []string{v.t.T("start-over.answers")},
	}
	if v.setup.InAritma() {
		view.Access = s.accessNeed(v, wizard.Review)
	}
	if state.Registration.Exists && !state.Registration.Adopted {
		view.Deletes = append(view.Deletes, v.t.T("start-over.provider", "Scheme", state.Registration.Sent.Scheme))
	}
	if state.Registration.Adopted {
		view.Stays = append(view.Stays, v.t.T("start-over.adopted", "Scheme", state.Registration.Sent.Scheme))
	}
	if state.Token.Status != wizard.TokenNone || len(state.Token.Old) > 0 {
		view.Deletes = append(view.Deletes, v.t.T("start-over.token"))
	}
	view.Stays = append(view.Stays, v.t.T("start-over.entra"))
	if p := state.Registration.Problem; state.Registration.Intent == wizard.Remove || (p != nil && strings.HasPrefix(p.ID, "start-over.")) {
		view.Form.Problem = s.problemNotice(v, state.Registration.Problem)
	}
	if busy {
		view.Running, view.Frame.Live = s.waiting(v, "start-over", "start-over.running"), true
	}
	return view, nil
}

func (s *Server) showStartOver(v *visit) error {
	view, err := s.startOverView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.StartOver(view))
}

func (s *Server) submitStartOver(v *visit) error {
	view, err := s.startOverView(v)
	if err != nil {
		return err
	}
	m := &mistakes{v: v}
	m.oneOf("sure", "start-over.sure.missing", "yes")
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.StartOver(view))
	}
	op := operation(v.r)
	if op == "" || view.Access.Missing() {
		return v.redirect(v.url("start-over"))
	}
	if err := s.Onboarding.StartOver(v.ctx(), v.setup.ID, op, s.access(v)); err != nil {
		return err
	}
	setup, err := s.Onboarding.Setup(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	if err := s.forgetRefused(v, setup.State.Registration.Problem); err != nil {
		return err
	}
	if setup.InAritma() {
		return v.redirect(v.url("start-over"))
	}
	return v.next(setup)
}

// showStartOverProgress answers the waiting page of a removal.
func (s *Server) showStartOverProgress(v *visit) error {
	busy, err := s.Onboarding.Busy(v.ctx(), v.setup.ID)
	if err != nil {
		return err
	}
	over := ""
	if !busy {
		over = v.step(v.setup.State.Open())
		if v.setup.InAritma() {
			over = v.url("start-over")
		}
	}
	return v.render(http.StatusOK, page.Progress(*s.waiting(v, "start-over", "start-over.running"), s.frame(v.r, "start-over.title", ""), over))
}
