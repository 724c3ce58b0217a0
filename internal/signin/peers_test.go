//go:build peers

package signin_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
)

const (
	peerTenant   = "contoso"
	peerClient   = "onboard-wizard"
	peerCallback = "https://onboard.example/signin/callback"
	person       = "kari"
)

var peerSecret = secret.New("peer-canary-secret-of-forty-characters-xx")

// peer is an OpenID provider that this project did not write; "make peers" starts one.
type peer struct {
	t    *testing.T
	base *url.URL
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	at := os.Getenv("ONBOARD_TEST_ID_URL")
	if at == "" {
		t.Fatal("ONBOARD_TEST_ID_URL is not set: run this with make peers")
	}
	return &peer{t, parse(t, at)}
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (p *peer) client(id string, value secret.Secret, redirectURI string) *signin.Client {
	client := outbound.New(outbound.Options{Allow: []*url.URL{p.base}, AllowLoopback: true})
	p.t.Cleanup(client.CloseIdleConnections)
	return signin.NewClient(p.base, id, value, parse(p.t, redirectURI), client)
}

func (p *peer) right() *signin.Client { return p.client(peerClient, peerSecret, peerCallback) }

func (p *peer) begin(client *signin.Client, tenant string) (signin.Attempt, *url.URL) {
	p.t.Helper()
	attempt, to, err := client.Begin(p.t.Context(), tenant, "nordlys-entra", "setup1")
	if err != nil {
		p.t.Fatal(err)
	}
	return attempt, to
}

// page is where the browser stands; back is set when it was sent to the callback.
type page struct {
	*goquery.Document
	status int
	back   url.Values
}

// browser is a browser at the peer, with the cookies of one person.
type browser struct {
	*peer
	http *http.Client
	who  string // entered wherever a form asks for something
}

func (p *peer) browser() *browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	transport := &http.Transport{}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &browser{p, &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(to *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(to.URL.String(), peerCallback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}, person}
}

// walk does so in a new browser.
func (p *peer) walk(to *url.URL, choose func(page) string) page {
	p.t.Helper()
	return p.browser().walk(to, choose)
}

// walk goes to the address, fills every form that comes, and stops at the callback or at a page without a form. Choose
// may take another way from a page; "" is the form.
func (b *browser) walk(to *url.URL, choose func(page) string) page {
	b.t.Helper()
	answer, err := b.http.Get(to.String())
	for range 10 {
		if err != nil {
			b.t.Fatal(err)
		}
		at := b.read(answer)
		form := at.Find("form").First()
		other := choose(at)
		switch {
		case at.back != nil, form.Length() == 0 && other == "":
			return at
		case other != "":
			answer, err = b.http.Get(other)
		default:
			action, _ := answer.Request.URL.Parse(form.AttrOr("action", ""))
			answer, err = b.http.PostForm(action.String(), b.filled(form))
		}
	}
	b.t.Fatal("forms without end")
	return page{}
}

func (p *peer) read(answer *http.Response) page {
	p.t.Helper()
	defer func() { _ = answer.Body.Close() }()
	document, err := goquery.NewDocumentFromReader(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		p.t.Fatal(err)
	}
	at := page{Document: document, status: answer.StatusCode}
	if back, err := answer.Location(); err == nil && strings.HasPrefix(back.String(), peerCallback+"?") {
		at.back = back.Query()
	}
	return at
}

func (b *browser) filled(form *goquery.Selection) url.Values {
	values := url.Values{}
	form.Find("input[name]").Each(func(_ int, input *goquery.Selection) {
		value := input.AttrOr("value", "")
		if input.AttrOr("type", "text") != "hidden" && value == "" {
			value = b.who
		}
		values.Set(input.AttrOr("name", ""), value)
	})
	return values
}

func byForm(page) string { return "" }

func demandFault(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || fault.Of(err).ID != want || strings.Contains(err.Error(), "canary") {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestPeerSignsAPersonIn(t *testing.T) {
	p := newPeer(t)
	client := p.right()
	attempt, to := p.begin(client, peerTenant)
	forms := 0
	at := p.walk(to, func(at page) string { forms += at.Find("form").Length(); return "" })
	found, err := client.Finish(t.Context(), attempt, at.back)
	if err != nil {
		t.Fatal(err)
	}
	if found.Subject != person || found.UserName != person || found.Email != person+"@nordlys.example" || !found.EmailVerified || found.Name != "Kari Nordmann" ||
		time.Since(found.AuthTime) > time.Minute || !slices.Contains(found.Claims, "tid") || forms < 2 {
		t.Errorf("%+v after %d forms", found, forms)
	}
	_, err = client.Finish(t.Context(), attempt, at.back)
	demandFault(t, "code used twice", err, "signin.person.token")
}

func TestPeerTellsWhatIsWrongApart(t *testing.T) {
	p := newPeer(t)
	for name, test := range map[string]struct {
		client *signin.Client
		says   string // on a page of its own; the person never comes back
	}{
		"client id": {p.client("another", peerSecret, peerCallback), "invalid_client"},
		"redirect":  {p.client(peerClient, peerSecret, "https://onboard.example/elsewhere"), "invalid_redirect_uri"},
	} {
		_, to := p.begin(test.client, peerTenant)
		if at := p.walk(to, byForm); at.back != nil || at.status != http.StatusBadRequest || !strings.Contains(at.Text(), test.says) {
			t.Errorf("another %s: status %d, back %v: %s", name, at.status, at.back, at.Text())
		}
		_, err := test.client.RedirectURI(t.Context(), peerTenant, "nordlys-entra", nil)
		demandFault(t, "Redirect URI with another "+name, err, "signin.redirect.unproven")
	}
	// the same three at the token endpoint, with a code that was given to the right client
	for name, test := range map[string]struct {
		client *signin.Client
		want   string
	}{
		"client id": {p.client("another", peerSecret, peerCallback), "signin.person.client"},
		"secret":    {p.client(peerClient, secret.New("another"), peerCallback), "signin.person.client"},
		"no secret": {p.client(peerClient, secret.Secret{}, peerCallback), "signin.person.client"},
		"redirect":  {p.client(peerClient, peerSecret, "https://onboard.example/elsewhere"), "signin.person.token"},
	} {
		attempt, to := p.begin(p.right(), peerTenant)
		_, err := test.client.Finish(t.Context(), attempt, p.walk(to, byForm).back)
		demandFault(t, name, err, test.want)
	}
}

func TestPeerAnswersThatDoNotBelong(t *testing.T) {
	p := newPeer(t)
	for name, test := range map[string]struct {
		tenant string
		change func(*signin.Attempt, url.Values)
		want   string
	}{
		"another state":    {peerTenant, func(_ *signin.Attempt, q url.Values) { q.Set("state", "setup1.another") }, "signin.person.state"},
		"another issuer":   {peerTenant, func(_ *signin.Attempt, q url.Values) { q.Set("iss", q.Get("iss")+"s") }, "signin.person.issuer"},
		"no issuer":        {peerTenant, func(_ *signin.Attempt, q url.Values) { q.Del("iss") }, "signin.person.issuer"},
		"another nonce":    {peerTenant, func(a *signin.Attempt, _ url.Values) { a.Nonce = secret.New("another") }, "signin.person.token"},
		"another verifier": {peerTenant, func(a *signin.Attempt, _ url.Values) { a.Verifier = secret.New(strings.Repeat("x", 43)) }, "signin.person.token"},
		"tid of others":    {"strangers", func(*signin.Attempt, url.Values) {}, "signin.person.tenant"},
	} {
		client := p.right()
		attempt, to := p.begin(client, test.tenant)
		query := p.walk(to, byForm).back
		test.change(&attempt, query)
		_, err := client.Finish(t.Context(), attempt, query)
		demandFault(t, name, err, test.want)
	}
}

func TestPeerTellsThatThePersonRefused(t *testing.T) {
	p := newPeer(t)
	client := p.right()
	attempt, to := p.begin(client, peerTenant)
	at := p.walk(to, func(at page) string {
		link, _ := at.Find(`a[href$="/abort"]`).Attr("href")
		return link
	})
	_, err := client.Finish(t.Context(), attempt, at.back)
	demandFault(t, "refused", err, "signin.person.refused")
	if data := fault.Of(err).Data; data["Error"] != "access_denied" || data["Description"] != "End-User aborted interaction" {
		t.Errorf("%v", data)
	}
	_, _, err = client.Begin(t.Context(), "nobody", "", "")
	demandFault(t, "no such tenant", err, "signin.tenant-unknown")
}

// act signs in to act, in this browser, and counts the forms of the peer.
func (b *browser) act(client *signin.Client, tenant string, somebodyElse bool) (who signin.Person, tokens signin.Tokens, forms int) {
	b.t.Helper()
	attempt, to, err := client.BeginToAct(b.t.Context(), tenant, "signin", somebodyElse)
	if err != nil {
		b.t.Fatal(err)
	}
	at := b.walk(to, func(at page) string { forms += at.Find("form").Length(); return "" })
	who, tokens, err = client.FinishToAct(b.t.Context(), attempt, at.back)
	if err != nil {
		b.t.Fatal(err)
	}
	return who, tokens, forms
}

// accepts reports whether the peer itself takes the access token.
func (p *peer) accepts(tokens signin.Tokens) bool {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base.JoinPath(peerTenant, "me").String(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokens.Access.Expose())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func TestPeerRenewsTokens(t *testing.T) {
	p := newPeer(t)
	client := p.right()
	found, first, forms := p.browser().act(client, peerTenant, false)
	if found.Subject != person || found.Name != "Kari Nordmann" || forms < 2 {
		t.Errorf("%+v after %d forms", found, forms)
	}
	if left := time.Until(first.Expires); !p.accepts(first) || first.Refresh.IsZero() || left < 50*time.Minute || left > time.Hour {
		t.Errorf("access token taken %v, with a refresh token %v, for %v", p.accepts(first), !first.Refresh.IsZero(), left)
	}
	_, err := p.client(peerClient, secret.New("another"), peerCallback).Refresh(t.Context(), peerTenant, first)
	demandFault(t, "renewed with another secret", err, "signin.person.client")
	second, err := client.Refresh(t.Context(), peerTenant, first)
	if err != nil {
		t.Fatal(err)
	}
	if second.Access.Expose() == first.Access.Expose() || second.Refresh.Expose() == first.Refresh.Expose() || !p.accepts(second) {
		t.Error("the tokens are not new, or not taken")
	}
	third, err := client.Refresh(t.Context(), peerTenant, second)
	if err != nil || !p.accepts(third) {
		t.Errorf("renewed a second time: %v", err)
	}
	_, err = client.Refresh(t.Context(), peerTenant, first)
	demandFault(t, "refresh token used twice", err, "signin.person.token")
	_, err = client.Refresh(t.Context(), peerTenant, third)
	demandFault(t, "refresh token after another was taken for stolen", err, "signin.person.token")
	if p.accepts(third) {
		t.Error("the peer does not revoke what came of a stolen refresh token: it proves nothing about rotation")
	}
}

func TestPeerGivesNoRefreshToken(t *testing.T) {
	p := newPeer(t)
	client := p.right()
	for tenant, offered := range map[string]bool{peerTenant: true, "brief": false} {
		_, to, err := client.BeginToAct(t.Context(), tenant, "signin", false)
		if err != nil {
			t.Fatal(err)
		}
		scopes := strings.Fields(to.Query().Get("scope"))
		if !slices.Contains(scopes, "services.iam") || slices.Contains(scopes, "offline_access") != offered {
			t.Errorf("%s is asked for %v", tenant, scopes)
		}
	}
	found, tokens, _ := p.browser().act(client, "brief", false)
	if found.Subject != person || tokens.Access.IsZero() || !tokens.Refresh.IsZero() {
		t.Errorf("%+v, with a refresh token %v", found, !tokens.Refresh.IsZero())
	}
	_, err := client.Refresh(t.Context(), "brief", tokens)
	demandFault(t, "renewed without a refresh token", err, "signin.person.token")
}

func TestPeerKnowsThePersonFromBefore(t *testing.T) {
	p := newPeer(t)
	client, b := p.right(), p.browser()
	before, _, forms := b.act(client, peerTenant, false)
	if forms < 2 {
		t.Errorf("signed in after %d forms", forms)
	}
	again, tokens, forms := b.act(client, peerTenant, false)
	if forms != 0 || again.Subject != person || !again.AuthTime.Equal(before.AuthTime) || !p.accepts(tokens) || tokens.Refresh.IsZero() {
		t.Errorf("the session from before is answered with %d forms and %+v", forms, again)
	}
	b.who = "ola"
	other, _, forms := b.act(client, peerTenant, true)
	if forms == 0 || other.Subject != "ola" {
		t.Errorf("to be somebody else takes %d forms and gives %+v", forms, other)
	}
}

func TestPeerSignsOut(t *testing.T) {
	p := newPeer(t)
	to, err := p.right().EndSession(t.Context(), peerTenant)
	if want := p.base.JoinPath(peerTenant, "session", "end").String(); err != nil || to == nil || to.String() != want {
		t.Errorf("%v, %v, want %s", to, err, want)
	}
}
