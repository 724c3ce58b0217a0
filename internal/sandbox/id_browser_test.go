package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// back is the redirect URI of the wizard in these tests; nothing listens there and nobody goes there.
const back = "http://127.0.0.1:65000/signin/callback"

const kari = "kari.nordmann@nordlysbygg.example"

// browser keeps cookies and follows redirects as long as they stay on the sandbox.
type browser struct {
	*rig
	client *http.Client
}

// arrival is where a browser ended up: a page of the sandbox, or the address outside that it was sent to.
type arrival struct {
	reply
	at   *url.URL
	left bool
}

func (a arrival) document(t *testing.T) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wrong is the sentence of an error page.
func (a arrival) wrong(t *testing.T) string {
	return strings.TrimSpace(a.document(t).Find("#error").Text())
}

// startSignin is a sandbox where everything that the portal asks for is done, with the provider "nordlys".
func startSignin(t *testing.T, o sandbox.Options) *browser {
	t.Helper()
	r := startWith(t, o)
	r.addProvider(tenantA, "nordlys", func(map[string]any) {})
	client := r.Sample().ClientID
	if !r.RegisterRedirectURI(client, r.callback(tenantA, "nordlys")) || !r.AddEmailClaim(client) || !r.GrantConsent(client) || !r.Assign(client, kari) {
		t.Fatal("the portal does not know the sample")
	}
	return r.browser()
}

func (r *rig) callback(tenant, scheme string) string {
	return r.IDURL() + "/" + tenant + "/federation/" + scheme + "/signin"
}

// addProvider registers the sample's application; change sees the properties.
func (r *rig) addProvider(tenant, scheme string, change func(properties map[string]any)) {
	r.t.Helper()
	body := providerBody(scheme)
	properties := body["properties"].(map[string]any)
	properties["clientSecret"] = r.Sample().ClientSecret.Expose()
	change(properties)
	r.iam(tenant, "POST", "/v1/sso/azuread", body, 201)
}

func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &browser{r, &http.Client{
		Transport: transport, Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// step does one request and follows nothing.
func (b *browser) step(method, address string, form url.Values) reply {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, body}
}

func (b *browser) open(address string) arrival { return b.follow("GET", address, nil) }

func (b *browser) follow(method, address string, form url.Values) arrival {
	b.t.Helper()
	for range 10 {
		got := b.step(method, address, form)
		at, err := url.Parse(address)
		if err != nil {
			b.t.Fatal(err)
		}
		location := got.header.Get("Location")
		if location == "" {
			return arrival{reply: got, at: at}
		}
		if at, err = at.Parse(location); err != nil {
			b.t.Fatal(err)
		}
		if !strings.HasPrefix(at.String(), strings.TrimSuffix(b.IDURL(), "/id")+"/") {
			return arrival{got, at, true}
		}
		method, address, form = "GET", at.String(), nil
	}
	b.t.Fatal("redirects without end")
	return arrival{}
}

// press submits the form of a page by the button whose value is given.
func (b *browser) press(a arrival, value string) arrival {
	b.t.Helper()
	button := a.document(b.t).Find(`form button[value="` + value + `"]`)
	if button.Length() != 1 {
		b.t.Fatalf("%d buttons %q at %s: %s", button.Length(), value, a.at, a.body)
	}
	form, values := button.Closest("form"), url.Values{button.AttrOr("name", ""): {value}}
	form.Find("input[type=hidden]").Each(func(_ int, input *goquery.Selection) {
		values.Set(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	to, err := a.at.Parse(form.AttrOr("action", ""))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.follow(strings.ToUpper(form.AttrOr("method", "get")), to.String(), values)
}

const wizardVerifier, nonce, state = "verifier-of-the-wizard-0123456789-0123456789", "nonce-of-the-wizard", "state-of-the-wizard"

// question is what the wizard asks, straight to the provider "nordlys".
func question(also ...string) url.Values {
	q := url.Values{
		"client_id": {sandbox.SigninClientID}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {state}, "nonce": {nonce}, "code_challenge": {oauth2.S256ChallengeFromVerifier(wizardVerifier)}, "code_challenge_method": {"S256"},
		"acr_values": {"idp:nordlys"},
	}
	for i := 0; i < len(also); i += 2 {
		if q.Set(also[i], also[i+1]); also[i+1] == "" {
			q.Del(also[i])
		}
	}
	return q
}

func (b *browser) authorize(q url.Values) arrival {
	b.t.Helper()
	return b.open(b.IDURL() + "/" + tenantA + "/connect/authorize?" + q.Encode())
}

// signIn goes from the wizard to Microsoft, chooses the account, and comes back.
func (b *browser) signIn(account string, also ...string) arrival {
	b.t.Helper()
	return b.press(b.authorize(question(also...)), account)
}

// answered wants that the browser came back to the wizard, and returns the answer.
func (b *browser) answered(a arrival) url.Values {
	b.t.Helper()
	if !a.left || !strings.HasPrefix(a.at.String(), back+"?") {
		b.t.Fatalf("status %d at %s, not back at the wizard: %s", a.status, a.at, a.body)
	}
	query := a.at.Query()
	if query.Get("state") != state || query.Get("iss") != b.IDURL()+"/"+tenantA {
		b.t.Errorf("state %q, iss %q", query.Get("state"), query.Get("iss"))
	}
	return query
}

func (r *rig) codeForm(code string, also ...string) url.Values {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {wizardVerifier},
		"client_id": {sandbox.SigninClientID}, "client_secret": {r.SigninClientSecret().Expose()},
	}
	for i := 0; i < len(also); i += 2 {
		form.Set(also[i], also[i+1])
	}
	return form
}

// wizard is the wizard's own client of Aritma ID, made of the libraries that it uses.
func (r *rig) wizard() (context.Context, *oauth2.Config) {
	issuer := r.IDURL() + "/" + tenantA
	return context.WithValue(r.t.Context(), oauth2.HTTPClient, r.client), &oauth2.Config{
		ClientID: sandbox.SigninClientID, ClientSecret: r.SigninClientSecret().Expose(), RedirectURL: back,
		Endpoint: oauth2.Endpoint{AuthURL: issuer + "/connect/authorize", TokenURL: issuer + "/connect/token"},
	}
}
