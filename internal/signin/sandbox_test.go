package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
)

const (
	// nothing listens at the callback, and nobody goes there
	callback = "http://127.0.0.1:65000/signin/callback"
	scheme   = "nordlys"
	kari     = "kari.nordmann@nordlysbygg.example"
)

// world is the sandbox with one provider, and a client that signs in there.
type world struct {
	*sandbox.Sandbox
	t      *testing.T
	client *signin.Client
}

func startWorld(t *testing.T) *world {
	t.Helper()
	box, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	w := &world{Sandbox: box, t: t}
	w.addProvider()
	sample := box.Sample()
	if !box.RegisterRedirectURI(sample.ClientID, w.redirectURI()) || !box.AddEmailClaim(sample.ClientID) || !box.GrantConsent(sample.ClientID) || !box.Assign(sample.ClientID, kari) {
		t.Fatal("the portal does not know the sample")
	}
	w.client = w.clientWith(sandbox.SigninClientID, box.SigninClientSecret(), callback)
	return w
}

func (w *world) redirectURI() string {
	return w.IDURL() + "/" + w.Sample().Tenant + "/federation/" + scheme + "/signin"
}

func (w *world) address(raw string) *url.URL {
	w.t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) clientWith(id string, value secret.Secret, redirectURI string) *signin.Client {
	base := w.address(w.IDURL())
	client := outbound.New(outbound.Options{Allow: []*url.URL{base}, AllowLoopback: true, Timeout: 2 * time.Second})
	w.t.Cleanup(client.CloseIdleConnections)
	return signin.NewClient(base, id, value, w.address(redirectURI), client)
}

func (w *world) addProvider() {
	w.t.Helper()
	sample := w.Sample()
	body := fmt.Sprintf(`{"scheme":%q,"displayName":"Nordlys","enabled":true,"type":"oidc","properties":{
		"loginEnabled":true,"visible":true,"delegationEnabled":false,"autoProvisioningEnabled":false,"clientId":%q,"clientSecret":%q,"usePkce":true,
		"authority":"https://login.microsoftonline.com/%s/v2.0","responseType":"code","scope":"openid profile email"}}`,
		scheme, sample.ClientID, sample.ClientSecret.Expose(), sample.DirectoryID)
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.IAMURL()+"/v1/sso/azuread", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.AccessToken(sample.Tenant).Expose())
	request.Header.Set("Content-Type", "application/json")
	browser := w.browser()
	answer, err := browser.Do(request)
	if err != nil || answer.StatusCode != http.StatusCreated {
		w.t.Fatalf("provider not made: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
}

// browser follows everything but the way back to the wizard.
func (w *world) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	transport := &http.Transport{}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(to *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(to.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// visit signs kari in at Microsoft and returns what Aritma ID answers to the wizard.
func (w *world) visit(to *url.URL) url.Values {
	w.t.Helper()
	browser := w.browser()
	answer, err := browser.Get(to.String())
	if err != nil {
		w.t.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		w.t.Fatal(err)
	}
	button := page.Find(`form button[value="` + kari + `"]`)
	form, values := button.Closest("form"), url.Values{button.AttrOr("name", ""): {kari}}
	if form.Length() != 1 {
		w.t.Fatalf("no button for %s at %s: %s", kari, answer.Request.URL, page.Text())
	}
	form.Find("input[type=hidden]").Each(func(_ int, input *goquery.Selection) {
		values.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	action, err := answer.Request.URL.Parse(form.AttrOr("action", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	if answer, err = browser.PostForm(action.String(), values); err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, err := answer.Location()
	if err != nil || !strings.HasPrefix(back.String(), callback+"?") {
		w.t.Fatalf("answered %d at %s, %v", answer.StatusCode, answer.Request.URL, err)
	}
	return back.Query()
}

func (w *world) signIn(client *signin.Client) (signin.Person, error) {
	w.t.Helper()
	attempt, to, err := client.Begin(w.t.Context(), w.Sample().Tenant, scheme, "setup1")
	if err != nil {
		w.t.Fatal(err)
	}
	return client.Finish(w.t.Context(), attempt, w.visit(to))
}

func TestSigninInTheSandbox(t *testing.T) {
	w := startWorld(t)
	person, err := w.signIn(w.client)
	if err != nil {
		t.Fatal(err)
	}
	if person.Email != kari || person.UserName != kari || person.Name != "Kari Nordmann" || person.Provider != scheme || person.ExternalID == "" ||
		!strings.HasPrefix(person.Subject, "user-") || time.Since(person.AuthTime) > time.Minute || len(person.Claims) < 10 {
		t.Errorf("%+v", person)
	}
}

func TestSigninSwitchesAreNoticed(t *testing.T) {
	w := startWorld(t)
	for sw, want := range map[sandbox.Switch]string{
		sandbox.IDTokenWrongNonce: "signin.person.token", sandbox.IDTokenWrongIssuer: "signin.person.token", sandbox.IDTokenWrongAudience: "signin.person.token",
		sandbox.IDTokenWrongTenant: "signin.person.tenant", sandbox.IDTokenWrongKey: "signin.person.token", sandbox.IDTokenStale: "signin.person.token",
		sandbox.IDUnavailable: "signin.unavailable", sandbox.IDGarbled: "signin.garbled", sandbox.IDClientRefused: "signin.person.client",
		sandbox.IDRefusesUnknown: "signin.person.refused",
	} {
		w.Faults().Set(sw, sandbox.UntilCleared)
		if _, err := w.signIn(w.client); fault.Of(err).ID != want {
			t.Errorf("%s: %v, want %s", sw, err, want)
		}
		w.Faults().ClearAll()
	}
	if _, err := w.signIn(w.client); err != nil {
		t.Errorf("all switches cleared: %v", err)
	}
}

func TestSigninWithAnotherSecret(t *testing.T) {
	w := startWorld(t)
	if _, err := w.signIn(w.clientWith(sandbox.SigninClientID, secret.New("another"), callback)); fault.Of(err).ID != "signin.person.client" {
		t.Errorf("%v", err)
	}
}

func TestMicrosoftsRefusalComesWithItsText(t *testing.T) {
	w := startWorld(t)
	sample := w.Sample()
	attempt, to, err := w.client.Begin(t.Context(), sample.Tenant, scheme, "")
	if err != nil {
		t.Fatal(err)
	}
	w.Faults().Set(sandbox.EntraSecretExpired, sandbox.UntilCleared)
	_, err = w.client.Finish(t.Context(), attempt, w.visit(to))
	f := fault.Of(err)
	if said, _ := f.Data["Description"].(string); f.ID != "signin.person.refused" || !strings.Contains(said, "AADSTS") {
		t.Errorf("%v: %v", err, f.Data)
	}
}

func TestRedirectURIOfTheSandbox(t *testing.T) {
	w := startWorld(t)
	sample := w.Sample()
	read := func() (signin.Sent, error) {
		return w.client.RedirectURI(t.Context(), sample.Tenant, scheme, []*url.URL{w.address(w.EntraLoginURL())})
	}
	if sent, err := read(); err != nil || sent != (signin.Sent{RedirectURI: w.redirectURI(), ClientID: sample.ClientID, Authority: sample.DirectoryID}) {
		t.Errorf("%+v, %v", sent, err)
	}
	w.Faults().Set(sandbox.IDRedirectDiffers, 1)
	if sent, err := read(); err != nil || sent.RedirectURI != strings.TrimSuffix(w.redirectURI(), "/signin")+"/callback" {
		t.Errorf("another: %+v, %v", sent, err)
	}
	w.Faults().Set(sandbox.MistakeCommonAuthority, 1)
	if sent, err := read(); err != nil || sent.Authority != "common" {
		t.Errorf("common: %+v, %v", sent, err)
	}
	w.Faults().Set(sandbox.IDAsksForPage, 1)
	if sent, err := read(); fault.Of(err).ID != "signin.redirect.unproven" {
		t.Errorf("a page: %+v, %v", sent, err)
	}
	if sent, err := w.client.RedirectURI(t.Context(), sample.Tenant, "nobody", []*url.URL{w.address(w.EntraLoginURL())}); fault.Of(err).ID != "signin.redirect.unproven" {
		t.Errorf("unknown scheme: %+v, %v", sent, err)
	}
}
