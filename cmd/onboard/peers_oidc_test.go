//go:build peers

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	peerTenant = "contoso"
	// peerName is what the peer calls everybody.
	peerName = "Kari Nordmann"
)

// peerSite is the very program, whose Aritma ID is an OpenID provider that this project did not write.
type peerSite struct {
	*site
	id string // address of the provider's tenant

	mu    sync.Mutex
	token string // the access token that the IAM API saw last
}

// newPeerSite registers a client for the program and starts it. The provider answers at host; "make peers" starts it.
func newPeerSite(t *testing.T, host string, changes map[string]string) *peerSite {
	t.Helper()
	at, err := url.Parse(os.Getenv("ONBOARD_TEST_ID_URL"))
	if err != nil || at.Host == "" {
		t.Fatal("ONBOARD_TEST_ID_URL is not set: run this with make peers")
	}
	base := "http://" + net.JoinHostPort(host, at.Port())
	p := &peerSite{id: base + "/" + peerTenant}
	aritma := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.iam(t, w, r) }))
	t.Cleanup(aritma.Close)
	listen := freeAddress(t)
	id, secret := p.register(t, "http://"+listen)
	environ := map[string]string{
		"ONBOARD_LISTEN": listen, "ONBOARD_ID_URL": base, "ONBOARD_IAM_URL": aritma.URL,
		"ONBOARD_ID_CLIENT_ID": id, "ONBOARD_ID_CLIENT_SECRET": secret, "ONBOARD_SERVICE_CLIENT_ID": "", "ONBOARD_SERVICE_CLIENT_SECRET": "",
		"ONBOARD_REDIRECT_URI_TEMPLATE": fixedRedirect,
	}
	for name, value := range changes {
		environ[name] = value
	}
	p.site = newSite(t, environ)
	if p.public != "http://"+listen {
		t.Fatalf("the program is at %s, want %s", p.public, listen)
	}
	return p
}

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// register makes a client at the provider (RFC 7591), as the operator does at Aritma ID, and returns its id and secret.
func (p *peerSite) register(t *testing.T, public string) (id, secret string) {
	t.Helper()
	wanted, err := json.Marshal(object{
		"redirect_uris": []string{public + "/signin/callback"}, "post_logout_redirect_uris": []string{public + "/signed-out"},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(p.id+"/reg", "application/json", bytes.NewReader(wanted))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&client); err != nil || answer.StatusCode != http.StatusCreated || client.Secret == "" {
		t.Fatalf("registering a client is answered %d: %v", answer.StatusCode, err)
	}
	return client.ID, client.Secret
}

// iam stands in for the IAM API: it accepts the tokens that the provider itself accepts, and holds nothing.
func (p *peerSite) iam(t *testing.T, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/v1/sso" {
		t.Errorf("the IAM API is asked for %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
		return
	}
	asked, err := http.NewRequestWithContext(r.Context(), http.MethodGet, p.id+"/me", nil)
	if err != nil {
		t.Error(err)
		return
	}
	asked.Header.Set("Authorization", r.Header.Get("Authorization"))
	answer, err := http.DefaultClient.Do(asked)
	if err != nil {
		t.Error(err)
		return
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	p.token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "[]")
}

// accessToken is the one that the person acts with.
func (p *peerSite) accessToken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token
}

// hand is what a person does in a tab, whichever the browser.
type hand[B any] interface {
	open(path string) B
	click(what string) B
	press(what string) B
	types(text string) B
	reaches(address string) B
	waited() B
	at(step, title string) B
	titled(title string) B
	hides(value string) B
	path() string
	text(selector string) string
}

// signInAtPeer signs in on the provider's own pages, to which the wizard leads by itself, and comes back. The provider asks
// for consent, too, where it has not been given yet.
func signInAtPeer[B hand[B]](p *peerSite, b B) {
	p.t.Helper()
	b.reaches(p.id + "/interaction/").click("[name=login]").types("kari").click("[name=password]").types("anything").press("Sign-in")
	b.reaches(p.id + "/interaction/").press("Continue")
	b.reaches(p.public + "/").waited().reaches(p.public + "/")
	if b.text("#waiting button") != "" { // it took longer than a page may
		b.press("Continue")
	}
}

// signInAndOut is the way of an administrator from a setup link into the wizard, and out again.
func signInAndOut[B hand[B]](p *peerSite, b B) {
	p.t.Helper()
	b.open(p.link("--tenant", peerTenant)).press("Sign in with Aritma")
	signInAtPeer(p, b)
	b.at("start", "Before you start")
	if who := b.text(".person a"); who != peerName {
		p.t.Errorf("the header names %q", who)
	}
	b.hides(p.accessToken())

	b.press(".person button").reaches(p.id + "/session/end").press("Yes, sign me out").reaches(p.public + "/signed-out")
	b.titled("You are signed out")
	if b.open("/"); b.text(".person a") != "" {
		p.t.Errorf("%s is still signed in", b.text(".person a"))
	}
	b.press("Sign in with Aritma") // of the tenant that is remembered
	signInAtPeer(p, b)             // the session at the provider is gone: it asks again
	if who := b.text(".person a"); who != peerName || b.path() != "/" {
		p.t.Errorf("signed in again, the header names %q at %s", who, b.path())
	}
}

// TestPeerSignInInBrowser goes through the real content security policy.
func TestPeerSignInInBrowser(t *testing.T) {
	for name, scripts := range map[string]bool{"JavaScript on": true, "JavaScript off": false} {
		t.Run(name, func(t *testing.T) {
			p := newPeerSite(t, "127.0.0.1", nil)
			signInAndOut(p, p.browse(scripts))
		})
	}
}

// TestPeerSignInInFirefox does the same where the provider is another site to the browser.
func TestPeerSignInInFirefox(t *testing.T) {
	p := newPeerSite(t, "localhost", nil)
	signInAndOut(p, startFirefox(t).browse(p.site))
}

// TestPeerAnswerCountsOnce: the address that the provider led back to signs in nobody a second time.
func TestPeerAnswerCountsOnce(t *testing.T) {
	p := newPeerSite(t, "127.0.0.1", nil)
	b := p.browse(true)
	answers := make(chan string, 10)
	if err := chromedp.Listen(b.ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			if path, own := strings.CutPrefix(sent.Request.URL, p.public); own && strings.HasPrefix(path, "/signin/callback?") {
				answers <- path
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	b.open("/").fill("signin-tenant", peerTenant).press("Sign in with Aritma")
	signInAtPeer(p, b)
	answer := <-answers
	if b.path() != "/" || b.text(".person a") != peerName {
		t.Fatalf("signed in, the header names %q at %s", b.text(".person a"), b.path())
	}
	if b.open(answer); b.status() != http.StatusGone || b.text(".person a") != peerName || strings.Contains(b.path(), "code=") {
		t.Errorf("replayed it is answered %d at %s; the header names %q", b.status(), b.path(), b.text(".person a"))
	}
	other := p.browse(true).open(answer)
	if strings.Contains(other.path(), "code=") || other.status() != http.StatusGone || other.text(".person a") != "" || other.open("/").text(".person a") != "" {
		t.Errorf("in another browser it is answered %d; the header names %q", other.status(), other.text(".person a"))
	}
	if n := strings.Count(p.log.String(), `"signed in"`); n != 1 {
		t.Errorf("%d people are signed in:\n%s", n, p.log)
	}
	query, err := url.ParseQuery(strings.SplitN(answer, "?", 2)[1])
	if err != nil || query.Get("code") == "" || strings.Contains(p.log.String(), query.Get("code")) {
		t.Errorf("no code, or one in the log: %v", err)
	}
}

// TestPeerRefusesTheClient: with a wrong secret nobody is signed in, and the page says whose mistake that is.
func TestPeerRefusesTheClient(t *testing.T) {
	p := newPeerSite(t, "127.0.0.1", map[string]string{"ONBOARD_ID_CLIENT_SECRET": "another"})
	b := p.browse(true)
	b.open(p.link("--tenant", peerTenant)).press("Sign in with Aritma")
	signInAtPeer(p, b)
	const says = "Aritma ID does not accept this service's own client. Tell whoever runs this service: its client ID or client secret at Aritma ID is wrong."
	if b.titled("You are not signed in"); b.status() != http.StatusForbidden || !strings.Contains(b.text("main"), says) {
		t.Errorf("answered %d: %s", b.status(), b.text("main"))
	}
	if b.text(".person a") != "" || p.accessToken() != "" {
		t.Error("somebody is signed in")
	}
}

func (b *tab) types(text string) *tab { b.t.Helper(); return b.keys(text) }

func (b *fox) types(text string) *fox { b.t.Helper(); return b.keys(text) }

// reaches waits until the page is there to which the one before leads by itself.
func (b *tab) reaches(address string) *tab {
	b.t.Helper()
	for deadline := time.After(patience); ; {
		b.mu.Lock()
		there := !b.loading && b.document != nil && strings.HasPrefix(b.document.URL, address)
		moved := b.moved
		b.mu.Unlock()
		if there {
			return b
		}
		select {
		case <-moved:
		case <-deadline:
			b.t.Fatalf("never reached %s", address)
		}
	}
}

// reaches waits until the page is there to which the one before leads by itself.
func (b *fox) reaches(address string) *fox {
	b.t.Helper()
	for deadline := time.After(patience); ; {
		b.mu.Lock()
		done, moved := b.navigation == "", b.moved
		b.mu.Unlock()
		if done {
			where, err := b.evaluate("location.href")
			if err == nil && strings.HasPrefix(strings.Trim(string(where), `"`), address) {
				return b
			}
		}
		select {
		case <-moved:
		case <-deadline:
			b.t.Fatalf("never reached %s", address)
		}
	}
}
