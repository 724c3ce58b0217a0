package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTokenThatAppearsLate: Aritma finishes an act long after it was given up on. The stray bears the setup's mark and
// is removed when the admin says that the right one was pasted; a foreign one stays.
func TestTokenThatAppearsLate(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	v := s.visitor().open(s.link()).walk("token")
	v.send(map[string]string{"replaces": "0"}).at("token")
	ours := s.held().SCIMTokens[0]
	for _, name := range []string{ours.DisplayName, "Somebody else's (setup abcdefgh)"} {
		body, _ := json.Marshal(map[string]string{"provider": ours.Provider, "providerDisplayName": name})
		r, err := http.NewRequest(http.MethodPost, s.sandbox.IAMURL()+"/v1/scim", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.sandbox.AccessToken(sample.Tenant).Expose())
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("stray token not made: %v, %v", answer, err)
		}
		_ = answer.Body.Close()
	}
	v.send(map[string]string{"pasted": "yes"}).idle("token")
	left := s.held().SCIMTokens
	if len(left) != 2 || left[0].ID != ours.ID || !strings.HasPrefix(left[1].DisplayName, "Somebody else") {
		t.Errorf("left in Aritma: %+v", left)
	}
	if v.get("/setup/" + v.setup() + "/provisioning"); !strings.Contains(v.text("main"), "whose value nobody got") {
		t.Errorf("nobody is told: %s", v.text("main"))
	}
}

// TestSecretStaysInItsSession: whoever comes by a link with an access token of another owner gets neither the client
// secret sent there nor the token handed over.
func TestSecretStaysInItsSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	token := s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()
	owner := s.visitor().begin(token).walk("review")
	setup := "/setup/" + owner.setup()
	owner.get(setup+"/later").post(setup+"/later/link", url.Values{})
	link, err := url.Parse(owner.text("#secret-token"))
	if err != nil {
		t.Fatal(err)
	}
	other := s.visitor().open(link.Path).at("review")
	other.get(setup + "/access?back=review").send(map[string]string{"token": token}).at("review")
	other.send(nil).idle("review").get(setup + "/secret")
	if len(s.held().Providers) != 0 {
		t.Fatal("the client secret was sent with another session's access token")
	}
	if !strings.HasSuffix(other.path, "/secret") || !strings.Contains(other.get(setup+"/review").path, "/secret") {
		t.Errorf("the secret is not asked for again: %s", other.path)
	}
}
