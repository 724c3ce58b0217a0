package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

const (
	accountKey = "account"
	// signInTenant is the field in which the tenant of a sign-in is asked for; the first page has another for setups.
	signInTenant = "signin-tenant"
)

// accountOf is who is signed in with Aritma in the session; nobody when that cannot be read.
func accountOf(sess *sessions.Session) account.Account {
	packed, _ := sess.Values[accountKey].(secret.Secret)
	if packed.IsZero() {
		return account.Account{}
	}
	person, _ := account.Unpack(packed)
	return person
}

func visitorOf(sess *sessions.Session, person account.Account) onboarding.Visitor {
	if person.Console { // is nobody to any setup
		person.Tenant = ""
	}
	return onboarding.Visitor{Session: session.Hash(sess), Tenant: person.Tenant}
}

// keptAccount is where the session keeps its account, for work that must not overwrite what others keep meanwhile.
func (s *Server) keptAccount(sess *sessions.Session) account.Kept {
	kept := s.Sessions.Kept(sess)
	return account.Kept{
		Name: session.Hash(sess),
		Load: func(ctx context.Context) (account.Account, error) {
			stored, err := kept.Load(ctx)
			if err != nil {
				return account.Account{}, err
			}
			return accountOf(stored), nil
		},
		Save: func(ctx context.Context, a account.Account) error {
			stored, err := kept.Load(ctx)
			if err != nil {
				return err
			}
			stored.Values[accountKey] = a.Pack()
			return kept.Save(ctx, stored)
		},
	}
}

// refuseAccount notes that Aritma refused the access token of the session's account, unless another request has renewed it
// meanwhile.
func (s *Server) refuseAccount(v *visit) error {
	kept := s.keptAccount(v.session)
	held, err := kept.Load(v.ctx())
	if err != nil || held.IsZero() || !held.Tokens.Access.Equal(v.account.Tokens.Access) {
		return err
	}
	v.account = held.Refused()
	return kept.Save(v.ctx(), v.account)
}

// noteAccepted keeps when the IAM API accepted the access token of the session's account; zero: it has refused it.
func (s *Server) noteAccepted(v *visit, at time.Time) error {
	kept := s.keptAccount(v.session)
	held, err := kept.Load(v.ctx())
	if err != nil || held.IsZero() || !held.Tokens.Access.Equal(v.account.Tokens.Access) {
		return err
	}
	held.Accepted, v.account.Accepted = at, at
	return kept.Save(v.ctx(), held)
}

// renewed is the account with an access token that lasts for the act that the request is about to begin.
func (s *Server) renewed(r *http.Request, sess *sessions.Session, person account.Account) (account.Account, error) {
	if s.Accounts == nil || (r.Method != http.MethodPost && r.URL.Path != callbackPath) || !person.Due(s.Now()) {
		return person, nil
	}
	return s.Accounts.Renew(r.Context(), s.keptAccount(sess))
}

// personOf names somebody who signed in, for the audit trail.
func personOf(r *http.Request, a account.Account) onboarding.Actor {
	return onboarding.Actor{Who: "person:" + a.Full(), From: middleware.Address(r.Context())}
}

// signInView is the form that begins a sign-in.
func (s *Server) signInView(r *http.Request, p account.Purpose) *page.SignInView {
	if s.Accounts == nil {
		return nil
	}
	if p.Console {
		return &page.SignInView{Form: page.Form{Action: "/console/signin"}, Tenant: s.ConsoleTenant, Fixed: true}
	}
	return &page.SignInView{Form: page.Form{Action: "/signin"}, Tenant: s.rememberedTenant(r), Setup: p.Setup, Page: p.Page}
}

// Pages beside the steps to which a sign-in leads back: of a setup, and of the site.
const sessionsPage = "sessions"

var asides = []string{linksPage, "activity", "later", "start-over"}

// purposeOf reads where a person wants to go once they are signed in: a page of a setup, or one of the few others that have
// a name here, and nowhere else.
func purposeOf(r *http.Request) account.Purpose {
	p := account.Purpose{Setup: r.PostForm.Get("setup"), Page: r.PostForm.Get("page")}
	switch {
	case !middleware.IsSetupID(p.Setup) && p.Page == sessionsPage:
		p.Setup = ""
	case !middleware.IsSetupID(p.Setup):
		return account.Purpose{}
	case !slices.Contains(wizard.Steps(), wizard.Step(p.Page)) && !slices.Contains(asides, p.Page):
		p.Page = ""
	}
	return p
}

// errBusy says that one client begins more sign-ins than people do. Each is stored until it has come back or run out.
var errBusy = fault.New(fault.Unavailable, "account.busy", nil)

// beginSignIn asks for the tenant, which is in the path of Aritma ID, and leads there.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	if s.Accounts == nil {
		return errNotFound
	}
	tenant, purpose := text(r, signInTenant), purposeOf(r)
	m := &mistakes{v: &visit{t: s.printer(r), r: r}}
	if m.tenant(signInTenant, tenant); !m.any() {
		err := s.leadToAritma(w, r, sess, tenant, purpose)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) || s.guessed(r, err) {
			return err // nil: the way leads on
		}
		m.fault(signInTenant, err)
	}
	view, err := s.homeView(r)
	if err != nil {
		return err
	}
	view.Own, view.SignIn = nil, s.signInView(r, purpose)
	view.SignIn.Tenant = tenant
	wrong(&view.Frame, &view.SignIn.Form, m)
	return render(w, r, http.StatusUnprocessableEntity, page.Home(view))
}

// leadToAritma begins a sign-in and answers with the page that leads to Aritma ID. Those of somebody who is not signed in are counted.
func (s *Server) leadToAritma(w http.ResponseWriter, r *http.Request, sess *sessions.Session, tenant string, purpose account.Purpose) error {
	// A setup link that is good always leads on.
	if purpose.Link == "" && accountOf(sess).IsZero() && s.begun.Miss(r.Context()) {
		return errBusy
	}
	saved := func() ([]byte, error) {
		if sess.IsNew {
			if err := sess.Save(r, w); err != nil {
				return nil, err
			}
		}
		return session.Hash(sess), nil
	}
	somebodyElse := r.PostForm.Get("somebody") == "else" || s.tested(r)
	to, err := s.Accounts.Begin(r.Context(), tenant, saved, purpose, somebodyElse)
	if err != nil {
		return err
	}
	if !purpose.Console {
		s.rememberTenant(w, tenant)
	}
	frame := s.frame(r, "account.leaving.title", "account.leaving.lead")
	frame.Refresh = to.String()
	return render(w, r, http.StatusOK, page.Onward(page.OnwardView{Frame: frame, URL: to.String(), Text: frame.T.T("account.leaving.link")}))
}

// takeSignIn takes the answer of Aritma ID. What came of it is there within the second, or waited for.
func (s *Server) takeSignIn(w http.ResponseWriter, r *http.Request, sess *sessions.Session, query url.Values) error {
	if s.Accounts == nil {
		return account.ErrForeign
	}
	if r.Method == http.MethodHead { // nobody signs in with one
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	name, err := s.Accounts.Answer(r.Context(), session.Hash(sess), query)
	if err != nil {
		return err
	}
	outcome, err := s.Accounts.Look(r.Context(), session.Hash(sess), name)
	if err != nil {
		return err
	}
	if outcome.Ended && outcome.Fault == nil {
		return s.enterAccount(w, r, sess, name)
	}
	// What came with the answer stands in no address of a page.
	http.Redirect(w, r, "/signin/"+name, http.StatusSeeOther) //nolint:gosec // name is a digest in hexadecimal digits
	return nil
}

// showSignIn is where a sign-in is waited for, and where it says why nobody was signed in.
func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	name := chi.URLParam(r, "signin")
	if s.Accounts == nil {
		return errNotFound
	}
	outcome, err := s.Accounts.Look(r.Context(), session.Hash(sess), name)
	if err != nil {
		return err
	}
	if outcome.Fault != nil {
		reload(w, r)
		return s.signInFailed(w, r, outcome)
	}
	self := "/signin/" + name
	view := page.SignInWaitView{Frame: s.frame(r, "account.waiting.title", ""), Action: self}
	if !outcome.Ended {
		view.Running = &component.WaitingView{
			Title: view.Frame.T.T("account.waiting"), Text: view.Frame.T.T("account.waiting.text"), CheckURL: self, ProgressURL: self,
		}
		view.Frame.Live = true
	}
	if r.Header.Get("HX-Request") != "" {
		return render(w, r, http.StatusOK, page.SignInProgress(view))
	}
	return render(w, r, http.StatusOK, page.SignInWait(view))
}

// enterSignIn takes what came of a sign-in that was waited for.
func (s *Server) enterSignIn(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	if s.Accounts == nil {
		return errNotFound
	}
	return s.enterAccount(w, r, sess, chi.URLParam(r, "signin"))
}

// enterAccount makes the person who signed in the one of this session, under another id, and leads to where they wanted to
// go.
func (s *Server) enterAccount(w http.ResponseWriter, r *http.Request, sess *sessions.Session, name string) error {
	person, purpose, err := s.Accounts.Enter(r.Context(), session.Hash(sess), name)
	if err != nil {
		return err
	}
	if person.Console {
		return s.enterConsole(w, r, sess, person)
	}
	if err := s.renew(w, r, sess, person.Owner(), map[string]any{accountKey: person.Pack()}); err != nil {
		return err
	}
	s.forgetTest(w, r)
	s.Log.InfoContext(r.Context(), "signed in", "setup", purpose.Setup)
	to := "/"
	switch {
	case purpose.Setup != "":
		if to, err = s.openFor(r, sess, person, purpose); err != nil {
			return err
		}
	case purpose.Page == sessionsPage:
		to = "/" + sessionsPage
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // a page of the site, made of a known setup and a known step
	return nil
}

// openFor lets somebody who just signed in into the setup they came for, and says where to go. The setup of somebody else
// is as if it were not there.
func (s *Server) openFor(r *http.Request, sess *sessions.Session, person account.Account, p account.Purpose) (string, error) {
	visitor, actor := visitorOf(sess, person), personOf(r, person)
	setup, _, role, err := s.Onboarding.Enter(r.Context(), visitor, p.Setup)
	inside := err == nil && role == onboarding.RoleAdmin
	if !inside {
		_, err = s.Onboarding.Findable(r.Context(), p.Setup, visitor)
	}
	if fault.Is(err, fault.NotFound) {
		return "/", nil
	}
	if err == nil {
		err = s.Onboarding.SignedIn(r.Context(), p.Setup, actor)
	}
	if err == nil && !inside {
		setup, err = s.Onboarding.Open(r.Context(), p.Setup, visitor, actor, p.Link)
	}
	if err != nil {
		return "", err
	}
	if slices.Contains(asides, p.Page) {
		return "/setup/" + setup.ID + "/" + p.Page, nil
	}
	step := wizard.Step(p.Page)
	if step == "" || !setup.State.Reachable(step) {
		step = setup.State.Open()
	}
	return "/setup/" + setup.ID + "/" + string(step), nil
}

// signInFailed says why nobody was signed in, and offers to try again, as somebody else if that may help.
func (s *Server) signInFailed(w http.ResponseWriter, r *http.Request, o account.Outcome) error {
	frame := s.frame(r, "account.failed.title", "")
	frame.Reference = reference(r)
	view := page.SignInFailedView{Frame: frame, Text: frame.T.Fault(o.Fault), SignIn: s.signInView(r, o.Purpose)}
	s.Log.InfoContext(r.Context(), "sign-in refused", "reference", frame.Reference, "kind", o.Fault.Kind.String(), "fault", o.Fault.ID)
	view.SomebodyElse = o.Fault.ID == "account.not-admin" || o.Fault.ID == "account.not-console" || o.Fault.ID == "signin.person.tenant"
	return render(w, r, statusOf(o.Fault.Kind), page.SignInFailed(view))
}

// submitSignOut ends the session here at once, whatever becomes of the one at Aritma ID, and leads there to end that too.
func (s *Server) submitSignOut(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	person := accountOf(sess)
	if err := s.leaveDesk(r, sess); err != nil {
		return err
	}
	if !sess.IsNew {
		if err := s.Sessions.Destroy(w, r, sess); err != nil {
			return err
		}
	}
	if s.Accounts == nil || person.IsZero() {
		http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
		return nil
	}
	to := s.Accounts.SignOut(r.Context(), person, s.PublicURL.JoinPath("signed-out"))
	if to == nil {
		http.Redirect(w, r, "/signed-out?only=here", http.StatusSeeOther)
		return nil
	}
	frame := s.frame(r, "account.signing-out.title", "account.signing-out.lead")
	frame.Refresh = to.String()
	return render(w, r, http.StatusOK, page.Onward(page.OnwardView{Frame: frame, URL: to.String(), Text: frame.T.T("account.signing-out.link")}))
}

// showSignedOut is where Aritma ID leads back to.
func (s *Server) showSignedOut(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error {
	lead := "account.signed-out.lead"
	if r.URL.Query().Get("only") == "here" {
		lead = "account.signed-out.here"
	}
	return render(w, r, http.StatusOK, page.Problem(page.ProblemView{
		Frame: s.frame(r, "account.signed-out.title", lead), Links: []component.Link{{Text: s.printer(r).T("error.home"), URL: "/"}},
	}))
}
