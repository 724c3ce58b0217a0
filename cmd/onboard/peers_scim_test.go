//go:build peers

package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	server "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/schema"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/secret"
)

const peerToken = "peer-canary-token"

// TestProbeAgainstPeer holds what Test Connection sends against a SCIM server that this project did not write;
// "make peers" starts one.
func TestProbeAgainstPeer(t *testing.T) {
	at := os.Getenv("ONBOARD_TEST_SCIM_URL")
	if at == "" {
		t.Fatal("ONBOARD_TEST_SCIM_URL is not set: run this with make peers")
	}
	probePeer(t, at)
}

// TestProbeAgainstPeerInside does the same with another one, which is a library.
func TestProbeAgainstPeerInside(t *testing.T) {
	users, err := server.NewServer(&server.ServerArgs{
		ServiceProviderConfig: &server.ServiceProviderConfig{SupportFiltering: true},
		ResourceTypes:         []server.ResourceType{{Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: &nobody{}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/scim/", http.StripPrefix("/scim", users))
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+peerToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	defer peer.Close()
	probePeer(t, peer.URL+"/scim")
}

// nobody is a list without anybody in it; what changes it is not called.
type nobody struct{ server.ResourceHandler }

// GetAll implements scim.ResourceHandler.
func (*nobody) GetAll(*http.Request, server.ListRequestParams) (server.Page, error) {
	return server.Page{Resources: []server.Resource{}}, nil
}

func probePeer(t *testing.T, tenantURL string) {
	t.Helper()
	at, err := url.Parse(tenantURL)
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.New(outbound.Options{Allow: []*url.URL{at}, AllowLoopback: true})
	defer client.CloseIdleConnections()
	for name, test := range map[string]struct{ address, token, want string }{
		"as it should be":   {tenantURL, peerToken, ""},
		"with Entra's flag": {tenantURL + "?aadOptscim062020", peerToken, ""},
		"wrong token":       {tenantURL, "another", "scim.unauthorized"},
		"wrong path":        {tenantURL + "/v1", peerToken, "scim.not-found"},
		"another service":   {at.JoinPath("/../other").String(), peerToken, "scim.not-found"},
	} {
		err := scim.New(client).Probe(t.Context(), test.address, secret.New(test.token))
		if (test.want == "") != (err == nil) || err != nil && fault.Of(err).ID != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
