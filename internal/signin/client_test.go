package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/secret"
)

func TestPersonSignsIn(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	attempt, to, err := client.Begin(t.Context(), ourTenant, "nordlys-entra", "setup1")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(attempt.Verifier.Expose()))
	for name, want := range map[string]string{
		"response_type": "code", "client_id": wizardID, "redirect_uri": callback, "scope": "openid profile email", "state": attempt.State,
		"nonce": attempt.Nonce.Expose(), "code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256",
		"acr_values": "idp:nordlys-entra", "prompt": "login",
	} {
		if got := to.Query()[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if to.Path != "/id/"+ourTenant+"/connect/authorize" || len(to.Query()) != 10 || !strings.HasPrefix(attempt.State, "setup1.") {
		t.Errorf("sent to %s with state %s", to, attempt.State)
	}
	// what waits for the answer is sealed in between
	if attempt, err = OpenAttempt(attempt.Seal()); err != nil {
		t.Fatal(err)
	}
	person, err := client.Finish(t.Context(), attempt, visit(t, to))
	if err != nil {
		t.Fatal(err)
	}
	if since := time.Since(person.AuthTime); since < 0 || since > time.Minute {
		t.Errorf("signed in at %v", person.AuthTime)
	}
	person.AuthTime = time.Time{}
	want := Person{
		Subject: "user-4711", Name: "Kari Nordmann", Email: "kari@nordlys.example", UserName: "kari", ExternalID: "9f3a", Provider: "nordlys-entra",
		EmailVerified: true,
		Claims:        strings.Fields("aud auth_time email email_verified exp external_id iat idp iss name nonce preferred_username sub tid"),
	}
	if !reflect.DeepEqual(person, want) {
		t.Errorf("%+v, want %+v", person, want)
	}
	if p.discoveries.Load() != 1 || p.keyRequests.Load() != 1 || p.redemptions.Load() != 1 {
		t.Errorf("%d discoveries, %d times keys, %d redemptions", p.discoveries.Load(), p.keyRequests.Load(), p.redemptions.Load())
	}
}

func TestNoTwoAttemptsAreAlike(t *testing.T) {
	client := newOpenID(t).client()
	seen := map[string]bool{}
	for range 3 {
		a, to, err := client.Begin(t.Context(), ourTenant, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if to.Query().Has("acr_values") {
			t.Error("a provider is asked for that nobody named")
		}
		for _, value := range []string{a.State, a.Nonce.Expose(), a.Verifier.Expose()} {
			if seen[value] || len(value) != 43 {
				t.Errorf("%q is used twice, or has not 256 bits", value)
			}
			seen[value] = true
		}
	}
}

func TestBeginRefusesWhatCannotBe(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	for _, tenant := range []string{"", ".", "..", "../x", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\n", "a@b"} {
		if _, _, err := client.Begin(t.Context(), tenant, "", ""); fault.Of(err).ID != "signin.tenant" {
			t.Errorf("%q: %v", tenant, err)
		}
	}
	for _, scheme := range []string{"a b", "a mfa", "a\n", "å", strings.Repeat("a", 129)} {
		if _, _, err := client.Begin(t.Context(), ourTenant, scheme, ""); err == nil {
			t.Errorf("%q became part of acr_values", scheme)
		}
	}
	if p.discoveries.Load() != 0 {
		t.Error("something was asked for it")
	}
}

func TestSecretIsShownAsAritmaIDWantsIt(t *testing.T) {
	for name, test := range map[string]struct {
		methods any
		secret  secret.Secret
		form    bool
	}{
		"not said":      {nil, wizardSecret, false},
		"both":          {[]string{"client_secret_post", "client_secret_basic"}, wizardSecret, false},
		"form only":     {[]string{"client_secret_post", "private_key_jwt"}, wizardSecret, true},
		"public client": {nil, secret.Secret{}, true},
	} {
		p := newOpenID(t)
		p.document = set("token_endpoint_auth_methods_supported", test.methods)
		p.onToken = func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			_, _, basic := r.BasicAuth()
			_, inForm := r.PostForm["client_secret"]
			if basic == test.form || inForm != (test.form && !test.secret.IsZero()) || r.PostForm.Has("client_id") != test.form {
				t.Errorf("%s: basic %v, form %v", name, basic, inForm)
			}
			writeJSON(w, http.StatusBadRequest, object{"error": "invalid_grant"})
		}
		client := p.client()
		client.clientSecret = test.secret
		attempt, to, err := client.Begin(t.Context(), ourTenant, "", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Finish(t.Context(), attempt, visit(t, to))
		if fault.Of(err).ID != "signin.person.token" || p.redemptions.Load() != 1 {
			t.Errorf("%s: %v after %d requests", name, err, p.redemptions.Load())
		}
	}
}

func TestDiscoveryIsKeptForAnHour(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	begin := func() {
		if _, _, err := client.Begin(t.Context(), ourTenant, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	var waiting sync.WaitGroup
	for range 32 {
		waiting.Go(func() {
			if _, _, err := client.Begin(t.Context(), ourTenant, "", ""); err != nil {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
	begin()
	if n := p.discoveries.Load(); n != 1 {
		t.Errorf("%d discoveries for 33 sign-ins", n)
	}
	client.now = func() time.Time { return time.Now().Add(61 * time.Minute) }
	begin()
	if n := p.discoveries.Load(); n != 2 {
		t.Errorf("%d discoveries an hour later", n)
	}
}

func TestFailureMakesDiscoverAgain(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	p.claims = set("nonce", "another")
	for n := range int64(2) {
		attempt, to, err := client.Begin(t.Context(), ourTenant, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Finish(t.Context(), attempt, visit(t, to)); err == nil {
			t.Fatal("a wrong nonce was accepted")
		}
		if p.discoveries.Load() != n+1 {
			t.Errorf("%d discoveries after %d failures", p.discoveries.Load(), n+1)
		}
	}
}

func TestNoMoreProvidersAreKeptThanMany(t *testing.T) {
	client := newOpenID(t).client()
	for i := range maxProviders + 10 {
		client.keep(fmt.Sprint(i), &provider{until: time.Now().Add(time.Hour)})
	}
	if len(client.known) != maxProviders {
		t.Errorf("%d are kept", len(client.known))
	}
	client.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	client.keep("new", &provider{until: time.Now().Add(3 * time.Hour)})
	if len(client.known) != 1 {
		t.Errorf("%d are kept after they ran out", len(client.known))
	}
}

func TestKeysAreKeptUntilThereIsANewOne(t *testing.T) {
	p := newOpenID(t)
	client := p.client()
	signIn := func() {
		attempt, to, err := client.Begin(t.Context(), ourTenant, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Finish(t.Context(), attempt, visit(t, to)); err != nil {
			t.Fatal(err)
		}
	}
	signIn()
	signIn()
	if n := p.keyRequests.Load(); n != 1 {
		t.Errorf("keys were fetched %d times for two sign-ins", n)
	}
	fresh := newKey()
	p.sign = func(c object) string { return signed(t, jose.ES256, fresh, "fresh", c) }
	p.onKeys = func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ourKey.Public(), KeyID: "ours"}, {Key: fresh.Public(), KeyID: "fresh"}}})
	}
	signIn()
	if n := p.keyRequests.Load(); n != 2 || p.discoveries.Load() != 1 {
		t.Errorf("keys were fetched %d times after a new one came, discovery %d times", n, p.discoveries.Load())
	}
}

func TestSealedAttemptIsReadOrRefused(t *testing.T) {
	whole := Attempt{Tenant: "contoso", State: "s", Nonce: secret.New("n"), Verifier: secret.New("v"), Scheme: "x", BeganAt: time.Now().UTC().Round(0)}
	if got, err := OpenAttempt(whole.Seal()); err != nil || !reflect.DeepEqual(exposed(got), exposed(whole)) {
		t.Errorf("%+v, %v", got, err)
	}
	if text := fmt.Sprintf("%+v %#v", whole, whole.Seal()); strings.Contains(text, `"n"`) {
		t.Errorf("an attempt shows its secrets: %s", text)
	}
	raw := whole.Seal().Expose()
	for name, broken := range map[string]string{
		"nothing": "", "null": "null", "cut": raw[:len(raw)-2], "two": raw + raw, "page": "<html>", "no nonce": strings.Replace(raw, `"nonce":"n"`, `"nonce":""`, 1),
		"no tenant": strings.Replace(raw, "contoso", "../x", 1), "unknown field": strings.Replace(raw, `"scheme"`, `"canary"`, 1),
		"no state": strings.Replace(raw, `"state":"s"`, `"state":""`, 1), "no verifier": strings.Replace(raw, `"verifier":"v"`, `"verifier":""`, 1),
	} {
		if _, err := OpenAttempt(secret.New(broken)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func exposed(a Attempt) []any {
	return []any{a.Tenant, a.State, a.Nonce.Expose(), a.Verifier.Expose(), a.Scheme, a.BeganAt}
}

func TestEveryPersonFaultHasItsSentence(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range strings.Fields("person.state person.expired person.issuer person.client person.token person.tenant redirect.unproven") {
		if sentence := catalogue.For("en").T("signin." + id); sentence == "signin."+id {
			t.Errorf("%s has no sentence", id)
		}
	}
	for _, code := range []string{"access_denied", ""} {
		sentence := catalogue.For("en").T("signin.person.refused", "Error", code)
		if strings.Contains(sentence, "no value") || strings.Contains(sentence, "``") || !strings.Contains(sentence, code) {
			t.Errorf("refused with %q: %s", code, sentence)
		}
	}
}
