package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

func (r *rig) wantGrantError(form url.Values, want string) {
	r.t.Helper()
	if got := r.do("POST", r.tokenURL(tenantA), secret.Secret{}, form); got.status/100 != 4 || got.json(r.t)["error"] != want {
		r.t.Errorf("status %d: %s, want %s", got.status, got.body, want)
	}
}

// code signs in and returns the code.
func (b *browser) code(also ...string) string {
	b.t.Helper()
	code := b.answered(b.signIn(kari, append([]string{"prompt", "login"}, also...)...)).Get("code")
	if code == "" {
		b.t.Fatal("no code")
	}
	return code
}

func TestCodeOfAritmaIDIsRefused(t *testing.T) {
	now := time.Now()
	b := startSignin(t, sandbox.Options{Now: func() time.Time { return now }})
	old := b.code()
	now = now.Add(5 * time.Minute)
	for name, test := range map[string]struct {
		form url.Values
		want string
	}{
		"invented":       {b.codeForm("invented"), "invalid_grant"},
		"too old":        {b.codeForm(old), "invalid_grant"},
		"other verifier": {b.codeForm(b.code(), "code_verifier", wizardVerifier+"x"), "invalid_grant"},
		"no verifier":    {b.codeForm(b.code(), "code_verifier", ""), "invalid_grant"},
		"other redirect": {b.codeForm(b.code(), "redirect_uri", "http://127.0.0.1:65001/signin/callback"), "invalid_grant"},
		"no redirect":    {b.codeForm(b.code(), "redirect_uri", ""), "invalid_grant"},
		"wrong secret":   {b.codeForm(b.code(), "client_secret", b.ServiceClientSecret().Expose()), "invalid_client"},
		"no secret":      {b.codeForm(b.code(), "client_secret", ""), "invalid_client"},
		"service client": {b.codeForm(b.code(), "client_id", sandbox.ServiceClientID, "client_secret", b.ServiceClientSecret().Expose()), "unauthorized_client"},
		"service grant":  {b.codeForm("", "grant_type", "client_credentials"), "unauthorized_client"},
		"other grant":    {b.codeForm("", "grant_type", "password"), "unsupported_grant_type"},
	} {
		t.Run(name, func(*testing.T) { b.wantGrantError(test.form, test.want) })
	}
	code := b.code()
	if got := b.do("POST", b.tokenURL(tenantB), secret.Secret{}, b.codeForm(code)); got.status != 400 {
		t.Errorf("at another tenant: status %d", got.status)
	}
	b.wantGrantError(b.codeForm(code), "invalid_grant") // used up by the attempt
}

func TestReplayedCodeEndsTheRefreshToken(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	code := b.code("scope", "openid offline_access")
	tokens := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(code)).json(t)
	b.wantGrantError(b.codeForm(code), "invalid_grant")
	b.wantGrantError(b.renewalForm(tokens), "invalid_grant")
}

func (r *rig) renewalForm(tokens map[string]any, also ...string) url.Values {
	return r.codeForm("", append([]string{"grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string)}, also...)...)
}

func TestRefreshTokenRotates(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	first := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.code("scope", "openid email offline_access"))).json(t)
	second := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.renewalForm(first)).json(t)
	if second["refresh_token"] == first["refresh_token"] || second["access_token"] == first["access_token"] {
		t.Fatal("the refresh token or the access token is the one from before")
	}
	third := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.renewalForm(second, "scope", "openid")).json(t)
	if third["scope"] != "openid" {
		t.Errorf("scope %v, want less", third["scope"])
	}
	b.wantGrantError(b.renewalForm(second), "invalid_grant") // came before: all of them end
	b.wantGrantError(b.renewalForm(third), "invalid_grant")

	fresh := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.code("scope", "openid offline_access"))).json(t)
	b.wantGrantError(b.renewalForm(fresh, "scope", "openid services.iam"), "invalid_scope")
}

func TestSessionAnswersUntilItEnds(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	endSession := b.IDURL() + "/" + tenantA + "/connect/endsession"
	tokens := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.code())).json(t)
	for name, q := range map[string]url.Values{
		"straight": question(), "any provider": question("acr_values", ""), "silent": question("prompt", "none"),
	} {
		if got := b.answered(b.authorize(q)); got.Get("code") == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	b.addProvider(tenantA, "second", func(map[string]any) {})
	for name, q := range map[string]url.Values{"prompt": question("prompt", "login"), "other provider": question("acr_values", "idp:second")} {
		if got := b.authorize(q); !strings.Contains(got.at.Path, "/login/") {
			t.Errorf("%s: at %s, not at Microsoft", name, got.at)
		}
	}
	if got := b.open(b.IDURL() + "/" + tenantB + "/connect/authorize?" + question("prompt", "none").Encode()); got.at.Query().Get("error") != "login_required" {
		t.Errorf("another tenant: %s", got.at)
	}
	for name, query := range map[string]string{"foreign hint": "?id_token_hint=nonsense", "access token as hint": "?id_token_hint=" + tokens["access_token"].(string)} {
		if got := b.open(endSession + query); got.status != 400 {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	if got := b.answered(b.authorize(question("prompt", "none"))); got.Get("code") == "" {
		t.Errorf("a refused sign-out ended the session: %v", got)
	}
	got := b.follow("POST", endSession, url.Values{
		"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {"http://localhost:65000/signed-out"}, "state": {"bye"},
	})
	if !got.left || got.at.String() != "http://localhost:65000/signed-out?state=bye" {
		t.Errorf("status %d, leads to %s", got.status, got.at)
	}
	if got := b.answered(b.authorize(question("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after the sign-out: %v", got)
	}
	if got := b.open(endSession); got.status != 200 || got.document(t).Find("#signed-out").Length() != 1 {
		t.Errorf("without an address: status %d", got.status)
	}
	if got := b.open(endSession + "?post_logout_redirect_uri=" + url.QueryEscape("https://elsewhere.example/")); got.status != 400 || got.left {
		t.Errorf("address elsewhere: status %d", got.status)
	}
}

func TestSessionCookieStaysWithItsTenant(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	page := b.authorize(question())
	login := b.step("POST", page.at.String(), url.Values{"account": {kari}})
	got := b.step("GET", login.header.Get("Location"), nil)
	cookie := got.header.Get("Set-Cookie")
	for _, part := range []string{"aritma-id=", "Path=/id/" + tenantA, "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie lacks %s", part)
		}
	}
	if strings.Contains(b.log.String(), kari) || strings.Contains(b.log.String(), state) {
		t.Error("the log holds what was asked")
	}
}

// signinEffects are what the switches of the sign-in do, each set for one request.
var signinEffects = map[sandbox.Switch]func(t *testing.T, b *browser){
	sandbox.IDAsksForPage: func(t *testing.T, b *browser) {
		page := b.authorize(question())
		if page.status != 200 || !strings.HasSuffix(page.at.Path, "/connect/authorize") {
			t.Fatalf("status %d at %s", page.status, page.at)
		}
		if got := b.answered(b.press(b.press(page, "idp:nordlys"), kari)); got.Get("code") == "" {
			t.Errorf("the page leads to %v", got)
		}
	},
	sandbox.IDRedirectDiffers: func(t *testing.T, b *browser) {
		other := strings.TrimSuffix(b.callback(tenantA, "nordlys"), "signin") + "callback"
		page := b.authorize(question())
		if !strings.Contains(page.wrong(t), "AADSTS50011") || !strings.Contains(page.wrong(t), other) {
			t.Errorf("Microsoft says %q", page.wrong(t))
		}
		b.RegisterRedirectURI(b.Sample().ClientID, other)
		b.Faults().Set(sandbox.IDRedirectDiffers, 1)
		if got := b.answered(b.signIn(kari)); got.Get("code") == "" {
			t.Errorf("once it is registered: %v", got)
		}
	},
	sandbox.IDRefusesUnknown: func(t *testing.T, b *browser) {
		if got := b.answered(b.signIn(kari)); got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), "does not know") {
			t.Errorf("answered %v", got)
		}
	},
	sandbox.MistakeCommonAuthority: func(t *testing.T, b *browser) {
		if page := b.authorize(question()); !strings.Contains(page.wrong(t), "AADSTS50194") {
			t.Errorf("at %s: %q", page.at, page.wrong(t))
		}
	},
	sandbox.IDTokenWrongNonce:    wrongIDToken("nonce"),
	sandbox.IDTokenWrongIssuer:   wrongIDToken("issued by a different provider"),
	sandbox.IDTokenWrongAudience: wrongIDToken("audience"),
	sandbox.IDTokenWrongKey:      wrongIDToken("signature"),
	sandbox.IDTokenStale:         wrongIDToken("expired"),
	sandbox.IDTokenWrongTenant: func(t *testing.T, b *browser) {
		claims, err := b.aritmaIdentity(b.idToken())
		if err != nil || claims["tid"] == tenantA || claims["tid"] == nil {
			t.Errorf("tid %v, %v", claims["tid"], err)
		}
	},
	sandbox.IDShortTokens:    shortTokens,
	sandbox.IDRefreshRefused: refreshRefused,
	sandbox.IDNoRefresh:      noRefresh,
	sandbox.IDNoEndSession:   noEndSession,
}

func (b *browser) idToken() string {
	b.t.Helper()
	return b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.code())).json(b.t)["id_token"].(string)
}

// wrongIDToken wants that the wizard's own checks refuse the ID token, for the reason that the switch names.
func wrongIDToken(reason string) func(t *testing.T, b *browser) {
	return func(t *testing.T, b *browser) {
		if _, err := b.aritmaIdentity(b.idToken()); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("the wizard says %v, want something about %q", err, reason)
		}
	}
}

func TestSwitchesOfTheSignin(t *testing.T) {
	for sw, effect := range signinEffects {
		t.Run(string(sw), func(t *testing.T) {
			b := startSignin(t, sandbox.Options{})
			b.Faults().Set(sw, 1)
			effect(t, b)
			if left := b.Faults().Active(); len(left) != 0 {
				t.Errorf("still set: %v", left)
			}
			if _, err := b.aritmaIdentity(b.idToken()); err != nil {
				t.Errorf("after it: %v", err)
			}
		})
	}
}

// TestInjectedCodeIsRefused puts the code of one sign-in into the answer to another one.
func TestInjectedCodeIsRefused(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	b.addProvider(tenantA, "without-pkce", func(p map[string]any) { p["usePkce"] = false })
	b.RegisterRedirectURI(b.Sample().ClientID, b.callback(tenantA, "without-pkce"))
	for scheme, reason := range map[string]string{"nordlys": "AADSTS50148", "without-pkce": "the ID token of Microsoft is not good"} {
		page := b.authorize(question("acr_values", "idp:"+scheme))
		answer := b.step("POST", page.at.String(), url.Values{"account": {kari}})
		to, err := url.Parse(answer.header.Get("Location"))
		if err != nil || to.Query().Get("code") == "" {
			t.Fatalf("Microsoft leads to %s, %v", to, err)
		}
		query := url.Values{"code": {to.Query().Get("code")}, "state": {b.errand(question("acr_values", "idp:"+scheme))}}
		got := b.answered(b.open(b.callback(tenantA, scheme) + "?" + query.Encode()))
		if got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), reason) {
			t.Errorf("%s: %v", scheme, got)
		}
	}
}

func TestProviderThatGoesEndsSignins(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	underWay := b.errand(question("prompt", "login"))
	b.answered(b.signIn(kari))
	id := b.Snapshot(tenantA).Providers[0].ID
	b.iam(tenantA, "DELETE", "/v1/sso/azuread/"+itoa(id), nil, 204)
	for name, address := range map[string]string{
		"the answer of Microsoft": b.callback(tenantA, "nordlys") + "?code=x&state=" + underWay,
		"the session":             b.IDURL() + "/" + tenantA + "/connect/authorize?" + question().Encode(),
	} {
		if got := b.answered(b.open(address)); got.Get("error") != "access_denied" {
			t.Errorf("%s: %v", name, got)
		}
	}
}
