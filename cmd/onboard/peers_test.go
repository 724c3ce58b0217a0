//go:build peers

package main

import (
	"net/http"
	"os"
	"testing"
)

// TestLiveModeAgainstPeer walks everything against a stand-in for the IAM API that this project did not write;
// "make peers" starts one.
func TestLiveModeAgainstPeer(t *testing.T) {
	standIn := os.Getenv("ONBOARD_TEST_IAM_URL")
	if standIn == "" {
		t.Fatal("ONBOARD_TEST_IAM_URL is not set: run this with make peers")
	}
	demandStrict(t, standIn)
	walkLive(t, standIn)
}

// demandStrict demands that the peer judges requests itself: no token is 401, a body without its keys is 422.
func demandStrict(t *testing.T, standIn string) {
	t.Helper()
	for token, want := range map[string]int{"": http.StatusUnauthorized, "Bearer " + pastedToken: http.StatusUnprocessableEntity} {
		request, err := http.NewRequest(http.MethodPost, standIn+"/v1/scim", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("a wrong request is answered %d, want %d", answer.StatusCode, want)
		}
	}
}
