package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

// handler answers a request or returns why it could not; nothing was written then.
type handler func(w http.ResponseWriter, r *http.Request) error

// inSetup is a handler inside a setup.
type inSetup func(v *visit) error

// visit is one request inside a setup that its session may enter.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	t       message.Printer
	session *sessions.Session
	setup   onboarding.Setup
	grant   onboarding.Grant
	role    onboarding.Role
	account account.Account // of whom acts as an administrator; else nobody's
	guide   *guide          // set where a guide looks at the customer's screen with sample values
	refused []string        // message ids of what is wrong with the form
	status  int             // of the answer; 0: no page
	retold  bool            // the form was sent to be read in another language: it is shown again as it stands
}

// in admits a request to the setup that its path names, if the table lets the visitor do it, and reads its form. A setup that does not exist
// and one of somebody else look the same.
func (s *Server) in(h inSetup) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		formErr := readForm(r) // first: whatever ends while a form is held back counts
		v, err := s.enter(w, r, chi.URLParam(r, "setup"))
		if err != nil {
			return err
		}
		if err := allow(Who(v.role), r); err != nil {
			return err
		}
		if formErr != nil {
			return formErr
		}
		if s.choose(w, r) {
			if v.retold = keepsAnswers(r); !v.retold {
				return v.redirect(s.back(r))
			}
		}
		if err := h(v); err != nil {
			return err
		}
		s.noteRefusal(v)
		return nil
	}
}

// noteRefusal records that a form was refused and why, so that whoever helps on a call knows what the customer reads. It keeps
// no value of the form.
func (s *Server) noteRefusal(v *visit) {
	if v.r.Method != http.MethodPost || v.status != http.StatusUnprocessableEntity || len(v.refused) == 0 {
		return
	}
	page := v.r.URL.Path[strings.LastIndexByte(v.r.URL.Path, '/')+1:]
	if err := s.Onboarding.FormRefused(context.WithoutCancel(v.ctx()), v.setup.ID, v.actor(), page, v.refused[0]); err != nil {
		s.Log.ErrorContext(v.ctx(), "refusal of a form not recorded", "setup", v.setup.ID, "error", err)
	}
}

// enter is a visit to a setup. Who finds it by being signed in, and has not opened it in this session, gets errDoor.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, id string) (*visit, error) {
	sess, err := s.session(r)
	if err != nil {
		return nil, err
	}
	person := accountOf(sess)
	if person.Console {
		return nil, errGuide
	}
	visitor := visitorOf(sess, person)
	setup, grant, role, err := s.Onboarding.Enter(r.Context(), visitor, id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		found, findErr := s.Onboarding.Findable(r.Context(), id, visitor)
		if findErr == nil {
			return nil, &doorError{setup: found}
		}
		if fault.Is(findErr, fault.Gone) {
			return nil, findErr
		}
	}
	if err != nil {
		return nil, err
	}
	v := &visit{w: w, r: r, t: s.printer(r), session: sess, setup: setup, grant: grant, role: role}
	if role == onboarding.RoleAdmin {
		v.account, err = s.renewed(r, sess, person)
	}
	return v, err
}

// doorError says that a setup is there for the visitor, and is to be opened first.
type doorError struct{ setup onboarding.Setup }

// Error implements error.
func (e *doorError) Error() string { return "setup is not open in this session" }

// reachable sends people to the open step when they ask for one further on.
func reachable(step wizard.Step, h inSetup) inSetup {
	return func(v *visit) error {
		if !v.setup.State.Reachable(step) {
			return v.next(v.setup)
		}
		return h(v)
	}
}

func (s *Server) session(r *http.Request) (*sessions.Session, error) {
	return s.Sessions.Session(r)
}

// renew gives the session another id because of what it may do from now on, keeps what is set in it, and notes whose it is
// and where it began. One that ended meanwhile, by a double click or by signing out, is begun anew with just that: what it
// held before does not come back.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, sess *sessions.Session, owner string, set map[string]any) error {
	if err := s.leaveDesk(r, sess); err != nil {
		return err
	}
	values := maps.Clone(set)
	if values == nil {
		values = map[string]any{}
	}
	if owner != "" {
		values[session.OwnerKey] = owner
	}
	values[session.DeviceKey], values[session.FromKey] = deviceOf(r), middleware.Address(r.Context())
	for name, value := range values {
		sess.Values[name] = value
	}
	err := s.Sessions.Rotate(w, r, sess)
	if !errors.Is(err, session.ErrNotFound) {
		return err
	}
	if err := s.Sessions.Destroy(w, r, sess); err != nil {
		return err
	}
	for name, value := range values {
		sess.Values[name] = value
	}
	return sess.Save(r, w)
}

// actor names the person in the audit trail: by the way they came in.
func (v *visit) actor() onboarding.Actor {
	a := onboarding.Actor{Who: "token", From: middleware.Address(v.ctx())}
	switch v.role {
	case onboarding.RoleAdmin:
		a.Who = "person:" + v.account.Full()
	case onboarding.RoleHolder:
		a.Who = "link:" + v.grant.Label
	}
	return a
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// url is the address of a page of the setup.
func (v *visit) url(page string) string {
	if v.guide != nil {
		return v.guide.base + "/" + page
	}
	return "/setup/" + v.setup.ID + "/" + page
}

func (v *visit) step(step wizard.Step) string { return v.url(string(step)) }

func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther) //nolint:gosec // always a page of the site
	return nil
}

// next leads to the first step with something left to do.
func (v *visit) next(setup onboarding.Setup) error {
	return v.redirect(v.step(setup.State.Open()))
}

// after leads on from a submitted step: to the open step, but not past review for what stands on it.
func (v *visit) after(step wizard.Step, setup onboarding.Setup) error {
	open := setup.State.Open()
	if step.Before(wizard.Review) && wizard.Review.Before(open) {
		open = wizard.Review
	}
	return v.redirect(v.step(open))
}

// render answers with a page.
func (v *visit) render(status int, page templ.Component) error {
	if v.retold {
		status = http.StatusOK
	}
	v.status = status
	return render(v.w, v.r, status, page)
}

// render makes the whole page before it answers: compressed in one piece, and a page that cannot be made is an error like any other.
func render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	made := templ.GetBuffer()
	defer templ.ReleaseBuffer(made)
	if err := page.Render(r.Context(), made); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = made.WriteTo(w) // fails when nobody is there to read it
	return nil
}

// clock shows a time of day, with the day when it is not today's.
func (s *Server) clock(t message.Printer, at time.Time) string {
	if t.Day(at) != t.Day(s.Now()) {
		return t.Moment(at)
	}
	return t.Hour(at)
}

// revision is what the form of a step carries.
func (v *visit) revision(step wizard.Step) int { return v.setup.State.Marks[step].Revision }

func (v *visit) seen() int {
	n, _ := strconv.Atoi(v.r.PostForm.Get("revision"))
	return n
}
