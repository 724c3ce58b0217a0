package iam_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
)

const prefix = "/core/iam"

var (
	accessToken  = secret.New("eyJhbGciOiJSUzI1NiJ9.access-canary-7d1f.c2lnbmF0dXJl")
	clientSecret = secret.New(`Zk8~Q-"canary"\&<secret>.5b2c/xyz`)
	provider     = iam.AzureAD{
		Scheme: "contoso-entra", DisplayName: "Contoso", Enabled: true,
		LoginEnabled: true, Visible: true, UsePKCE: true,
		ClientID: "3d0d1f5e-2f0b-4a5e-9a41-0b8f1f6f6a10", ClientSecret: clientSecret,
		Authority: "https://login.microsoftonline.com/7c0e1b9a-5d6f-4f7e-8a2c-1d2e3f405162/v2.0",
	}
)

var contract = sync.OnceValues(func() (routers.Router, error) {
	sketch, err := os.ReadFile("testdata/iam-openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(sketch)
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: prefix}}
	return gorillamux.NewRouter(doc)
})

// upstream is a stand-in that gives one prepared answer to every request and checks each against the contract.
type upstream struct {
	t      *testing.T
	client *iam.Client
	server *httptest.Server

	status int
	header map[string]string
	body   string

	mu       sync.Mutex
	requests []received
}

type received struct{ method, path, body string }

func newUpstream(t *testing.T, status int, body string, header ...string) *upstream {
	t.Helper()
	u := &upstream{t: t, status: status, body: body, header: map[string]string{"Content-Type": "application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		u.header[header[i]] = header[i+1]
	}
	u.server = httptest.NewServer(u)
	t.Cleanup(u.server.Close)
	u.client = clientAt(t, u.server.URL+prefix)
	return u
}

func clientAt(t *testing.T, raw string) *iam.Client {
	t.Helper()
	base, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{base}, AllowLoopback: true, Timeout: 2 * time.Second})
	t.Cleanup(client.CloseIdleConnections)
	return iam.New(base, client)
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.requests = append(u.requests, received{r.Method, r.URL.EscapedPath(), string(body)})
	u.mu.Unlock()
	u.demandContract(r, body)
	for name, value := range u.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(u.status)
	_, _ = io.WriteString(w, u.body)
}

func (u *upstream) demandContract(r *http.Request, body []byte) {
	if got := r.Header.Get("Authorization"); got != "Bearer "+accessToken.Expose() {
		u.t.Errorf("%s %s: wrong Authorization header", r.Method, r.URL.Path)
	}
	for name, values := range r.Header {
		if name != "Authorization" && strings.Contains(strings.Join(values, " "), "canary") {
			u.t.Errorf("%s %s: a secret in header %s", r.Method, r.URL.Path, name)
		}
	}
	if strings.Contains(r.RequestURI, "canary") {
		u.t.Errorf("a secret in the address")
	}
	router, err := contract()
	if err != nil {
		u.t.Error(err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		u.t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL.Path, err)
		return
	}
	err = openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		u.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
}

// only gives the one request that came.
func (u *upstream) only() received {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.requests) != 1 {
		u.t.Fatalf("%d requests, want 1: %v", len(u.requests), u.requests)
	}
	return u.requests[0]
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.requests)
}

// acts are all methods of the client, for tables over every one of them.
var acts = map[string]func(*iam.Client, context.Context) error{
	"register": func(c *iam.Client, ctx context.Context) error {
		_, err := c.RegisterAzureAD(ctx, accessToken, provider)
		return err
	},
	"providers": func(c *iam.Client, ctx context.Context) error {
		_, err := c.Providers(ctx, accessToken)
		return err
	},
	"provider": func(c *iam.Client, ctx context.Context) error {
		_, err := c.AzureAD(ctx, accessToken, 7)
		return err
	},
	"update": func(c *iam.Client, ctx context.Context) error {
		return c.UpdateAzureAD(ctx, accessToken, 7, provider)
	},
	"delete provider": func(c *iam.Client, ctx context.Context) error {
		return c.DeleteAzureAD(ctx, accessToken, 7)
	},
	"create token": func(c *iam.Client, ctx context.Context) error {
		_, err := c.CreateSCIMToken(ctx, accessToken, "contoso-entra", "Contoso (ab12)")
		return err
	},
	"tokens": func(c *iam.Client, ctx context.Context) error {
		_, err := c.SCIMTokens(ctx, accessToken)
		return err
	},
	"delete token": func(c *iam.Client, ctx context.Context) error {
		return c.DeleteSCIMToken(ctx, accessToken, "token-1")
	},
}
