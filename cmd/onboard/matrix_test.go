package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/web"
)

// otherTenant is a tenant with people of its own.
const otherTenant = "fjordkraft"

// ends are the routes that end the session they are asked in.
var ends = []string{"/signout", "/setup/{setup}/later", "/signin/callback"}

// TestEveryRouteHasItsPermission holds the table against the router, both ways.
func TestEveryRouteHasItsPermission(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	served := map[string]bool{}
	for _, r := range s.routes() {
		name := web.RouteName(r.method, r.pattern)
		served[name] = true
		if _, known := web.Routes[name]; !known {
			t.Errorf("%s is served, and the table does not say who may use it", name)
		}
	}
	for name, needed := range web.Routes {
		if !served[name] {
			t.Errorf("%s stands in the table, and nothing serves it", name)
		}
		some := false
		for _, may := range web.Rules {
			for _, each := range may {
				some = some || each == needed
			}
		}
		if !some {
			t.Errorf("%s needs %v, which nobody may do", name, needed)
		}
	}
	t.Logf("%d routes", len(served))
}

// ask sends a request to a route as somebody, and returns its answer. A form is as empty as can be.
func (r route) ask(v *visitor, setup, link string) answer {
	v.t.Helper()
	var form url.Values
	if r.method == http.MethodPost {
		form = url.Values{"revision": {"0"}}
	}
	return v.once(v.request(r.method, r.path(setup, link), form))
}

func denied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

// TestWhoMayDoWhat asks every route as everybody, and holds the answers against the one table: who × resource × act.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	sample := s.sandbox.Sample()
	link := s.link()
	holder := s.visitor().open(link).walk("review").register()
	shared := holder.setup()
	begun := s.visitor().begin(s.sandbox.AccessToken(sample.Tenant).Expose()).at("start")
	roles := []struct {
		who    web.Who // inside the setup
		beyond web.Who // outside of it
		setup  string
		enter  func() *visitor
	}{
		{"", web.Anybody, shared, s.visitor},
		{"", web.Visitor, shared, func() *visitor { return s.visitor().open(s.link("--scheme", "second")) }},
		{web.Holder, web.Visitor, shared, func() *visitor { return s.visitor().open(link) }},
		{web.Beginner, web.Visitor, begun.setup(), func() *visitor { return begun }},
		{web.Admin, web.SignedIn, shared, func() *visitor {
			v := s.admin()
			v.post("/setup/"+shared+"/open", url.Values{})
			return v
		}},
		{"", web.Guide, shared, s.guide},
	}
	asked := 0
	for _, role := range roles {
		v := role.enter()
		for _, r := range s.routes() {
			if r.pattern == "/s/" {
				continue // says that there is nothing: whoever asks
			}
			if r.pattern == "/console/live" && r.method == http.MethodGet && permitted(role.beyond, r) {
				continue // does not end
			}
			inside := strings.HasPrefix(r.pattern, "/setup/{setup}") && r.pattern != "/setup/{setup}/open"
			who := role.beyond
			if inside {
				who = role.who
			}
			if strings.HasSuffix(r.pattern, ends[0]) || strings.HasSuffix(r.pattern, ends[1]) && r.method == http.MethodPost {
				if role.who == web.Beginner {
					continue // the one session that there is
				}
				got := r.ask(role.enter(), role.setup, strings.TrimPrefix(link, "/s/"))
				if denied(got.status) == permitted(who, r) {
					t.Errorf("%s (%s): %v answered %d", role.who, role.beyond, r, got.status)
				}
				continue
			}
			visitor := v
			if r.pattern == "/open" || r.pattern == "/s/{link}" || r.pattern == "/begin" || strings.HasPrefix(r.pattern, "/signin") || r.pattern == "/console/signin" {
				visitor = role.enter() // may give the session another id
			}
			got := r.ask(visitor, role.setup, strings.TrimPrefix(link, "/s/"))
			asked++
			if denied(got.status) == permitted(who, r) {
				t.Errorf("%s (%s): %v answered %d, though the table says %v", role.who, role.beyond, r, got.status, permitted(who, r))
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d requests", asked)
	}
	t.Logf("%d requests held against the table", asked)
}

// TestForeignSetups is promise 7: whoever belongs to another setup or another tenant reads and changes nothing, on any route.
func TestForeignSetups(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	sample := s.sandbox.Sample()
	owner := s.visitor().open(s.link("--contact", "canary.contact@example.com")).walk("review").register()
	self := s.visitor().begin(s.sandbox.AccessToken(sample.Tenant).Expose()).walk("review")
	canaries := []string{sample.Company, sample.DirectoryID, sample.ClientID, sample.Person, "canary.contact"}

	foreignLink := s.link("--scheme", "second", "--company", "Fjordkraft AS", "--tenant", otherTenant)
	signedIn := func(tenant string) func() *visitor {
		return func() *visitor { return s.visitor().signIn(tenant, sandbox.Administrator) }
	}
	strangers := map[string]struct {
		enter  func() *visitor
		setups []string
	}{
		"nobody":                          {s.visitor, []string{owner.setup(), self.setup()}},
		"holder of another link":          {func() *visitor { return s.visitor().open(foreignLink) }, []string{owner.setup(), self.setup()}},
		"administrator of another tenant": {signedIn(otherTenant), []string{owner.setup(), self.setup()}},
		// Nobody has shown that a setup begun with a token belongs to the tenant: its administrator does not find it.
		"administrator of the tenant, begun with a token": {signedIn(sample.Tenant), []string{self.setup()}},
	}
	state := func(setup string) (int64, int) {
		t.Helper()
		stored, err := s.database().Setup(t.Context(), setup)
		if err != nil {
			t.Fatal(err)
		}
		return stored.Version, len(s.trail(setup))
	}
	before := s.held()
	asked := 0
	for name, stranger := range strangers {
		v := stranger.enter()
		for _, setup := range stranger.setups {
			version, events := state(setup)
			for _, r := range s.routes() {
				if !strings.Contains(r.pattern, "{setup}") {
					continue
				}
				got := r.ask(v, setup, strings.Repeat("a", 26))
				asked++
				if got.status != http.StatusNotFound {
					t.Errorf("%s: %v answered %d", name, r, got.status)
				}
				for _, canary := range canaries {
					if strings.Contains(got.body, canary) || strings.Contains(got.header.Get("Location"), canary) {
						t.Errorf("%s: %v shows %s", name, r, canary)
					}
				}
			}
			if v, n := state(setup); v != version || n != events {
				t.Errorf("%s changed the setup: version %d to %d, %d events to %d", name, version, v, events, n)
			}
		}
	}
	if after := s.held(); len(after.Providers) != len(before.Providers) || len(after.SCIMTokens) != len(before.SCIMTokens) {
		t.Errorf("a stranger reached Aritma: %+v", after)
	}
	if asked < 300 {
		t.Errorf("only %d requests", asked)
	}
	t.Logf("%d requests of strangers: 0 reads, 0 writes", asked)
}
