package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// serviceForm is the client-credentials request of the wizard.
func (r *rig) serviceForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {"services.iam"},
		"client_id": {sandbox.ServiceClientID}, "client_secret": {r.ServiceClientSecret().Expose()},
	}
}

func (r *rig) tokenURL(tenant string) string { return r.IDURL() + "/" + tenant + "/connect/token" }

func changed(form url.Values, name, value string) url.Values {
	form.Set(name, value)
	return form
}

func TestServiceTokenOpensIAM(t *testing.T) {
	r := start(t)
	got := r.do("POST", r.tokenURL(tenantA), secret.Secret{}, r.serviceForm()).json(t)
	if got["expires_in"] != 3600.0 || got["token_type"] != "Bearer" || got["scope"] != "services.iam" {
		t.Errorf("token answer: %v", got["scope"])
	}
	token := secret.New(got["access_token"].(string))
	if status := r.do("GET", r.IAMURL()+"/v1/sso", token, nil).status; status != 200 {
		t.Errorf("GET /v1/sso with it: status %d", status)
	}

	discovery := r.do("GET", r.IDURL()+"/"+tenantA+"/.well-known/openid-configuration", secret.Secret{}, nil).json(t)
	if discovery["issuer"] != r.IDURL()+"/"+tenantA || discovery["token_endpoint"] != r.tokenURL(tenantA) {
		t.Errorf("discovery: %v", discovery)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(r.do("GET", discovery["jwks_uri"].(string), secret.Secret{}, nil).body, &keys); err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token.Expose(), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal("the token is not a JWT")
	}
	var claims map[string]any
	if err := parsed.Claims(keys, &claims); err != nil {
		t.Fatalf("the published keys do not verify the token: %v", err)
	}
	if claims["iss"] != discovery["issuer"] || claims["tid"] != tenantA || claims["client_id"] != sandbox.ServiceClientID || claims["scope"] != "services.iam" {
		t.Errorf("claims: %v", claims)
	}
	if _, private := keys.Keys[0].Key.(interface{ Sign() }); private || !keys.Keys[0].IsPublic() {
		t.Error("the key set holds a private key")
	}
}

func TestServiceTokenIsRefused(t *testing.T) {
	r := start(t)
	for name, test := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"wrong secret":  {changed(r.serviceForm(), "client_secret", "wrong"), 401, "invalid_client"},
		"wrong client":  {changed(r.serviceForm(), "client_id", "other"), 401, "invalid_client"},
		"no client":     {url.Values{"grant_type": {"client_credentials"}}, 401, "invalid_client"},
		"other grant":   {changed(r.serviceForm(), "grant_type", "password"), 400, "unsupported_grant_type"},
		"unknown scope": {changed(r.serviceForm(), "scope", "everything"), 400, "invalid_scope"},
	} {
		got := r.do("POST", r.tokenURL(tenantA), secret.Secret{}, test.form)
		if got.status != test.status || got.json(t)["error"] != test.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.body, test.status, test.code)
		}
	}
	if got := r.do("POST", r.tokenURL(tenantA), secret.Secret{}, "{}"); got.status != 400 {
		t.Errorf("JSON instead of a form: status %d", got.status)
	}
	if got := r.do("POST", r.tokenURL("no_tenant"), secret.Secret{}, r.serviceForm()); got.status != 404 {
		t.Errorf("not a tenant: status %d", got.status)
	}
}

func TestBasicCredentialsAreFormEncoded(t *testing.T) {
	r := start(t)
	pair := url.QueryEscape(sandbox.ServiceClientID) + ":" + url.QueryEscape(r.ServiceClientSecret().Expose())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.tokenURL(tenantA), strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	response, err := r.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func (r *rig) directoryURL(name string) string {
	return r.EntraLoginURL() + "/" + name + "/v2.0/.well-known/openid-configuration"
}

func TestDirectoryLookUp(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	for name, id := range map[string]string{
		sample.DirectoryID: sample.DirectoryID, strings.ToUpper(sample.DirectoryID): sample.DirectoryID, sample.Domain: sample.DirectoryID,
		sample.OtherDomain: sample.OtherDirectoryID,
	} {
		got := r.do("GET", r.directoryURL(name), secret.Secret{}, nil).json(t)
		want := map[string]string{
			"issuer": r.EntraLoginURL() + "/" + id + "/v2.0", "token_endpoint": r.EntraLoginURL() + "/" + id + "/oauth2/v2.0/token",
			"tenant_region_scope": "EU", "cloud_instance_name": "microsoftonline.com", "msgraph_host": "graph.microsoft.com",
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s is %v, want %s", name, key, got[key], value)
			}
		}
	}
	for name, code := range map[string]float64{
		"00000000-1111-4222-8333-444444444444": 90002, "unknown.example": 90002, sample.ClientID: 90002, "nonsense": 900023, "a b": 900023,
	} {
		r.wantAADSTS(r.do("GET", r.directoryURL(url.PathEscape(name)), secret.Secret{}, nil), 400, code)
	}
}

var traces = regexp.MustCompile(`^AADSTS(\d+): .+ Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`)

// wantAADSTS holds an error against Microsoft's shape.
func (r *rig) wantAADSTS(got reply, status int, code float64) {
	r.t.Helper()
	body := got.json(r.t)
	codes, _ := body["error_codes"].([]any)
	description, _ := body["error_description"].(string)
	found := traces.FindStringSubmatch(description)
	if got.status != status || len(codes) != 1 || codes[0] != code || found == nil || found[1] != json.Number(formatted(code)).String() {
		r.t.Errorf("%d %s, want %d with AADSTS%s", got.status, got.body, status, formatted(code))
	}
	if body["error"] == "" || body["correlation_id"] == "" || !strings.Contains(description, body["correlation_id"].(string)) {
		r.t.Errorf("error or correlation id missing: %s", got.body)
	}
}

func formatted(code float64) string {
	raw, _ := json.Marshal(code)
	return string(raw)
}

// entraForm is the request that proves a client secret.
func (r *rig) entraForm() url.Values {
	sample := r.Sample()
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		"client_id": {sample.ClientID}, "client_secret": {sample.ClientSecret.Expose()},
	}
}

func (r *rig) entraTokenURL(directory string) string {
	return r.EntraLoginURL() + "/" + directory + "/oauth2/v2.0/token"
}

func TestClientSecretProof(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	if !regexp.MustCompile(`^[A-Za-z0-9~._-]{40}$`).MatchString(sample.ClientSecret.Expose()) || !strings.ContainsAny(sample.ClientSecret.Expose(), "~") {
		t.Error("the sample client secret does not look like Entra's")
	}
	if start(t).Sample().ClientSecret.Equal(sample.ClientSecret) {
		t.Error("two sandboxes have the same client secret")
	}
	got := r.do("POST", r.entraTokenURL(sample.DirectoryID), secret.Secret{}, r.entraForm())
	if got.status != 200 || got.json(t)["expires_in"] != 3599.0 || got.json(t)["access_token"] == "" {
		t.Fatalf("right id and secret: status %d", got.status)
	}
	if status := r.do("GET", r.IAMURL()+"/v1/sso", secret.New(got.json(t)["access_token"].(string)), nil).status; status != 401 {
		t.Errorf("a token of Microsoft opens Aritma IAM: status %d", status)
	}
	for name, test := range map[string]struct {
		directory string
		form      url.Values
		status    int
		code      float64
	}{
		"application of another directory": {sample.OtherDirectoryID, r.entraForm(), 400, 700016},
		"unknown application":              {sample.Domain, changed(r.entraForm(), "client_id", sample.DirectoryID), 400, 700016},
		"Secret ID":                        {sample.DirectoryID, changed(r.entraForm(), "client_secret", sample.SecretID), 401, 7000215},
		"cut-off secret":                   {sample.DirectoryID, changed(r.entraForm(), "client_secret", sample.ClientSecret.Expose()[:39]), 401, 7000215},
		"expired secret":                   {sample.DirectoryID, changed(r.entraForm(), "client_secret", sample.ExpiredSecret.Expose()), 401, 7000222},
		"no secret":                        {sample.DirectoryID, changed(r.entraForm(), "client_secret", ""), 401, 7000218},
		"unknown directory":                {sample.ClientID, r.entraForm(), 400, 90002},
		"no directory":                     {"nonsense", r.entraForm(), 400, 900023},
		"no grant type":                    {sample.DirectoryID, changed(r.entraForm(), "grant_type", ""), 400, 900144},
		"other grant type":                 {sample.DirectoryID, changed(r.entraForm(), "grant_type", "password"), 400, 70003},
		"no client":                        {sample.DirectoryID, changed(r.entraForm(), "client_id", ""), 400, 900144},
		"scope without default":            {sample.DirectoryID, changed(r.entraForm(), "scope", "openid"), 400, 70011},
		"unknown resource":                 {sample.DirectoryID, changed(r.entraForm(), "scope", "https://vault.example/.default"), 400, 500011},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.do("POST", r.entraTokenURL(test.directory), secret.Secret{}, test.form)
			r.wantAADSTS(got, test.status, test.code)
			if strings.Contains(string(got.body), sample.ClientSecret.Expose()[:20]) {
				t.Error("the answer quotes the secret")
			}
		})
	}
	r.wantAADSTS(r.do("POST", r.entraTokenURL(sample.DirectoryID), secret.Secret{}, "{}"), 400, 9002313)
}
