package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// TestClosedToAdministrators: who finds setups by signing in finds no closed one.
func TestClosedToAdministrators(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "signin"})
	link := s.link()
	inside, outside := s.admin(), s.admin()
	setup := strings.TrimSuffix(strings.TrimPrefix(inside.page.Find("form[action$='/open']").AttrOr("action", ""), "/setup/"), "/open")
	inside.post("/setup/"+setup+"/open", url.Values{}).at("start")
	v := s.guide().post("/console/setups/"+setup+"/close", url.Values{"sure": {"yes"}})
	for what, v := range map[string]*visitor{
		"inside": inside.tab().get("/setup/" + setup + "/start"), "opening it": outside.tab().post("/setup/"+setup+"/open", url.Values{}),
		"by its address": outside.tab().get("/setup/" + setup + "/start"), "the link": outside.tab().post(link, url.Values{}),
	} {
		if v.status != http.StatusGone {
			t.Errorf("%s: answered %d: %s", what, v.status, v.text("main"))
		}
	}
	if got := inside.get("/").text("main"); strings.Contains(got, "Nordlys") {
		t.Errorf("whoever was inside is offered it: %s", got)
	}
	if got := outside.get("/").text("main"); strings.Contains(got, "Nordlys") {
		t.Errorf("it is found: %s", got)
	}
	v.post("/console/setups/"+setup+"/reopen", url.Values{})
	if outside.get("/"); outside.page.Find("form[action='/setup/"+setup+"/open']").Length() != 1 {
		t.Error("open again, it is not found")
	}
}

// TestClosingStopsWhatBegins: what has not begun when a setup is closed does not begin, though its request came before.
func TestClosingStopsWhatBegins(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	customer := s.visitor().open(s.link()).walk("review")
	setup := customer.setup()
	s.sandbox.Faults().Set(sandbox.IAMSlow, 1) // the list of providers, before anything is intended
	customer.send(nil)
	v := s.guide().post("/console/setups/"+setup+"/close", url.Values{"sure": {"yes"}})
	s.sandbox.Faults().Release()
	s.stop() // lets the work under way end
	if held := s.held(); len(held.Providers) != 0 {
		t.Errorf("registered in a closed setup: %v", s.trail(setup))
	}
	s.start()
	v = v.again()
	v.post("/console/setups/"+setup+"/reopen", url.Values{})
	customer = customer.again()
	customer.get("/setup/" + setup + "/review").register().at("token")
}

// TestConsoleMakesNoWayIn: customer success makes no link where it would let them look.
func TestConsoleMakesNoWayIn(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	links := func(setup string) int { return v.desk(setup).page.Find("form[action$='/links']").Length() }
	begun := s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).at("start")
	if n := links(begun.setup()); n != 0 || v.post("/console/setups/"+begun.setup()+"/links", url.Values{}).status != http.StatusForbidden {
		t.Errorf("to a setup begun with a token: %d forms, %d", n, v.status)
	}
	customer := s.visitor().open(s.link())
	setup := customer.setup()
	if links(setup) != 1 {
		t.Error("no link can be made to a setup of its own")
	}
	customer.get("/setup/" + setup + "/watching").send(map[string]string{"may": "no"})
	replace := v.page.Find("form[action$='/replace']").AttrOr("action", "")
	if n := links(setup); n != 0 || v.post("/console/setups/"+setup+"/links", url.Values{}).status != http.StatusForbidden || v.value() != "" {
		t.Errorf("after the no: %d forms, %d", n, v.status)
	}
	if v.post(replace, url.Values{}); v.status != http.StatusForbidden || customer.get("/setup/"+setup+"/start").status != http.StatusOK {
		t.Errorf("replaced after the no: %d", v.status)
	}
	v.post("/console/setups/"+setup+"/close", url.Values{"sure": {"yes"}})
	for _, act := range []string{"/links", "/watch"} {
		if v.post("/console/setups/"+setup+act, url.Values{}); v.status != http.StatusConflict {
			t.Errorf("%s of a closed setup: %d", act, v.status)
		}
	}
}

// TestOneOperationOfTwoForms: a form of a stale page, with the id of another that was sent, is no fault of ours.
func TestOneOperationOfTwoForms(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	setup := s.visitor().open(s.link()).setup()
	v := s.guide().desk(setup)
	form := url.Values{"operation": {strings.Repeat("o", 26)}}
	replace := v.page.Find("form[action$='/replace']").AttrOr("action", "")
	if v.post("/console/setups/"+setup+"/links", form); v.value() == "" {
		t.Fatalf("no link: %d", v.status)
	}
	if v.post(replace, form); v.status != http.StatusOK || v.value() == "" {
		t.Errorf("replaced: %d: %s", v.status, v.text("main"))
	}
	other := s.visitor().open(s.link("--scheme", "second")).setup()
	if v.post("/console/setups/"+other+"/links", form); v.status != http.StatusOK || v.value() == "" {
		t.Errorf("a link to another setup: %d", v.status)
	}
}

// TestWatchEndsWithItsSession: nobody is said to look who cannot.
func TestWatchEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	customer := s.visitor().open(s.link())
	setup := customer.setup()
	watched := func() string { t.Helper(); return customer.get("/setup/" + setup + "/start").text(".watched") }
	for name, end := range map[string]func(v *visitor){
		"signing out":      func(v *visitor) { v.post("/signout", url.Values{}) },
		"signing in again": func(v *visitor) { v.post("/console/signin", url.Values{}).identify(sandbox.Guide) },
		"signing in elsewhere": func(v *visitor) {
			v.post("/signin", url.Values{"signin-tenant": {s.sandbox.Sample().Tenant}}).identify(sandbox.Administrator)
		},
		"ended from another": func(*visitor) {
			o := s.guide().get("/sessions")
			o.post("/sessions/end", url.Values{"session": {o.page.Find("form[action='/sessions/end'] [name=session]").First().AttrOr("value", "")}})
		},
	} {
		v := s.guide().post("/console/setups/"+setup+"/watch", url.Values{})
		if watched() == "" {
			t.Fatalf("%s: nobody watches: %d", name, v.status)
		}
		if end(v); watched() != "" {
			t.Errorf("%s: the customer still reads %q", name, watched())
		}
		v.post("/console/setups/"+setup+"/watch/stop", url.Values{})
		v.post("/signout", url.Values{})
	}
}
