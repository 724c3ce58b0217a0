package sandbox

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
	"github.com/aritma/entra-onboard/internal/secret"
)

// SigninClientID is the client with which the wizard signs people in: confidential, with PKCE. Its redirect URI is
// /signin/callback at any port of this computer.
const SigninClientID = "entra-onboard-wizard"

// SigninClientSecret belongs to SigninClientID; it is another one after every start.
func (s *Sandbox) SigninClientSecret() secret.Secret { return s.signin }

const (
	callbackPath = "/signin/callback"

	errandLife  = 10 * time.Minute // from Aritma ID to Microsoft and back
	codeLife    = 5 * time.Minute
	renewalLife = 24 * time.Hour
	sessionLife = 8 * time.Hour
)

// identity is what Aritma ID remembers between requests, for all tenants.
type identity struct {
	errands  tickets[errand]  // by state
	codes    tickets[grant]   // by authorization code
	renewals tickets[grant]   // by refresh token
	sessions tickets[session] // by cookie
}

func (i *identity) reset() {
	i.errands.reset()
	i.codes.reset()
	i.renewals.reset()
	i.sessions.reset()
}

// session is somebody who signed in at Aritma ID in one browser: a local person, or a foreigner through the provider of
// a scheme.
type session struct {
	tenant    string
	local     *localPerson // nil for a foreigner
	scheme    string
	foreigner foreigner
	at        time.Time
}

const sessionCookie = "aritma-id"

// keepSession sets the cookie: one for each tenant, by its path.
func (s *Sandbox) keepSession(w http.ResponseWriter, one session) {
	value := s.id.sessions.issue(one, s.now(), sessionLife)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value.Expose(), Path: idPath + "/" + one.tenant, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (s *Sandbox) sessionOf(r *http.Request, tenant string) (session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	one, live := s.id.sessions.look(cookie.Value, s.now())
	return one, live && one.tenant == tenant
}

func (s *Sandbox) dropSession(w http.ResponseWriter, r *http.Request, tenant string) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return
	}
	s.id.sessions.drop(cookie.Value)
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Path: idPath + "/" + tenant, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// idEndSession is the end-session endpoint (OpenID Connect RP-Initiated Logout 1.0), for GET and for a form. It leads on
// to addresses of this computer alone.
func (s *Sandbox) idEndSession(w http.ResponseWriter, r *http.Request, tenant string) {
	t := s.printer(r)
	given, once := idParameters(w, r)
	hint, client := given.Get("id_token_hint"), given.Get("client_id")
	switch {
	case !once:
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.request"))
		return
	case client != "" && client != SigninClientID:
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.client"))
		return
	case hint != "" && !s.isIDToken(hint, tenant):
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.hint"))
		return
	}
	s.dropSession(w, r, tenant)
	back := given.Get("post_logout_redirect_uri")
	if back == "" {
		s.serve(w, r, http.StatusOK, page.IDSignedOut(t))
		return
	}
	to, ok := loopback(back)
	if !ok {
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.leave"))
		return
	}
	query := to.Query()
	if state := given.Get("state"); state != "" {
		query.Set("state", state)
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// idWrong is the page for what must not lead back to a client; text is rich.
func (s *Sandbox) idWrong(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.serve(w, r, status, page.IDWrong(s.printer(r), text))
}

// idParameters reads the query of a GET or the form of a POST. It reports false when it cannot be read, or when a
// parameter stands in it twice (RFC 6749 §3.1).
func idParameters(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	given, readable := r.URL.Query(), true
	if r.Method == http.MethodPost {
		given, readable = readForm(w, r)
	}
	for _, values := range given {
		readable = readable && len(values) == 1
	}
	return given, readable
}

// loopback reads an http address on this computer without a user and a fragment.
func loopback(text string) (*url.URL, bool) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" || address.User != nil || strings.Contains(text, "#") {
		return nil, false
	}
	host, err := netip.ParseAddr(address.Hostname())
	return address, address.Hostname() == "localhost" || (err == nil && host.IsLoopback())
}

// isCallback reports whether text is a redirect URI of SigninClientID.
func isCallback(text string) bool {
	address, ok := loopback(text)
	return ok && address.EscapedPath() == callbackPath && address.RawQuery == "" && !address.ForceQuery
}
