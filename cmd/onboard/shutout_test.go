package main

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// sealedToken is an administrator on the page of a token that was made while nobody waited for it, the setup, and the form that
// made the token.
func (s *site) sealedToken() (v *visitor, setup string, made url.Values) {
	s.t.Helper()
	v = s.visitor().get(s.link()).send(nil).identify(sandbox.Administrator).walk("review").register()
	setup = v.setup()
	s.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1)
	action, made := v.form(map[string]string{"replaces": "0"})
	v.post(action, made)
	s.sandbox.Faults().Release()
	v.idle("token")
	if v.page.Find("form[action$='/token/show']").Length() != 1 {
		s.t.Fatalf("no token waits: %s", v.text("main"))
	}
	return v, setup, made
}

// TestShutOutAdministrator: whom Aritma accepts no longer gets no token that waits and takes no link back; nothing is lost by
// asking, and whoever is accepted again goes on.
func TestShutOutAdministrator(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []sandbox.Switch
		status int
		says   string
	}{
		"permission taken":                   {[]sandbox.Switch{sandbox.IAMForbidden}, http.StatusForbidden, "may not do this"},
		"sign-in refused":                    {[]sandbox.Switch{sandbox.IAMUnauthorized}, http.StatusUnauthorized, "no longer accepts your sign-in"},
		"permission taken, then Aritma away": {[]sandbox.Switch{sandbox.IAMForbidden, sandbox.IAMUnavailable}, http.StatusServiceUnavailable, "could not be asked"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, nil)
			v, setup, made := s.sealedToken()
			token := v.tab()
			v.get("/setup/" + setup + "/links").get(v.page.Find("main a[href$='/revoke']").AttrOr("href", ""))
			revoke := v.tab()
			for _, fault := range c.faults {
				s.sandbox.Faults().ClearAll()
				s.sandbox.Faults().Set(fault, sandbox.UntilCleared)
				token.get("/setup/" + setup + "/token").send(nil)
				v.post(revoke.path, url.Values{})
			}
			if token.focused(c.status, c.says); token.value() != "" {
				t.Error("the token is shown")
			}
			if token.tab().post("/setup/"+setup+"/token", made).value() != "" {
				t.Error("the form that made the token shows it, sent again")
			}
			if v.focused(c.status, c.says); s.usable(setup) != 1 {
				t.Error("the link was taken back")
			}
			s.sandbox.Faults().ClearAll()
			if token.get("/setup/" + setup + "/token").send(nil); token.value() == "" {
				t.Errorf("accepted again, and the token is not shown (%d): %s", token.status, token.text("main"))
			}
			if v.post(revoke.path, url.Values{}); v.status != http.StatusOK || s.usable(setup) != 0 {
				t.Errorf("accepted again, and the link is not taken back: %d", v.status)
			}
		})
	}
}

// TestSignInRanOutBeforeTheShowing: an administrator whose sign-in cannot be renewed is asked to sign in again, and then gets the
// token; a form sent again shows nothing either.
func TestSignInRanOutBeforeTheShowing(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	v, setup, _ := s.sealedToken()
	s.sandbox.Faults().Set(sandbox.IAMUnauthorized, 1)
	s.sandbox.Faults().Set(sandbox.IDRefreshRefused, sandbox.UntilCleared)
	v.send(nil)
	v.get("/setup/" + setup + "/token").send(nil)
	if v.value() != "" || v.page.Find("form[action='/signin']").Length() != 1 {
		t.Fatalf("nobody is asked to sign in again (%d): %s", v.status, v.text("main"))
	}
	links := v.tab().get("/setup/" + setup + "/links")
	if links.page.Find("form[action='/signin']").Length() != 1 || links.page.Find("main form[action$='/links']").Length() != 0 {
		t.Errorf("the list offers what cannot be done: %s", links.text("main"))
	}
	s.sandbox.Faults().ClearAll()
	v.send(map[string]string{"setup": setup}).identify(sandbox.Administrator).at("token").send(nil)
	if v.value() == "" {
		t.Errorf("signed in again, and the token is not shown: %s", v.text("main"))
	}
}

// TestShowingWhileAritmaIsAway: whom Aritma accepted a moment ago gets their token and takes links back, though it cannot be asked.
func TestShowingWhileAritmaIsAway(t *testing.T) {
	t.Parallel()
	for _, away := range []sandbox.Switch{sandbox.IAMUnavailable, sandbox.IAMSlow} {
		s := newSiteOfPeople(t, nil)
		v, setup, _ := s.sealedToken()
		revoke := v.tab().get("/setup/"+setup+"/links").page.Find("main a[href$='/revoke']").AttrOr("href", "")
		s.sandbox.Faults().Set(away, sandbox.UntilCleared)
		if v.send(nil); v.value() == "" {
			t.Errorf("%s: the token is not shown (%d): %s", away, v.status, v.text("main"))
		}
		if v.tab().post(revoke, url.Values{}); s.usable(setup) != 0 || !slices.Contains(s.trail(setup), "link.revoked") {
			t.Errorf("%s: the link is not taken back", away)
		}
		s.sandbox.Faults().ClearAll()
		s.sandbox.Faults().Release()
	}
}
