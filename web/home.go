package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

func (s *Server) homeView(r *http.Request) (page.HomeView, error) {
	view := page.HomeView{
		Frame:    s.frame(r, "home.title", "home.lead"),
		LinkForm: page.Form{Action: "/open"},
		Begin:    page.BeginView{Form: page.Form{Action: "/begin"}, Operation: onboarding.NewOperation()},
	}
	view.SignIn = s.signInView(r, account.Purpose{})
	sess, err := s.session(r)
	if err != nil || sess.IsNew {
		return view, err
	}
	person := accountOf(sess)
	if person.Console {
		return view, nil
	}
	entered, err := s.entered(r, visitorOf(sess, person))
	if err != nil {
		return view, err
	}
	open := map[string]bool{}
	for _, setup := range entered {
		open[setup.ID] = true
		row := s.homeSetup(view.Frame.T, setup)
		row.URL = "/setup/" + setup.ID + "/"
		view.Setups = append(view.Setups, row)
	}
	if person.IsZero() {
		return view, nil
	}
	view.SignIn, view.Begin.Operation = nil, ""
	view.Own = &page.OwnView{Form: page.Form{Action: "/setups"}, Tenant: person.Tenant, Operation: onboarding.NewOperation()}
	found, err := s.Onboarding.Found(r.Context(), visitorOf(sess, person))
	for _, setup := range found {
		if !open[setup.ID] {
			row := s.homeSetup(view.Frame.T, setup)
			row.Action = "/setup/" + setup.ID + "/open"
			view.Own.Found = append(view.Own.Found, row)
		}
	}
	return view, err
}

// entered lists the setups that are open in this browser: first those with something left to do, each kind changed last first.
func (s *Server) entered(r *http.Request, v onboarding.Visitor) ([]onboarding.Setup, error) {
	setups, err := s.Onboarding.Entered(r.Context(), v)
	slices.SortStableFunc(setups, func(a, b onboarding.Setup) int {
		if done := a.State.Open() == wizard.Done; done != (b.State.Open() == wizard.Done) {
			if done {
				return 1
			}
			return -1
		}
		return b.ChangedAt.Compare(a.ChangedAt)
	})
	return setups, err
}

// homeSetup says how far a setup is.
func (s *Server) homeSetup(t message.Printer, setup onboarding.Setup) page.HomeSetup {
	each := setup.State.Open()
	row := page.HomeSetup{Company: setup.Company, Done: each == wizard.Done}
	if row.Done {
		row.State = t.T("home.state.done", "Time", s.clock(t, setup.ChangedAt))
		return row
	}
	row.State = t.T("home.state", "Number", each.Number(), "Total", len(wizard.Steps()), "Step", t.T(string(each)+".short"), "Time", s.clock(t, setup.ChangedAt))
	return row
}

func (s *Server) showHome(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	if s.guides(accountOf(sess)) {
		http.Redirect(w, r, consolePath, http.StatusSeeOther)
		return nil
	}
	view, err := s.homeView(r)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, page.Home(view))
}

// submitHome opens a setup link that was pasted instead of followed.
func (s *Server) submitHome(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	value := linkSecret(secretValue(r, "link"))
	err := error(fault.New(fault.Invalid, "home.link.missing", nil))
	if !value.IsZero() {
		err = s.enterLink(w, r, sess, value)
	}
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
		return err // nil: it is open
	}
	if s.guessed(r, err) {
		s.tooMany(w, r, "error.too-many")
		return nil
	}
	view, viewErr := s.homeView(r)
	if viewErr != nil {
		return viewErr
	}
	m := &mistakes{v: &visit{t: view.Frame.T, r: r}}
	m.fault("link", err)
	wrong(&view.Frame, &view.LinkForm, m)
	return render(w, r, http.StatusUnprocessableEntity, page.Home(view))
}

// linkSecret takes the secret out of a pasted setup link, or out of what is left of it.
func linkSecret(pasted secret.Secret) secret.Secret {
	text := pasted.Expose()
	if u, err := url.Parse(text); err == nil && u.Path != "" {
		text = u.Path
	}
	if _, after, found := strings.Cut(text, "/s/"); found {
		text = after
	}
	return secret.New(strings.Trim(text, "/"))
}

// begunOwner begins the owner of a session in which a setup was begun with an access token: with that in it, it belongs to
// nobody who holds a link by which it came in before, or comes in later.
const begunOwner = "begun:"

// submitBegin begins a setup with an access token, once Aritma has accepted the token.
func (s *Server) submitBegin(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	company, tenant, token := text(r, "company"), text(r, "tenant"), accessToken(r)
	view, err := s.homeView(r)
	if err != nil {
		return err
	}
	view.Begin.Company, view.Begin.Tenant = company, tenant
	m := &mistakes{v: &visit{t: view.Frame.T, r: r}}
	m.company(company)
	m.tenant("tenant", tenant)
	m.token(token, tenant)
	if !m.any() {
		if s.begun.Miss(r.Context()) { // before anybody is asked and anything stored
			return errBusy
		}
		if err := m.accepted(s.CheckToken, token); err != nil {
			s.Log.WarnContext(r.Context(), "access token not judged", "reference", reference(r), "error", err)
			view.Begin.Form.Problem = &component.NoticeView{
				Kind: component.NoticeProblem, Focus: true, Text: view.Frame.T.T("home.token.unasked"), Reference: reference(r),
			}
			return render(w, r, http.StatusServiceUnavailable, page.Home(view))
		}
	}
	if m.any() {
		wrong(&view.Frame, &view.Begin.Form, m)
		return render(w, r, http.StatusUnprocessableEntity, page.Home(view))
	}
	actor := onboarding.Actor{Who: "token", From: middleware.Address(r.Context())}
	setup, err := s.Onboarding.CreateSetup(r.Context(), onboarding.NewSetup{Company: company, Tenant: tenant, SelfBegun: true, Actor: actor, Operation: operation(r)})
	if err != nil {
		return err
	}
	owner := begunOwner + setup.ID
	if !accountOf(sess).IsZero() {
		owner = "" // stays the person's
	}
	if err := s.renew(w, r, sess, owner, map[string]any{tokenKey + setup.ID: token}); err != nil {
		return err
	}
	if setup, err = s.Onboarding.Begin(r.Context(), setup.ID, session.Hash(sess), actor); err != nil {
		return err
	}
	http.Redirect(w, r, "/setup/"+setup.ID+"/"+string(setup.State.Open()), http.StatusSeeOther)
	return nil
}

// submitSetup begins a setup of the tenant of whoever is signed in.
func (s *Server) submitSetup(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	person, company := accountOf(sess), text(r, "company")
	view, err := s.homeView(r)
	if err != nil {
		return err
	}
	m := &mistakes{v: &visit{t: view.Frame.T, r: r}}
	if m.company(company); m.any() {
		view.Own.Company = company
		wrong(&view.Frame, &view.Own.Form, m)
		return render(w, r, http.StatusUnprocessableEntity, page.Home(view))
	}
	actor := personOf(r, person)
	setup, err := s.Onboarding.CreateSetup(r.Context(), onboarding.NewSetup{
		Company: company, Tenant: person.Tenant, BegunBySignin: true, Actor: actor, Operation: operation(r),
	})
	if err != nil {
		return err
	}
	return s.open(w, r, sess, setup.ID)
}

// openSetup lets an administrator who is signed in into a setup of the tenant.
func (s *Server) openSetup(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	return s.open(w, r, sess, chi.URLParam(r, "setup"))
}

func (s *Server) open(w http.ResponseWriter, r *http.Request, sess *sessions.Session, id string) error {
	person := accountOf(sess)
	setup, err := s.Onboarding.Open(r.Context(), id, visitorOf(sess, person), personOf(r, person), "")
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/setup/"+setup.ID+"/"+string(setup.State.Open()), http.StatusSeeOther)
	return nil
}

func (m *mistakes) company(name string) {
	switch n := len([]rune(name)); {
	case n == 0:
		m.add("company", "home.company.missing")
	case n > maxName:
		m.add("company", "home.company.long", "Length", n, "Max", maxName)
	}
}

func (m *mistakes) tenant(field, id string) {
	switch {
	case id == "":
		m.add(field, "home.tenant.missing")
	case !wizard.IsTenant(id):
		m.add(field, "home.tenant.shape")
	}
}

const maxToken = 16 << 10 // bytes of an access token

// token judges a pasted access token by its shape, and by the tenant that it names where it can be read. That name is
// not verified: it catches a mix-up, no attack.
func (m *mistakes) token(token secret.Secret, tenant string) {
	plain := token.Expose()
	switch named := tenantOf(plain); {
	case plain == "":
		m.add("token", "access.token.missing")
	case len(plain) > maxToken, strings.ContainsFunc(plain, func(r rune) bool { return r <= ' ' || r > '~' }):
		m.add("token", "access.token.shape")
	case named != "" && wizard.CleanID(named) != wizard.CleanID(tenant):
		m.add("token", "access.token.tenant", "Tenant", named)
	}
}

// accepted asks Aritma about the token. A plain refusal is a mistake; the error says that it could not be judged.
func (m *mistakes) accepted(check TokenCheck, token secret.Secret) error {
	ctx, cancel := context.WithTimeout(m.v.r.Context(), onboarding.Patience)
	defer cancel()
	err := check(ctx, token)
	if fault.Is(err, fault.Unauthorized) || fault.Is(err, fault.Forbidden) {
		m.fault("token", err)
		return nil
	}
	return err
}
