package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/message/messagetest"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// TestNothingIsSaidOutsideTheCatalogue goes through the site in a made-up language. Whatever page says something in ordinary letters, that
// is no name, value or portal label, says it in English to everybody.
func TestNothingIsSaidOutsideTheCatalogue(t *testing.T) {
	t.Parallel()
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

// speaks demands a page in a language.
func (v *visitor) speaks(tag, what string) *visitor {
	v.t.Helper()
	if got := v.page.Find("html").AttrOr("lang", ""); got != tag {
		v.t.Errorf("%s: %s (%d) is in %q, want %q", what, v.path, v.status, got, tag)
	}
	if h1 := v.text("h1"); tag != "en" && !strings.HasPrefix(h1, messagetest.Letters(tag)+" ") {
		v.t.Errorf("%s: %s (%d) says %q", what, v.path, v.status, h1)
	}
	return v
}

// choose presses the button of a language in the switch of the page. What was entered in the form of the page is sent with it, where the
// button belongs to that form.
func (v *visitor) choose(tag string, entered map[string]string) *visitor {
	v.t.Helper()
	form := v.page.Find("form.languages")
	button := form.Find("button[name=language][value='" + tag + "']")
	if form.Length() != 1 || button.AttrOr("lang", "") != tag {
		v.t.Fatalf("%s offers no %s", v.path, tag)
	}
	if owner := button.AttrOr("form", ""); owner != "" {
		if v.page.Find("main form#"+owner).Length() != 1 {
			v.t.Fatalf("%s has no form %q", v.path, owner)
		}
		action, values := v.form(entered)
		values.Set("language", tag)
		return v.post(action, values)
	}
	return v.post(form.AttrOr("action", ""), url.Values{"language": {tag}, "back": {form.Find("[name=back]").AttrOr("value", "")}})
}

// TestLanguageIsAskedForOrChosen: what the browser asks for counts until somebody chooses; then the choice does, in and out of sessions.
func TestLanguageIsAskedForOrChosen(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, "fi-FI,fi;q=0.9,en;q=0.8")
	v := s.visitor().get("/").speaks("fi", "asked for")
	var names []string
	v.page.Find("form.languages button").Each(func(_ int, b *goquery.Selection) { names = append(names, b.AttrOr("lang", "")+" "+b.Text()) })
	if got := strings.Join(names, ", "); got != "en English, nb Norsk bokmål, sv Svenska, da Dansk, fi Suomi" {
		t.Errorf("the switch says %q", got)
	}
	if now := v.page.Find("form.languages [aria-current]"); now.Length() != 1 || now.AttrOr("lang", "") != "fi" {
		t.Errorf("%d languages are the current one", now.Length())
	}
	got := v.once(v.request(http.MethodPost, "/language", url.Values{"language": {"nb"}, "back": {"/"}}))
	cookie := got.header.Get("Set-Cookie")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/" || cookie != "onboard-language=nb; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax" {
		t.Errorf("the choice is answered %d, %q, %q", got.status, got.header.Get("Location"), cookie)
	}
	v.get("/").speaks("nb", "chosen")
	link := s.link("--scheme", "chosen")
	v.open(link).speaks("nb", "a setup opened").walk("directory").speaks("nb", "a step")
	v.send(map[string]string{"directory": "x"}).speaks("nb", "a wrong form")
	if v.choose("sv", nil); v.status != http.StatusOK || !strings.HasSuffix(v.path, "/directory") {
		t.Errorf("a choice on a wrong form leads to %s (%d)", v.path, v.status)
	}
	v.speaks("sv", "chosen on a step").get(link).choose("da", nil).speaks("da", "chosen on a link")
	if v.path != link {
		t.Errorf("a choice on a link leads to %s", v.path)
	}
	v.post("/signout", url.Values{}).speaks("da", "signed out")
	v.get("/").send(map[string]string{"signin-tenant": s.sandbox.Sample().Tenant}).speaks("da", "signing in")
	v.identify(sandbox.Administrator).speaks("da", "signed in")
	v.post("/language", url.Values{"language": {"xx"}, "back": {"/sessions"}}).speaks("da", "a language that is none")
	for _, back := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "", "sessions", "javascript:alert(1)"} {
		got := v.once(v.request(http.MethodPost, "/language", url.Values{"language": {"da"}, "back": {back}}))
		if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != "/" {
			t.Errorf("back to %q leads to %q (%d)", back, to, got.status)
		}
	}
}

// TestChoiceLosesNoToken: where the token stands, the choice opens a tab of its own, on a page that asks for nothing again.
func TestChoiceLosesNoToken(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, "nb")
	v := s.visitor().open(s.link()).walk("review").register().handOver()
	form := v.page.Find("form.languages")
	if v.value() == "" || form.AttrOr("target", "") != "_blank" {
		t.Errorf("the choice leaves the page with the token: target %q", form.AttrOr("target", ""))
	}
	if other := v.tab().choose("fi", nil).speaks("fi", "the other tab"); !strings.HasSuffix(other.path, "/token") || other.status != http.StatusOK || other.value() != "" {
		t.Errorf("the other tab is at %s (%d)", other.path, other.status)
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning").speaks("fi", "after the choice")
	s.one(1)
}

// TestErrorsAreInTheLanguage of whoever reads them.
func TestErrorsAreInTheLanguage(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, "sv;q=0.8, de")
	v := s.visitor()
	demand := func(what string, status int) {
		t.Helper()
		if v.speaks("sv", what); v.status != status {
			t.Errorf("%s is answered %d", what, v.status)
		}
	}
	v.get("/nowhere")
	demand("no page", http.StatusNotFound)
	v.do(v.request(http.MethodPut, "/", url.Values{}))
	demand("no method", http.StatusMethodNotAllowed)
	v.get("/setup/" + strings.Repeat("a", 26) + "/start")
	demand("no setup", http.StatusNotFound)
	forged := v.request(http.MethodPost, "/language", url.Values{"language": {"fi"}})
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	v.do(forged)
	demand("a forged choice", http.StatusForbidden)
	other := v.request(http.MethodGet, "/", nil)
	other.Host = "elsewhere.example"
	if got := v.once(other); got.status != http.StatusMisdirectedRequest || !strings.HasPrefix(got.body, messagetest.Letters("sv")) {
		t.Errorf("another host is answered %d: %s", got.status, got.body)
	}
	for range 20 {
		v.get("/s/" + strings.Repeat("x", 43))
	}
	demand("too many guesses", http.StatusTooManyRequests)
	s.stop()
	s.environ["ONBOARD_SEALING_KEYS"] = seal.Generate().Expose()
	s.start()
	v.get("/")
	demand("the wrong keys", http.StatusServiceUnavailable)
}

// TestConsoleIsInTheLanguageOfItsReader: streams and files, too. What machines read is the same in every language.
func TestConsoleIsInTheLanguageOfItsReader(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, "nb")
	customer := s.visitor().open(s.link())
	one := s.guide()
	s.language = "fi"
	other := s.guide()
	here, there := one.listen("/console/live", "Accept-Language", "nb"), other.listen("/console/live", "Accept-Language", "fi")
	customer.send(map[string]string{"sharing": "yes", "applications": "one"}).speaks("fi", "the customer")
	for tag, stream := range map[string]*listening{"nb": here, "fi": there} {
		if row := stream.row(customer.setup()).Text(); !strings.Contains(row, messagetest.Letters(tag)+" ") {
			t.Errorf("the stream in %s tells %q", tag, row)
		}
	}
	file := other.once(other.request(http.MethodGet, "/console/setups/"+customer.setup()+"/trail.csv", nil)).body
	head, first, _ := strings.Cut(file, "\r\n")
	if head != strings.ReplaceAll(messagetest.Letters("fi at,fi actor,fi from,fi kind,fi detail"), "fi ", messagetest.Letters("fi")+" ") {
		t.Errorf("the columns are %q", head)
	}
	if at, _, _ := strings.Cut(first, ","); !isRFC3339(at) {
		t.Errorf("a time in a file is %q", at)
	}
	if file := other.once(other.request(http.MethodGet, "/console/figures.json", nil)).body; !strings.Contains(file, `"figure": "setups by state"`) {
		t.Errorf("the keys of JSON are translated: %s", file)
	}
}

func isRFC3339(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil
}

// TestChoiceKeepsWhatWasEntered: where a form holds what was not saved yet, it is shown again in the other language, and nothing is done.
func TestChoiceKeepsWhatWasEntered(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, "nb")
	v := s.visitor().open(s.link())
	for _, step := range []struct {
		name    string
		entered map[string]string
		save    map[string]string
	}{
		{"start", map[string]string{"sharing": "no", "applications": "two"}, map[string]string{"sharing": "no", "applications": "one"}},
		{"application", nil, nil},
		{"directory", map[string]string{"directory": "not yet whole", "client": "neither"}, map[string]string{"directory": s.sandbox.Sample().DirectoryID, "client": s.sandbox.Sample().ClientID}},
		{"signin", map[string]string{"name": "Nordlys", "scheme": "Nordlys!", "create": "yes", "button": "later"}, map[string]string{"scheme": "nordlys", "name": "Nordlys"}},
		{"redirect", nil, nil},
		{"secret", nil, map[string]string{"secret": s.sandbox.Sample().ClientSecret.Expose()}},
		{"assign", map[string]string{"person": "kari"}, map[string]string{"person": ""}},
	} {
		v.at(step.name)
		before := len(s.trail(v.setup()))
		for _, tag := range []string{"fi", "nb"} {
			v.choose(tag, step.entered).at(step.name).speaks(tag, step.name)
			if v.status != http.StatusOK || v.page.Find("[role=alert], [aria-invalid=true]").Length() != 0 {
				t.Errorf("%s: the choice is answered %d: %s", step.name, v.status, v.text("[role=alert]"))
			}
		}
		_, values := v.form(nil)
		for name, want := range step.entered {
			if got := values.Get(name); got != want {
				t.Errorf("%s: %s was %q, and is %q in another language", step.name, name, want, got)
			}
		}
		if n := len(s.trail(v.setup())); n != before {
			t.Errorf("%s: the choice did something: %v", step.name, s.trail(v.setup())[before:])
		}
		v.send(step.save)
	}
	v.at("review").speaks("nb", "the end")
	// A form that acts is not acted upon when it chooses.
	action, values := v.form(nil)
	values.Set("language", "da")
	v.post(action, values).at("review").speaks("da", "a form that acts")
	if n := len(s.held().Providers); n != 0 {
		t.Errorf("a choice registered %d providers", n)
	}
}
