package sandbox_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// aritmaIdentity verifies an ID token as the wizard does, and returns its claims.
func (r *rig) aritmaIdentity(idToken string) (map[string]any, error) {
	ctx, _ := r.wizard()
	provider, err := oidc.NewProvider(ctx, r.IDURL()+"/"+tenantA)
	if err != nil {
		return nil, err
	}
	token, err := provider.Verifier(&oidc.Config{ClientID: sandbox.SigninClientID}).Verify(ctx, idToken)
	if err != nil {
		return nil, err
	}
	if token.Nonce != nonce {
		return nil, errors.New("the nonce is another one")
	}
	var claims map[string]any
	return claims, token.Claims(&claims)
}

func TestSigninThroughMicrosoft(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	ctx, wizard := b.wizard()
	answer := b.answered(b.signIn(kari, "scope", "openid profile email offline_access services.iam"))
	tokens, err := wizard.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(wizardVerifier))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := b.aritmaIdentity(tokens.Extra("id_token").(string))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"tid": tenantA, "idp": "nordlys", "nonce": nonce, "email": kari, "name": "Kari Nordmann", "preferred_username": kari,
		"amr": []any{"external"}, "aud": sandbox.SigninClientID,
	} {
		if diff := cmp.Diff(want, claims[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if claims["external_id"] == nil || claims["oid"] != nil || !strings.HasPrefix(claims["sub"].(string), "user-") {
		t.Errorf("claims: %v", claims)
	}
	if left := time.Since(time.Unix(int64(claims["auth_time"].(float64)), 0)); left > time.Minute {
		t.Errorf("signed in %v ago", left)
	}
	provider, err := oidc.NewProvider(ctx, b.IDURL()+"/"+tenantA)
	if err != nil {
		t.Fatal(err)
	}
	idToken, err := provider.Verifier(&oidc.Config{ClientID: sandbox.SigninClientID}).Verify(ctx, tokens.Extra("id_token").(string))
	if err != nil || idToken.VerifyAccessToken(tokens.AccessToken) != nil {
		t.Errorf("at_hash: %v", err)
	}
	if scope := tokens.Extra("scope"); scope != "openid profile email offline_access" {
		t.Errorf("scope %v", scope)
	}
	if got := b.do("GET", b.IAMURL()+"/v1/sso", secret.New(tokens.AccessToken), nil); got.status != 403 {
		t.Errorf("IAM with the access token: status %d, want no permission", got.status)
	}
	if got := b.do("GET", b.IAMURL()+"/v1/sso", secret.New(tokens.Extra("id_token").(string)), nil); got.status != 401 {
		t.Errorf("IAM with the ID token: status %d", got.status)
	}
}

func TestScopesDecideWhatIsTold(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	got := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.answered(b.signIn(kari, "scope", "openid")).Get("code"))).json(t)
	claims, err := b.aritmaIdentity(got["id_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if claims["email"] != nil || claims["name"] != nil || got["refresh_token"] != nil || got["scope"] != "openid" {
		t.Errorf("claims %v, scope %v", claims, got["scope"])
	}
	token := secret.New(got["access_token"].(string))
	if got := b.do("GET", b.IAMURL()+"/v1/sso", token, nil); got.status != 403 {
		t.Errorf("IAM without the scope: status %d", got.status)
	}
}

func TestRedirectURIIsReadWithoutAUser(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	b.addProvider(tenantA, "government", func(p map[string]any) {
		p["authority"], p["usePkce"] = "https://login.microsoftonline.us/"+b.Sample().DirectoryID+"/v2.0", false
	})
	for scheme, challenged := range map[string]bool{"nordlys": true, "government": false} {
		got := b.step("GET", b.IDURL()+"/"+tenantA+"/connect/authorize?"+question("acr_values", "mfa idp:"+scheme, "login_hint", kari).Encode(), nil)
		to, err := url.Parse(got.header.Get("Location"))
		if err != nil || got.status != 302 {
			t.Fatalf("status %d, %v", got.status, err)
		}
		query := to.Query()
		if address, want := strings.TrimSuffix(to.String(), "?"+to.RawQuery), b.EntraLoginURL()+"/"+b.Sample().DirectoryID+"/oauth2/v2.0/authorize"; address != want {
			t.Errorf("leads to %s, want %s", address, want)
		}
		for name, want := range map[string]string{
			"client_id": b.Sample().ClientID, "redirect_uri": b.callback(tenantA, scheme), "response_type": "code", "response_mode": "query",
			"scope": "openid profile email", "login_hint": kari,
		} {
			if query.Get(name) != want {
				t.Errorf("%s = %q, want %q", name, query.Get(name), want)
			}
		}
		if query.Has("code_challenge") != challenged || query.Get("state") == "" || query.Get("state") == state || query.Get("nonce") == nonce {
			t.Errorf("Microsoft is asked %v", query)
		}
	}
}

func TestAuthorizeShowsWhatMustNotBeSentBack(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	twice := question()
	twice.Add("state", "again")
	for name, q := range map[string]url.Values{
		"no client":          question("client_id", ""),
		"other client":       question("client_id", sandbox.ServiceClientID),
		"no redirect URI":    question("redirect_uri", ""),
		"https":              question("redirect_uri", "https://127.0.0.1:65000/signin/callback"),
		"other path":         question("redirect_uri", back+"/"),
		"other host":         question("redirect_uri", "http://wizard.example/signin/callback"),
		"host that looks so": question("redirect_uri", "http://127.0.0.1.example/signin/callback"),
		"user before host":   question("redirect_uri", "http://127.0.0.1:1@wizard.example/signin/callback"),
		"query":              question("redirect_uri", back+"?to=elsewhere"),
		"fragment":           question("redirect_uri", back+"#"),
		"escaped path":       question("redirect_uri", "http://127.0.0.1:65000/signin%2Fcallback"),
		"twice":              twice,
	} {
		if got := b.authorize(q); got.status != 400 || got.left || got.wrong(t) == "" {
			t.Errorf("%s: status %d at %s", name, got.status, got.at)
		}
	}
	for _, address := range []string{"http://localhost:1/signin/callback", "http://[::1]:1/signin/callback", "http://127.0.0.1/signin/callback"} {
		if got := b.authorize(question("redirect_uri", address)); got.status != 200 {
			t.Errorf("%s: status %d", address, got.status)
		}
	}
}

func TestAuthorizeTellsTheClient(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	for name, test := range map[string]struct {
		q    url.Values
		want string
	}{
		"implicit":           {question("response_type", "id_token"), "unsupported_response_type"},
		"fragment":           {question("response_mode", "fragment"), "invalid_request"},
		"no challenge":       {question("code_challenge", ""), "invalid_request"},
		"plain challenge":    {question("code_challenge_method", "plain"), "invalid_request"},
		"no method":          {question("code_challenge_method", ""), "invalid_request"},
		"short challenge":    {question("code_challenge", "short"), "invalid_request"},
		"no scope":           {question("scope", ""), "invalid_scope"},
		"unknown scope":      {question("scope", "openid everything"), "invalid_scope"},
		"unknown prompt":     {question("prompt", "consent"), "invalid_request"},
		"nobody is there":    {question("prompt", "none"), "login_required"},
		"nobody, no request": {question("prompt", "none", "acr_values", ""), "login_required"},
	} {
		if got := b.answered(b.authorize(test.q)); got.Get("error") != test.want || got.Has("code") {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
}

func TestLoginButtons(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	b.addProvider(tenantA, "hidden", func(p map[string]any) { p["visible"] = false })
	b.addProvider(tenantA, "closed", func(p map[string]any) { p["loginEnabled"] = false })
	for _, acr := range []string{"", "mfa", "idp:unknown", "idp:closed"} {
		page := b.authorize(question("acr_values", acr))
		if buttons := page.document(t).Find("#login button[name=acr_values]"); page.status != 200 || buttons.Length() != 1 || buttons.Text() != "Nordlys" {
			t.Errorf("%q: status %d, buttons %q", acr, page.status, buttons.Text())
		}
		if got := b.answered(b.press(b.press(page, "idp:nordlys"), kari)); got.Get("code") == "" {
			t.Errorf("%q: %v", acr, got)
		}
		b = b.browser()
	}
	if got := b.authorize(question("acr_values", "idp:hidden")); !strings.Contains(got.at.Path, "/login/") {
		t.Errorf("a hidden provider that is asked for: at %s", got.at)
	}
	got := b.open(b.IDURL() + "/" + tenantB + "/connect/authorize?" + question().Encode())
	if got.status != 200 || got.document(t).Find("#no-button").Length() != 1 {
		t.Errorf("a tenant without providers: status %d: %s", got.status, got.body)
	}
}

func TestOnlyMicrosoftIsAsked(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	id := b.Sample().DirectoryID
	for scheme, authority := range map[string]string{
		"elsewhere": "https://id.example/" + id + "/v2.0",
		"lookalike": "https://login.microsoftonline.com.example/" + id + "/v2.0",
		"user":      "https://login.microsoftonline.com@id.example/" + id + "/v2.0",
		"port":      "https://login.microsoftonline.com:444/" + id + "/v2.0",
		"plain":     "http://login.microsoftonline.com/" + id + "/v2.0",
		"path":      "https://login.microsoftonline.com/../id/" + tenantA,
		"local":     strings.TrimSuffix(b.IDURL(), "/id") + "/elsewhere/" + id + "/v2.0",
	} {
		b.addProvider(tenantA, scheme, func(p map[string]any) { p["authority"] = authority })
		if got := b.authorize(question("acr_values", "idp:"+scheme)); got.status != 500 || !strings.Contains(got.wrong(t), scheme) {
			t.Errorf("%s: status %d at %s", scheme, got.status, got.at)
		}
	}
	for scheme, authority := range map[string]string{
		"china":   "https://login.partner.microsoftonline.cn/" + id + "/v2.0",
		"domain":  "https://login.microsoftonline.com/" + b.Sample().Domain + "/v2.0/",
		"sandbox": b.EntraLoginURL() + "/" + id + "/v2.0",
	} {
		b.addProvider(tenantA, scheme, func(p map[string]any) { p["authority"] = authority })
		b.RegisterRedirectURI(b.Sample().ClientID, b.callback(tenantA, scheme))
		if got := b.answered(b.signIn(kari, "acr_values", "idp:"+scheme, "prompt", "login")); got.Get("code") == "" {
			t.Errorf("%s: %v", scheme, got)
		}
	}
}

func TestWhoIsItInAritma(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	claims := func() map[string]any {
		b := b.browser()
		got := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(b.answered(b.signIn(kari)).Get("code"))).json(t)
		claims, err := b.aritmaIdentity(got["id_token"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return claims
	}
	unknown := claims()
	if again := claims(); again["sub"] != unknown["sub"] {
		t.Errorf("somebody unknown is %v, then %v", unknown["sub"], again["sub"])
	}
	if people := b.Snapshot(tenantA).Users; len(people) != 0 {
		t.Errorf("exists after the sign-in: %v", people)
	}
	token, _ := b.scimToken(tenantA, "nordlys")
	// From the weakest likeness to the strongest: each next user takes the sign-in over.
	for _, user := range []map[string]any{
		{"userName": strings.ToUpper(kari)},
		{"userName": "kn0417", "emails": []any{map[string]any{"type": "work", "value": strings.ToUpper(kari), "primary": true}}},
		{"userName": "somebody", "externalId": unknown["external_id"]},
	} {
		user["schemas"] = []string{"urn:ietf:params:scim:schemas:core:2.0:User"}
		made := b.do("POST", b.scimURL(tenantA)+"/Users", token, user)
		if made.status != 201 {
			t.Fatalf("status %d: %s", made.status, made.body)
		}
		if got, want := claims()["sub"], "user-"+made.json(t)["id"].(string); got != want {
			t.Errorf("%v: sub %v, want %s", user["userName"], got, want)
		}
		for _, one := range b.iam(tenantA, "GET", "/v1/subjects/users?searchQuery="+url.QueryEscape(user["userName"].(string)), nil, 200).json(t)["data"].([]any) {
			if got := one.(map[string]any)["subjectId"]; got != claims()["sub"] {
				t.Errorf("subjectId %v is not the sub of the sign-in", got)
			}
		}
	}
}

func TestDeactivatedPeopleStayOut(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	token, _ := b.scimToken(tenantA, "nordlys")
	answer := b.answered(b.signIn(kari, "scope", "openid offline_access"))
	tokens := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.codeForm(answer.Get("code"))).json(t)
	made := b.do("POST", b.scimURL(tenantA)+"/Users", token, map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": kari, "active": "False",
	})
	if made.status != 201 {
		t.Fatalf("status %d", made.status)
	}
	for name, got := range map[string]url.Values{
		"at Microsoft again":    b.answered(b.signIn(kari, "prompt", "login")),
		"by the session before": b.answered(b.authorize(question())),
	} {
		if got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), "deactivated") {
			t.Errorf("%s: %v", name, got)
		}
	}
	renewal := b.codeForm("", "grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string))
	b.wantGrantError(renewal, "invalid_grant")
}

func TestProviderMayCreatePeople(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	b.addProvider(tenantA, "creates", func(p map[string]any) { p["autoProvisioningEnabled"] = true })
	b.RegisterRedirectURI(b.Sample().ClientID, b.callback(tenantA, "creates"))
	for range 2 {
		got := b.answered(b.signIn(kari, "acr_values", "idp:creates", "prompt", "login"))
		if got.Get("code") == "" {
			t.Fatal(got)
		}
	}
	if diff := cmp.Diff([]sandbox.Person{{UserName: kari, Active: true}}, b.Snapshot(tenantA).Users); diff != "" {
		t.Error(diff)
	}
}

func TestMicrosoftsRefusalComesBack(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	b.addProvider(tenantA, "wrong-secret", func(p map[string]any) { p["clientSecret"] = b.Sample().SecretID })
	b.addProvider(tenantA, "no-secret", func(p map[string]any) { p["clientSecret"] = nil })
	b.addProvider(tenantA, "expired", func(p map[string]any) { p["clientSecret"] = b.Sample().ExpiredSecret.Expose() })
	for scheme, number := range map[string]string{"wrong-secret": "AADSTS7000215", "no-secret": "AADSTS7000218", "expired": "AADSTS7000222"} {
		b.RegisterRedirectURI(b.Sample().ClientID, b.callback(tenantA, scheme))
		got := b.answered(b.signIn(kari, "acr_values", "idp:"+scheme))
		if got.Get("error") != "access_denied" || !strings.Contains(got.Get("error_description"), number) || got.Has("code") {
			t.Errorf("%s: %v", scheme, got)
		}
	}
	if got := b.answered(b.press(b.authorize(question()), "1")); got.Get("error") != "access_denied" {
		t.Errorf("cancelled at Microsoft: %v", got)
	}
	for _, sw := range []sandbox.Switch{sandbox.EntraUnavailable, sandbox.EntraGarbled, sandbox.EntraUnreachable} {
		b.Faults().SetOn(sw, "POST /login/{directory}/oauth2/v2.0/token", 1)
		if got := b.answered(b.signIn(kari)); got.Get("error") != "temporarily_unavailable" {
			t.Errorf("%s: %v", sw, got)
		}
	}
	said := "AADSTS65004: User declined to consent. Trace ID: " + strings.Repeat("x", 3000)
	got := b.answered(b.open(b.callback(tenantA, "nordlys") + "?" + url.Values{
		"error": {"access_denied"}, "error_description": {said}, "state": {b.errand(question())},
	}.Encode()))
	if text := got.Get("error_description"); !strings.Contains(text, said[:200]) || len(text) > 2100 {
		t.Errorf("quotes %d characters: %.100s", len(text), text)
	}
}

// errand begins a sign-in and returns the state that Microsoft is given.
func (b *browser) errand(q url.Values) string {
	b.t.Helper()
	return b.authorize(q).at.Query().Get("state")
}

func TestStateOfMicrosoftsAnswer(t *testing.T) {
	now := time.Now()
	b := startSignin(t, sandbox.Options{Now: func() time.Time { return now }})
	b.addProvider(tenantA, "second", func(map[string]any) {})
	refused := "?error=access_denied&state="
	used := b.errand(question())
	b.answered(b.open(b.callback(tenantA, "nordlys") + refused + used))
	old := b.errand(question())
	now = now.Add(10 * time.Minute)
	for name, address := range map[string]string{
		"none":           b.callback(tenantA, "nordlys") + "?error=access_denied",
		"invented":       b.callback(tenantA, "nordlys") + refused + "invented",
		"used":           b.callback(tenantA, "nordlys") + refused + used,
		"too old":        b.callback(tenantA, "nordlys") + refused + old,
		"other scheme":   b.callback(tenantA, "second") + refused + b.errand(question()),
		"other tenant":   b.callback(tenantB, "nordlys") + refused + b.errand(question()),
		"twice":          b.callback(tenantA, "nordlys") + refused + b.errand(question()) + "&state=x",
		"of the wizard":  b.callback(tenantA, "nordlys") + refused + state,
		"after emptying": b.callback(tenantA, "nordlys") + refused + b.errandThenReset(),
	} {
		if got := b.open(address); got.status != 400 || got.left || got.wrong(t) == "" {
			t.Errorf("%s: status %d at %s", name, got.status, got.at)
		}
	}
}

func (b *browser) errandThenReset() string {
	value := b.errand(question())
	b.Reset()
	return value
}
