package main

import (
	"net/url"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// TestSigningInAfterATest: Aritma ID's session is that of the person who was tested. Whoever signs in to act in that browser is
// asked who they are, and nobody else is.
func TestSigningInAfterATest(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	tenant := s.sandbox.Sample().Tenant
	v := s.visitor().get(s.link()).send(nil).identify(sandbox.Administrator).walk("token").provisioned()
	begin := func(b *visitor) string {
		t.Helper()
		b.post("/signin", url.Values{"signin-tenant": {tenant}, "setup": {v.setup()}, "page": {"signin-test"}})
		return b.leaves().Query().Get("prompt")
	}
	if got := begin(v.tab()); got != "" {
		t.Errorf("before the test Aritma ID is asked for %q", got)
	}
	v.trySignin().choose(person).result()
	for _, ended := range []bool{false, true} {
		again := v.tab()
		if ended {
			s.expireIn(-1)
		}
		if got := begin(again); got != "login" {
			t.Errorf("after the test, session ended %v, Aritma ID is asked for %q and answers with the person who was tested", ended, got)
		}
		if again.identify(sandbox.Administrator); again.text("header .person a") != sandbox.Administrator {
			t.Fatalf("signed in as %q: %s", again.text("header .person a"), again.text("main"))
		}
		if got := begin(again.tab()); got != "" {
			t.Errorf("after the sign-in Aritma ID is asked for %q", got)
		}
		again.get("/setup/" + v.setup() + "/signin-test").trySignin()
	}
	if got := begin(s.visitor()); got != "" {
		t.Errorf("in another browser Aritma ID is asked for %q", got)
	}
}
