package sandbox_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

func TestCloseEndsHeldRequests(t *testing.T) {
	r := startFaulty(t)
	r.Faults().Set(sandbox.IAMSlow, sandbox.UntilCleared)
	failed := make(chan error, 4)
	for range cap(failed) {
		go func() {
			_, err := probes["list"](r)
			failed <- err
		}()
	}
	if err := r.Faults().AwaitHeld(t.Context(), cap(failed)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range cap(failed) {
		if err := <-failed; err == nil {
			t.Error("a held request was answered")
		}
	}
	if took := time.Since(begun); took > sandbox.HoldLimit/2 {
		t.Errorf("Close took %v", took)
	}
}

func TestStartListensOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:0", ":0", "localhost:0", "nonsense"} {
		if s, err := sandbox.Start(t.Context(), sandbox.Options{Listen: address}); err == nil {
			t.Errorf("%q: started", address)
			_ = s.Close()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.Close(); err != nil {
		t.Errorf("Close after the context ended: %v", err)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	r := startFaulty(t)
	access := r.AccessToken(tenantA)
	r.createUser(tenantA, r.value, "kari@nordlysbygg.example")
	for name := range probes {
		_, _ = probes[name](r)
	}
	r.Faults().Set(sandbox.CreateTokenAnswerLost, 1)
	_, _ = probes["create token"](r)
	_, _ = r.try("POST", r.IAMURL()+"/v1/sso/azuread", access, `{"`+clientSecret+`":1}`)
	_, _ = r.try("GET", r.IAMURL()+"/v1/"+clientSecret, access, nil)
	log := r.log.String()
	if !strings.Contains(log, "POST /core/iam/v1/scim") {
		t.Fatal("nothing was logged: the test proves nothing")
	}
	snapshot, err := json.Marshal(r.Snapshot(tenantA))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"client secret": clientSecret, "SCIM token": r.value.Expose(), "access token": access.Expose(), "person": "kari@nordlysbygg",
		"service client secret": r.ServiceClientSecret().Expose(), "sample client secret": r.Sample().ClientSecret.Expose(),
	} {
		if strings.Contains(log, value) {
			t.Errorf("the log holds the %s", name)
		}
		if name != "person" && strings.Contains(string(snapshot), value) {
			t.Errorf("the snapshot holds the %s", name)
		}
	}
}

// Closing the sandbox ends a cycle that waits for its endpoint, although the agent and the endpoint are one process.
func TestCloseEndsACycle(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.Faults().Set(sandbox.SCIMSlow, 1)
	ended := make(chan string, 1)
	go func() { ended <- r.StartProvisioning(r.client) }()
	if err := r.Faults().AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if page := r.target("provisioning", r.client); !strings.Contains(page.text("#job"), "On") { // the model is free meanwhile
		t.Errorf("during the cycle: %s", page.text("#job"))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if wrong := <-ended; wrong == "" {
		t.Error("a cycle that was cut counts as done")
	}
}
