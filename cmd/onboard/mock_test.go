package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aritma/entra-onboard/internal/entra"
)

// TestLiveModeAgainstExamples walks everything against a server that knows nothing but the examples of the sketch.
// "make peers" does the same against one that this project did not write.
func TestLiveModeAgainstExamples(t *testing.T) {
	standIn := httptest.NewServer(examples(t))
	t.Cleanup(standIn.Close)
	walkLive(t, standIn.URL)
}

// TestDirectoryStepWhenMicrosoftIsAway demands that the step neither waits for Microsoft nor stops without it.
func TestDirectoryStepWhenMicrosoftIsAway(t *testing.T) {
	standIn := httptest.NewServer(examples(t))
	t.Cleanup(standIn.Close)
	for name, away := range map[string]string{"refuses": refusing(t), "never answers": silent(t)} {
		t.Run(name, func(t *testing.T) {
			l := newLive(t, standIn.URL, map[string]string{"ONBOARD_ENTRA_LOGIN_URL": away})
			l.begin().toDirectory()
			l.directory()
		})
	}
}

// examples answers each operation of the sketch with its example or, where there is none, with the least that its
// schema allows: "string", 0, true, one row.
func examples(t *testing.T) http.Handler {
	t.Helper()
	_, router := sketch(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.URL.Path = iamPath + r.URL.Path
		route, params, err := router.FindRoute(asked)
		if err != nil {
			t.Errorf("%s %s is not in the sketch", r.Method, r.URL.Path)
			http.NotFound(w, r)
			return
		}
		status, body := exampleOf(t, route.Operation)
		header := http.Header{"Content-Type": {"application/json"}}
		answer := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
			Status:                 status, Header: header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}
		if err := openapi3filter.ValidateResponse(context.Background(), answer.SetBodyBytes(body)); err != nil {
			t.Errorf("the example of %s does not fit its schema: %v", route.Operation.OperationID, err)
		}
		if body != nil {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

func exampleOf(t *testing.T, operation *openapi3.Operation) (status int, body []byte) {
	t.Helper()
	for _, each := range []struct {
		name   string
		status int
	}{{"200", 200}, {"201", 201}, {"2XX", 200}} {
		response := operation.Responses.Value(each.name)
		if response == nil {
			continue
		}
		content := response.Value.Content.Get("application/json")
		if content == nil {
			return each.status, nil
		}
		value := content.Example
		if value == nil {
			value = least(content.Schema.Value)
		}
		body, err := json.Marshal(value)
		if err != nil {
			t.Errorf("example of %s: %v", operation.OperationID, err)
		}
		return each.status, body
	}
	t.Errorf("%s has no answer of success", operation.OperationID)
	return http.StatusInternalServerError, nil
}

// least is the plainest value that a schema allows.
func least(s *openapi3.Schema) any {
	switch {
	case s.Const != nil:
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Includes("array"):
		return []any{least(s.Items.Value)}
	case s.Type.Includes("string"):
		return "string"
	case s.Type.Includes("integer"), s.Type.Includes("number"):
		return 0
	case s.Type.Includes("boolean"):
		return true
	}
	object := map[string]any{}
	for _, part := range s.AllOf {
		for name, value := range least(part.Value).(map[string]any) {
			object[name] = value
		}
	}
	for name, property := range s.Properties {
		object[name] = least(property.Value)
	}
	return object
}

// refusing is an address where nobody listens; silent is one that takes a connection and says nothing.
func refusing(t *testing.T) string {
	t.Helper()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	return closed.URL
}

func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // connections wait in its queue until then
	return "http://" + listener.Addr().String()
}

// liveMode is the program in live mode against a stand-in for the IAM API, with a visitor who pasted an access token.
type liveMode struct {
	t    *testing.T
	site *site
	iam  *recorder
	v    *visitor
	// scheme is the one that the signin step proposed.
	scheme string
}

const (
	pastedToken   = "pasted-access-token-of-an-administrator" //nolint:gosec // made up
	fixedRedirect = "https://id.aritma.example/{tenant}/federation/{scheme}/signin"
)

func newLive(t *testing.T, standIn string, changes map[string]string) *liveMode {
	t.Helper()
	r := newRecorder(t, standIn, pastedToken)
	environ := map[string]string{
		"ONBOARD_IAM_URL": r.url, "ONBOARD_ID_URL": "https://id.aritma.example", "ONBOARD_ENTRA_LOGIN_URL": refusing(t),
		"ONBOARD_SERVICE_CLIENT_ID": "", "ONBOARD_SERVICE_CLIENT_SECRET": "", "ONBOARD_REDIRECT_URI_TEMPLATE": fixedRedirect,
	}
	for name, value := range changes {
		environ[name] = value
	}
	s := newSite(t, environ)
	return &liveMode{t: t, site: s, iam: r, v: s.visitor()}
}

// begin begins a setup with a pasted access token.
func (l *liveMode) begin() *liveMode {
	l.t.Helper()
	sample := l.site.sandbox.Sample()
	l.v.get("/").send(map[string]string{"company": sample.Company, "tenant": sample.Tenant, "token": pastedToken}).at("start")
	l.iam.expect("begin", "listSso")
	return l
}

func (l *liveMode) toDirectory() *liveMode { l.t.Helper(); l.v.walk("directory"); return l }

// directory gives the directory while Microsoft is out of reach: it is taken, and called not checked.
func (l *liveMode) directory() {
	l.t.Helper()
	sample := l.site.sandbox.Sample()
	fields := map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}
	began := time.Now()
	l.v.send(fields).at("signin")
	took := time.Since(began)
	l.t.Logf("directory step without Microsoft: %d ms", took.Milliseconds())
	if took > 2*time.Second { // "within about a second", with room for a busy machine
		l.t.Errorf("the directory step took %v", took)
	}
	setup := l.v.setup()
	l.v.get("/setup/" + setup + "/directory").at("directory")
	if text := l.v.text("main"); !strings.Contains(text, "Directory not checked") {
		l.t.Errorf("the directory step does not say that it was not checked:\n%s", text)
	}
	if want, got := entra.Authority(sample.DirectoryID), l.v.page.Find("input[name=directory]").AttrOr("value", ""); !strings.Contains(want, got) || got == "" {
		l.t.Errorf("the directory field shows %q, want the id in %s", got, want)
	}
	l.scheme = l.v.get("/setup/"+setup+"/signin").at("signin").page.Find("[name=scheme]").AttrOr("value", "")
	if l.scheme == "" {
		l.t.Fatal("the signin step proposes no scheme")
	}
}
