package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// TestNothingIsSaidOutsideTheCatalogue goes through the site in a made-up language. Whatever page says something in ordinary letters, that
// is no name, value or portal label, says it in English to everybody.
func TestNothingIsSaidOutsideTheCatalogue(t *testing.T) {
	s := newSiteIn(t, "nb")
	r := s.reads()
	// The way to the end, and what stands in it.
	v := s.visitor().open(s.link()).walk("review").register()
	v.prepared().toSigninTest()
	v.post("/setup/"+v.setup()+"/signin-test/diagnosis", url.Values{"shown": {"AADSTS50105: Your administrator has configured the application"}})
	v.get("/setup/" + v.setup() + "/signin-test").finish()
	s.everyPage(v)
	// Every wrong input.
	before := s.visitor().open(s.link("--scheme", "second-entra")).walk("review")
	claimed := s.visitor().open(s.link("--scheme", "third-entra")).walk("review").register()
	claimed.handOver()
	done := map[string]bool{}
	for _, c := range wrongInputs(s) {
		if kind := c.page + strings.Join(c.wrong, " "); done[kind] {
			continue // another sentence in the same place
		} else {
			done[kind] = true
		}
		at, page := before, c.page
		switch c.page {
		case "provisioning":
			at = v
		case "token":
			at = claimed
		}
		if page != "/" {
			page = "/setup/" + at.setup() + "/" + c.page
		}
		tab := at.tab().get(page)
		action, values := tab.form(c.fields)
		for name, value := range c.fields {
			if value == gone {
				values.Del(name)
			}
		}
		tab.post(action, values)
	}
	s.everyPage(s.admin())
	s.inTheConsole(before)
	r.demand(55)
}

// inTheConsole asks for every page of the console, and for the guide's view of every step.
func (s *site) inTheConsole(customer *visitor) {
	s.t.Helper()
	setup := "/console/setups/" + customer.setup()
	customer.get("/setup/" + customer.setup() + "/secret").send(map[string]string{"secret": s.sandbox.Sample().ExpiredSecret.Expose()})
	guide := s.guide()
	for _, note := range []string{"42", ""} {
		guide.get(setup).post(setup+"/notes", url.Values{"note": {note}})
	}
	guide.get(setup+"/guide").post(setup+"/watch", url.Values{})
	for _, step := range wizard.Steps() {
		guide.get(setup + "/guide/" + string(step))
	}
	customer.get("/setup/" + customer.setup() + "/watching")
	for _, route := range s.routes() {
		if strings.HasPrefix(route.pattern, "/console") && route.pattern != "/console/live" && route.method == http.MethodGet {
			guide.get(route.path(customer.setup(), "nothing"))
		}
	}
	guide.post(setup+"/close", url.Values{"sure": {"yes"}})
	customer.get("/setup/" + customer.setup() + "/secret")
}

// everyPage asks for every page as a visitor of a setup.
func (s *site) everyPage(v *visitor) {
	s.t.Helper()
	setup := ""
	if strings.HasPrefix(v.path, "/setup/") {
		setup = v.setup()
	}
	for _, r := range s.routes() {
		if r.method == http.MethodGet && !strings.HasPrefix(r.pattern, "/console") && (setup != "" || !strings.Contains(r.pattern, "{setup}")) {
			v.tab().get(r.path(setup, "nothing"))
		}
	}
}
