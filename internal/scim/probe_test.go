package scim_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/secret"
)

var token = secret.New("scim-canary-7d1f.value_that~nobody-sees")

const (
	typeSCIM = "application/scim+json; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
	empty    = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`
)

// answering serves one answer.
func answering(t *testing.T, status int, header map[string]string, body string) *httptest.Server {
	t.Helper()
	return serving(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func serving(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// demand holds an error against the sentence that it must have, and shows that neither log nor sentence has the token.
func demand(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got %v, want a pass", err)
		}
		return
	}
	f := fault.Of(err)
	if err == nil || f.ID != want {
		t.Errorf("got %v, want %s", err, want)
	}
	catalogue, catalogueErr := message.New()
	if catalogueErr != nil {
		t.Fatal(catalogueErr)
	}
	sentence := catalogue.For("en").Fault(f)
	if told := fmt.Sprintf("%v %+v %#v %v %s", err, err, f, f.Data, sentence); strings.Contains(told, "canary") {
		t.Error("the token is told")
	}
	for _, wrong := range []string{f.ID, "<no value>", "{{", "please", "sorry", "invalid"} {
		if err != nil && strings.Contains(strings.ToLower(sentence), wrong) {
			t.Errorf("%s: %q has %q", f.ID, sentence, wrong)
		}
	}
}

func TestProbeSendsWhatTestConnectionSends(t *testing.T) {
	guid := regexp.MustCompile(`^userName eq "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`)
	asked := map[string]bool{}
	for _, c := range []struct{ path, wantPath, wantQuery string }{
		{"/nordlys/api/scim/v2", "/nordlys/api/scim/v2/Users", "filter=userName+eq+%22"},
		{"/nordlys/api/scim/v2/", "/nordlys/api/scim/v2/Users", "filter=userName+eq+%22"},
		{"/scim?aadOptscim062020", "/scim/Users", "aadOptscim062020&filter=userName+eq+%22"},
		{"/scim#part", "/scim/Users", "filter=userName+eq+%22"},
		{"", "/Users", "filter=userName+eq+%22"},
	} {
		var got *http.Request
		server := serving(t, func(w http.ResponseWriter, r *http.Request) {
			got = r.Clone(context.Background())
			_, _ = io.WriteString(w, empty)
		})
		demand(t, scim.New(server.Client()).Probe(t.Context(), server.URL+c.path, token), "")
		if got.Method != http.MethodGet || got.URL.Path != c.wantPath || !strings.HasPrefix(got.URL.RawQuery, c.wantQuery) {
			t.Errorf("%q: sent %s %s", c.path, got.Method, got.URL)
		}
		filter := got.URL.Query().Get("filter")
		if !guid.MatchString(filter) || asked[filter] {
			t.Errorf("%q: filter is %q", c.path, filter)
		}
		asked[filter] = true
		for name, want := range map[string]string{"Authorization": "Bearer " + token.Expose(), "Accept": "application/scim+json", "User-Agent": "aritma-entra-onboard"} {
			if got.Header.Get(name) != want {
				t.Errorf("%q: header %s is not as it must be", c.path, name)
			}
		}
		if strings.Contains(got.RequestURI, "canary") || got.ContentLength > 0 {
			t.Errorf("%q: the token is in the address, or there is a body", c.path)
		}
	}
}

func TestProbeTellsAnswersApart(t *testing.T) {
	scimType := map[string]string{"Content-Type": typeSCIM}
	page := map[string]string{"Content-Type": typeHTML}
	const html = "<!doctype html><title>Sign in</title>"
	list := func(rest string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]` + rest + `}`
	}
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   string
	}{
		{"empty list", 200, scimType, empty, ""},
		{"least that Entra needs", 200, scimType, list(`,"totalResults":0`), ""},
		{"plain JSON, capitals, byte order mark", 200, map[string]string{"Content-Type": "application/json"}, "\ufeff" + strings.ToUpper(list(`,"totalResults":0,"resources":[]`)), ""},
		{"count as text", 200, scimType, list(`,"totalResults":"0"`), ""},
		{"no content type", 200, map[string]string{"Content-Type": ""}, empty, ""},

		{"token refused", 401, scimType, `{"detail":"` + token.Expose() + `"}`, "scim.unauthorized"},
		{"token forbidden", 403, scimType, ``, "scim.unauthorized"},
		{"no such address", 404, scimType, ``, "scim.not-found"},
		{"no such page", 404, page, html, "scim.not-found"},
		{"gone", 410, scimType, ``, "scim.not-found"},

		{"sign-in page", 200, page, html, "scim.html"},
		{"page that does not say so", 200, map[string]string{"Content-Type": "application/json"}, "\n\t" + html, "scim.html"},
		{"page with a list in it", 200, page, empty, "scim.html"},

		{"moved", 301, map[string]string{"Location": "https://id.example/elsewhere?q=" + token.Expose()}, ``, "scim.redirect"},
		{"see other", 303, map[string]string{"Location": "/login"}, ``, "scim.redirect"},
		{"redirect to nowhere", 302, nil, ``, "scim.redirect"},
		{"redirect to nonsense", 307, map[string]string{"Location": "http://%zz/canary"}, ``, "scim.unreachable"}, // net/http gives no answer then
		{"redirect with the token as host", 308, map[string]string{"Location": "https://" + token.Expose() + ".example/"}, ``, "scim.redirect"},
		{"not modified", 304, nil, ``, "scim.not-a-list"},

		{"somebody", 200, scimType, list(`,"totalResults":1,"Resources":[{"userName":"` + token.Expose() + `"}]`), "scim.not-empty"},
		{"somebody, not counted", 200, scimType, list(`,"totalResults":0,"Resources":[{}]`), "scim.not-empty"},
		{"everybody", 200, scimType, list(`,"totalResults":20000,"Resources":[]`), "scim.not-empty"},
		{"more than there are people", 200, scimType, list(`,"totalResults":1e300`), "scim.not-empty"},

		{"nothing", 200, scimType, ``, "scim.not-a-list"},
		{"no content", 204, nil, ``, "scim.not-a-list"},
		{"created", 201, scimType, empty, "scim.not-a-list"},
		{"bad request", 400, scimType, `{"scimType":"invalidFilter"}`, "scim.not-a-list"},
		{"method not allowed", 405, scimType, ``, "scim.not-a-list"},
		{"array", 200, scimType, `[]`, "scim.not-a-list"},
		{"null", 200, scimType, `null`, "scim.not-a-list"},
		{"text", 200, map[string]string{"Content-Type": "text/plain"}, token.Expose(), "scim.not-a-list"},
		{"no schemas", 200, scimType, `{"totalResults":0,"Resources":[]}`, "scim.not-a-list"},
		{"schema of something else", 200, scimType, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"totalResults":0}`, "scim.not-a-list"},
		{"no count", 200, scimType, list(`,"Resources":[]`), "scim.not-a-list"},
		{"null count", 200, scimType, list(`,"totalResults":null`), "scim.not-a-list"},
		{"negative count", 200, scimType, list(`,"totalResults":-1`), "scim.not-a-list"},
		{"half a person", 200, scimType, list(`,"totalResults":0.5`), "scim.not-a-list"},
		{"cut off", 200, scimType, empty[:len(empty)-2], "scim.not-a-list"},
		{"more behind it", 200, scimType, empty + empty, "scim.not-a-list"},
		{"too long", 200, scimType, empty + strings.Repeat(" ", scim.MaxDocument), "scim.not-a-list"},

		{"request timeout", 408, nil, ``, "scim.slow"},
		{"gateway timeout", 504, page, html, "scim.slow"},
		{"too many requests", 429, map[string]string{"Retry-After": "17"}, ``, "scim.limited"},
		{"broken", 500, scimType, `{"detail":"` + token.Expose() + `"}`, "scim.server-error"},
		{"bad gateway", 502, page, html, "scim.server-error"},
		{"unavailable", 503, map[string]string{"Retry-After": "17"}, ``, "scim.server-error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := answering(t, c.status, c.header, c.body)
			err := scim.New(server.Client()).Probe(t.Context(), server.URL+"/scim/v2", token)
			demand(t, err, c.want)
			f := fault.Of(err)
			if c.header["Retry-After"] != "" && f.RetryAfter != 17*time.Second {
				t.Errorf("wait of %v", f.RetryAfter)
			}
			if f.Kind == fault.Unauthorized || f.Kind == fault.Invalid {
				t.Errorf("kind %v would be taken for the person's own mistake", f.Kind)
			}
		})
	}
}

func TestProbeNamesTheHostOfARedirect(t *testing.T) {
	for location, want := range map[string]string{
		"https://id.example/{secret}/x?y=z": "id.example",
		"https://user:pass@ID.example:8443": "id.example:8443",
		"https://[2001:db8::1]/x":           "[2001:db8::1]",
		"https://blåbær.example/":           "",
		"https://<b>x/":                     "",
		"mailto:somebody@id.example":        "",
		"":                                  "",
	} {
		server := answering(t, http.StatusFound, map[string]string{"Location": location}, "")
		err := scim.New(server.Client()).Probe(t.Context(), server.URL, token)
		demand(t, err, "scim.redirect")
		if f := fault.Of(err); f.Data["Host"] != want {
			t.Errorf("%q: host %q, want %q", location, f.Data["Host"], want)
		}
	}
}

func TestProbeFollowsNoRedirect(t *testing.T) {
	followed := false
	elsewhere := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		followed = true
		_, _ = io.WriteString(w, empty)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := answering(t, status, map[string]string{"Location": elsewhere.URL}, "")
		demand(t, scim.New(server.Client()).Probe(t.Context(), server.URL, token), "scim.redirect")
	}
	if followed {
		t.Error("the redirect was followed")
	}
}

// through is the service's own client, allowed to reach one address.
func through(t *testing.T, address string) *http.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{u}, AllowLoopback: true})
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestProbeThatIsTooSlow(t *testing.T) {
	release := make(chan struct{})
	server := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/body/") {
			_, _ = io.WriteString(w, empty[:20])
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	defer close(release)
	for _, path := range []string{"/header", "/body"} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		demand(t, scim.New(through(t, server.URL)).Probe(ctx, server.URL+path, token), "scim.slow")
		cancel()
	}
}

func TestProbeWithoutAConnectionThatCanBeTrusted(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	encrypted := func(change func(*tls.Config)) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was sent") }))
		server.Config.ErrorLog = quiet
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10}
		change(server.TLS)
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL
	}
	plain := serving(t, func(http.ResponseWriter, *http.Request) {})
	for name, address := range map[string]string{
		"certificate of a stranger": encrypted(func(*tls.Config) {}),
		"TLS before 1.2":            encrypted(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }),
		"no TLS at all":             strings.Replace(plain.URL, "http:", "https:", 1),
	} {
		t.Run(name, func(t *testing.T) {
			demand(t, scim.New(through(t, address)).Probe(t.Context(), address, token), "scim.certificate")
		})
	}
}

func TestProbeThatReachesNobody(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + silent.Addr().String()
	client := through(t, address)
	_ = silent.Close()
	demand(t, scim.New(client).Probe(t.Context(), address, token), "scim.unreachable")
	demand(t, scim.New(client).Probe(t.Context(), "https://elsewhere.example/scim", token), "scim.unreachable")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	demand(t, scim.New(client).Probe(ctx, address, token), "scim.unreachable")

	echo := serving(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, hijackErr := http.NewResponseController(w).Hijack()
		if hijackErr == nil {
			_, _ = io.WriteString(conn, r.Header.Get("Authorization")+"\r\n\r\n")
			_ = conn.Close()
		}
	})
	demand(t, scim.New(through(t, echo.URL)).Probe(t.Context(), echo.URL, token), "scim.unreachable")
	cut := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, empty)
	})
	demand(t, scim.New(through(t, cut.URL)).Probe(t.Context(), cut.URL, token), "scim.unreachable")
}

func TestProbeSendsNothingWithoutAddressOrToken(t *testing.T) {
	server := serving(t, func(http.ResponseWriter, *http.Request) { t.Error("something was sent") })
	p := scim.New(server.Client())
	for _, address := range []string{"", "/scim", "://", "https://", "https://user:word@" + strings.TrimPrefix(server.URL, "http://"), "http://%zz", "\x00"} {
		demand(t, p.Probe(t.Context(), address, token), "scim.not-found")
	}
	if err := p.Probe(t.Context(), server.URL, secret.Secret{}); fault.Of(err).Kind != fault.Unknown {
		t.Errorf("without a token: %v", err)
	}
	demand(t, p.Probe(t.Context(), server.URL, secret.New("two\r\nlines-canary")), "scim.unreachable")
}
