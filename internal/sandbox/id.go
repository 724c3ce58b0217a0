package sandbox

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aritma/entra-onboard/internal/secret"
)

type oauthError struct {
	Error string `json:"error"`
}

func (s *Sandbox) routeID(mux *http.ServeMux) {
	mux.HandleFunc("GET /id/{tenant}/.well-known/openid-configuration", s.idTenant(s.idDiscovery))
	mux.HandleFunc("GET /id/{tenant}/.well-known/openid-configuration/jwks", s.idTenant(s.idKeys))
	mux.HandleFunc("GET /id/{tenant}/connect/authorize", s.idTenant(s.idAuthorize))
	mux.HandleFunc("POST /id/{tenant}/connect/authorize", s.idTenant(s.idAuthorize))
	mux.HandleFunc("GET /id/{tenant}/federation/{scheme}/signin", s.idTenant(s.idCallback))
	mux.HandleFunc("GET /id/{tenant}/federation/{scheme}/callback", s.idTenant(s.idCallback))
	mux.HandleFunc("POST /id/{tenant}/connect/token", s.idTenant(s.idToken))
	mux.HandleFunc("GET /id/{tenant}/connect/endsession", s.idTenant(s.idEndSession))
	mux.HandleFunc("POST /id/{tenant}/connect/endsession", s.idTenant(s.idEndSession))
}

// idTenant refuses what cannot be a tenant, and counts.
func (s *Sandbox) idTenant(next func(w http.ResponseWriter, r *http.Request, tenant string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("tenant")
		if !tenantName.MatchString(name) {
			http.NotFound(w, r)
			return
		}
		s.tenants.get(name).count(r.Pattern)
		next(w, r, name)
	}
}

// idDiscovery names only what is served here.
func (s *Sandbox) idDiscovery(w http.ResponseWriter, r *http.Request, tenant string) {
	issuer, scopes := s.issuer(tenant), idScopes
	if s.faults.take(IDNoRefresh, r.Pattern) {
		scopes = withoutOffline(scopes)
	}
	served := map[string]any{
		"issuer":                                         issuer,
		"jwks_uri":                                       issuer + "/.well-known/openid-configuration/jwks",
		"authorization_endpoint":                         issuer + "/connect/authorize",
		"token_endpoint":                                 issuer + "/connect/token",
		"end_session_endpoint":                           issuer + "/connect/endsession",
		"grant_types_supported":                          []string{"authorization_code", "refresh_token", "client_credentials"},
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"prompt_values_supported":                        []string{"none", "login"},
		"code_challenge_methods_supported":               []string{"S256"},
		"subject_types_supported":                        []string{"public"},
		"scopes_supported":                               scopes,
		"claims_supported":                               []string{"sub", "tid", "idp", "amr", "auth_time", "external_id", "name", "preferred_username", "email"},
		"id_token_signing_alg_values_supported":          []string{string(algorithm)},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"authorization_response_iss_parameter_supported": true,
	}
	if s.faults.take(IDNoEndSession, r.Pattern) {
		delete(served, "end_session_endpoint")
	}
	answer(w, http.StatusOK, typeJSON, served)
}

func (s *Sandbox) idKeys(w http.ResponseWriter, _ *http.Request, _ string) {
	answer(w, http.StatusOK, typeJSON, s.signer.keySet())
}

// idToken is the token endpoint (RFC 6749 §3.2).
func (s *Sandbox) idToken(w http.ResponseWriter, r *http.Request, tenant string) {
	form, ok := readForm(w, r)
	if !ok {
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_request"})
		return
	}
	if s.disturbed(w, r, IDSlow, []disturbance{
		{IDUnavailable, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }},
		{IDGarbled, func(w http.ResponseWriter, _ *http.Request) { answerHTML(w) }},
		{IDClientRefused, func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusUnauthorized, typeJSON, oauthError{"invalid_client"})
		}},
	}) {
		return
	}
	id, value := clientOf(r, form)
	switch {
	case id == ServiceClientID && value.Equal(s.service):
		s.serviceGrant(w, r, tenant, form)
	case id == SigninClientID && value.Equal(s.signin):
		s.signinGrant(w, r, tenant, form)
	default:
		answer(w, http.StatusUnauthorized, typeJSON, oauthError{"invalid_client"})
	}
}

// serviceGrant is what the client of the wizard's own calls may ask for (RFC 6749 §4.4).
func (s *Sandbox) serviceGrant(w http.ResponseWriter, r *http.Request, tenant string, form url.Values) {
	switch scope := form.Get("scope"); {
	case form.Get("grant_type") != "client_credentials":
		refuseGrant(w, form)
	case scope != "" && scope != scopeIAM:
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_scope"})
	default:
		s.giveServiceToken(w, r, tenant)
	}
}

// signinGrant is what the client that signs people in may ask for (RFC 6749 §4.1.3 and §6).
func (s *Sandbox) signinGrant(w http.ResponseWriter, r *http.Request, tenant string, form url.Values) {
	switch form.Get("grant_type") {
	case "authorization_code":
		s.exchangeCode(w, r, tenant, form)
	case "refresh_token":
		s.renew(w, r, tenant, form)
	default:
		refuseGrant(w, form)
	}
}

// refuseGrant tells a grant that the other client may use from one that there is not.
func refuseGrant(w http.ResponseWriter, form url.Values) {
	wrong := "unsupported_grant_type"
	switch form.Get("grant_type") {
	case "authorization_code", "refresh_token", "client_credentials":
		wrong = "unauthorized_client"
	}
	answer(w, http.StatusBadRequest, typeJSON, oauthError{wrong})
}

func (s *Sandbox) giveServiceToken(w http.ResponseWriter, r *http.Request, tenant string) {
	scope, at := scopeIAM, s.now()
	if s.faults.take(IDTokenWithoutPermission, r.Pattern) {
		scope = ""
	}
	if s.faults.take(IDTokenExpired, r.Pattern) {
		at = at.Add(-2 * tokenLife)
	}
	c := s.issue(tenant, ServiceClientID, scope, at)
	c.ClientID = ServiceClientID
	token, err := s.signer.sign(c)
	if err != nil {
		answer(w, http.StatusInternalServerError, typeJSON, oauthError{"server_error"})
		return
	}
	answer(w, http.StatusOK, typeJSON, map[string]any{
		"access_token": token.Expose(), "expires_in": int(tokenLife.Seconds()), "token_type": "Bearer", "scope": scope,
	})
}

// readForm reads a form from the body alone.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	body, err := readBody(w, r)
	if err != nil || !hasType(r, "application/x-www-form-urlencoded") {
		return nil, false
	}
	form, err := url.ParseQuery(string(body))
	return form, err == nil
}

// clientOf returns the client's credentials from the Basic header, which carries them form-encoded
// (RFC 6749 §2.3.1), or from the form.
func clientOf(r *http.Request, form url.Values) (string, secret.Secret) {
	id, value, ok := r.BasicAuth()
	if !ok {
		return form.Get("client_id"), secret.New(form.Get("client_secret"))
	}
	plainID, err := url.QueryUnescape(id)
	if err != nil {
		return "", secret.Secret{}
	}
	plain, err := url.QueryUnescape(value)
	if err != nil {
		return "", secret.Secret{}
	}
	return plainID, secret.New(plain)
}

func hasType(r *http.Request, want string) bool {
	got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(got), want)
}
