package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"
)

// iamPath is the path of the IAM API's base, as on Aritma's own host.
const iamPath = "/core/iam"

// documented are the bodies in Aritma's documentation: a request must have these keys and types, no more and no less.
var documented = map[string]string{
	"createAzureAd": `{"scheme":"…","displayName":"…","enabled":true,"type":"oidc","properties":{
		"loginEnabled":true,"visible":true,"delegationEnabled":false,"autoProvisioningEnabled":false,
		"clientId":"…","clientSecret":"…","usePkce":true,
		"authority":"…","responseType":"code","scope":"openid profile email"}}`,
	"updateAzureAd": `{"id":1,"scheme":"…","displayName":"…","enabled":true,"type":"oidc","properties":{
		"loginEnabled":true,"visible":true,"delegationEnabled":false,"autoProvisioningEnabled":false,
		"clientId":"…","clientSecret":"…","usePkce":true,
		"authority":"…","responseType":"code","scope":"openid profile email"}}`,
	"createScimToken": `{"provider":"…","providerDisplayName":"…"}`,
}

// sketch reads the OpenAPI sketch of the IAM API, served under iamPath.
func sketch(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../internal/iam/testdata/iam-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: iamPath}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, router
}

// sent is one request of the program to the IAM API.
type sent struct {
	operation, method, path string
	body                    []byte
}

// recorder stands between the program and a stand-in for the IAM API: it holds each request against the sketch,
// passes it on unchanged, and keeps it.
type recorder struct {
	t      *testing.T
	url    string // for ONBOARD_IAM_URL
	token  string // that every request must bear
	router routers.Router
	pass   http.Handler

	mu   sync.Mutex
	sent []sent
}

func newRecorder(t *testing.T, standIn, token string) *recorder {
	t.Helper()
	target, err := url.Parse(standIn)
	if err != nil || target.Host == "" {
		t.Fatalf("the address of the stand-in is %q", standIn)
	}
	r := &recorder{t: t, token: token}
	_, r.router = sketch(t)
	r.pass = http.StripPrefix(iamPath, &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL + iamPath
	return r
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		r.t.Errorf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	one := sent{method: request.Method, path: strings.TrimPrefix(request.URL.Path, iamPath), body: body}
	one.operation = r.judge(request, body)
	r.mu.Lock()
	r.sent = append(r.sent, one)
	r.mu.Unlock()
	request.Body = io.NopCloser(bytes.NewReader(body))
	r.pass.ServeHTTP(w, request)
}

// judge holds a request against the sketch and names its operation.
func (r *recorder) judge(request *http.Request, body []byte) string {
	at := request.Method + " " + request.URL.Path
	if request.Header.Get("Authorization") != "Bearer "+r.token {
		r.t.Errorf("%s does not bear the pasted access token", at)
	}
	if request.URL.RawQuery != "" && !strings.Contains(request.URL.Path, "/v1/subjects/") {
		r.t.Errorf("%s has a query", at)
	}
	route, params, err := r.router.FindRoute(request)
	if err != nil {
		r.t.Errorf("%s is not in the sketch: %v", at, err)
		return at
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	err = openapi3filter.ValidateRequest(request.Context(), &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		r.t.Errorf("%s does not fit the sketch: %v", at, masked(err.Error(), body))
	}
	return route.Operation.OperationID
}

// masked leaves the client secret out of what a failed test prints.
func masked(text string, body []byte) string {
	var request struct{ Properties struct{ ClientSecret string } }
	if json.Unmarshal(body, &request) == nil && request.Properties.ClientSecret != "" {
		text = strings.ReplaceAll(text, request.Properties.ClientSecret, "[secret]")
	}
	return text
}

// expect demands that exactly these operations were sent since the last call, in this order, each with exactly the
// documented keys and types. It returns them.
func (r *recorder) expect(what string, operations ...string) []sent {
	r.t.Helper()
	r.mu.Lock()
	got := r.sent
	r.sent = nil
	r.mu.Unlock()
	names := make([]string, 0, len(got))
	for _, one := range got {
		names = append(names, one.operation)
		r.demandShape(one)
	}
	if !slices.Equal(names, operations) {
		r.t.Errorf("%s sent %v, want %v", what, names, operations)
	}
	return got
}

// one is the only request of an operation among those given.
func (r *recorder) one(list []sent, operation string) sent {
	r.t.Helper()
	i := slices.IndexFunc(list, func(s sent) bool { return s.operation == operation })
	if i < 0 {
		r.t.Fatalf("%s was not sent", operation)
	}
	return list[i]
}

func (r *recorder) demandShape(one sent) {
	r.t.Helper()
	want, takesBody := documented[one.operation]
	if !takesBody {
		if len(one.body) > 0 {
			r.t.Errorf("%s has a body, of %d bytes", one.operation, len(one.body))
		}
		return
	}
	if diff := cmp.Diff(shape(r.t, []byte(want)), shape(r.t, one.body)); diff != "" {
		r.t.Errorf("%s: keys and types differ from the documented ones (- documented, + sent):\n%s", one.operation, diff)
	}
}

// shape is the type of every value in a JSON document, by its path.
func shape(t *testing.T, document []byte) map[string]string {
	t.Helper()
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		t.Fatalf("not JSON: %d bytes", len(document))
	}
	types := map[string]string{}
	var add func(path string, v any)
	add = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			types[path] = "object"
			for key, inner := range v {
				add(path+"."+key, inner)
			}
		case []any:
			types[path] = "array"
		case string:
			types[path] = "string"
		case bool:
			types[path] = "boolean"
		case float64:
			types[path] = "number"
		default:
			types[path] = "null"
		}
	}
	add("", value)
	return types
}
