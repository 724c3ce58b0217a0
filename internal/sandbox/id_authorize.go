package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// idScopes are the scopes that the sign-in client may ask for.
var idScopes = []string{"openid", "profile", "email", scopeOffline, scopeIAM}

// challengeShape is an S256 challenge: 32 bytes as base64url (RFC 7636 §4.2).
var challengeShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// ask is a request to sign somebody in, whose redirect URI is trusted.
type ask struct {
	tenant, redirectURI, state, nonce, challenge string
	prompt, loginHint                            string
	scheme                                       string // acr_values idp:{scheme}; empty: the person chooses
	scopes                                       []string
}

// idRefusal is an error that the client is told (RFC 6749 §4.1.2.1). description is text of the protocol, not for people.
type idRefusal struct{ name, description string }

// idAuthorize is the authorization endpoint. GET comes from the client; POST from the login page, and carries the same.
func (s *Sandbox) idAuthorize(w http.ResponseWriter, r *http.Request, tenant string) {
	given, once := idParameters(w, r)
	if s.disturbed(w, r, IDSlowSignin, nil) {
		return
	}
	t := s.printer(r)
	switch {
	case !once:
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.request"))
		return
	case given.Get("client_id") != SigninClientID:
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.client"))
		return
	case !isCallback(given.Get("redirect_uri")):
		s.idWrong(w, r, http.StatusBadRequest, t.T("id-signin.wrong.address"))
		return
	}
	a := readAsk(tenant, given)
	if refusal := a.check(given); refusal != nil {
		s.refuseSignin(w, r, a, refusal)
		return
	}
	s.beginSignin(w, r, a, given)
}

func readAsk(tenant string, given url.Values) ask {
	a := ask{
		tenant: tenant, redirectURI: given.Get("redirect_uri"), state: given.Get("state"), nonce: given.Get("nonce"),
		challenge: given.Get("code_challenge"), prompt: given.Get("prompt"), loginHint: given.Get("login_hint"),
		scopes: strings.Fields(given.Get("scope")),
	}
	for value := range strings.FieldsSeq(given.Get("acr_values")) {
		if scheme, ok := strings.CutPrefix(value, "idp:"); ok {
			a.scheme = scheme
		}
	}
	return a
}

func (a ask) check(given url.Values) *idRefusal {
	unknown := func(scope string) bool { return !slices.Contains(idScopes, scope) }
	mode := given.Get("response_mode")
	switch {
	case given.Get("response_type") != "code":
		return &idRefusal{"unsupported_response_type", "response_type must be code"}
	case mode != "" && mode != "query":
		return &idRefusal{"invalid_request", "response_mode must be query"}
	case given.Get("code_challenge_method") != "S256" || !challengeShape.MatchString(a.challenge):
		return &idRefusal{"invalid_request", "code_challenge with the method S256 is required"}
	case !slices.Contains(a.scopes, "openid") || slices.ContainsFunc(a.scopes, unknown):
		return &idRefusal{"invalid_scope", "the scope must hold openid and nothing unknown"}
	case !slices.Contains([]string{"", "none", "login"}, a.prompt):
		return &idRefusal{"invalid_request", "prompt must be none or login"}
	}
	return nil
}

// beginSignin takes the choice of a local person, lets a session answer, leads straight to the provider that is asked
// for, or shows the login page.
func (s *Sandbox) beginSignin(w http.ResponseWriter, r *http.Request, a ask, given url.Values) {
	before, signedIn := s.sessionOf(r, a.tenant)
	provider, offered := s.tenants.get(a.tenant).loginProvider(a.scheme)
	local, chosen := s.chosenPerson(r, a, given)
	switch {
	case chosen:
		s.finishSignin(w, r, a, session{tenant: a.tenant, local: local, at: s.now()}, true)
	case signedIn && a.prompt != "login" && (a.scheme == "" || strings.EqualFold(a.scheme, before.scheme)):
		s.finishSignin(w, r, a, before, false)
	case a.prompt == "none":
		s.refuseSignin(w, r, a, &idRefusal{"login_required", "nobody is signed in"})
	case !offered:
		s.showLogin(w, r, a, given, s.tenants.get(a.tenant).loginButtons())
	case r.Method != http.MethodPost && s.faults.take(IDAsksForPage, r.Pattern):
		s.showLogin(w, r, a, given, []page.LoginButton{{Scheme: provider.Scheme, Name: provider.DisplayName}})
	default:
		s.leadToMicrosoft(w, r, a, provider)
	}
}

// showLogin carries the request on in hidden fields; the button adds the scheme or the person. People are offered where
// no provider is asked for.
func (s *Sandbox) showLogin(w http.ResponseWriter, r *http.Request, a ask, given url.Values, buttons []page.LoginButton) {
	view := page.IDLoginView{T: s.printer(r), Tenant: a.tenant, Action: s.issuer(a.tenant) + "/connect/authorize", Buttons: buttons}
	if a.scheme == "" {
		view.People = s.personButtons(view.T, a.tenant)
	}
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
		"prompt", "login_hint",
	} {
		if value := given.Get(name); value != "" {
			view.Fields = append(view.Fields, page.HiddenField{Name: name, Value: value})
		}
	}
	s.serve(w, r, http.StatusOK, page.IDLogin(view))
}

// loginProvider finds the provider of a scheme if people may sign in with it. A hidden one may be asked for by name.
func (t *tenant) loginProvider(scheme string) (provider, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.providers {
		if strings.EqualFold(p.Scheme, scheme) {
			return *p, p.Enabled && p.Properties.LoginEnabled
		}
	}
	return provider{}, false
}

func (t *tenant) loginButtons() (buttons []page.LoginButton) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.providers {
		if p.Enabled && p.Properties.LoginEnabled && p.Properties.Visible {
			buttons = append(buttons, page.LoginButton{Scheme: p.Scheme, Name: p.DisplayName})
		}
	}
	return buttons
}

// finishSignin gives the client a code for the person, if Aritma lets the person in; then a fresh sign-in is kept for
// the browser, too.
func (s *Sandbox) finishSignin(w http.ResponseWriter, r *http.Request, a ask, who session, fresh bool) {
	subject, refusal := s.admit(r, who)
	if refusal != nil {
		s.refuseSignin(w, r, a, refusal)
		return
	}
	if fresh {
		s.keepSession(w, who)
	}
	code := s.id.codes.issue(newGrant(a, who, subject), s.now(), codeLife)
	s.returnToClient(w, r, a, url.Values{"code": {code.Expose()}})
}

func (s *Sandbox) refuseSignin(w http.ResponseWriter, r *http.Request, a ask, refusal *idRefusal) {
	s.returnToClient(w, r, a, url.Values{"error": {refusal.name}, "error_description": {refusal.description}})
}

// returnToClient adds state and, against mix-up, iss (RFC 9207).
func (s *Sandbox) returnToClient(w http.ResponseWriter, r *http.Request, a ask, values url.Values) {
	if a.state != "" {
		values.Set("state", a.state)
	}
	values.Set("iss", s.issuer(a.tenant))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.redirectURI+"?"+values.Encode(), http.StatusFound)
}
