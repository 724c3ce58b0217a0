package scim_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/secret"
)

// send makes one call to the sandbox, which must answer with this status, and returns what it says.
func send(t *testing.T, method, address string, access secret.Secret, body string, want int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+access.Expose())
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		t.Fatalf("%s %s answered %d, %v", method, address, answer.StatusCode, err)
	}
	return string(said)
}

// newToken registers a provider in the sandbox and makes a SCIM token for it.
func newToken(t *testing.T, box *sandbox.Sandbox) secret.Secret {
	t.Helper()
	sample := box.Sample()
	access := box.AccessToken(sample.Tenant)
	send(t, http.MethodPost, box.IAMURL()+"/v1/sso/azuread", access, fmt.Sprintf(`{"scheme":"nordlys","displayName":"Nordlys","enabled":true,"type":"oidc","properties":{
		"loginEnabled":true,"visible":true,"delegationEnabled":false,"autoProvisioningEnabled":false,"clientId":%q,"clientSecret":"x","usePkce":true,
		"authority":"https://login.microsoftonline.com/%s/v2.0","responseType":"code","scope":"openid profile email"}}`, sample.ClientID, sample.DirectoryID), http.StatusCreated)
	said := send(t, http.MethodPost, box.IAMURL()+"/v1/scim", access, `{"provider":"nordlys","providerDisplayName":"Nordlys"}`, http.StatusOK)
	_, rest, _ := strings.Cut(said, `"token":"`)
	value, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatal("the sandbox gave no token")
	}
	return secret.New(value)
}

func TestProbeAgainstTheSandbox(t *testing.T) {
	box, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	live := newToken(t, box)
	tenantURL := box.IDURL() + "/" + box.Sample().Tenant + "/api/scim/v2"
	p := scim.New(through(t, box.IDURL()))
	probe := func(address string, value secret.Secret, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		demand(t, p.Probe(ctx, address, value), want)
	}

	probe(tenantURL, live, "")
	probe(tenantURL, token, "scim.unauthorized")
	probe(strings.Replace(tenantURL, box.Sample().Tenant, "somebody-else", 1), live, "scim.unauthorized")
	probe(strings.TrimSuffix(tenantURL, "/scim/v2"), live, "scim.not-found")
	probe(strings.TrimSuffix(tenantURL, "v2"), live, "scim.not-found")
	for sw, want := range map[sandbox.Switch]string{
		sandbox.SCIMUnauthorized: "scim.unauthorized", sandbox.SCIMNotFound: "scim.not-found", sandbox.SCIMHTML: "scim.html",
		sandbox.SCIMUnavailable: "scim.server-error", sandbox.SCIMSlow: "scim.slow",
	} {
		box.Faults().Set(sw, sandbox.UntilCleared)
		began := time.Now()
		probe(tenantURL, live, want)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %v", sw, took)
		}
		box.Faults().ClearAll()
	}
	probe(tenantURL, live, "")
	if users := box.Snapshot(box.Sample().Tenant).Users; len(users) != 0 {
		t.Errorf("probing made %d people", len(users))
	}
}
