package sandbox_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// redeemEntraForm is a good request for tokens, with changes as in askedEntra.
func (r *rig) redeemEntraForm(code string, changes ...string) url.Values {
	sample := r.Sample()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {sample.ClientID}, "client_secret": {sample.ClientSecret.Expose()},
		"code": {code}, "redirect_uri": {entraCallback}, "code_verifier": {entraVerifier},
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return form
}

func (r *rig) redeemEntra(form url.Values) reply {
	r.t.Helper()
	return r.do("POST", r.entraTokenURL(r.Sample().DirectoryID), secret.Secret{}, form)
}

// oidcContext makes go-oidc and oauth2 use the rig's client.
func (r *rig) oidcContext() context.Context { return oidc.ClientContext(r.t.Context(), r.client) }

// entraIdentityOf verifies an ID token as an application does, and returns its claims.
func (r *rig) entraIdentityOf(raw string) (*oidc.IDToken, map[string]any) {
	r.t.Helper()
	provider, err := oidc.NewProvider(r.oidcContext(), r.EntraLoginURL()+"/"+r.Sample().DirectoryID+"/v2.0")
	if err != nil {
		r.t.Fatal(err)
	}
	token, err := provider.Verifier(&oidc.Config{ClientID: r.Sample().ClientID}).Verify(r.oidcContext(), raw)
	if err != nil {
		r.t.Fatal(err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		r.t.Fatal(err)
	}
	return token, claims
}

// TestEntraSignin is an application made of the libraries that real ones use.
func TestEntraSignin(t *testing.T) {
	for name, style := range map[string]oauth2.AuthStyle{"secret in the header": oauth2.AuthStyleInHeader, "secret in the form": oauth2.AuthStyleInParams} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			r.connectEntra()
			sample := r.Sample()
			provider, err := oidc.NewProvider(r.oidcContext(), r.EntraLoginURL()+"/"+sample.DirectoryID+"/v2.0")
			if err != nil {
				t.Fatal(err)
			}
			endpoint := provider.Endpoint()
			endpoint.AuthStyle = style
			client := oauth2.Config{ClientID: sample.ClientID, ClientSecret: sample.ClientSecret.Expose(), Endpoint: endpoint, RedirectURL: entraCallback, Scopes: []string{"openid", "profile", "email"}}
			entraVerifier := oauth2.GenerateVerifier()
			asked, err := url.Parse(client.AuthCodeURL("a state", oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(entraVerifier)))
			if err != nil {
				t.Fatal(err)
			}
			back := r.location(r.chooseEntra(sample.DirectoryID, asked.Query(), kari)).Query()
			if back.Get("state") != "a state" {
				t.Errorf("state %q", back.Get("state"))
			}
			tokens, err := client.Exchange(r.oidcContext(), back.Get("code"), oauth2.VerifierOption(entraVerifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := tokens.Extra("id_token").(string)
			token, claims := r.entraIdentityOf(raw)
			if token.Nonce != "a nonce" || claims["tid"] != sample.DirectoryID || claims["name"] != "Kari Nordmann" || claims["preferred_username"] != kari {
				t.Errorf("claims: %v", claims)
			}
			if oid, _ := claims["oid"].(string); oid == "" || oid == token.Subject || token.Subject == "" {
				t.Errorf("oid %q and sub %q", oid, token.Subject)
			}
			if status := r.do("GET", r.IAMURL()+"/v1/sso", secret.New(raw), nil).status; status != 401 {
				t.Errorf("an ID token of Microsoft opens Aritma IAM: status %d", status)
			}
		})
	}
}

func TestClaimEmail(t *testing.T) {
	r := start(t)
	r.connectEntra()
	r.Assign(r.Sample().ClientID, entraSiri)
	email := func(account string) any {
		t.Helper()
		_, claims := r.entraIdentityOf(r.redeemEntra(r.redeemEntraForm(r.signedInEntra(account))).json(t)["id_token"].(string))
		return claims["email"]
	}
	if got := email(kari); got != nil {
		t.Errorf("without the optional claim: %v", got)
	}
	r.AddEmailClaim(r.Sample().ClientID)
	if got := email(kari); got != kari {
		t.Errorf("with the optional claim: %v", got)
	}
	if got := email(entraSiri); got != nil {
		t.Errorf("without a mailbox: %v", got)
	}
	r.Faults().Set(sandbox.MistakeNoEmailClaim, 1)
	if got := email(kari); got != nil {
		t.Errorf("with the mistake switched on: %v", got)
	}
	if got := email(kari); got != kari {
		t.Errorf("after the mistake: %v", got)
	}
}

func TestSubjectStaysAndNoOpenIDNoIdentity(t *testing.T) {
	r := start(t)
	r.connectEntra()
	first, claims := r.entraIdentityOf(r.redeemEntra(r.redeemEntraForm(r.signedInEntra(kari))).json(t)["id_token"].(string))
	again, claimsAgain := r.entraIdentityOf(r.redeemEntra(r.redeemEntraForm(r.signedInEntra(kari))).json(t)["id_token"].(string))
	if first.Subject != again.Subject || claims["oid"] != claimsAgain["oid"] {
		t.Error("the same person has another sub or oid at the second sign-in")
	}
	back := r.location(r.chooseEntra(r.Sample().DirectoryID, r.askedEntra("scope", "https://graph.microsoft.com/User.Read"), kari)).Query()
	if got := r.redeemEntra(r.redeemEntraForm(back.Get("code"))).json(t); got["id_token"] != nil || got["access_token"] == "" {
		t.Error("an ID token although openid was not asked for")
	}
}

func TestEntraCodeIsRefused(t *testing.T) {
	r := start(t)
	r.connectEntra()
	sample := r.Sample()
	code := r.signedInEntra(kari)
	for name, test := range map[string]struct {
		form   url.Values
		status int
		number float64
	}{
		"no client":           {r.redeemEntraForm(code, "client_id", ""), 400, 900144},
		"no code":             {r.redeemEntraForm(""), 400, 900144},
		"no redirect URI":     {r.redeemEntraForm(code, "redirect_uri", ""), 400, 900144},
		"unknown client":      {r.redeemEntraForm(code, "client_id", sample.DirectoryID), 400, 700016},
		"no secret":           {r.redeemEntraForm(code, "client_secret", ""), 401, 7000218},
		"Secret ID":           {r.redeemEntraForm(code, "client_secret", sample.SecretID), 401, 7000215},
		"expired secret":      {r.redeemEntraForm(code, "client_secret", sample.ExpiredSecret.Expose()), 401, 7000222},
		"unknown code":        {r.redeemEntraForm(code + "x"), 400, 70000},
		"other redirect URI":  {r.redeemEntraForm(code, "redirect_uri", entraCallback+"/"), 400, 500112},
		"wrong entraVerifier": {r.redeemEntraForm(code, "code_verifier", oauth2.GenerateVerifier()), 400, 50148},
		"no entraVerifier":    {r.redeemEntraForm(code, "code_verifier", ""), 400, 50148},
	} {
		t.Run(name, func(t *testing.T) {
			(&rig{t: t}).wantAADSTS(r.redeemEntra(test.form), test.status, test.number)
		})
	}
	r.wantAADSTS(r.do("POST", r.entraTokenURL("common"), secret.Secret{}, r.redeemEntraForm(code)), 400, 50194)
	r.wantAADSTS(r.do("POST", r.entraTokenURL(sample.OtherDirectoryID), secret.Secret{}, r.redeemEntraForm(code)), 400, 700016)
	if got := r.do("GET", r.entraTokenURL(sample.DirectoryID)+"?"+r.redeemEntraForm(code).Encode(), secret.Secret{}, nil); got.status != 405 {
		t.Errorf("GET: status %d", got.status)
	}
	if got := r.do("HEAD", r.entraTokenURL(sample.DirectoryID)+"?"+r.redeemEntraForm(code).Encode(), secret.Secret{}, nil); got.status != 405 {
		t.Errorf("HEAD: status %d", got.status)
	}
	if got := r.redeemEntra(r.redeemEntraForm(code)); got.status != 200 {
		t.Fatalf("after all the refusals: %s", got.body)
	}
	r.wantAADSTS(r.redeemEntra(r.redeemEntraForm(code)), 400, 54005)

	plain := r.location(r.chooseEntra(sample.DirectoryID, r.askedEntra("code_challenge", "", "code_challenge_method", ""), kari)).Query().Get("code")
	r.wantAADSTS(r.redeemEntra(r.redeemEntraForm(plain)), 400, 50148) // a entraVerifier that nothing asked for
	if got := r.redeemEntra(r.redeemEntraForm(plain, "code_verifier", "")); got.status != 200 {
		t.Errorf("without PKCE: %s", got.body)
	}
	r.Reset()
	r.wantAADSTS(r.redeemEntra(r.redeemEntraForm(plain, "code_verifier", "")), 400, 70000)
}

func TestEntraCodeIsRedeemedOnceByMany(t *testing.T) {
	r := start(t)
	r.connectEntra()
	form := r.redeemEntraForm(r.signedInEntra(kari))
	var all sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		all.Go(func() {
			got, err := r.send(t.Context(), "POST", r.entraTokenURL(r.Sample().DirectoryID), secret.Secret{}, form)
			if err == nil {
				statuses[i] = got.status
			}
		})
	}
	all.Wait()
	won := 0
	for _, status := range statuses {
		if status == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("redeemed %d times: %v", won, statuses)
	}
}

func TestEntraCodeExpires(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	r := startWith(t, sandbox.Options{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	pass := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
	r.connectEntra()
	early, late := r.signedInEntra(kari), r.signedInEntra(kari)
	pass(10*time.Minute - time.Second)
	if got := r.redeemEntra(r.redeemEntraForm(early)); got.status != 200 {
		t.Errorf("in time: %s", got.body)
	}
	pass(time.Second)
	r.wantAADSTS(r.redeemEntra(r.redeemEntraForm(late)), 400, 70008)
	pass(24 * time.Hour)
	r.signedInEntra(kari)
	r.wantAADSTS(r.redeemEntra(r.redeemEntraForm(late)), 400, 70000)
}

func TestDiscoveryOfCommonNamesNoDirectory(t *testing.T) {
	r := start(t)
	got := r.do("GET", r.directoryURL("common"), secret.Secret{}, nil).json(t)
	if got["issuer"] != r.EntraLoginURL()+"/{tenantid}/v2.0" || got["authorization_endpoint"] != r.EntraLoginURL()+"/common/oauth2/v2.0/authorize" {
		t.Errorf("discovery: %v, %v", got["issuer"], got["authorization_endpoint"])
	}
}
