package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// TestConsoleIsForCustomerSuccess: only people of the console's tenant with one of its roles get in.
func TestConsoleIsForCustomerSuccess(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	if v := s.guide(); v.text("header .person a") != sandbox.Guide {
		t.Errorf("the header names %q", v.text("header .person a"))
	}
	for name, who := range map[string]string{"nobody with a role": sandbox.Member, "an administrator without the role": sandbox.Administrator} {
		v := s.visitor().get("/console").send(nil).identify(who)
		if v.status != http.StatusForbidden || !strings.Contains(v.text("main"), "does not open the console") {
			t.Errorf("%s: %d at %s: %s", name, v.status, v.path, v.text("main"))
		}
		if v.get("/console"); v.status != http.StatusUnauthorized {
			t.Errorf("%s sees the console: %d", name, v.status)
		}
	}
	s.sandbox.Faults().Set(sandbox.IDTokenWrongTenant, 1)
	if v := s.visitor().get("/console").send(nil).identify(sandbox.Guide); v.status < 400 {
		t.Errorf("somebody of another tenant is answered %d at %s", v.status, v.path)
	}
	if admin := s.admin().get("/console"); admin.status != http.StatusUnauthorized {
		t.Errorf("a sign-in to a customer's tenant opens the console: %d", admin.status)
	}
	other := newSiteWithConsole(t, map[string]string{"ONBOARD_CONSOLE_ROLES": "Helper,Guide"})
	if v := other.visitor().get("/console").send(nil).identify(sandbox.Guide); v.status != http.StatusForbidden {
		t.Errorf("another role opens the console: %d", v.status)
	}
	if v := newSite(t, nil).visitor().get("/console"); v.status != http.StatusNotFound {
		t.Errorf("a console that is not configured answers %d", v.status)
	}
}

// TestConsoleEndsWithItsTenant: a session of the console counts for the tenant that is configured now.
func TestConsoleEndsWithItsTenant(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	s.stop()
	s.environ["ONBOARD_CONSOLE_TENANT"] = "somebody-else"
	s.start()
	if v = v.again(); v.get("/console").status != http.StatusUnauthorized {
		t.Errorf("answered %d", v.status)
	}
}

// TestConsoleSessionIsNoneOfASetup: nobody gets from the console into a setup, and nothing that was open goes on beside it.
func TestConsoleSessionIsNoneOfASetup(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	link := s.link()
	v := s.visitor().open(link)
	setup := v.setup()
	v.get("/console").send(nil).identify(sandbox.Guide)
	if v.path != "/console" {
		t.Fatalf("at %s (%d)", v.path, v.status)
	}
	for what, v := range map[string]*visitor{
		"the setup that was open": v.get("/setup/" + setup + "/start").tab(), "its link": v.tab().post(link, url.Values{}), "the link's page": v.tab().get(link),
		"a pasted link":      v.tab().post("/open", url.Values{"link": {s.public + link}}),
		"a token":            v.tab().post("/begin", url.Values{"company": {"X"}, "tenant": {"x"}, "token": {"x"}}),
		"a setup of its own": v.tab().post("/setups", url.Values{"company": {"X"}}),
		"opening by sign-in": v.tab().post("/setup/"+setup+"/open", url.Values{}),
		"a step":             v.tab().post("/setup/"+setup+"/start", url.Values{"sharing": {"yes"}, "applications": {"one"}}),
		"the token":          v.tab().post("/setup/"+setup+"/token/show", url.Values{}),
	} {
		if v.status == 0 { // the first is read below
			v.get("/setup/" + setup + "/start")
		}
		if v.status != http.StatusForbidden || !strings.Contains(v.text("main"), "you cannot open a setup as a customer does") {
			t.Errorf("%s: answered %d: %s", what, v.status, v.text("main"))
		}
	}
	if v.get("/"); v.path != "/console" {
		t.Errorf("the first page leads to %s", v.path)
	}
}

// made makes a setup in the console, and returns its link's path and its id.
func (v *visitor) made(fields map[string]string) (link, setup string) {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	all := map[string]string{"company": sample.Company, "tenant": sample.Tenant, "domain": sample.Domain, "contact": "Kari Nordmann", "scheme": "", "life": "7"}
	for name, value := range fields {
		all[name] = value
	}
	v.get("/console/new").send(all)
	if v.status != http.StatusOK || v.text("h1") != "The setup is made" {
		v.t.Fatalf("not made: %d at %s: %s", v.status, v.path, v.text("main"))
	}
	to := v.page.Find("main a.primary").AttrOr("href", "")
	return v.site.linkPath(v.value()), strings.TrimPrefix(to, "/console/setups/")
}

func TestNewSetup(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	v.get("/console/new").send(map[string]string{"company": "", "tenant": "no tenant", "domain": "https://x", "scheme": "Not One", "life": "999"})
	if v.status != http.StatusUnprocessableEntity || v.page.Find("#error-summary a").Length() != 5 {
		t.Errorf("%d, %d mistakes: %s", v.status, v.page.Find("#error-summary a").Length(), v.text("#error-summary"))
	}
	if got := v.page.Find("[name=domain]").AttrOr("value", ""); got != "https://x" {
		t.Errorf("what was entered is lost: %q", got)
	}
	sample := s.sandbox.Sample()
	action, form := v.get("/console/new").form(map[string]string{"company": sample.Company, "tenant": sample.Tenant, "domain": sample.Domain, "contact": "Kari Nordmann", "life": "1"})
	v.post(action, form)
	link := s.linkPath(v.value())
	again := v.tab().post(action, form) // a double click, or a reload
	if again.value() != "" || !strings.HasPrefix(again.path, "/console/setups/") {
		t.Errorf("sent again it is at %s and shows %q", again.path, again.value())
	}
	if n := again.page.Find("form[action$='/revoke'], button[formaction$='/revoke']").Length(); n != 1 {
		t.Errorf("%d links", n)
	}
	if v.get("/console"); v.page.Find("tbody tr").Length() != 1 || strings.Contains(v.text("body"), strings.TrimPrefix(link, "/s/")) {
		t.Errorf("the list: %s", v.text("main"))
	}
	if got := v.text("tbody tr"); !strings.Contains(got, "Not opened") || !strings.Contains(got, "Kari Nordmann") {
		t.Errorf("the row says %s", got)
	}
	customer := s.visitor().open(link).at("start")
	if got := v.get("/console").text("tbody tr"); !strings.Contains(got, "In progress") || !strings.Contains(got, "Step 1 of 12") {
		t.Errorf("the row says %s", got)
	}
	v.desk(customer.setup())
	if got := v.text("main"); !strings.Contains(got, "Ida Strand") || !strings.Contains(got, sample.Domain) {
		t.Errorf("the setup's page: %s", got)
	}
}

func TestCloseAndReopen(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	link := s.link()
	customer := s.visitor().open(link).walk("directory")
	setup := customer.setup()
	v := s.guide().desk(setup).post("/console/setups/"+setup+"/close", url.Values{})
	if v.status != http.StatusUnprocessableEntity || customer.get("/setup/"+setup+"/start").status != http.StatusOK {
		t.Errorf("closed without a tick: %d", v.status)
	}
	v.post("/console/setups/"+setup+"/close", url.Values{"sure": {"yes"}})
	if v.status != http.StatusOK || !strings.Contains(v.text(".notice"), "The setup is closed") {
		t.Fatalf("%d: %s", v.status, v.text("main"))
	}
	for what, v := range map[string]*visitor{
		"inside": customer.tab().get("/setup/" + setup + "/directory"), "an answer": customer.tab().post("/setup/"+setup+"/start", url.Values{"sharing": {"yes"}}),
		"the link": s.visitor().get(link), "opening it": s.visitor().post(link, url.Values{}),
	} {
		if v.status != http.StatusGone || !strings.Contains(v.text("main"), "has closed this setup") {
			t.Errorf("%s: %d: %s", what, v.status, v.text("main"))
		}
	}
	if got := v.get("/console").text("main"); strings.Contains(got, "Nordlys") {
		t.Errorf("closed, and in the list: %s", got)
	}
	if got := v.get("/console?state=closed").text("tbody"); !strings.Contains(got, "Closed") {
		t.Errorf("not among the closed: %s", got)
	}
	v.post("/console/setups/"+setup+"/reopen", url.Values{})
	customer.get("/setup/" + setup + "/").at("directory")
	kinds := s.trail(setup)
	if joined := strings.Join(kinds, " "); !strings.Contains(joined, "setup.closed") || !strings.Contains(joined, "setup.reopened") {
		t.Errorf("the trail has %s", joined)
	}
	if got := customer.get("/setup/" + setup + "/activity").text("main"); !strings.Contains(got, "Ida Strand, ida.strand@nordlysbygg.example, Aritma") {
		t.Errorf("the customer reads %s", got)
	}
}

func TestNotesAndLinksInTheConsole(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	link := s.link()
	customer := s.visitor().open(link)
	setup := customer.setup()
	v := s.guide().desk(setup)
	v.send(map[string]string{"note": "  "})
	if v.status != http.StatusUnprocessableEntity || v.text("#error-summary a") != "Write the note first" {
		t.Errorf("%d: %s", v.status, v.text("#error-summary"))
	}
	long := strings.Repeat("æ", 2001)
	if v.send(map[string]string{"note": long}); v.status != http.StatusUnprocessableEntity || v.page.Find("textarea").Text() != long {
		t.Errorf("%d, or what was written is lost", v.status)
	}
	v.desk(setup).send(map[string]string{"note": "<b>Called</b> at two.\nCalls back."})
	if got := v.page.Find(".note").Text(); got != "<b>Called</b> at two.\nCalls back." {
		t.Errorf("the note reads %q", got)
	}
	if got := customer.get("/setup/" + setup + "/activity").text("main"); strings.Contains(got, "Called") || strings.Contains(got, "note") {
		t.Errorf("the customer reads of notes: %s", got)
	}

	replace := v.page.Find("form[action$='/replace']")
	form := url.Values{"operation": {replace.Find("[name=operation]").AttrOr("value", "")}}
	v.post(replace.AttrOr("action", ""), form)
	next := s.linkPath(v.value())
	if customer.get("/setup/"+setup+"/start").status != http.StatusGone || s.visitor().get(link).status != http.StatusGone {
		t.Error("the replaced link still lets people in")
	}
	again := v.tab().post(replace.AttrOr("action", ""), form)
	if again.status != http.StatusConflict || again.value() != "" || !strings.Contains(again.text(".notice"), "shown once") {
		t.Errorf("replaced again: %d: %s", again.status, again.text("main"))
	}
	s.visitor().open(next).at("start")
	v.desk(setup).post(v.page.Find("button[formaction$='/revoke']").AttrOr("formaction", ""), url.Values{})
	if !strings.Contains(v.text(".notice"), "taken back") || s.visitor().get(next).status != http.StatusGone {
		t.Errorf("taken back: %s", v.text("main"))
	}
	if v.post("/console/setups/"+setup+"/links/"+strings.Repeat("a", 26)+"/revoke", url.Values{}); v.status != http.StatusConflict {
		t.Errorf("a link of no setup: %d", v.status)
	}
	if v.desk(strings.Repeat("a", 26)); v.status != http.StatusNotFound || !strings.Contains(v.text("main"), "no such setup") {
		t.Errorf("an unknown setup: %d", v.status)
	}
}

// TestWatching: the customer reads who looks, says no, and is heard at once.
func TestWatching(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	customer := s.visitor().open(s.link()).walk("secret")
	setup := customer.setup()
	v := s.guide().get("/console/setups/" + setup + "/guide")
	if v.text("h1") != "Watch Nordlys Bygg AS along?" || customer.get("/setup/"+setup+"/").text(".watched") != "" {
		t.Fatalf("somebody watches without a word: %s", v.text("main"))
	}
	v.send(nil)
	if v.text("h1") != "Create a client secret" || v.text(".guide-title") == "" {
		t.Fatalf("the guide sees %s (%d)", v.text("h1"), v.status)
	}
	if got := customer.get("/setup/" + setup + "/").text(".watched p"); got != "Ida Strand of Aritma can see which step you are on and which checks failed, but not what you type." {
		t.Errorf("the customer reads %q", got)
	}
	if got := v.get("/console/setups/" + setup + "/guide/directory").text("body"); strings.Contains(got, s.sandbox.Sample().DirectoryID) || v.page.Find("[name=directory]").AttrOr("value", "") == s.sandbox.Sample().DirectoryID {
		t.Error("the guide sees the directory's id")
	}
	if n := v.page.Find("fieldset[disabled] form").Length(); n == 0 || v.page.Find("main form").Length() != n {
		t.Error("a form of the customer's screen can be used")
	}
	refuse := customer.page.Find(".watched form")
	customer.post(refuse.AttrOr("action", ""), url.Values{"may": {refuse.Find("[name=may]").AttrOr("value", "")}})
	if customer.text(".watched") != "" || !strings.Contains(customer.text("main"), "You have said no") {
		t.Errorf("after saying no: %s", customer.text("body"))
	}
	if v.get("/console/setups/" + setup + "/guide"); strings.Contains(v.text("body"), "client secret") || !strings.Contains(v.text("main"), "does not want to be looked at") {
		t.Errorf("the guide still sees %s", v.text("main"))
	}
	if got := v.desk(setup).text("main"); strings.Contains(got, "Step 6") || strings.Contains(got, "Redirect URI") || !strings.Contains(got, "Not looked at") {
		t.Errorf("the setup's page: %s", got)
	}
	if got := v.get("/console").text("tbody tr"); !strings.Contains(got, "Not looked at") || strings.Contains(got, "Step 6") {
		t.Errorf("the list: %s", got)
	}
	if v.post("/console/setups/"+setup+"/watch", url.Values{}); v.status != http.StatusForbidden {
		t.Errorf("watching all the same: %d", v.status)
	}
	customer.get("/setup/" + setup + "/watching").send(map[string]string{"may": "yes"})
	if v.get("/console/setups/"+setup+"/guide").text("h1") != "Watch Nordlys Bygg AS along?" || customer.get("/setup/"+setup+"/").text(".watched") != "" {
		t.Errorf("allowed again, the guide watches at once: %s", v.text("h1"))
	}
	if v.send(nil); v.text("h1") != "Create a client secret" {
		t.Errorf("allowed again, the guide sees %s", v.text("h1"))
	}
	if trail := strings.Join(s.trail(setup), " "); !strings.Contains(trail, "watching.began") || !strings.Contains(trail, "watching.refused") || !strings.Contains(trail, "watching.allowed") {
		t.Errorf("the trail has %s", trail)
	}
	v.post("/console/setups/"+setup+"/watch/stop", url.Values{})
	if got := customer.get("/setup/" + setup + "/").text(".watched"); got != "" {
		t.Errorf("nobody watches, and the customer reads %q", got)
	}
	v.post("/console/setups/"+setup+"/watch", url.Values{})
	v.post("/signout", url.Values{})
	if got := customer.get("/setup/" + setup + "/").text(".watched"); got != "" {
		t.Errorf("who watched has signed out, and the customer reads %q", got)
	}
}

// TestGuideSeesEveryStep: whatever step the customer is on, the guide sees its screen.
func TestGuideSeesEveryStep(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	var customer *visitor
	var setup string
	for _, stage := range stages(s.sandbox.Sample()) {
		if stage.step == "token" {
			break
		}
		customer = s.visitor().open(s.link()).walk(stage.step)
		setup = customer.setup()
		v.post("/console/setups/"+setup+"/watch", url.Values{})
		if v.text("h1") != customer.text("h1") || v.status != http.StatusOK {
			t.Errorf("the customer is at %q, the guide sees %q (%d)", customer.text("h1"), v.text("h1"), v.status)
		}
		if got := v.text(".guide-say q"); len(got) < 20 {
			t.Errorf("%s: nothing to say: %q", stage.step, got)
		}
	}
	customer.register().at("token")
	same := func(step string) {
		t.Helper()
		customer.get("/setup/" + setup + "/").at(step)
		if v.get("/console/setups/" + setup + "/guide"); v.text("h1") != customer.text("h1") || v.status != http.StatusOK {
			t.Errorf("%s: the customer is at %q, the guide sees %q (%d)", step, customer.text("h1"), v.text("h1"), v.status)
		}
	}
	same("token")
	customer.handOver()
	same("token")
	customer.send(nil)
	same("token")
	customer.send(map[string]string{"pasted": "yes"})
	same("provisioning")
	customer.send(map[string]string{"arrived": "yes"})
	same("signin-test")
	customer.finish()
	same("done")
}

// TestCorrectingASetup: a mistyped domain can be put right until a directory was chosen by it.
func TestCorrectingASetup(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.guide()
	link, setup := v.made(map[string]string{"domain": "wrong.example"})
	customer := s.visitor().open(link).walk("directory")
	sample := s.sandbox.Sample()
	answer := map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}
	if customer.send(answer); customer.status != http.StatusUnprocessableEntity || !strings.Contains(customer.text("#error-summary"), "Is the domain wrong?") {
		t.Fatalf("another domain's directory: %d: %s", customer.status, customer.text("main"))
	}
	if got := v.desk(setup).text("[data-key=now]"); !strings.Contains(got, "does not own") {
		t.Errorf("the guide does not read why: %s", got)
	}
	about := "/console/setups/" + setup + "/about"
	if v.get(about).send(map[string]string{"company": "", "domain": "https://x"}); v.status != http.StatusUnprocessableEntity || v.page.Find("#error-summary a").Length() != 2 {
		t.Errorf("%d: %s", v.status, v.text("#error-summary"))
	}
	v.get(about).send(map[string]string{"company": "Nordlys Bygg", "domain": sample.Domain, "contact": "Astrid"})
	if got := v.text("main"); v.status != http.StatusOK || !strings.Contains(got, sample.Domain) || !strings.Contains(got, "Astrid") || v.text("h1") != "Nordlys Bygg" {
		t.Errorf("%d: %s", v.status, got)
	}
	customer.get("/setup/" + setup + "/directory").send(answer).at("signin")
	if v.post(about, url.Values{"company": {"Nordlys Bygg"}, "domain": {"other.example"}}); v.status != http.StatusUnprocessableEntity || !strings.Contains(v.text("#error-summary"), "it stays") {
		t.Errorf("another domain after the directory: %d: %s", v.status, v.text("main"))
	}
	if v.post(about, url.Values{"company": {"Nordlys"}, "domain": {sample.Domain}}); v.status != http.StatusOK || v.text("h1") != "Nordlys" {
		t.Errorf("another name after the directory: %d: %s", v.status, v.text("main"))
	}
}

// TestPageWithTheTokenStays: whatever else is pressed while the token is on the page opens beside it.
func TestPageWithTheTokenStays(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	customer := s.visitor().open(s.link()).walk("review").register().at("token")
	s.guide().post("/console/setups/"+customer.setup()+"/watch", url.Values{})
	if n := customer.get(customer.path).page.Find("footer a[href^='/'][target=_blank], .watched form[target=_blank]").Length(); n != 0 {
		t.Errorf("%d open beside a page that holds nothing", n)
	}
	customer.handOver()
	if got, want := customer.page.Find("footer a[href^='/'][target=_blank]").Length(), customer.page.Find("footer a[href^='/']").Length(); got != want || want < 3 {
		t.Errorf("%d of %d links open beside it", got, want)
	}
	if customer.page.Find(".watched form[target=_blank]").Length() != 1 {
		t.Error("saying no leaves the page")
	}
}
