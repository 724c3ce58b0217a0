package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// trap is a loopback port where nobody of ours has any business; it counts who comes.
func trap(t *testing.T) (port string, arrivals *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	arrivals = new(atomic.Int64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			arrivals.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, arrivals
}

// hostileHosts lead to this machine, to others of its network or to what clouds keep for themselves; PORT is the trap's.
var hostileHosts = []string{
	"127.0.0.1:PORT", "localhost:PORT", "LOCALHOST.:PORT", "[::1]:PORT", "[::]:PORT", "[::ffff:127.0.0.1]:PORT", "[0:0:0:0:0:0:0:1]:PORT",
	"0.0.0.0:PORT", "0:PORT", "127.1:PORT", "2130706433:PORT", "0x7f000001:PORT", "0x7f.0.0.1:PORT", "017700000001:PORT", "127.0.0.2:PORT",
	"[::1%25lo]:PORT", "[fe80::1%25eth0]:PORT", "[fd00:ec2::254]", "[64:ff9b::7f00:1]:PORT", "169.254.169.254", "2852039166", "0xa9fea9fe",
	"168.63.129.16", "100.100.100.200", "metadata.google.internal", "10.0.0.1", "192.168.0.1", "login.microsoftonline.com@127.0.0.1:PORT",
	"login.microsoftonline.com#@127.0.0.1:PORT", "login.microsoftonline.com.127.0.0.1.nip.io:PORT", "127.0.0.1:PORT\\@login.microsoftonline.com",
	"login.microsoftonline.com%2f@127.0.0.1:PORT", "①②⑦.⓪.⓪.①:PORT", "127。0。0。1:PORT", "login。microsoftonline。com", "user:pass@127.0.0.1:PORT",
}

// hostileForms put a host into something that could be taken for an address, a path or a name.
var hostileForms = []string{
	"http://HOST/", "https://HOST/v2.0/.well-known/openid-configuration", "//HOST/x", "HOST", "../../HOST", "x/../../../HOST",
	"contoso.example/../../HOST", "contoso.example?@HOST", "5b1d7f0e-3c42-4f86-9a57-d2e8c6b40a13@HOST", "contoso.example\r\nHost: HOST",
	"contoso.example%0d%0aHost:%20HOST", "AADSTS50011 The redirect URI 'http://HOST/signin' specified in the request does not match",
}

func hostileInputs(port string) (all []string) {
	for _, form := range hostileForms {
		for _, host := range hostileHosts {
			all = append(all, strings.ReplaceAll(strings.ReplaceAll(form, "HOST", host), "PORT", port))
		}
	}
	return all
}

// TestHostileInputsReachNobody types what leads elsewhere into every field from which an address could be made, with a
// proxy in the environment, and counts who comes to the trap.
func TestHostileInputsReachNobody(t *testing.T) {
	port, arrivals := trap(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://127.0.0.1:"+port)
	}
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("directory")
	setup := "/setup/" + v.setup()
	inputs := hostileInputs(port)
	if len(inputs) < 300 {
		t.Fatalf("only %d inputs", len(inputs))
	}
	sample := s.sandbox.Sample()
	client := sample.ClientID
	for _, input := range inputs {
		for _, form := range []url.Values{{"directory": {input}, "client": {client}, "revision": {"0"}}, {"directory": {client}, "client": {input}, "revision": {"0"}}} {
			if v.post(setup+"/directory", form); v.status != http.StatusUnprocessableEntity {
				t.Errorf("%q is answered %d at %s", input, v.status, v.path)
			}
		}
	}
	v.get(setup + "/directory").send(map[string]string{"directory": sample.DirectoryID, "client": client}).at("signin")
	v.send(nil).at("redirect").send(nil).at("secret").send(map[string]string{"secret": sample.ClientSecret.Expose()}).at("assign")
	for _, input := range inputs {
		for path, field := range map[string]string{"/signin": "scheme", "/signin-test/diagnosis": "shown", "/assign": "person", "/later": "link"} {
			if v.post(setup+path, url.Values{field: {input}, "name": {"Acme"}, "revision": {"0"}}); v.status >= 500 {
				t.Errorf("%q at %s is answered %d", input, path, v.status)
			}
		}
		if v.get("/signin/callback?" + url.Values{"state": {input}, "code": {input}, "iss": {input}}.Encode()); v.status >= 500 {
			t.Errorf("%q as an answer of Aritma ID is answered %d", input, v.status)
		}
		if at := v.page.Find("meta[http-equiv], form[action^='http'], iframe").Length(); at != 0 {
			t.Errorf("%q leads away from the page that answers it", input)
		}
	}
	if n := arrivals.Load(); n != 0 {
		t.Errorf("%d connections to an address that nobody allowed", n)
	}
	t.Logf("%d inputs, %d connections to the trap", len(inputs), arrivals.Load())
}

// TestHostileAnswersLeadNobodyAway lets every upstream answer with redirects, and with documents that name other hosts.
func TestHostileAnswersLeadNobodyAway(t *testing.T) {
	t.Parallel()
	port, arrivals := trap(t)
	var answers, asked atomic.Int64
	elsewhere := []string{"http://127.0.0.1:" + port, "http://localhost:" + port, "//127.0.0.1:" + port, "http://[::1]:" + port, "http://0.0.0.0:" + port, "http://2130706433:" + port}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(answers.Add(1))
		asked.Add(1)
		away := elsewhere[n%len(elsewhere)]
		if n%4 == 0 { // a document instead, every address of which lies elsewhere
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"msgraph_host":%q,"access_token":"x","token_type":"Bearer","expires_in":3600}`,
				away, away+"/authorize", away+"/token", away+"/keys", "127.0.0.1:"+port)
			return
		}
		w.Header().Set("Location", away+r.URL.Path)
		w.WriteHeader([]int{301, 302, 303, 307, 308}[n%5])
	}))
	t.Cleanup(upstream.Close)
	s := newSite(t, map[string]string{
		"ONBOARD_IAM_URL": upstream.URL, "ONBOARD_ID_URL": upstream.URL, "ONBOARD_ENTRA_LOGIN_URL": upstream.URL,
		"ONBOARD_SCIM_URL_TEMPLATE": upstream.URL + "/{tenant}/scim", "ONBOARD_ID_CLIENT_ID": "wizard", "ONBOARD_LINK_AUTHORITY": "link",
	})
	v := s.visitor().open(s.link()).walk("directory")
	sample, setup := s.sandbox.Sample(), "/setup/"+v.setup()
	for range 20 {
		v.post(setup+"/directory", url.Values{"directory": {sample.DirectoryID}, "client": {sample.ClientID}, "revision": {"0"}})
		if v.status >= 500 {
			t.Errorf("directory is answered %d", v.status)
		}
	}
	if v.get(setup + "/"); !strings.HasSuffix(v.path, "/signin") {
		t.Fatalf("Microsoft led away stops the admin at %s", v.path)
	}
	v.send(nil).at("redirect").send(nil).at("secret").send(map[string]string{"secret": sample.ClientSecret.Expose()}).idle("secret")
	v.send(map[string]string{"anyway": "yes"}).at("assign").send(map[string]string{"person": sample.Person}).at("review")
	for range 8 {
		v.get(setup + "/review").send(nil).idle("review")
		if v.status >= 500 {
			t.Errorf("review is answered %d", v.status)
		}
	}
	if n := arrivals.Load(); n != 0 || asked.Load() < 20 {
		t.Errorf("%d connections to where the upstreams led, after %d answers", n, asked.Load())
	}
	t.Logf("%d hostile answers, %d connections to the trap", asked.Load(), arrivals.Load())
}
