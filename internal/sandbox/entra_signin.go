package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// signinRequest is what an application asked for, once its redirect URI can be trusted.
type signinRequest struct {
	application *application
	redirectURI string // as it is registered
	mode        string // "query", "fragment" or "form_post"
	scopes      []string
	challenge   string // PKCE, S256; empty without
	state       string
	nonce       string
}

// readSignin refuses in the order in which Microsoft does. What it refuses is shown to the person, never sent on.
func (d *directory) readSignin(query url.Values) (*signinRequest, *entraError) {
	if query.Get("client_id") == "" {
		return nil, errParameterMissing("client_id")
	}
	a, err := d.client(query.Get("client_id"))
	if err != nil {
		return nil, err
	}
	q := &signinRequest{
		application: a, mode: query.Get("response_mode"), scopes: strings.Fields(query.Get("scope")),
		challenge: query.Get("code_challenge"), state: query.Get("state"), nonce: query.Get("nonce"),
	}
	if q.redirectURI, err = a.replyAddress(query.Get("redirect_uri")); err != nil {
		return nil, err
	}
	if q.mode == "" {
		q.mode = "query"
	}
	switch kind := query.Get("response_type"); {
	case kind == "":
		return nil, errParameterMissing("response_type")
	case kind != "code":
		return nil, errResponseType(kind)
	case !slices.Contains([]string{"query", "fragment", "form_post"}, q.mode):
		return nil, errResponseMode(q.mode)
	case len(q.scopes) == 0:
		return nil, errParameterMissing("scope")
	}
	for _, scope := range q.scopes {
		if !knownScope(scope) {
			return nil, errScope(scope)
		}
	}
	return q, checkChallenge(q.challenge, query.Get("code_challenge_method"))
}

// replyAddress finds the redirect URI among the registered ones, to the letter. Without one in the request the first
// that is registered counts.
func (a *application) replyAddress(sent string) (string, *entraError) {
	switch {
	case len(a.redirectURIs) == 0:
		return "", errRedirectMissing()
	case sent == "":
		return a.redirectURIs[0], nil
	case !slices.Contains(a.redirectURIs, sent):
		return "", errRedirectDiffers(sent, a.clientID)
	}
	return sent, nil
}

// knownScope accepts those of OpenID Connect and those of Microsoft Graph.
func knownScope(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access", "User.Read"}, scope) || strings.HasPrefix(scope, "https://"+graphHost+"/")
}

// checkChallenge demands a size as in RFC 7636, section 4.2, and S256.
func checkChallenge(challenge, method string) *entraError {
	switch {
	case challenge == "" && method == "":
		return nil
	case len(challenge) < 43 || len(challenge) > 128:
		return errChallengeSize()
	case method != "S256":
		return errRequestMalformed()
	}
	return nil
}

// showSignin asks who signs in. Nobody ever is signed in already: the page comes at every sign-in.
func (s *Sandbox) showSignin(w http.ResponseWriter, r *http.Request, c directoryCall) {
	query := r.URL.Query()
	q, err := c.directory.readSignin(query)
	if err != nil {
		s.showEntraError(w, r, err)
		return
	}
	if query.Get("prompt") == "none" {
		refusal := errNobodySignedIn()
		s.sendBack(w, r, q, url.Values{"error": {refusal.name}, "error_description": {refusal.description(s.trace(r))}})
		return
	}
	s.serve(w, r, http.StatusOK, page.Signin(s.signinView(r, c.directory, q.application)))
}

// signinView lists the people of the directory, the hinted one first, and those of other directories.
func (s *Sandbox) signinView(r *http.Request, d *directory, a *application) page.SigninView {
	view := page.SigninView{T: s.printer(r), Application: a.name, Company: d.company, Action: r.URL.RequestURI()}
	hint := r.URL.Query().Get("login_hint")
	for _, p := range d.people {
		account := page.Account{Name: p.displayName, Account: p.userPrincipalName}
		if hint != "" && (strings.EqualFold(hint, p.userPrincipalName) || strings.EqualFold(hint, p.mail)) {
			view.People = slices.Insert(view.People, 0, account)
		} else {
			view.People = append(view.People, account)
		}
	}
	for _, other := range s.entra.directories {
		if other == d {
			continue
		}
		for _, p := range other.people {
			view.Others = append(view.Others, page.Account{Name: p.displayName, Account: p.userPrincipalName})
		}
	}
	return view
}

// submitSignin lets the chosen account in. The request stands in the address, as it did when the page was shown.
func (s *Sandbox) submitSignin(w http.ResponseWriter, r *http.Request, c directoryCall) {
	q, err := c.directory.readSignin(r.URL.Query())
	if err != nil {
		s.showEntraError(w, r, err)
		return
	}
	if c.form.Has("cancel") {
		s.sendBack(w, r, q, url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}})
		return
	}
	p, err := s.admitAccount(r, c.directory, q.application, c.form.Get("account"))
	if err != nil {
		s.showEntraError(w, r, err)
		return
	}
	s.sendBack(w, r, q, url.Values{"code": {s.giveCode(q, p)}, "session_state": {uuid.NewString()}})
}

// admitAccount refuses a person: account, consent, assignment, policy.
func (s *Sandbox) admitAccount(r *http.Request, d *directory, a *application, account string) (*person, *entraError) {
	if account == "" {
		return nil, errParameterMissing("account")
	}
	p, known := d.person(account)
	if !known {
		return nil, s.entra.stranger(account, d, a)
	}
	switch {
	case !a.consented, s.faults.take(MistakeNoConsent, r.Pattern):
		return nil, errConsentMissing(a)
	case a.assignmentRequired && !slices.Contains(d.inScope(a), p), s.faults.take(MistakeNotAssigned, r.Pattern):
		return nil, errNotAssigned(a, p)
	case s.faults.take(MistakePolicy, r.Pattern), s.faults.take(EntraConditionalAccess, r.Pattern):
		return nil, errConditionalAccess()
	}
	return p, nil
}

// stranger is the refusal of an account that d does not have.
func (e *entra) stranger(account string, d *directory, a *application) *entraError {
	for _, home := range e.directories {
		if p, ok := home.person(account); ok {
			return errForeignPerson(p, home, d, a)
		}
	}
	return errPersonUnknown(account, d)
}

// sendBack answers the application at its redirect URI.
func (s *Sandbox) sendBack(w http.ResponseWriter, r *http.Request, q *signinRequest, values url.Values) {
	if q.state != "" {
		values.Set("state", q.state)
	}
	to, err := url.Parse(q.redirectURI)
	switch {
	case err != nil:
		s.showEntraError(w, r, errRedirectDiffers(q.redirectURI, q.application.clientID))
		return
	case q.mode == "form_post":
		s.serve(w, r, http.StatusOK, page.SigninContinue(page.ContinueView{T: s.printer(r), Application: q.application.name, Action: q.redirectURI, Values: values}))
		return
	case q.mode == "fragment":
		to.Fragment, to.RawFragment = "", ""
		w.Header().Set("Location", to.String()+"#"+values.Encode())
	default:
		query := to.Query()
		for name := range values {
			query.Set(name, values.Get(name))
		}
		to.RawQuery = query.Encode()
		w.Header().Set("Location", to.String())
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusFound)
}

// showEntraError shows a person the page of Microsoft's that names the error.
func (s *Sandbox) showEntraError(w http.ResponseWriter, r *http.Request, e *entraError) {
	t := s.trace(r)
	w.Header().Set("X-Ms-Request-Id", t.trace)
	s.serve(w, r, e.status, page.SigninError(page.SigninErrorView{
		T: s.printer(r), Message: e.message(), Request: t.trace, Correlation: t.correlation, At: t.at,
	}))
}
