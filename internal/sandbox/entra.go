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

// directory is one Entra tenant.
type directory struct {
	id, domain, company string
	applications        []application
}

// application is an app registration with its client secrets.
type application struct {
	clientID         string
	current, expired secret.Secret
}

// entra is the stand-in of Microsoft's sign-in host; it never changes after start.
type entra struct{ directories []directory }

func newEntra(sample Sample) *entra {
	registered := application{sample.ClientID, sample.ClientSecret, sample.ExpiredSecret}
	return &entra{[]directory{
		{sample.DirectoryID, sample.Domain, sample.Company, []application{registered}},
		{sample.OtherDirectoryID, sample.OtherDomain, sample.OtherCompany, nil},
	}}
}

// find looks a directory up by GUID or verified domain, or says which number Microsoft gives.
func (e *entra) find(name string) (directory, *entraError) {
	for _, d := range e.directories {
		if strings.EqualFold(name, d.id) || strings.EqualFold(name, d.domain) {
			return d, nil
		}
	}
	if guidShape.MatchString(name) || domainShape.MatchString(strings.ToLower(name)) {
		return directory{}, errNoDirectory(name)
	}
	return directory{}, errNoDirectoryName(name)
}

func (d directory) application(clientID string) (application, bool) {
	for _, a := range d.applications {
		if strings.EqualFold(a.clientID, clientID) {
			return a, true
		}
	}
	return application{}, false
}

func (s *Sandbox) routeEntra(mux *http.ServeMux) {
	mux.HandleFunc("GET /login/{directory}/v2.0/.well-known/openid-configuration", s.entraDirectory(s.entraDiscovery))
	mux.HandleFunc("GET /login/{directory}/discovery/v2.0/keys", s.entraDirectory(s.entraKeys))
	mux.HandleFunc("POST /login/{directory}/oauth2/v2.0/token", s.entraDirectory(s.entraToken))
}

// entraDirectory counts, lets the faults act, and finds the directory.
func (s *Sandbox) entraDirectory(next func(http.ResponseWriter, *http.Request, directory, url.Values)) http.HandlerFunc {
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
			s.answerEntraError(w, r, errRequestMalformed())
			return
		}
		d, err := s.entra.find(r.PathValue("directory"))
		if err != nil {
			s.answerEntraError(w, r, err)
			return
		}
		next(w, r, d, form)
	}
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

// entraDiscovery is Microsoft's document with every address on the sandbox. The authorization endpoint is named
// because the document has it; nothing answers there.
func (s *Sandbox) entraDiscovery(w http.ResponseWriter, _ *http.Request, d directory, _ url.Values) {
	base := s.EntraLoginURL() + "/" + d.id
	answer(w, http.StatusOK, typeJSON, map[string]any{
		"issuer":                                base + "/v2.0",
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

func (s *Sandbox) entraKeys(w http.ResponseWriter, _ *http.Request, _ directory, _ url.Values) {
	answer(w, http.StatusOK, typeJSON, s.signer.keySet())
}

// entraToken is the client-credentials request, with Microsoft's answers.
func (s *Sandbox) entraToken(w http.ResponseWriter, r *http.Request, d directory, form url.Values) {
	clientID, value := clientOf(r, form)
	if err := s.judge(r, d, form, clientID, value); err != nil {
		s.answerEntraError(w, r, err)
		return
	}
	now := s.now()
	token, err := s.signer.sign(claims{
		Claims: jwt.Claims{
			Issuer: "https://sts.windows.net/" + d.id + "/", Subject: clientID, Audience: jwt.Audience{"https://" + graphHost},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
		},
		TenantID: d.id,
	})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, typeJSON, map[string]any{
		"token_type": "Bearer", "expires_in": entraTokenLife, "ext_expires_in": entraTokenLife, "access_token": token.Expose(),
	})
}

// judge refuses in the order in which Microsoft does: request, application, resource, secret, policy.
func (s *Sandbox) judge(r *http.Request, d directory, form url.Values, clientID string, value secret.Secret) *entraError {
	switch grant := form.Get("grant_type"); {
	case grant == "":
		return errParameterMissing("grant_type")
	case grant != "client_credentials":
		return errGrantType(grant)
	case clientID == "":
		return errParameterMissing("client_id")
	}
	scope := form.Get("scope")
	if !strings.HasSuffix(scope, "/.default") {
		return errScope(scope)
	}
	a, known := d.application(clientID)
	if !known || s.faults.take(EntraClientUnknown, r.Pattern) {
		return errClientUnknown(clientID, d.company)
	}
	if resource := strings.TrimSuffix(scope, "/.default"); resource != "https://"+graphHost {
		return errResourceUnknown(resource, d.company)
	}
	switch {
	case value.IsZero():
		return errSecretMissing()
	case value.Equal(a.expired), s.faults.take(EntraSecretExpired, r.Pattern):
		return errSecretExpired(a.clientID)
	case !value.Equal(a.current), s.faults.take(EntraSecretUnknown, r.Pattern):
		return errSecretUnknown(a.clientID)
	case s.faults.take(EntraConditionalAccess, r.Pattern):
		return errConditionalAccess()
	case s.faults.take(EntraUnknownError, r.Pattern):
		return errUnknownNumber()
	}
	return nil
}
