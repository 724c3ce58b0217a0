package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

const clicks = 10

// tenfold sends the form of the page ten times in parallel, and then ten times one after the other. Nobody may meet a
// page of ours that failed; the tokens handed over are returned.
func (v *visitor) tenfold(fields map[string]string) (handed []string) {
	v.t.Helper()
	action, values := v.form(fields)
	where := v.path
	all := v.atOnce(clicks, action, values)
	for range clicks {
		all = append(all, v.tab().post(action, values))
	}
	for i, tab := range all {
		if tab.status >= 500 {
			v.t.Errorf("%s, %d. time: %s answered %d: %s", where, i+1, action, tab.status, tab.text("main"))
		}
		if value := tab.value(); value != "" && !slices.Contains(handed, value) {
			handed = append(handed, value)
		}
	}
	return handed
}

// TestEveryFormTenTimes sends every form of the flow ten times in parallel and ten times in a row.
func TestEveryFormTenTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	link := s.link()
	v := s.visitor().get("/")
	v.tenfold(map[string]string{"link": s.public + link})
	v = s.visitor().open(link) // this browser has a session already
	v.get(link).tenfold(nil)
	v.open(link).at("start")
	setup := v.setup()
	on := func(step string) *visitor { t.Helper(); return v.get("/setup/" + setup + "/").at(step) }

	for _, step := range []struct {
		name   string
		fields map[string]string
	}{
		{"start", map[string]string{"sharing": "yes", "applications": "one"}},
		{"application", nil},
		{"directory", map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}},
		{"signin", nil},
		{"redirect", nil},
		{"secret", map[string]string{"secret": sample.ClientSecret.Expose(), "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}},
		{"assign", map[string]string{"person": sample.Person}},
		{"review", nil},
	} {
		on(step.name).tenfold(step.fields)
	}
	v.idle("review")
	s.one(0)

	handed := on("token").tenfold(map[string]string{"replaces": "0"})
	v.idle("token")
	s.one(1)
	if v.page.Find("form[action$='/token/show']").Length() == 1 { // it took longer than the second
		handed = append(handed, v.tenfold(nil)...)
	}
	if len(handed) != 1 {
		t.Errorf("%d different tokens handed over", len(handed))
	}
	v.get("/setup/" + setup + "/token/replace")
	if again := v.tenfold(map[string]string{"replaces": "1"}); len(again) > 1 || slices.Contains(again, handed[0]) {
		t.Errorf("replacing handed over %d tokens", len(again))
	}
	v.idle("token")
	s.one(1)
	if n := s.held().Requests["POST /core/iam/v1/scim"]; n != 2 {
		t.Errorf("%d requests to create a token, want the first and its replacement", n)
	}
	if v.page.Find("form[action$='/token/show']").Length() == 1 {
		v.tenfold(nil)
	}
	v.get("/setup/" + setup + "/token").tenfold(map[string]string{"pasted": "yes"})
	on("provisioning").tenfold(map[string]string{"arrived": "yes"})
	on("signin-test").tenfold(nil)
	on("done")
	s.one(1)

	v.get("/setup/" + setup + "/signin").send(map[string]string{"name": "Another name"}).at("secret")
	v.get("/setup/" + setup + "/signin").send(map[string]string{"name": sample.Company}) // nothing to update any more
	v.get("/setup/" + setup + "/later").tenfold(nil)
	if v.get("/setup/" + setup + "/done"); v.status != 404 {
		t.Errorf("closed in this browser, it is still open: %d", v.status)
	}
	v.open(link).get("/setup/" + setup + "/start-over").tenfold(map[string]string{"sure": "yes"})
	on("start")
	if held := s.held(); len(held.Providers)+len(held.SCIMTokens) != 0 {
		t.Errorf("start over left %+v", held)
	}
}

// TestBeginTenTimes begins a setup with an access token, again and again with one form.
func TestBeginTenTimes(t *testing.T) {
	t.Parallel()
	s := newSite(t, withoutService())
	sample := s.sandbox.Sample()
	v := s.visitor().get("/")
	fields := map[string]string{"company": sample.Company, "tenant": sample.Tenant, "token": s.sandbox.AccessToken(sample.Tenant).Expose()}
	action, values := v.form(fields)
	v.tenfold(fields)
	v.post(action, values).at("start")
	setup := v.setup()
	v.get("/")
	if n := v.page.Find("main a[href^='/setup/']").Length(); n != 1 {
		t.Errorf("%d setups are open in this browser, want the one", n)
	}

	values.Set("company", "Another company")
	if v.post(action, values).at("start"); v.setup() == setup || !strings.Contains(v.text("body"), "Another company") {
		t.Error("another company, entered after Back, was led into the earlier setup")
	}
	values.Set("tenant", "another-tenant")
	values.Set("token", s.sandbox.AccessToken("another-tenant").Expose())
	before := v.setup()
	if v.post(action, values).at("start"); v.setup() == before || v.setup() == setup {
		t.Error("another tenant, entered after Back, was led into the earlier setup")
	}

	v.get("/setup/" + setup + "/access").tenfold(map[string]string{"token": s.sandbox.AccessToken(sample.Tenant).Expose()})
	v.get("/setup/" + setup + "/start").walk("review").register()
	v.get("/setup/" + setup + "/signin").send(map[string]string{"name": "Another name"}).at("review")
	action, values = "/setup/"+setup+"/review/discard", url.Values{}
	for _, tab := range append(v.atOnce(clicks, action, values), v.tab().post(action, values)) {
		if tab.status >= 500 {
			t.Errorf("discard answered %d", tab.status)
		}
	}
	v.get("/setup/" + setup + "/").at("token")
}

// TestTwoTabsRace lets two tabs, each with a form of its own, press the same button at once.
func TestTwoTabsRace(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			s := newSite(t, nil)
			v := s.visitor().open(s.link()).walk("review")
			press := func(fields map[string]string) (handed int) {
				t.Helper()
				tabs := []*visitor{v.tab().get(v.path), v.tab().get(v.path)}
				race(2, func(i int) { tabs[i].send(fields) })
				for _, tab := range tabs {
					if tab.status >= 400 {
						t.Errorf("%s answered %d: %s", tab.path, tab.status, tab.text("main"))
					}
					if tab.value() != "" {
						handed++
					}
				}
				return handed
			}
			press(nil)
			v.idle("review").get("/setup/" + v.setup() + "/").at("token")
			s.one(0)
			if handed := press(map[string]string{"replaces": "0"}); handed > 1 {
				t.Error("both tabs show the token")
			}
			v.idle("token")
			s.one(1)
			v.get("/setup/" + v.setup() + "/token/replace")
			press(map[string]string{"replaces": "1"})
			v.idle("token")
			s.one(1)
		})
	}
}

// TestOlderTabIsToldOfTheChange: what another tab saved meanwhile is shown beside what was entered here.
func TestOlderTabIsToldOfTheChange(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	v := s.visitor().open(s.link()).walk("review").register()
	setup := v.setup()
	v.handOver().send(map[string]string{"pasted": "yes"}).at("provisioning")
	v.send(map[string]string{"arrived": "no", "reason": "nothing yet"}).at("signin-test")
	const otherClient = "0a0a0a0a-1111-4222-8333-444444444444"
	for _, c := range []struct {
		step        string
		here, there map[string]string
		shown       []string // both values, as the page says them
	}{
		{"start", map[string]string{"sharing": "yes"}, map[string]string{"sharing": "no"}, []string{"Yes", "No"}},
		{"assign", map[string]string{"person": "here@nordlysbygg.example"}, map[string]string{"person": "there@nordlysbygg.example"}, nil},
		{"provisioning", map[string]string{"arrived": "no", "reason": "saw nothing here"}, map[string]string{"arrived": "no", "reason": "saw nothing there"}, []string{"saw nothing here", "saw nothing there"}},
		{"signin", map[string]string{"name": "Name here"}, map[string]string{"name": "Name there"}, nil},
		{"directory", map[string]string{"client": sample.ClientID}, map[string]string{"client": otherClient}, nil},
	} {
		t.Run(c.step, func(t *testing.T) {
			page := "/setup/" + setup + "/" + c.step
			here, there := v.as(t).get(page), v.as(t).get(page)
			there.send(c.there)
			if there.status >= 400 {
				t.Fatalf("the first tab got %d: %s", there.status, there.text("main"))
			}
			here.send(c.here)
			if here.status != 409 || !strings.Contains(here.text("#compare-title"), "Changed in another tab at ") {
				t.Fatalf("the later tab got %d: %s", here.status, here.text("main"))
			}
			shown := c.shown
			for name, value := range c.here {
				if c.shown == nil {
					shown = []string{value, c.there[name]}
				}
			}
			for _, value := range shown {
				if !strings.Contains(here.text(".compare"), value) {
					t.Errorf("%q is not shown beside the other: %s", value, here.text(".compare"))
				}
			}
			action, values := here.asItStands(c.here)
			if !contains(values, c.here) {
				t.Errorf("what was entered here is lost: %v", values)
			}
			if again := here.post(action, values); again.status >= 400 {
				t.Errorf("saving again got %d: %s", again.status, again.text("main"))
			}
			if _, values := v.as(t).get(page).asItStands(c.here); !contains(values, c.here) {
				t.Errorf("after saving again the setup holds %v", values)
			}
		})
	}
}

func contains(values url.Values, wanted map[string]string) bool {
	for name, value := range wanted {
		if values.Get(name) != value {
			return false
		}
	}
	return true
}

// TestSlowAritmaAndImpatientAdmin: while Aritma thinks, ten more clicks change nothing.
func TestSlowAritmaAndImpatientAdmin(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review")
	setup := v.setup()
	s.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/sso/azuread", 1)
	began := time.Now()
	v.send(nil).at("review")
	if took := time.Since(began); took > 2*time.Second || v.page.Find("#waiting").Length() != 1 {
		t.Errorf("answered after %v: %s", took, v.text("main"))
	}
	for _, tab := range v.atOnce(clicks, "/setup/"+setup+"/review", url.Values{"operation": {"another-operation-id"}}) {
		if tab.status >= 400 {
			t.Errorf("clicking again answered %d", tab.status)
		}
	}
	s.sandbox.Faults().Release()
	v.idle("review")
	s.one(0)
	v.get("/setup/" + setup + "/").at("token")
	s.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1)
	if v.send(map[string]string{"replaces": "0"}).at("token"); v.page.Find("#waiting").Length() != 1 {
		t.Errorf("no waiting page: %s", v.text("main"))
	}
	s.sandbox.Faults().Release()
	v.idle("token")
	s.one(1)
	if v.value() != "" {
		t.Error("a GET shows the token")
	}
	if v.send(nil); v.value() == "" || !strings.HasSuffix(v.path, "/token/show") {
		t.Errorf("at %s the one button does not hand the token over: %s", v.path, v.text("main"))
	}
}
