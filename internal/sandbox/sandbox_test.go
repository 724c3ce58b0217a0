package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logBuffer collects log lines of several goroutines.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// rig is a sandbox with a client of its own.
type rig struct {
	*sandbox.Sandbox
	t      *testing.T
	client *http.Client
	log    *logBuffer
	sketch *sketch
}

func start(t *testing.T) *rig { return startWith(t, sandbox.Options{}) }

func startWith(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	r := &rig{t: t, log: &logBuffer{}, sketch: loadSketch(t)}
	o.Logger = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if r.Sandbox, err = sandbox.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	r.client = &http.Client{Transport: transport, Timeout: 20 * time.Second}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

// reply is an answer, read to the end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (a reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("status %d: the body is not a JSON object: %v", a.status, err)
	}
	return v
}

func (a reply) list(t *testing.T) []map[string]any {
	t.Helper()
	var v []map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("status %d: the body is not a JSON array: %v", a.status, err)
	}
	return v
}

// send does one request. Body is marshalled unless it is text or a form.
func (r *rig) send(ctx context.Context, method, address string, token secret.Secret, body any) (reply, error) {
	var reader io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case string:
		reader, contentType = strings.NewReader(b), "application/json"
	case url.Values:
		reader, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		reader, contentType = bytes.NewReader(raw), "application/json"
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return reply{}, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if !token.IsZero() {
		request.Header.Set("Authorization", "Bearer "+token.Expose())
	}
	response, err := r.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, raw}, err
}

func (r *rig) do(method, address string, token secret.Secret, body any) reply {
	r.t.Helper()
	got, err := r.send(r.t.Context(), method, address, token, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, address, err)
	}
	return got
}

// iam calls the IAM API as the admin of tenant, wants the status, and holds the answer against the sketch.
func (r *rig) iam(tenant, method, path string, body any, want int) reply {
	r.t.Helper()
	got := r.do(method, r.IAMURL()+path, r.AccessToken(tenant), body)
	if got.status != want {
		r.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, want, got.body)
	}
	r.sketch.check(r.t, method, path, got)
	return got
}

const tenantA, tenantB = "alpha", "beta"

// clientSecret stands in for the one a person would paste.
const clientSecret = "canary-client-secret-1~._-"

func providerBody(scheme string) map[string]any {
	return map[string]any{
		"scheme": scheme, "displayName": "Nordlys", "enabled": true, "type": "oidc",
		"properties": map[string]any{
			"loginEnabled": true, "visible": true, "delegationEnabled": false, "autoProvisioningEnabled": false,
			"clientId": "c93e2a64-71b8-4d0f-8e25-6fa0b7d4191c", "clientSecret": clientSecret, "usePkce": true,
			"authority": "https://login.microsoftonline.com/5b1d7f0e-3c42-4f86-9a57-d2e8c6b40a13/v2.0", "responseType": "code", "scope": "openid profile email",
		},
	}
}

func tokenBody(scheme string) map[string]any {
	return map[string]any{"provider": scheme, "providerDisplayName": "Nordlys"}
}

// register makes a provider and returns its id.
func (r *rig) register(tenant, scheme string) int64 {
	r.t.Helper()
	r.iam(tenant, "POST", "/v1/sso/azuread", providerBody(scheme), 201)
	for _, p := range r.Snapshot(tenant).Providers {
		if p.Scheme == scheme {
			return p.ID
		}
	}
	r.t.Fatalf("provider %q is not in the snapshot", scheme)
	return 0
}

// scimToken makes a SCIM token and returns its value and id.
func (r *rig) scimToken(tenant, scheme string) (secret.Secret, string) {
	r.t.Helper()
	got := r.iam(tenant, "POST", "/v1/scim", tokenBody(scheme), 200).json(r.t)
	return secret.New(got["token"].(string)), got["id"].(string)
}
