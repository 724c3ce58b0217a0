package entra_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
)

const (
	id      = "11111111-aaaa-4bbb-8ccc-222222222222"
	otherID = "33333333-aaaa-4bbb-8ccc-444444444444"
)

const (
	globalHost = "login.microsoftonline.com"
	usHost     = "login.microsoftonline.us"
	chinaHost  = "login.partner.microsoftonline.cn"
)

// document is a discovery document as Microsoft sends it, cut to what matters, with members replaced.
func document(login, directory string, replace map[string]any) string {
	d := map[string]any{
		"issuer":                                "https://" + login + "/" + directory + "/v2.0",
		"token_endpoint":                        "https://" + login + "/" + directory + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   strings.TrimPrefix(login, "login."),
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          "graph.microsoft.com",
	}
	for name, value := range replace {
		d[name] = value
		if value == nil {
			delete(d, name)
		}
	}
	text, _ := json.Marshal(d)
	return string(text)
}

// refusal is an error answer as Microsoft sends it.
func refusal(number int, text string) string {
	return fmt.Sprintf(`{"error":"invalid_tenant","error_description":"AADSTS%d: %s Trace ID: 0f1e Correlation ID: %s","error_codes":[%d],"correlation_id":"%s"}`,
		number, text, otherID, number, otherID)
}

// answering serves one answer and remembers what was asked.
func answering(t *testing.T, status int, body string) (*httptest.Server, *[]string) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.RequestURI)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func lookUp(t *testing.T, server *httptest.Server, name string) (entra.Directory, error) {
	t.Helper()
	override, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return entra.New(server.Client(), override).Lookup(t.Context(), name)
}

func TestLookupFinds(t *testing.T) {
	us := "https://" + usHost + "/" + id + "/v2.0"
	for _, c := range []struct {
		name, asked, body string
		want              entra.Directory
	}{
		{
			"by id", id, document(globalHost, id, nil),
			entra.Directory{ID: id, Region: "EU", Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
		{
			"by domain", "nordlys.example", document(globalHost, id, nil),
			entra.Directory{ID: id, Region: "EU", Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
		{
			"with capitals and blanks", " " + strings.ToUpper(id) + "\n", document(globalHost, strings.ToUpper(id), nil),
			entra.Directory{ID: id, Region: "EU", Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
		{
			"issuer elsewhere, as the sandbox has it", id, document("127.0.0.1:1234/login", id, map[string]any{"cloud_instance_name": "microsoftonline.com"}),
			entra.Directory{ID: id, Region: "EU", Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
		{
			"GCC lives in the global cloud", id, document(globalHost, id, map[string]any{"tenant_region_scope": "NA", "tenant_region_sub_scope": "GCC"}),
			entra.Directory{ID: id, Region: "NA", Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
		{
			"US Government on the global host, by name", id, document(globalHost, id, map[string]any{"cloud_instance_name": "microsoftonline.us", "tenant_region_scope": "USGov", "msgraph_host": "graph.microsoft.us"}),
			entra.Directory{ID: id, Region: "USGov", Cloud: entra.USGovernment, GraphHost: "graph.microsoft.us", Authority: us},
		},
		{
			"US Government on the global host, by region", id, document(globalHost, id, map[string]any{"tenant_region_scope": "USG"}),
			entra.Directory{ID: id, Region: "USG", Cloud: entra.USGovernment, GraphHost: "graph.microsoft.us", Authority: us},
		},
		{
			"DoD has its own Graph", id, document(usHost, id, map[string]any{"tenant_region_scope": "DOD", "msgraph_host": "dod-graph.microsoft.us"}),
			entra.Directory{ID: id, Region: "DOD", Cloud: entra.USGovernment, GraphHost: "dod-graph.microsoft.us", Authority: us},
		},
		{
			"China on the global host", id, document(globalHost, id, map[string]any{"cloud_instance_name": "partner.microsoftonline.cn", "tenant_region_scope": "AS", "msgraph_host": "microsoftgraph.chinacloudapi.cn"}),
			entra.Directory{ID: id, Region: "AS", Cloud: entra.China, GraphHost: "microsoftgraph.chinacloudapi.cn", Authority: "https://" + chinaHost + "/" + id + "/v2.0"},
		},
		{
			"China by token endpoint alone", id, document(chinaHost, id, map[string]any{"cloud_instance_name": nil, "msgraph_host": nil, "tenant_region_scope": nil}),
			entra.Directory{ID: id, Cloud: entra.China, GraphHost: "microsoftgraph.chinacloudapi.cn", Authority: "https://" + chinaHost + "/" + id + "/v2.0"},
		},
		{
			"hostile Graph host and region", id, document(globalHost, id, map[string]any{"msgraph_host": "evil.example", "tenant_region_scope": "<b>EU</b>"}),
			entra.Directory{ID: id, Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, asked := answering(t, http.StatusOK, c.body)
			got, err := lookUp(t, server, c.asked)
			if err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
			name := strings.ToLower(strings.TrimSpace(c.asked))
			if want := []string{"GET /" + name + "/v2.0/.well-known/openid-configuration"}; !slices.Equal(*asked, want) {
				t.Errorf("asked %q, want %q", *asked, want)
			}
		})
	}
}

func TestLookupFails(t *testing.T) {
	const unproven, unknown, malformed = "entra.unproven", "entra.directory-unknown", "entra.directory-malformed"
	large := `{"issuer":"` + strings.Repeat("x", entra.MaxDocument) + `"}`
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		id     string
	}{
		{"unknown directory", 400, refusal(90002, "Tenant not found."), fault.Invalid, unknown},
		{"unknown directory, by text alone", 400, `{"error_description":"AADSTS90002: Tenant not found."}`, fault.Invalid, unknown},
		{"unknown directory, other status", 404, refusal(90002, "Tenant not found."), fault.Invalid, unknown},
		{"unknown directory, text changed", 400, `{"error":"x","error_description":"Gone.","error_codes":[90002]}`, fault.Invalid, unknown},
		{"neither GUID nor domain", 400, refusal(900023, "Specified tenant identifier is neither."), fault.Invalid, malformed},
		{"another cloud", 400, refusal(90038, "belongs to the National Cloud."), fault.Unavailable, unproven},
		{"a number that begins the same", 400, refusal(900021, "Requested tenant identifier is not valid."), fault.Unavailable, unproven},
		{"another number that begins the same", 400, `{"error_description":"AADSTS900029 x"}`, fault.Unavailable, unproven},
		{"unknown number", 400, refusal(9999999, "New."), fault.Unavailable, unproven},
		{"refused without a number", 400, `{"error":"x"}`, fault.Unavailable, unproven},
		{"refused with garbage", 400, `<html>AADSTS90002</html>`, fault.Unavailable, unproven},
		{"refused by a proxy", 407, ``, fault.Unavailable, unproven},
		{"number in a server error", 500, refusal(90002, "x"), fault.Unavailable, unproven},
		{"too many requests", 429, refusal(90055, "throttled"), fault.Unavailable, unproven},
		{"gateway", 502, `<html>`, fault.Unavailable, unproven},
		{"nothing", 200, ``, fault.Unavailable, unproven},
		{"HTML", 200, `<!doctype html><title>Sign in to the Wi-Fi</title>`, fault.Unavailable, unproven},
		{"an array", 200, `[]`, fault.Unavailable, unproven},
		{"null", 200, `null`, fault.Unavailable, unproven},
		{"no issuer", 200, `{"cloud_instance_name":"microsoftonline.com"}`, fault.Unavailable, unproven},
		{"issuer of no directory", 200, document(globalHost, "{tenantid}", nil), fault.Unavailable, unproven},
		{"issuer of another directory", 200, document(globalHost, otherID, nil), fault.Unavailable, unproven},
		{"issuer of two directories", 200, document(globalHost, id+"/"+otherID, nil), fault.Unavailable, unproven},
		{"issuer without a host", 200, document(globalHost, id, map[string]any{"issuer": "/" + id + "/v2.0"}), fault.Unavailable, unproven},
		{"unknown cloud", 200, document("login.microsoftonline.example", id, nil), fault.Unavailable, unproven},
		{"two national clouds", 200, document(usHost, id, map[string]any{"cloud_instance_name": "partner.microsoftonline.cn"}), fault.Unavailable, unproven},
		{"success of another status", 204, ``, fault.Unavailable, unproven},
		{"too long", 200, large, fault.Unavailable, unproven},
		{"wrong types", 200, `{"issuer":7}`, fault.Unavailable, unproven},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, asked := answering(t, c.status, c.body)
			got, err := lookUp(t, server, id)
			if f := fault.Of(err); f.Kind != c.kind || f.ID != c.id {
				t.Errorf("got %v (%v), want %v %s", f.Kind, err, c.kind, c.id)
			}
			if got != (entra.Directory{}) {
				t.Errorf("a directory was given: %+v", got)
			}
			if len(*asked) != 1 {
				t.Errorf("asked %d times", len(*asked))
			}
		})
	}
}

func TestLookupOfDomainThatIsPersonal(t *testing.T) {
	server, _ := answering(t, http.StatusOK, document(globalHost, "9188040d-6c67-4c5b-b112-36a304b66dad", nil))
	_, err := lookUp(t, server, "live.example")
	if f := fault.Of(err); f.Kind != fault.Invalid || f.ID != "entra.directory-personal" {
		t.Errorf("got %v", err)
	}
}

func TestLookupSaysWhatMicrosoftSaid(t *testing.T) {
	server, _ := answering(t, http.StatusBadRequest, refusal(90002, "Tenant not found."))
	_, err := lookUp(t, server, "nordlys.example")
	want := fault.Data{"Directory": "nordlys.example", "Code": "AADSTS90002", "Correlation": otherID}
	got := fault.Of(err).Data
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	if !strings.Contains(err.Error(), "AADSTS90002") || !strings.Contains(err.Error(), otherID) {
		t.Errorf("the log has no number and correlation id: %v", err)
	}
}

func TestLookupHonoursRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"17": 17 * time.Second, "": 0, "-1": 0, "999999": 0, "soon": 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := lookUp(t, server, id)
		server.Close()
		if got := fault.Of(err).RetryAfter; got != want {
			t.Errorf("Retry-After %q gave %v, want %v", header, got, want)
		}
	}
}

// TestLookupRefusesNamesThatAreNone shows that nothing is asked, and that what may be a pasted secret is not repeated.
func TestLookupRefusesNamesThatAreNone(t *testing.T) {
	server, asked := answering(t, http.StatusOK, document(globalHost, id, nil))
	for _, name := range []string{
		"", " ", "common", "organizations", "consumers", "nordlys", "abc8Q~canary.4f1c-secret_value", "nordlys..example",
		".example", "nordlys.example.", "nordlys.example/../x", "nordlys.example?x", "nordlys.example#x", "nordlys.example:443",
		"user@nordlys.example", "https://nordlys.example", "10.0.0.10", "169.254.169.254", "[::1]", "-a.example", "a-.example",
		id + "/x", id[:35], id + "0", "{" + id + "}", "nordlys.e", "blåbær.example", "a b.example", "a\x00.example", "%2e%2e.example",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 130) + "example",
	} {
		_, err := lookUp(t, server, name)
		f := fault.Of(err)
		if f.Kind != fault.Invalid || f.ID != "entra.directory-malformed" {
			t.Errorf("%q: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err, f.Data), "canary") {
			t.Errorf("%q is repeated", name)
		}
	}
	_, err := lookUp(t, server, "9188040D-6c67-4c5b-b112-36a304b66dad")
	if fault.Of(err).ID != "entra.directory-personal" {
		t.Errorf("personal accounts: %v", err)
	}
	if len(*asked) != 0 {
		t.Errorf("asked %q", *asked)
	}
}

func TestLookupFollowsNoRedirect(t *testing.T) {
	elsewhere, asked := answering(t, http.StatusOK, document(globalHost, id, nil))
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/x", status))
		_, err := lookUp(t, server, id)
		server.Close()
		if fault.Of(err).ID != "entra.unproven" {
			t.Errorf("%d: %v", status, err)
		}
	}
	if len(*asked) != 0 {
		t.Errorf("the redirect was followed: %q", *asked)
	}
}

func TestLookupUnreachable(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	cutting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cutting.Close)
	short := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = w.Write([]byte(`{"issuer":`))
	}))
	t.Cleanup(short.Close)
	for name, server := range map[string]*httptest.Server{"refusing": refusing, "cutting": cutting, "short": short} {
		if _, err := lookUp(t, server, id); fault.Of(err).ID != "entra.unproven" || !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHosts(t *testing.T) {
	text := func(hosts []*url.URL) (list []string) {
		for _, host := range hosts {
			list = append(list, host.String())
		}
		return list
	}
	if got, want := text(entra.Hosts(nil)), []string{"https://" + globalHost, "https://" + usHost, "https://" + chinaHost}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	override, _ := url.Parse("http://127.0.0.1:9000/login")
	if got, want := text(entra.Hosts(override)), []string{"http://127.0.0.1:9000"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOverrideKeepsItsPath(t *testing.T) {
	server, asked := answering(t, http.StatusOK, document(globalHost, id, nil))
	override, _ := url.Parse(server.URL + "/login")
	if _, err := entra.New(server.Client(), override).Lookup(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if want := "GET /login/" + id + "/v2.0/.well-known/openid-configuration"; (*asked)[0] != want {
		t.Errorf("asked %q, want %q", *asked, want)
	}
}

// TestSentences shows that every fault has a sentence, with its placeholders filled.
func TestSentences(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	say := catalogue.For("en").Fault
	data := fault.Data{"Directory": "nordlys.example", "Code": "AADSTS90002", "Correlation": otherID}
	for _, id := range []string{"entra.directory-unknown", "entra.directory-malformed", "entra.directory-personal", "entra.unproven"} {
		sentence := say(fault.New(fault.Invalid, id, data))
		for _, wrong := range []string{id, "<no value>", "{{", "please", "sorry", "invalid"} {
			if sentence == "" || strings.Contains(strings.ToLower(sentence), wrong) {
				t.Errorf("%s: %q has %q", id, sentence, wrong)
			}
		}
	}
}
