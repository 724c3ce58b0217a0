package main

import (
	"maps"
	"net/url"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// newSiteWithConsole is a site on whose console the sandbox's customer success is. Links let people in, unless changed.
func newSiteWithConsole(t testing.TB, changes map[string]string) *site {
	t.Helper()
	s := siteWithConsole(t, changes)
	s.start()
	return s
}

func siteWithConsole(t testing.TB, changes map[string]string) *site {
	t.Helper()
	all := map[string]string{"ONBOARD_CONSOLE_TENANT": sandbox.ConsoleTenant, "ONBOARD_LINK_AUTHORITY": "link"}
	maps.Copy(all, changes)
	return siteOfPeople(t, all)
}

// guide signs in to the console.
func (s *site) guide() *visitor {
	s.t.Helper()
	v := s.visitor().get("/console").send(nil).identify(sandbox.Guide)
	if v.path != "/console" || v.page.Find("form[role=search]").Length() == 0 {
		s.t.Fatalf("not in the console: at %s (%d)\n%s", v.path, v.status, v.text("body"))
	}
	return v
}

// desk opens a setup in the console.
func (v *visitor) desk(setup string) *visitor {
	v.t.Helper()
	return v.get("/console/setups/" + setup)
}

// finish ends the setup without a test sign-in.
func (v *visitor) finish() *visitor {
	v.t.Helper()
	v.at("signin-test")
	return v.post(v.path, url.Values{"revision": {"0"}}).at("done")
}
