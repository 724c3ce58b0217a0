package sandbox_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// adminScope is what the wizard asks for somebody who is going to act.
const adminScope = "openid profile email offline_access services.iam"

// adminQuestion asks Aritma ID for anybody, with IAM permissions.
func adminQuestion(also ...string) url.Values {
	return question(append([]string{"acr_values", "", "scope", adminScope}, also...)...)
}

// choose presses the button of a local person on the login page, and returns the answer to the wizard.
func (b *browser) choose(name string, also ...string) url.Values {
	b.t.Helper()
	return b.answered(b.press(b.authorize(adminQuestion(also...)), name))
}

// tokensOf exchanges the code of an answer.
func (r *rig) tokensOf(answer url.Values) map[string]any {
	r.t.Helper()
	got := r.do("POST", r.tokenURL(tenantA), secret.Secret{}, r.codeForm(answer.Get("code")))
	if got.status != 200 {
		r.t.Fatalf("status %d: %s", got.status, got.body)
	}
	return got.json(r.t)
}

// claimsOf verifies the ID token of an answer of the token endpoint.
func (r *rig) claimsOf(tokens map[string]any) map[string]any {
	r.t.Helper()
	claims, err := r.aritmaIdentity(tokens["id_token"].(string))
	if err != nil {
		r.t.Fatal(err)
	}
	return claims
}

// unverified are the claims of a token, whoever signed it and whenever it ends: the clock of a test is not the library's.
func unverified(t *testing.T, token string) map[string]any {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// iamStatus is what IAM answers to the access token.
func (r *rig) iamStatus(tokens map[string]any) int {
	r.t.Helper()
	return r.do("GET", r.IAMURL()+"/v1/sso", secret.New(tokens["access_token"].(string)), nil).status
}

func TestLoginPageOffersLocalPeople(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	const people = "#login button[name=person]"
	for _, acr := range []string{"", "mfa"} {
		d := b.authorize(adminQuestion("acr_values", acr)).document(t)
		for name, may := range map[string]string{sandbox.Administrator: "may set up", sandbox.Member: "may not set up"} {
			button := d.Find(people + `[value="` + name + `"]`)
			if !strings.Contains(button.Text(), name) || !strings.Contains(button.Closest("p").Next().Text(), may) {
				t.Errorf("%q: the button of %s reads %q, then %q", acr, name, button.Text(), button.Closest("p").Next().Text())
			}
		}
		if d.Find(people).Length() != 2 || d.Find("#login button[name=acr_values]").Text() != "Nordlys" || d.Find("#no-button").Length() != 0 {
			t.Errorf("%q: the page offers %q", acr, d.Find("#login button").Text())
		}
	}
	for _, acr := range []string{"idp:unknown", "idp:local"} {
		if d := b.authorize(adminQuestion("acr_values", acr)).document(t); d.Find(people).Length() != 0 || d.Find("#login button").Text() != "Nordlys" {
			t.Errorf("%q: the page offers %q", acr, d.Find("#login button").Text())
		}
	}
	b.Faults().Set(sandbox.IDAsksForPage, 1)
	if d := b.authorize(adminQuestion("acr_values", "idp:nordlys")).document(t); d.Find(people).Length() != 0 || d.Find("#login button").Text() != "Nordlys" {
		t.Errorf("on the way to Microsoft the page offers %q", d.Find("#login button").Text())
	}
	d := b.open(b.IDURL() + "/" + tenantB + "/connect/authorize?" + adminQuestion().Encode()).document(t)
	if d.Find(people).Length() != 2 || d.Find("#no-button").Length() != 1 {
		t.Errorf("in a tenant without providers the page offers %q", d.Find("#login button").Text())
	}
}

func TestLocalPeopleSignIn(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	subjects := map[string]string{}
	for name, want := range map[string]struct {
		email, scope string
		iam          int
	}{
		sandbox.Administrator: {"astrid.berg@nordlysbygg.example", adminScope, 200},
		sandbox.Member:        {"jonas.lie@nordlysbygg.example", "openid profile email offline_access", 403},
	} {
		tokens := b.tokensOf(b.browser().choose(name))
		claims := b.claimsOf(tokens)
		for claim, want := range map[string]any{
			"tid": tenantA, "idp": "local", "amr": []any{"pwd"}, "name": name, "email": want.email, "preferred_username": want.email,
			"aud": sandbox.SigninClientID, "external_id": nil,
		} {
			if diff := cmp.Diff(want, claims[claim]); diff != "" {
				t.Errorf("%s: %s: %s", name, claim, diff)
			}
		}
		if tokens["scope"] != want.scope || b.iamStatus(tokens) != want.iam {
			t.Errorf("%s: scope %v, IAM answers %d, want %d", name, tokens["scope"], b.iamStatus(tokens), want.iam)
		}
		subjects[name] = claims["sub"].(string)
		b.Reset()
		if again := b.claimsOf(b.tokensOf(b.browser().choose(name))); again["sub"] != claims["sub"] || !strings.HasPrefix(again["sub"].(string), "user-") {
			t.Errorf("%s is %v, then %v", name, claims["sub"], again["sub"])
		}
	}
	if subjects[sandbox.Administrator] == subjects[sandbox.Member] {
		t.Error("both are the same subject")
	}
	if people := b.Snapshot(tenantA).Users; len(people) != 0 {
		t.Errorf("SCIM knows %v", people)
	}
}

// TestLocalTokensFitTheLibraries goes through the libraries of the wizard, and asks IAM who the administrator is.
func TestLocalTokensFitTheLibraries(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	ctx, wizard := b.wizard()
	tokens, err := wizard.Exchange(ctx, b.choose(sandbox.Administrator).Get("code"), oauth2.VerifierOption(wizardVerifier))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := oidc.NewProvider(ctx, b.IDURL()+"/"+tenantA)
	if err != nil {
		t.Fatal(err)
	}
	idToken, err := provider.Verifier(&oidc.Config{ClientID: sandbox.SigninClientID}).Verify(ctx, tokens.Extra("id_token").(string))
	if err != nil || idToken.VerifyAccessToken(tokens.AccessToken) != nil {
		t.Fatalf("at_hash: %v", err)
	}
	me := b.do("GET", b.IAMURL()+"/v1/me", secret.New(tokens.AccessToken), nil).json(t)
	if me["id"] != idToken.Subject || me["email"] != "astrid.berg@nordlysbygg.example" {
		t.Errorf("IAM says %v of %s", me, idToken.Subject)
	}
}

func TestOnlyTheFormChoosesAPerson(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	address := b.IDURL() + "/" + tenantA + "/connect/authorize"
	chosen := func(name string, also ...string) url.Values {
		q := adminQuestion(also...)
		q.Set("person", name)
		return q
	}
	if got := b.open(address + "?" + chosen(sandbox.Administrator).Encode()); got.left || got.document(t).Find("#login").Length() != 1 {
		t.Errorf("a link: status %d at %s", got.status, got.at)
	}
	if got := b.follow("POST", address, chosen("Kari Nordmann")); got.left || got.document(t).Find("#login").Length() != 1 {
		t.Errorf("somebody else: status %d at %s", got.status, got.at)
	}
	if got := b.answered(b.follow("POST", address, chosen(sandbox.Administrator, "prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("without a page: %v", got)
	}
	if got := b.follow("POST", address, chosen(sandbox.Administrator, "acr_values", "idp:nordlys")); !strings.Contains(got.at.Path, "/login/") {
		t.Errorf("with a provider asked for: at %s", got.at)
	}
}

func TestLocalSessionAnswersUntilItEnds(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	b := startSignin(t, sandbox.Options{Now: func() time.Time { return now }})
	signedIn := now
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	authTime := func(answer url.Values) time.Time {
		t.Helper()
		return time.Unix(int64(unverified(t, b.tokensOf(answer)["id_token"].(string))["auth_time"].(float64)), 0)
	}
	now = now.Add(10 * time.Minute)
	for name, q := range map[string]url.Values{"at once": adminQuestion(), "silent": adminQuestion("prompt", "none"), "less": question("acr_values", "")} {
		if at := authTime(b.answered(b.authorize(q))); !at.Equal(signedIn) {
			t.Errorf("%s: signed in at %v, want %v", name, at, signedIn)
		}
	}
	if got := b.authorize(question()); !strings.Contains(got.at.Path, "/login/") {
		t.Errorf("a provider asked for: at %s, not at Microsoft", got.at)
	}
	if got := b.open(b.IDURL() + "/" + tenantB + "/connect/authorize?" + adminQuestion("prompt", "none").Encode()); got.at.Query().Get("error") != "login_required" {
		t.Errorf("another tenant: %s", got.at)
	}
	if at := authTime(b.choose(sandbox.Member, "prompt", "login")); !at.Equal(now) {
		t.Errorf("prompt=login: signed in at %v, want %v", at, now)
	}
	if scope := b.tokensOf(b.answered(b.authorize(adminQuestion())))["scope"]; scope != "openid profile email offline_access" {
		t.Errorf("the session is not the one of the last sign-in: scope %v", scope)
	}
	out := b.step("POST", b.IDURL()+"/"+tenantA+"/connect/endsession", url.Values{
		"id_token_hint": {tokens["id_token"].(string)}, "client_id": {sandbox.SigninClientID},
		"post_logout_redirect_uri": {"http://127.0.0.1:65000/signed-out"}, "state": {"bye"},
	})
	if to := out.header.Get("Location"); out.status != 303 || to != "http://127.0.0.1:65000/signed-out?state=bye" {
		t.Errorf("signing out: status %d, leads to %s", out.status, to)
	}
	if got := b.answered(b.authorize(adminQuestion("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after signing out: %v", got)
	}
	if got := b.authorize(adminQuestion()); got.document(t).Find("#login").Length() != 1 {
		t.Errorf("after signing out: status %d at %s", got.status, got.at)
	}
}

func TestSigningOutByLinkAndForAnotherClient(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	endSession := func(client string) string {
		return b.IDURL() + "/" + tenantA + "/connect/endsession?" + url.Values{
			"id_token_hint": {tokens["id_token"].(string)}, "client_id": {client}, "post_logout_redirect_uri": {"http://127.0.0.1:65000/?a=b"}, "state": {"bye"},
		}.Encode()
	}
	if got := b.open(endSession(sandbox.ServiceClientID)); got.status != 400 || got.left || got.wrong(t) == "" {
		t.Errorf("another client: status %d at %s", got.status, got.at)
	}
	if got := b.answered(b.authorize(adminQuestion("prompt", "none"))); got.Get("code") == "" {
		t.Errorf("what was refused ended the session: %v", got)
	}
	if got := b.open(endSession(sandbox.SigninClientID)); got.status != 303 || got.at.String() != "http://127.0.0.1:65000/?a=b&state=bye" {
		t.Errorf("a link: status %d, leads to %s", got.status, got.at)
	}
	if got := b.answered(b.authorize(adminQuestion("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after it: %v", got)
	}
}

func TestRefreshTokensOfLocalPeople(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	renew := func(tokens map[string]any) map[string]any {
		got := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.renewalForm(tokens))
		if got.status != 200 {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
		return got.json(t)
	}
	for name, iam := range map[string]int{sandbox.Administrator: 200, sandbox.Member: 403} {
		first := b.tokensOf(b.browser().choose(name))
		second := renew(first)
		third := renew(second)
		before, after := unverified(t, first["id_token"].(string)), unverified(t, third["id_token"].(string))
		if b.iamStatus(third) != iam || third["scope"] != first["scope"] {
			t.Errorf("%s: scope %v, IAM answers %d, want %d", name, third["scope"], b.iamStatus(third), iam)
		}
		if after["sub"] != before["sub"] || after["auth_time"] != before["auth_time"] || after["nonce"] != nil || after["idp"] != "local" {
			t.Errorf("%s: %v is renewed as %v", name, before, after)
		}
		b.wantGrantError(b.renewalForm(second), "invalid_grant") // came before: all of them end
		b.wantGrantError(b.renewalForm(third), "invalid_grant")
	}
	b.wantGrantError(b.renewalForm(b.tokensOf(b.browser().choose(sandbox.Member)), "scope", adminScope), "invalid_scope")
}

// TestWrongIDTokensOfLocalPeople: what can be wrong with an ID token can be wrong with theirs.
func TestWrongIDTokensOfLocalPeople(t *testing.T) {
	for sw, reason := range map[sandbox.Switch]string{
		sandbox.IDTokenWrongNonce: "nonce", sandbox.IDTokenWrongIssuer: "issued by a different provider", sandbox.IDTokenWrongAudience: "audience",
		sandbox.IDTokenWrongKey: "signature", sandbox.IDTokenStale: "expired", sandbox.IDTokenWrongTenant: "",
	} {
		b := startSignin(t, sandbox.Options{})
		b.Faults().Set(sw, 1)
		claims, err := b.aritmaIdentity(b.tokensOf(b.choose(sandbox.Administrator))["id_token"].(string))
		switch {
		case reason == "" && (err != nil || claims["tid"] == tenantA || claims["tid"] == nil):
			t.Errorf("%s: tid %v, %v", sw, claims["tid"], err)
		case reason != "" && (err == nil || !strings.Contains(err.Error(), reason)):
			t.Errorf("%s: the wizard says %v, want something about %q", sw, err, reason)
		}
	}
}

func (r *rig) discovery() map[string]any {
	r.t.Helper()
	return r.do("GET", r.IDURL()+"/"+tenantA+"/.well-known/openid-configuration", secret.Secret{}, nil).json(r.t)
}

func TestDiscoveryNamesScopesAndSigningOut(t *testing.T) {
	b := startSignin(t, sandbox.Options{})
	got := b.discovery()
	want := []any{"openid", "profile", "email", "offline_access", "services.iam"}
	if diff := cmp.Diff(want, got["scopes_supported"]); diff != "" {
		t.Error(diff)
	}
	if got["end_session_endpoint"] != b.IDURL()+"/"+tenantA+"/connect/endsession" {
		t.Errorf("end_session_endpoint %v", got["end_session_endpoint"])
	}
}

func shortTokens(t *testing.T, b *browser) {
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	claims := unverified(t, tokens["access_token"].(string))
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 30 || tokens["expires_in"] != 30.0 || b.iamStatus(tokens) != 200 {
		t.Errorf("lives %v seconds, expires_in %v, IAM answers %d", life, tokens["expires_in"], b.iamStatus(tokens))
	}
	b.Faults().Set(sandbox.IDShortTokens, 1)
	if renewed := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.renewalForm(tokens)).json(t); renewed["expires_in"] != 30.0 {
		t.Errorf("renewed for %v seconds", renewed["expires_in"])
	}
}

func TestShortTokensAreRefusedAfterTheirTime(t *testing.T) {
	now := time.Now()
	b := startSignin(t, sandbox.Options{Now: func() time.Time { return now }})
	b.Faults().Set(sandbox.IDShortTokens, 1)
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	now = now.Add(29 * time.Second)
	if status := b.iamStatus(tokens); status != 200 {
		t.Errorf("after 29 seconds: %d", status)
	}
	now = now.Add(2 * time.Second)
	if status := b.iamStatus(tokens); status != 401 {
		t.Errorf("after 31 seconds: %d", status)
	}
	if renewed := b.do("POST", b.tokenURL(tenantA), secret.Secret{}, b.renewalForm(tokens)).json(t); b.iamStatus(renewed) != 200 {
		t.Errorf("once it is renewed: %d", b.iamStatus(renewed))
	}
}

func refreshRefused(t *testing.T, b *browser) {
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	b.wantGrantError(b.renewalForm(tokens), "invalid_grant")
	if left := b.Faults().Active(); len(left) != 0 {
		t.Errorf("still set: %v", left)
	}
	b.wantGrantError(b.renewalForm(tokens), "invalid_grant") // gone for good
	if status := b.iamStatus(tokens); status != 200 {
		t.Errorf("the access token from before: %d", status)
	}
}

func noRefresh(t *testing.T, b *browser) {
	if scopes := b.discovery()["scopes_supported"].([]any); slices.Contains(scopes, any("offline_access")) || len(scopes) != 4 {
		t.Errorf("discovery names %v", scopes)
	}
	b.Faults().Set(sandbox.IDNoRefresh, 1)
	tokens := b.tokensOf(b.choose(sandbox.Administrator))
	if tokens["refresh_token"] != nil || tokens["scope"] != "openid profile email services.iam" || b.iamStatus(tokens) != 200 {
		t.Errorf("scope %v, a refresh token %v, IAM answers %d", tokens["scope"], tokens["refresh_token"] != nil, b.iamStatus(tokens))
	}
}

func noEndSession(t *testing.T, b *browser) {
	if got := b.discovery(); got["end_session_endpoint"] != nil || got["token_endpoint"] == nil {
		t.Errorf("discovery: %v", got)
	}
	if got := b.discovery(); got["end_session_endpoint"] == nil {
		t.Error("still missing the next time")
	}
}
