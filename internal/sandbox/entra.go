package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	graphHost      = "graph.microsoft.com"
	entraTokenLife = 3599 // seconds, as Microsoft's
)

var (
	guidShape   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	domainShape = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`)
)

func (s *Sandbox) routeEntra(mux *http.ServeMux) {
	mux.HandleFunc("GET /login/{directory}/v2.0/.well-known/openid-configuration", s.entraDirectory(s.answerEntraError, s.entraDiscovery))
	mux.HandleFunc("GET /login/{directory}/discovery/v2.0/keys", s.entraDirectory(s.answerEntraError, s.entraKeys))
	mux.HandleFunc("POST /login/{directory}/oauth2/v2.0/token", s.entraDirectory(s.answerEntraError, s.entraToken))
	mux.HandleFunc("GET /login/{directory}/oauth2/v2.0/authorize", s.entraDirectory(s.showEntraError, s.showSignin))
	mux.HandleFunc("GET /login/{directory}/adminconsent", s.entraDirectory(s.showEntraError, s.showConsent))
	own := http.NewCrossOriginProtection()
	mux.Handle("POST /login/{directory}/oauth2/v2.0/authorize", own.Handler(s.entraDirectory(s.showEntraError, s.submitSignin)))
	mux.Handle("POST /login/{directory}/adminconsent", own.Handler(s.entraDirectory(s.showEntraError, s.submitConsent)))
}

// directoryCall is a request to the sign-in host about one directory; the model is locked while it is answered.
type directoryCall struct {
	directory *directory
	form      url.Values // of a POST
}

// entraDirectory counts, lets the faults act, and finds the directory; what it refuses, refuse answers.
func (s *Sandbox) entraDirectory(refuse func(http.ResponseWriter, *http.Request, *entraError), next func(http.ResponseWriter, *http.Request, directoryCall)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.tenants.get("").count(r.Pattern)
		form, readable := url.Values{}, true
		if r.Method == http.MethodPost {
			form, readable = readForm(w, r)
		}
		if s.disturbed(w, r, EntraSlow, entraDisturbances) {
			return
		}
		if !readable {
			refuse(w, r, errRequestMalformed())
			return
		}
		s.entra.mu.Lock()
		defer s.entra.mu.Unlock()
		d, err := s.entra.directoryAt(r.PathValue("directory"))
		if err != nil {
			refuse(w, r, err)
			return
		}
		next(w, r, directoryCall{d, form})
	}
}

// directoryAt is find for the sign-in host, where two names stand for no directory: Microsoft then takes that of the
// person.
func (e *entra) directoryAt(name string) (*directory, *entraError) {
	if name != "common" && name != "organizations" {
		return e.find(name)
	}
	shared := &directory{id: name, company: name, shared: true}
	for _, d := range e.directories {
		shared.applications = append(shared.applications, d.applications...)
	}
	return shared, nil
}

// client is the application of a request. Every application here is of a single tenant.
func (d *directory) client(clientID string) (*application, *entraError) {
	a, known := d.application(clientID)
	switch {
	case !known:
		return nil, errClientUnknown(clientID, d.company)
	case d.shared:
		return nil, errSingleTenant(a, d.id)
	}
	return a, nil
}

var entraDisturbances = []disturbance{
	{EntraUnreachable, func(http.ResponseWriter, *http.Request) { cut() }},
	{EntraUnavailable, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }},
	{EntraLimited, func(w http.ResponseWriter, _ *http.Request) {
		retryLater(w)
		w.WriteHeader(http.StatusTooManyRequests)
	}},
	{EntraGarbled, func(w http.ResponseWriter, _ *http.Request) { answerHTML(w) }},
}

// entraDiscovery is Microsoft's document with every address on the sandbox.
func (s *Sandbox) entraDiscovery(w http.ResponseWriter, _ *http.Request, c directoryCall) {
	base := s.EntraLoginURL() + "/" + c.directory.id
	issuer := base + "/v2.0"
	if c.directory.shared {
		issuer = s.EntraLoginURL() + "/{tenantid}/v2.0"
	}
	answer(w, http.StatusOK, typeJSON, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{string(algorithm)},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"request_uri_parameter_supported":       false,
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          graphHost,
		"rbac_url":                              "https://pas.windows.net",
	})
}

func (s *Sandbox) entraKeys(w http.ResponseWriter, _ *http.Request, _ directoryCall) {
	answer(w, http.StatusOK, typeJSON, s.signer.keySet())
}

// entraToken is the token endpoint, with Microsoft's answers.
func (s *Sandbox) entraToken(w http.ResponseWriter, r *http.Request, c directoryCall) {
	switch grant := c.form.Get("grant_type"); grant {
	case "":
		s.answerEntraError(w, r, errParameterMissing("grant_type"))
	case "client_credentials":
		s.giveApplicationToken(w, r, c)
	case "authorization_code":
		s.redeemEntraCode(w, r, c)
	default:
		s.answerEntraError(w, r, errGrantType(grant))
	}
}

// giveApplicationToken answers a client-credentials request.
func (s *Sandbox) giveApplicationToken(w http.ResponseWriter, r *http.Request, c directoryCall) {
	clientID, value := clientOf(r, c.form)
	if err := s.judge(r, c, clientID, value); err != nil {
		s.answerEntraError(w, r, err)
		return
	}
	token, err := s.signer.sign(s.graphClaims(c.directory, clientID))
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, typeJSON, map[string]any{
		"token_type": "Bearer", "expires_in": entraTokenLife, "ext_expires_in": entraTokenLife, "access_token": token.Expose(),
	})
}

// graphClaims are those of an access token for Microsoft Graph.
func (s *Sandbox) graphClaims(d *directory, subject string) claims {
	now := s.now()
	return claims{
		Claims: jwt.Claims{
			Issuer: "https://sts.windows.net/" + d.id + "/", Subject: subject, Audience: jwt.Audience{"https://" + graphHost},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
		},
		TenantID: d.id,
	}
}

// judge refuses in the order in which Microsoft does: request, application, resource, secret, policy.
func (s *Sandbox) judge(r *http.Request, c directoryCall, clientID string, value secret.Secret) *entraError {
	if clientID == "" {
		return errParameterMissing("client_id")
	}
	resource, whole := strings.CutSuffix(c.form.Get("scope"), "/.default")
	if !whole {
		return errScope(resource)
	}
	a, err := s.clientAt(r, c.directory, clientID)
	switch {
	case err != nil:
		return err
	case resource != "https://"+graphHost:
		return errResourceUnknown(resource, c.directory.company)
	}
	return s.judgeSecret(r, a, value)
}

// clientAt is the application that asks for a token.
func (s *Sandbox) clientAt(r *http.Request, d *directory, clientID string) (*application, *entraError) {
	if s.faults.take(EntraClientUnknown, r.Pattern) {
		return nil, errClientUnknown(clientID, d.company)
	}
	return d.client(clientID)
}

func (s *Sandbox) judgeSecret(r *http.Request, a *application, value secret.Secret) *entraError {
	found, theirs := a.secretOf(value)
	switch {
	case value.IsZero():
		return errSecretMissing()
	case theirs && !s.now().Before(found.expires), s.faults.take(EntraSecretExpired, r.Pattern):
		return errSecretExpired(a.clientID)
	case !theirs, s.faults.take(EntraSecretUnknown, r.Pattern):
		return errSecretUnknown(a.clientID)
	case s.faults.take(EntraConditionalAccess, r.Pattern):
		return errConditionalAccess()
	case s.faults.take(EntraUnknownError, r.Pattern):
		return errUnknownNumber()
	}
	return nil
}
