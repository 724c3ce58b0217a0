package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
)

// walkLive takes a company through everything against a stand-in that answers examples only, looks at what was sent,
// and then changes, replaces and starts over. Such a stand-in remembers nothing and gives every token the same id.
func walkLive(t *testing.T, standIn string) {
	l := newLive(t, standIn, nil)
	began := time.Now()
	l.begin().toDirectory()
	l.directory()
	l.toReview()
	l.register()
	l.token()
	l.v.send(map[string]string{"arrived": "yes"}).at("signin-test")
	l.v.send(nil).at("done")
	l.iam.expect("after the token", "listScimTokens")
	if title := l.v.text("h1"); !strings.Contains(title, l.site.sandbox.Sample().Company) {
		t.Errorf("done says %q", title)
	}
	t.Logf("from the first page to done: %d ms", time.Since(began).Milliseconds())

	setup := l.v.setup()
	l.change(setup)
	l.replace(setup)
	l.startOver(setup)
	if inSandbox := l.site.sandbox.Snapshot(l.site.sandbox.Sample().Tenant); len(inSandbox.Providers)+len(inSandbox.SCIMTokens) != 0 {
		t.Errorf("our own stand-in was used: %+v", inSandbox)
	}
	demandNoSecrets(t, l)
}

func (l *liveMode) secretFields() map[string]string {
	return map[string]string{
		"secret":  l.site.sandbox.Sample().ClientSecret.Expose(),
		"expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly),
	}
}

// secret enters the client secret while Microsoft is out of reach: it cannot be proven, and the admin goes on.
func (l *liveMode) secret() {
	l.t.Helper()
	l.v.send(l.secretFields()).idle("secret").at("secret")
	if text := l.v.text("main"); !strings.Contains(text, "could not be proven") {
		l.t.Errorf("the secret step does not say that the secret was not proven:\n%s", text)
	}
	l.v.send(map[string]string{"anyway": "yes"})
}

// toReview answers the steps from signin to review.
func (l *liveMode) toReview() {
	l.t.Helper()
	sample := l.site.sandbox.Sample()
	l.v.at("signin").send(nil).at("redirect")
	redirect := strings.NewReplacer("{tenant}", sample.Tenant, "{scheme}", l.scheme).Replace(fixedRedirect)
	if text := l.v.text("main"); !strings.Contains(text, redirect) {
		l.t.Errorf("the redirect step does not show %s:\n%s", redirect, text)
	}
	l.v.send(nil).at("secret")
	l.secret()
	l.v.at("assign")
	l.v.send(map[string]string{"person": sample.Person}).at("review")
	l.iam.expect("the steps before review")
}

func (l *liveMode) register() {
	l.t.Helper()
	sample := l.site.sandbox.Sample()
	preview := l.v.text("main")
	if !strings.Contains(preview, l.iam.url+"/v1/sso/azuread") {
		l.t.Errorf("review does not show where the request goes:\n%s", preview)
	}
	l.v.send(nil).at("token")
	request := l.iam.one(l.iam.expect("review", "listSso", "createAzureAd"), "createAzureAd")
	var body struct {
		Scheme     string
		Type       string
		Properties struct{ ClientID, ClientSecret, Authority string }
	}
	if err := json.Unmarshal(request.body, &body); err != nil {
		l.t.Fatal(err)
	}
	if body.Properties.ClientSecret != sample.ClientSecret.Expose() {
		l.t.Error("the client secret that was sent is not the one that was entered")
	}
	body.Properties.ClientSecret = ""
	if p := body.Properties; body.Scheme != l.scheme || body.Type != "oidc" || p.ClientID != sample.ClientID || p.Authority != entra.Authority(sample.DirectoryID) {
		l.t.Errorf("sent was %+v", body)
	}
}

// token creates the SCIM token, takes it over and pastes it.
func (l *liveMode) token() {
	l.t.Helper()
	l.v.send(map[string]string{"replaces": "0"})
	l.demandToken("listScimTokens", "createScimToken", "listUserSubjects", "listUserSubjects", "listGroupSubjects")
	if got, want := l.v.text("#tenant-url"), "https://id.aritma.example/"+l.site.sandbox.Sample().Tenant+"/api/scim/v2"; got != want {
		l.t.Errorf("Tenant URL = %q, want %q", got, want)
	}
	l.v.send(map[string]string{"pasted": "yes"}).at("provisioning")
}

// demandToken demands that the page hands over the example's token, and that these operations made it. The SCIM endpoint
// cannot be tried here: that is said and stops nobody.
func (l *liveMode) demandToken(operations ...string) {
	l.t.Helper()
	l.v.idle("token")
	if text := l.v.text("main"); !strings.Contains(text, "could not be tried") {
		l.t.Errorf("the token step does not say that the SCIM endpoint was not tried:\n%s", text)
	}
	l.v.send(nil).at("show")
	if got := l.v.value(); got != "string" {
		l.t.Fatalf("the page hands over %q, want the token of the example\n%s", got, l.v.text("main"))
	}
	request := l.iam.one(l.iam.expect("token", operations...), "createScimToken")
	var body struct{ Provider, ProviderDisplayName string }
	if err := json.Unmarshal(request.body, &body); err != nil || body.Provider != l.scheme || body.ProviderDisplayName == "" {
		l.t.Errorf("sent was %+v, want the provider %q with a name", body, l.scheme)
	}
}

// change gives the provider another name, which needs the client secret again and a PUT.
func (l *liveMode) change(setup string) {
	l.t.Helper()
	l.v.get("/setup/" + setup + "/signin").at("signin")
	l.v.send(map[string]string{"name": "Renamed by a test"}).at("secret")
	l.secret()
	l.v.at("review").send(nil).at("done")
	request := l.iam.one(l.iam.expect("a change", "updateAzureAd"), "updateAzureAd")
	if request.method != "PUT" || request.path != "/v1/sso/azuread/1" {
		l.t.Errorf("the change was sent as %s %s", request.method, request.path)
	}
	if !strings.Contains(string(request.body), `"id":1`) || !strings.Contains(string(request.body), "Renamed by a test") {
		l.t.Error("the change does not carry the id and the new name")
	}
}

// replace makes a new token in place of the one that Entra uses: the old one goes when the new one was pasted. The
// examples give both the same id, so nothing is removed: what is alive must never be taken for what is old.
func (l *liveMode) replace(setup string) {
	l.t.Helper()
	l.v.get("/setup/" + setup + "/token/replace").at("replace")
	l.v.send(nil)
	l.demandToken("listScimTokens", "createScimToken")
	l.v.send(map[string]string{"pasted": "yes"}).at("done")
	l.iam.expect("pasting the new token", "listScimTokens")
	if text := l.v.get("/setup/" + setup + "/token").at("token").text("main"); strings.Contains(text, "Create token") {
		l.t.Errorf("the token is gone after Replace:\n%s", text)
	}
}

// startOver removes what the setup made and leads back to the first step. The examples show another provider
// behind the number and in the list: ours counts as gone, and what is somebody else's is not deleted.
func (l *liveMode) startOver(setup string) {
	l.t.Helper()
	l.v.get("/setup/" + setup + "/start-over").at("start-over")
	l.v.send(map[string]string{"sure": "yes"}).at("start")
	request := l.iam.one(l.iam.expect("start over", "listScimTokens", "deleteScimToken", "getAzureAd", "listSso"), "deleteScimToken")
	if request.path != "/v1/scim/string" {
		l.t.Errorf("deleted was %s", request.path)
	}
	if value := l.v.get("/setup/" + setup + "/directory").at("start").page.Find("input[name=directory]").Length(); value != 0 {
		l.t.Error("after Start over the directory step is still open")
	}
}

// demandNoSecrets demands that the log shows neither the pasted token nor the client secret.
func demandNoSecrets(t *testing.T, l *liveMode) {
	t.Helper()
	for what, value := range map[string]string{"access token": pastedToken, "client secret": l.site.sandbox.Sample().ClientSecret.Expose()} {
		if strings.Contains(l.site.log.String(), value) {
			t.Errorf("the log shows the %s", what)
		}
	}
}
