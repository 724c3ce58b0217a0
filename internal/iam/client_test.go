package iam_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/secret"
)

// The documented keys in the documented order, nothing else.
const registerJSON = `{"scheme":"contoso-entra","displayName":"Contoso","enabled":true,"type":"oidc","properties":{` +
	`"loginEnabled":true,"visible":true,"delegationEnabled":false,"autoProvisioningEnabled":false,` +
	`"clientId":"3d0d1f5e-2f0b-4a5e-9a41-0b8f1f6f6a10","clientSecret":SECRET,"usePkce":true,` +
	`"authority":"https://login.microsoftonline.com/7c0e1b9a-5d6f-4f7e-8a2c-1d2e3f405162/v2.0",` +
	`"responseType":"code","scope":"openid profile email"}}`

func registerBody(secret string) string { return strings.Replace(registerJSON, "SECRET", secret, 1) }

func TestWhatIsSent(t *testing.T) {
	quoted := `"Zk8~Q-\"canary\"\\&<secret>.5b2c/xyz"`
	for name, want := range map[string]received{
		"register":        {"POST", "/core/iam/v1/sso/azuread", registerBody(quoted)},
		"update":          {"PUT", "/core/iam/v1/sso/azuread/7", `{"id":7,` + registerBody(quoted)[1:]},
		"provider":        {"GET", "/core/iam/v1/sso/azuread/7", ""},
		"providers":       {"GET", "/core/iam/v1/sso", ""},
		"delete provider": {"DELETE", "/core/iam/v1/sso/azuread/7", ""},
		"create token":    {"POST", "/core/iam/v1/scim", `{"provider":"contoso-entra","providerDisplayName":"Contoso (ab12)"}`},
		"tokens":          {"GET", "/core/iam/v1/scim", ""},
		"delete token":    {"DELETE", "/core/iam/v1/scim/token-1", ""},
	} {
		u := newUpstream(t, 200, "{}")
		_ = acts[name](u.client, t.Context())
		if diff := cmp.Diff(want, u.only(), cmp.AllowUnexported(received{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRegisterForPublicClientSendsNull(t *testing.T) {
	u := newUpstream(t, 201, "")
	public := provider
	public.ClientSecret = secret.Secret{}
	if _, err := u.client.RegisterAzureAD(t.Context(), accessToken, public); err != nil {
		t.Fatal(err)
	}
	if got := u.only().body; got != registerBody("null") {
		t.Errorf("sent %s", got)
	}
	public.UsePKCE = false
	if _, err := u.client.RegisterAzureAD(t.Context(), accessToken, public); fault.Of(err).ID != "iam.secret-needed" {
		t.Errorf("neither secret nor PKCE: %v", err)
	}
}

func TestPreviewIsTheRequestWithTheSecretMasked(t *testing.T) {
	u := newUpstream(t, 201, "")
	if _, err := u.client.RegisterAzureAD(t.Context(), accessToken, provider); err != nil {
		t.Fatal(err)
	}
	preview := string(provider.Preview())
	if strings.Contains(preview, "canary") || !strings.Contains(preview, "\n  \"scheme\": \"contoso-entra\"") {
		t.Errorf("preview:\n%s", preview)
	}
	compact := strings.NewReplacer("\n", "", `": `, `":`).Replace(preview)
	for strings.Contains(compact, "  ") {
		compact = strings.ReplaceAll(compact, "  ", "")
	}
	if want := registerBody(`"` + secret.Placeholder + `"`); compact != want {
		t.Errorf("preview is not the request:\n%s\n%s", compact, want)
	}
	if got, want := u.client.RegisterURL(), u.server.URL+"/core/iam/v1/sso/azuread"; got != want {
		t.Errorf("RegisterURL() = %q, want %q", got, want)
	}
}

func TestBasePathIsKept(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.example":             "https://api.example/v1/sso/azuread",
		"https://api.example/":            "https://api.example/v1/sso/azuread",
		"https://api.example/core/iam/":   "https://api.example/core/iam/v1/sso/azuread",
		"https://api.example/a%2Fb/_mock": "https://api.example/a%2Fb/_mock/v1/sso/azuread",
	} {
		if got := clientAt(t, base).RegisterURL(); got != want {
			t.Errorf("at %s: %q, want %q", base, got, want)
		}
	}
}

func TestTokenIDIsOnePathSegment(t *testing.T) {
	for id, path := range map[string]string{
		"4711":             "/core/iam/v1/scim/4711",
		"a/b":              "/core/iam/v1/scim/a%2Fb",
		"../sso/azuread/7": "/core/iam/v1/scim/..%2Fsso%2Fazuread%2F7",
		"a?b#c d%2e":       "/core/iam/v1/scim/a%3Fb%23c%20d%252e",
		"æ\r\n":            "/core/iam/v1/scim/%C3%A6%0D%0A",
	} {
		u := newUpstream(t, 204, "")
		if err := u.client.DeleteSCIMToken(t.Context(), accessToken, id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
		if got := u.only().path; got != path {
			t.Errorf("%q went to %q, want %q", id, got, path)
		}
	}
}

func TestRefusedBeforeItIsSent(t *testing.T) {
	u := newUpstream(t, 200, "{}")
	ctx := t.Context()
	update := func(value string) error {
		p := provider
		p.ClientSecret = secret.New(value)
		return u.client.UpdateAzureAD(ctx, accessToken, 7, p)
	}
	list := func(value string) error {
		_, err := u.client.Providers(ctx, secret.New(value))
		return err
	}
	_, readWithoutID := u.client.AzureAD(ctx, accessToken, 0)
	registered := provider
	registered.ClientSecret = secret.New(secret.Placeholder)
	_, registerMasked := u.client.RegisterAzureAD(ctx, accessToken, registered)
	for name, test := range map[string]struct {
		err error
		id  string
	}{
		"update without secret":       {update(""), "iam.secret-needed"},
		"update with placeholder":     {update(secret.Placeholder), "iam.secret-needed"},
		"update with stars":           {update("********"), "iam.secret-needed"},
		"update with dots":            {update("••••••"), "iam.secret-needed"},
		"update with half characters": {update("abc\xff"), "iam.secret-needed"},
		"register with placeholder":   {registerMasked, "iam.secret-needed"},
		"read id 0":                   {readWithoutID, "iam.no-provider-id"},
		"update id 0":                 {u.client.UpdateAzureAD(ctx, accessToken, 0, provider), "iam.no-provider-id"},
		"delete id 0":                 {u.client.DeleteAzureAD(ctx, accessToken, 0), "iam.no-provider-id"},
		"delete token without id":     {u.client.DeleteSCIMToken(ctx, accessToken, ""), "iam.no-token-id"},
		"delete token .":              {u.client.DeleteSCIMToken(ctx, accessToken, "."), "iam.no-token-id"},
		"delete token ..":             {u.client.DeleteSCIMToken(ctx, accessToken, ".."), "iam.no-token-id"},
		"no access token":             {list(""), "iam.unauthorized"},
		"token with line break":       {list("canary\r\nX: y"), "iam.unauthorized"},
		"token with space":            {list("Bearer canary"), "iam.unauthorized"},
	} {
		if fault.Of(test.err).ID != test.id || !iam.SurelyNotDone(test.err) || strings.Contains(test.err.Error(), "canary") {
			t.Errorf("%s: %v, want %s and surely not done", name, test.err, test.id)
		}
	}
	if n := u.count(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
