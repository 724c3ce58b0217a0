package web

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
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
}

// in admits a request to the setup that its path names. A setup that does not exist and one of somebody else look
// the same.
func (s *Server) in(h inSetup) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		sess, err := s.session(r)
		if err != nil {
			return err
		}
		setup, grant, err := s.Onboarding.Enter(r.Context(), session.Hash(sess), chi.URLParam(r, "setup"))
		if err != nil {
			return err
		}
		return h(&visit{w: w, r: r, t: s.printer(r), session: sess, setup: setup, grant: grant})
	}
}

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

// renew gives the session another id because of what it may do from now on. One that another request of the same
// browser ended meanwhile, as a double click does, is begun anew.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	values := maps.Clone(sess.Values)
	err := s.Sessions.Rotate(w, r, sess)
	if !errors.Is(err, session.ErrNotFound) {
		return err
	}
	if err := s.Sessions.Destroy(w, r, sess); err != nil {
		return err
	}
	for key, value := range values {
		if name, ours := key.(string); ours {
			sess.Values[name] = value
		}
	}
	return sess.Save(r, w)
}

func (s *Server) printer(r *http.Request) message.Printer {
	return s.Messages.For(r.Header.Get("Accept-Language"))
}

// actor names the person in the audit trail: by the way they came in.
func (v *visit) actor() string {
	if v.grant.Link == "" {
		return "token"
	}
	return "link:" + v.grant.Link
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// url is the address of a page of the setup.
func (v *visit) url(page string) string { return "/setup/" + v.setup.ID + "/" + page }

func (v *visit) step(step wizard.Step) string { return v.url(string(step)) }

func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
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
func (v *visit) render(status int, page templ.Component) error { return render(v.w, v.r, status, page) }

func render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	return page.Render(r.Context(), w)
}

// clock shows a time of day, with the day when it is not today's.
func (s *Server) clock(at time.Time) string {
	at = at.UTC()
	if now := s.Now().UTC(); now.YearDay() != at.YearDay() || now.Year() != at.Year() {
		return at.Format("2 January 15:04 UTC")
	}
	return at.Format("15:04 UTC")
}

// revision is what the form of a step carries.
func (v *visit) revision(step wizard.Step) int { return v.setup.State.Marks[step].Revision }

func (v *visit) seen() int {
	n, _ := strconv.Atoi(v.r.PostForm.Get("revision"))
	return n
}

const tokenKey = "access-token/"

// access is the authority under which this visitor acts: a token pasted for this very setup, or the operator's own
// client for setups that came by an operator's link. A setup that somebody began with a token never gets the latter:
// nobody has shown that the token's owner belongs to the tenant.
func (s *Server) access(v *visit) onboarding.Access {
	a := onboarding.Access{Actor: v.actor()}
	if pasted, ok := v.session.Values[tokenKey+v.setup.ID].(secret.Secret); ok {
		a.Token = func(context.Context) (secret.Secret, error) { return pasted, nil }
		a.Session = v.sessionTag()
	} else if s.Service != nil && !v.setup.SelfBegun {
		tenant := v.setup.Tenant
		var given secret.Secret
		a.Token = func(ctx context.Context) (_ secret.Secret, err error) {
			given, err = s.Service.Token(ctx, tenant)
			return given, err
		}
		a.Refused = func() { s.Service.Forget(tenant, given) }
	}
	return a
}

// mayPaste reports whether an access token may be pasted for the setup: not where the operator's client acts.
func (s *Server) mayPaste(v *visit) bool { return s.Service == nil || v.setup.SelfBegun }

// sessionTag names the session in a setup, without telling how to enter it.
func (v *visit) sessionTag() string { return hex.EncodeToString(session.Hash(v.session)) }

// needsAccess reports whether an access token has to be pasted before an act.
func (s *Server) needsAccess(v *visit) bool { return s.access(v).Token == nil }

// forgetRefused drops a pasted token that Aritma refused, so that the page asks for another.
func (s *Server) forgetRefused(v *visit, problem *wizard.Problem) error {
	key := tokenKey + v.setup.ID
	if _, pasted := v.session.Values[key]; !pasted || problem == nil || (problem.Kind != fault.Unauthorized && problem.Kind != fault.Forbidden) {
		return nil
	}
	delete(v.session.Values, key)
	return v.session.Save(v.r, v.w)
}
