package signin

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

const (
	microsoft   = "https://login.microsoftonline.com"
	directory   = "0f3e6a52-1c4d-4b8a-9e7f-2a1b3c4d5e6f"
	entraClient = "5b1c9d3e-7a2f-4c6b-8d0e-1f2a3b4c5d6e"
)

// toMicrosoft is a request to Microsoft, with pairs beside client_id.
func toMicrosoft(host string, pairs ...string) string {
	query := url.Values{"client_id": {entraClient}, "response_type": {"code"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Add(pairs[i], pairs[i+1])
	}
	return host + "/" + directory + "/oauth2/v2.0/authorize?" + query.Encode()
}

func (p *openID) readRedirect(client *Client, scheme string) (Sent, error) {
	hosts := []*url.URL{address(p.t, "https://login.microsoftonline.us"), address(p.t, microsoft)}
	return client.RedirectURI(p.t.Context(), ourTenant, scheme, hosts)
}

// hops makes a login that sends from one of the addresses to the next; {own} is the provider's tenant.
func hops(to ...string) func(p *openID) {
	return func(p *openID) {
		p.onAuthorize = func(w http.ResponseWriter, r *http.Request) {
			i := len(r.URL.Query()["hop"])
			location := strings.ReplaceAll(to[min(i, len(to)-1)], "{own}", p.issuer(ourTenant))
			w.Header().Set("Location", location)
			w.WriteHeader([]int{302, 303, 307, 308, 301}[i%5])
		}
	}
}

func own(hop int) string {
	return "{own}/connect/authorize?" + strings.Repeat("hop=1&", hop)
}

func TestRedirectURIIsReadOffTheWire(t *testing.T) {
	uri := "https://id.aritma.io/contoso/federation/nordlys-entra/signin"
	direct := toMicrosoft(microsoft, "redirect_uri", uri)
	want := Sent{RedirectURI: uri, ClientID: entraClient, Authority: directory}
	for name, test := range map[string]struct {
		provider func(p *openID)
		want     Sent
	}{
		"at once":            {hops(direct), want},
		"after two":          {hops(own(1), own(2), direct), want},
		"after five":         {hops(own(1), own(2), own(3), own(4), own(5), direct), want},
		"relative":           {hops("authorize?hop=1", direct), want},
		"another cloud":      {hops(strings.Replace(direct, ".com", ".us", 1)), want},
		"port named":         {hops(strings.Replace(direct, ".com", ".com:443", 1)), want},
		"host in capitals":   {hops(strings.Replace(direct, "login.", "LOGIN.", 1)), want},
		"to the common word": {hops(strings.Replace(direct, directory, "common", 1)), Sent{uri, entraClient, "common"}},
	} {
		p := newOpenID(t)
		test.provider(p)
		sent, err := p.readRedirect(p.client(microsoft), "nordlys-entra")
		if err != nil || sent != test.want {
			t.Errorf("%s: %+v, %v", name, sent, err)
		}
	}
}

func TestRedirectURIIsAskedForTheSchemeAndCookiesAreKept(t *testing.T) {
	p := newOpenID(t)
	p.onAuthorize = func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		cookie, err := r.Cookie("correlation")
		switch {
		case query.Has("hop") && (err != nil || cookie.Value != "1"):
			t.Error("the cookie did not come back")
		case !query.Has("hop") && (query.Get("acr_values") != "idp:nordlys-entra" || query.Get("client_id") != wizardID || err == nil):
			t.Errorf("asked for %v with cookie %v", query, cookie)
		case !query.Has("hop"):
			http.SetCookie(w, &http.Cookie{Name: "correlation", Value: "1", Path: "/id"})
			http.Redirect(w, r, r.URL.Path+"?hop=1", http.StatusFound)
			return
		}
		http.Redirect(w, r, toMicrosoft(microsoft, "redirect_uri", "https://id.aritma.io/x"), http.StatusFound)
	}
	for range 2 { // a proof knows nothing of the one before
		if sent, err := p.readRedirect(p.client(microsoft), "nordlys-entra"); err != nil || sent.RedirectURI == "" {
			t.Errorf("%+v, %v", sent, err)
		}
	}
}

func TestHostWithPathIsOnlyWhatIsBelow(t *testing.T) {
	p := newOpenID(t)
	login := address(t, p.URL+"/login")
	hops(own(1), strings.Replace(toMicrosoft(p.URL+"/login", "redirect_uri", "https://id.aritma.io/x"), "{", "", 1))(p)
	sent, err := p.client().RedirectURI(t.Context(), ourTenant, "nordlys-entra", []*url.URL{login})
	if err != nil || sent.Authority != directory {
		t.Errorf("%+v, %v", sent, err)
	}
}

func TestRedirectURIThatIsNotProven(t *testing.T) {
	elsewhere, hits := stranger(t)
	uri := "https://id.aritma.io/contoso/federation/nordlys-entra/signin"
	say := func(status int, header ...string) func(p *openID) {
		return func(p *openID) {
			p.onAuthorize = func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i+1 < len(header); i += 2 {
					w.Header().Add(header[i], header[i+1])
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>canary")
			}
		}
	}
	to := func(location string) func(p *openID) { return hops(location) }
	sent := func(pairs ...string) func(p *openID) { return to(toMicrosoft(microsoft, pairs...)) }
	at := func(host string) func(p *openID) { return to(toMicrosoft(host, "redirect_uri", uri)) }
	for name, provider := range map[string]func(p *openID){
		"a page":                 say(200),
		"a page that says where": say(200, "Location", toMicrosoft(microsoft, "redirect_uri", uri)),
		"an error":               say(400),
		"not found":              say(404),
		"an error of its own":    say(500),
		"nowhere":                say(302),
		"empty":                  say(302, "Location", ""),
		"two at once":            say(302, "Location", toMicrosoft(microsoft, "redirect_uri", uri), "Location", toMicrosoft(microsoft, "redirect_uri", uri)),
		"300":                    say(300, "Location", toMicrosoft(microsoft, "redirect_uri", uri)),
		"304":                    say(304, "Location", toMicrosoft(microsoft, "redirect_uri", uri)),
		"in a circle":            hops(own(1)),
		"after six":              hops(own(1), own(2), own(3), own(4), own(5), own(6), toMicrosoft(microsoft, "redirect_uri", uri)),
		"foreign":                at(elsewhere),
		"foreign, then on":       to(elsewhere + "/on"),
		"http":                   at("http://login.microsoftonline.com"),
		"another port":           at(microsoft + ":8443"),
		"lookalike behind":       at(microsoft + ".evil.example"),
		"lookalike before":       at("https://evil-login.microsoftonline.com"),
		"lookalike below":        at("https://x.login.microsoftonline.com"),
		"lookalike in letters":   at("https://login.micros\u043eftonline.com"),
		"final dot":              at("https://login.microsoftonline.com."),
		"name before the host":   at("https://me:canary@login.microsoftonline.com"),
		"host as name":           at("https://login.microsoftonline.com@evil.example"),
		"host as backslash":      at("https://evil.example\\@login.microsoftonline.com"),
		"host in the path":       at("https://evil.example/login.microsoftonline.com"),
		"inside the network":     at("http://169.254.169.254"),
		"a script":               to("javascript:alert(1)"),
		"data":                   to("data:text/html,canary"),
		"no address":             to("http://[::canary"),
		"far too long":           sent("redirect_uri", uri, "state", strings.Repeat("x", 9000)),
		"no Redirect URI":        sent(),
		"empty Redirect URI":     sent("redirect_uri", ""),
		"two Redirect URIs":      sent("redirect_uri", uri, "redirect_uri", uri),
		"two clients":            sent("redirect_uri", uri, "client_id", entraClient),
		"Redirect URI relative":  sent("redirect_uri", "/signin"),
		"Redirect URI with NUL":  sent("redirect_uri", uri+"\x00"),
		"Redirect URI unseen":    sent("redirect_uri", uri+"\u200b"),
		"Redirect URI endless":   sent("redirect_uri", uri+strings.Repeat("x", 400)),
		"query broken":           to(microsoft + "/" + directory + "/authorize?redirect_uri=%zz"),
		"pushed request":         sent("request_uri", "urn:x"),
		"the answer":             to(callback + "?error=login_required"),
		"not HTTP":               func(p *openID) { p.onAuthorize = notHTTP },
		"breaks off":             func(p *openID) { p.onAuthorize = breakOff },
		"no discovery":           func(p *openID) { p.onDiscovery = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newOpenID(t)
			provider(p)
			demandUnproven(t, p.client(microsoft, elsewhere), "nordlys-entra")
		})
	}
	t.Cleanup(func() {
		if hits.Load() != 0 {
			t.Error("another host was asked")
		}
	})
}

func demandUnproven(t *testing.T, client *Client, scheme string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	sent, err := client.RedirectURI(ctx, ourTenant, scheme, []*url.URL{address(t, microsoft)})
	f := fault.Of(err)
	if f.Kind != fault.Unavailable || f.ID != "signin.redirect.unproven" || sent != (Sent{}) {
		t.Errorf("%+v, %v", sent, err)
	}
	demandSilence(t, err)
}

func TestRedirectURIOfASlowOne(t *testing.T) {
	p := newOpenID(t)
	p.onAuthorize = hang
	demandUnproven(t, p.clientWith(200*time.Millisecond), "nordlys-entra")
}

func TestRedirectURIOfNoScheme(t *testing.T) {
	p := newOpenID(t)
	demandUnproven(t, p.client(), "")
	demandUnproven(t, p.client(), "a mfa")
	if p.discoveries.Load() != 0 {
		t.Error("something was asked for it")
	}
}
