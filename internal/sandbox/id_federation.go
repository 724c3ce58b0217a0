package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// errand is a person on the way to Microsoft and back.
type errand struct {
	ask             ask
	scheme          string
	login           string // address of the directory at the sign-in host
	redirectURI     string // that Microsoft was given
	nonce, verifier string // verifier is empty without PKCE
}

// microsoftHosts are the sign-in hosts of the clouds; each is served by the sandbox's own.
var microsoftHosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}

// loginOf turns the authority of a provider into the address of its directory at the sandbox's sign-in host, and refuses
// every other authority: nothing but the sandbox is ever asked.
func (s *Sandbox) loginOf(authority string) (string, bool) {
	path, own := strings.CutPrefix(authority, s.EntraLoginURL()+"/")
	if !own {
		address, err := url.Parse(authority)
		if err != nil || address.Scheme != "https" || !slices.Contains(microsoftHosts, address.Host) || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
			return "", false
		}
		path = strings.TrimPrefix(address.EscapedPath(), "/")
	}
	directory := strings.TrimSuffix(strings.TrimSuffix(path, "/"), "/v2.0")
	if !guidShape.MatchString(directory) && !domainShape.MatchString(strings.ToLower(directory)) && directory != "common" && directory != "organizations" {
		return "", false
	}
	return s.EntraLoginURL() + "/" + directory, true
}

// leadToMicrosoft redirects to Microsoft, once more with a state, a nonce and a challenge of Aritma ID's own.
func (s *Sandbox) leadToMicrosoft(w http.ResponseWriter, r *http.Request, a ask, p provider) {
	login, ok := s.loginOf(p.Properties.Authority)
	if !ok {
		s.idWrong(w, r, http.StatusInternalServerError, s.printer(r).T("id-signin.wrong.authority", "Scheme", p.Scheme))
		return
	}
	if s.faults.take(MistakeCommonAuthority, r.Pattern) {
		login = s.EntraLoginURL() + "/common"
	}
	end := "/signin"
	if s.faults.take(IDRedirectDiffers, r.Pattern) {
		end = "/callback"
	}
	e := errand{ask: a, scheme: p.Scheme, login: login, redirectURI: s.issuer(a.tenant) + "/federation/" + p.Scheme + end, nonce: randomValue().Expose()}
	query := url.Values{
		"client_id": {p.Properties.ClientID}, "redirect_uri": {e.redirectURI}, "response_type": {"code"}, "response_mode": {"query"},
		"scope": {scopeOf(p)}, "nonce": {e.nonce},
	}
	if p.Properties.UsePKCE {
		e.verifier = randomValue().Expose()
		query.Set("code_challenge", challengeOf(e.verifier))
		query.Set("code_challenge_method", "S256")
	}
	if a.prompt == "login" {
		query.Set("prompt", "login")
	}
	if a.loginHint != "" {
		query.Set("login_hint", a.loginHint)
	}
	query.Set("state", s.id.errands.issue(e, s.now(), errandLife).Expose())
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, login+"/oauth2/v2.0/authorize?"+query.Encode(), http.StatusFound)
}

// scopeOf is the scope of the provider; the least that gives an ID token when the provider names none.
func scopeOf(p provider) string {
	if p.Properties.Scope == "" {
		return "openid"
	}
	return p.Properties.Scope
}

// idCallback is where Microsoft sends the person back to. A state is good once, for its tenant and its scheme.
func (s *Sandbox) idCallback(w http.ResponseWriter, r *http.Request, tenant string) {
	given, once := idParameters(w, r)
	var e errand
	state := ticketUnknown
	if once && r.Method == http.MethodGet { // a HEAD must not use the state up
		e, state = s.id.errands.take(given.Get("state"), s.now())
	}
	if state != ticketFresh || e.ask.tenant != tenant || !strings.EqualFold(e.scheme, r.PathValue("scheme")) {
		s.idWrong(w, r, http.StatusBadRequest, s.printer(r).T("id-signin.wrong.state"))
		return
	}
	p, offered := s.tenants.get(tenant).loginProvider(e.scheme)
	switch {
	case !offered:
		s.refuseSignin(w, r, e.ask, &idRefusal{"access_denied", "the provider is not offered any more"})
		return
	case given.Get("code") == "":
		s.refuseSignin(w, r, e.ask, microsoftSaid(given.Get("error"), given.Get("error_description")))
		return
	}
	person, refusal := s.redeem(r.Context(), p, e, given.Get("code"))
	if refusal != nil {
		s.refuseSignin(w, r, e.ask, refusal)
		return
	}
	s.finishSignin(w, r, e.ask, session{tenant: tenant, scheme: p.Scheme, foreigner: person, at: s.now()}, true)
}

// microsoftSaid quotes Microsoft to the client.
func microsoftSaid(name, description string) *idRefusal {
	const most = 2000 // characters
	if description == "" {
		description = name
	}
	if runes := []rune(description); len(runes) > most {
		description = string(runes[:most])
	}
	return &idRefusal{"access_denied", "Microsoft answered: " + description}
}

// loopbackClient asks the sandbox itself over HTTP, as one service asks the other. It keeps no connection.
var loopbackClient = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       10 * time.Second,
}

// redeem exchanges Microsoft's code for the person, with the client secret that the provider was given.
func (s *Sandbox) redeem(ctx context.Context, p provider, e errand, code string) (foreigner, *idRefusal) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {p.Properties.ClientID}, "code": {code}, "redirect_uri": {e.redirectURI},
		"scope": {scopeOf(p)},
	}
	if value := p.Properties.ClientSecret; !value.IsZero() {
		form.Set("client_secret", value.Expose())
	}
	if e.verifier != "" {
		form.Set("code_verifier", e.verifier)
	}
	var said struct {
		IDToken     string `json:"id_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	status, err := postForm(ctx, e.login+"/oauth2/v2.0/token", form, &said)
	switch {
	case err != nil, status != http.StatusOK && said.Error == "":
		return foreigner{}, &idRefusal{"temporarily_unavailable", "Microsoft gave no answer that can be read"}
	case status != http.StatusOK:
		return foreigner{}, microsoftSaid(said.Error, said.Description)
	}
	person, err := s.readForeignToken(said.IDToken, p, e)
	if err != nil {
		return foreigner{}, &idRefusal{"access_denied", "the ID token of Microsoft is not good"}
	}
	return person, nil
}

// postForm sends a form and reads the JSON that comes back, at most bodyLimit of it.
func postForm(ctx context.Context, address string, form url.Values, into any) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := loopbackClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, json.NewDecoder(io.LimitReader(response.Body, bodyLimit)).Decode(into)
}

// readForeignToken verifies Microsoft's ID token: it is for the provider's client, of this errand, and of the directory
// that was asked when that was named by its id.
func (s *Sandbox) readForeignToken(token string, p provider, e errand) (foreigner, error) {
	var c struct {
		jwt.Claims
		TenantID string `json:"tid"`
		ObjectID string `json:"oid"`
		Nonce    string `json:"nonce"`
		Name     string `json:"name"`
		Email    string `json:"email"`
		UserName string `json:"preferred_username"`
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return foreigner{}, errToken
	}
	if err := parsed.Claims(s.signer.key.Public(), &c); err != nil {
		return foreigner{}, errToken
	}
	expected := jwt.Expected{Issuer: s.EntraLoginURL() + "/" + c.TenantID + "/v2.0", AnyAudience: jwt.Audience{p.Properties.ClientID}, Time: s.now()}
	asked := strings.TrimPrefix(e.login, s.EntraLoginURL()+"/")
	switch {
	case c.Expiry == nil || c.ValidateWithLeeway(expected, 0) != nil:
		return foreigner{}, errToken
	case c.Nonce != e.nonce || c.ObjectID == "" || (guidShape.MatchString(asked) && !strings.EqualFold(asked, c.TenantID)):
		return foreigner{}, errors.New("the ID token is of another sign-in")
	}
	return foreigner{profile{c.Name, c.Email, c.UserName}, c.ObjectID}, nil
}
