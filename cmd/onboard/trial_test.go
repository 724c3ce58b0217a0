package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// provisioned connects the sandbox's Entra and sends the first person, so that the wizard has met them.
func (v *visitor) provisioned() *visitor {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	v.at("token").prepared().handOver()
	if said := v.site.sandbox.ConfigureProvisioning(sample.ClientID, v.text("#tenant-url"), secret.New(v.value())); said != "" {
		v.t.Fatalf("Test Connection says %q", said)
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	if said := v.site.sandbox.ProvisionOnDemand(sample.ClientID, person); said != "" {
		v.t.Fatalf("Provision on demand says %q", said)
	}
	return v.lookUntil(person + " arrived at").send(nil).at("signin-test")
}

// result demands that the tab came back, with nothing of the sign-in left in its address, and waits for the verdict.
func (o *outside) result() *visitor {
	o.t.Helper()
	if !strings.HasSuffix(o.path, "/signin-test/result") || o.status != http.StatusOK {
		o.t.Fatalf("came back to %s (%d):\n%s", o.at, o.status, o.text("body"))
	}
	return o.idle("signin-test/result").says("You can close this tab")
}

// filled demands that the page has one filled button, with these words.
func (v *visitor) filled(words string) *visitor {
	v.t.Helper()
	if filled := v.page.Find("main .primary"); filled.Length() != 1 || strings.TrimSpace(filled.Text()) != words {
		v.t.Errorf("%s has %d filled buttons, %q, want %q", v.path, filled.Length(), filled.Text(), words)
	}
	return v
}

// press sends the form with that id.
func (v *visitor) press(id string) *visitor {
	v.t.Helper()
	form := v.page.Find("form#" + id)
	if form.Length() != 1 {
		v.t.Fatalf("%s has no form %s:\n%s", v.path, id, v.text("main"))
	}
	values := url.Values{}
	for _, in := range form.Find("input").EachIter() {
		values.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	return v.post(form.AttrOr("action", ""), values)
}

func TestTrialOfTheSamePerson(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").provisioned()
	v.filled("Test the sign-in").says("Sign in as the person who was provisioned first")
	if begin := v.page.Find("form#test"); begin.AttrOr("target", "") != "_blank" {
		t.Error("the test leaves the wizard's tab")
	}
	tab := v.trySignin().choose(person).result()
	tab.says("the same person", "they are the same person", "email, name, preferred_username")
	if tab.page.Find("main a.primary[href$='/signin-test']").Length() != 1 || tab.page.Find("form#finish").Length() != 0 {
		t.Error("the tab that came back does not lead to the wizard, or offers to finish")
	}
	v.get("/setup/"+v.setup()+"/signin-test").filled("Finish").says("it is the same person", "Passed", s.sandbox.Sample().Person, v.scheme(), "The login button is shown")
	s.restart()
	v.again().get(v.path).filled("Finish").press("finish").at("done").says("arrived at", "is the person whom Aritma knows")
}

// TestTrialOfSomebodyUnknown: half a pass, with the reason, and no dead end.
func TestTrialOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").prepared().toSigninTest()
	v.trySignin().choose(person).result().says("Aritma does not know this person yet")
	v.get("/setup/"+v.setup()+"/signin-test").filled("Test again").says(person+" was accepted by Microsoft", "half a pass", "Nobody has arrived through provisioning yet", "Not proven")
	if v.page.Find("#trial a[href$='/provisioning']").Length() != 1 {
		t.Error("no way back to provisioning")
	}
	v.press("finish").at("done")
}

func TestTrialWithoutTheEmailClaim(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").provisioned()
	s.sandbox.Faults().Set(sandbox.MistakeNoEmailClaim, sandbox.UntilCleared)
	v.trySignin().choose(person).result().says("The claim email is missing", "Claims that are missing")
	if v.get("/setup/" + v.setup() + "/signin-test"); v.page.Find("#trial a[target=_blank]").Length() != 1 {
		t.Error("no link to Token configuration")
	}
}

func TestTrialThatFails(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").prepared().toSigninTest()
	for name, c := range map[string]struct {
		fault sandbox.Switch
		words string // pressed at Microsoft's page
		says  string
	}{
		"given up at Microsoft":   {"", "Cancel", "ended the sign-in without letting anybody in"},
		"refused by Aritma":       {sandbox.IDRefusesUnknown, person, "ended the sign-in without letting anybody in"},
		"a token of another time": {sandbox.IDTokenWrongNonce, person, "cannot be trusted"},
		"our client is refused":   {sandbox.IDClientRefused, person, "does not accept this service's own client"},
	} {
		t.Run(name, func(t *testing.T) {
			v := v.as(t).get("/setup/" + v.setup() + "/signin-test")
			if c.fault != "" {
				s.sandbox.Faults().Set(c.fault, sandbox.UntilCleared)
				defer s.sandbox.Faults().ClearAll()
			}
			v.trySignin().choose(c.words).result().says("The sign-in failed", c.says, "Reference number")
			v.get("/setup/"+v.setup()+"/signin-test").filled("Test again").says("Failed", c.says, "Finish anyway")
			if text := v.text("main"); strings.Contains(text, "own access") {
				t.Errorf("a refused sign-in is told as a refused wizard:\n%s", text)
			}
		})
	}
	s.sandbox.Faults().ClearAll()
	v.get("/setup/" + v.setup() + "/signin-test").trySignin().choose(person).result().says("was accepted by Microsoft")
}

// TestTrialThatAritmaIDIsSlowToEnd: both tabs answer at once, say what runs, and pick the verdict up.
func TestTrialThatAritmaIDIsSlowToEnd(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").provisioned()
	microsoft := v.trySignin()
	v.get(v.path).says("The test sign-in is under way")
	if v.page.Find("#trial[hx-get$='/signin-test/progress'][hx-trigger]").Length() != 1 || !strings.Contains(v.page.Find("noscript").Text(), "Check again") {
		t.Error("the page does not pick up the verdict by itself, or not without JavaScript")
	}
	s.sandbox.Faults().Set(sandbox.IDSlow, sandbox.UntilCleared)
	began := time.Now()
	tab := microsoft.choose(person)
	if took := time.Since(began); took > soon || tab.page.Find("#trial[hx-get]").Length() != 1 {
		t.Errorf("the way back took %v:\n%s", took, tab.text("main"))
	}
	s.sandbox.Faults().ClearAll()
	progress := "/setup/" + v.setup() + "/signin-test/progress"
	eventually(t, "the verdict", func() bool {
		got := v.once(v.request(http.MethodGet, progress+"?told=running", nil))
		return got.page.Find("#trial[data-say]").Length() == 1 && strings.Contains(got.text("#trial"), "the same person")
	})
	told := strings.Trim(strings.TrimPrefix(v.get(v.path).page.Find("#trial").AttrOr("hx-vals", ""), `{"told":`), `"}`)
	if got := v.once(v.request(http.MethodGet, progress+"?told="+told, nil)); got.page.Find("#trial[data-say]").Length() != 0 {
		t.Errorf("the verdict is said again after %q", told)
	}
	tab.result().says("the same person")
}

// TestTrialCallback: an answer counts once, and only in the browser that asked.
func TestTrialCallback(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	link := s.link()
	v := s.visitor().open(link).walk("token").prepared().toSigninTest()
	stranger, guest := s.visitor(), s.visitor().open(link)
	microsoft := v.trySignin()
	callback := microsoft.callback(person)

	for name, who := range map[string]*visitor{"no session": stranger, "another browser in the same setup": guest} {
		got := who.once(who.request(http.MethodGet, callback, nil))
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/signin/callback" {
			t.Errorf("%s: the answer is taken, %d", name, got.status)
		} else if strings.Contains(got.body, "code=") || strings.Contains(got.body, v.setup()) {
			t.Errorf("%s: the page tells details", name)
		}
	}
	if got := v.once(v.request(http.MethodHead, callback, nil)); got.status >= 400 {
		t.Errorf("HEAD is answered %d", got.status)
	}
	forged := strings.Replace(callback, "state=", "state=x", 1)
	if at := v.tab().get(forged); at.status != http.StatusGone || at.path != "/signin/callback" {
		t.Errorf("a made-up state is answered %d at %s", at.status, at.path)
	}
	got := v.once(v.request(http.MethodGet, callback, nil))
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || strings.ContainsAny(to, "?#") || !strings.HasSuffix(to, "/signin-test/result") {
		t.Errorf("the answer leads %d to %q", got.status, to)
	}
	v.idle("signin-test/result").says(person + " was accepted by Microsoft")
	if at := v.tab().get(callback); at.status != http.StatusGone || at.path != "/signin/callback" {
		t.Errorf("the same answer again is answered %d at %s", at.status, at.path)
	}
	v.get("/setup/" + v.setup() + "/signin-test").says(person + " was accepted by Microsoft")
	for _, word := range []string{"code=", "state="} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log holds %q", word)
		}
	}
}

// callback is where Aritma ID sends the browser after the person was chosen, as a path of ours; it is not followed.
func (o *outside) callback(words string) string {
	o.t.Helper()
	client := *o.client
	var path string
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/signin/callback" {
			path = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	tab := *o.visitor
	tab.client = &client
	(&outside{visitor: &tab, at: o.at}).choose(words)
	if path == "" {
		o.t.Fatal("nobody was sent back")
	}
	return path
}

// TestTrialBegins: the answer is a page, because a redirect would carry the form on to Microsoft.
func TestTrialBegins(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").prepared().toSigninTest()
	begin := "/setup/" + v.setup() + "/signin-test/begin"
	got := v.once(v.request(http.MethodPost, begin, url.Values{}))
	to, _ := got.page.Find("meta[http-equiv=refresh]").Attr("content")
	if got.status != http.StatusOK || !strings.HasPrefix(to, "0;url="+s.sandbox.IDURL()+"/") || got.page.Find("main a.primary").AttrOr("href", "") != strings.TrimPrefix(to, "0;url=") {
		t.Errorf("%d leads to %q", got.status, to)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", got.header)
	}
	if got := v.once(v.request(http.MethodGet, begin, nil)); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", got.status)
	}
	v.get("/setup/" + v.setup() + "/signin-test").says("The test sign-in is under way")

	s.stop()
	s.environ = maps.Clone(s.environ)
	s.environ["ONBOARD_ID_URL"] = "http://127.0.0.1:1"
	s.start()
	v = v.again()
	if v.post(begin, url.Values{}); v.status != http.StatusServiceUnavailable || v.page.Find("form[action='"+begin+"']").Length() != 1 {
		t.Errorf("Aritma ID out of reach is answered %d:\n%s", v.status, v.text("main"))
	}
	v.says("Reference number")
}

func TestTrialWithoutAClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("token").toSigninTest()
	v.filled("Finish").says("no client of its own at Aritma ID", "Open the page where your people sign in to Aritma")
	v.post("/setup/"+v.setup()+"/signin-test/begin", url.Values{}).at("signin-test")
	v.press("finish").at("done")
}

// TestTrialLoginButton: shown when the admin says so, and hidden again, at once while the client secret is held.
func TestTrialLoginButton(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	visible := func() bool { return s.held().Providers[0].Visible }
	v := s.visitor().open(s.link()).walk("signin").send(map[string]string{"button": "later"}).toToken("redirect")
	v.prepared().toSigninTest().says("The login button is hidden")
	if visible() {
		t.Fatal("shown before it was asked for")
	}
	v.trySignin().choose(person).result() // a hidden button does not stop the test
	v.get("/setup/" + v.setup() + "/signin-test").press("login-button").idle("signin-test").says("The login button is shown")
	if !visible() {
		t.Error("Aritma does not show it")
	}
	v.press("finish").at("done").says("The login button is shown")
	v.press("login-button").at("secret").says("Enter the client secret again")
	v.enterSecret(s.sandbox.Sample().ClientSecret.Expose()).at("review").send(nil).at("done").says("The login button is hidden")
	if visible() {
		t.Error("Aritma still shows it")
	}
}

// toToken answers the steps from the given one up to review, and registers.
func (v *visitor) toToken(from string) *visitor {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	v.at(from).send(nil).at("secret")
	v.enterSecret(sample.ClientSecret.Expose()).at("assign").send(map[string]string{"person": sample.Person})
	return v.register()
}

func TestTrialLoginButtonThatAritmaDoesNotChange(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	v := s.visitor().open(s.link()).walk("token").prepared().toSigninTest()
	s.sandbox.Faults().Set(sandbox.UpdateNotOffered, sandbox.UntilCleared)
	v.press("login-button").idle("review").at("review").says("Aritma does not offer changing a provider here")
	v.send(map[string]string{}).idle("review")
	s.sandbox.Faults().ClearAll()
	v.post("/setup/"+v.setup()+"/review/discard", url.Values{})
	v.get("/setup/" + v.setup() + "/signin-test").at("signin-test").says("The login button is shown")
}

// TestTrialWithAnExpiredAccessToken: the sign-in counts, and what could not be asked can be asked again.
func TestTrialWithAnExpiredAccessToken(t *testing.T) {
	t.Parallel()
	s := newSiteWithSignin(t)
	s.stop()
	maps.Copy(s.environ, withoutService())
	s.start()
	sample := s.sandbox.Sample()
	v := s.visitor().begin(s.sandbox.AccessToken(sample.Tenant).Expose()).walk("token").prepared().toSigninTest()
	s.sandbox.Faults().Set(sandbox.IAMUnauthorized, sandbox.UntilCleared)
	v.trySignin().choose(person).result().says(person+" was accepted by Microsoft", "could not be asked", "Reference number")
	s.sandbox.Faults().ClearAll()
	v.get("/setup/" + v.setup() + "/signin-test").filled("Test again")
	to := v.page.Find("#trial a[href*='/access']").AttrOr("href", "")
	v.get(to).send(map[string]string{"token": s.sandbox.AccessToken(sample.Tenant).Expose()}).at("signin-test")
	v.trySignin().choose(person).result().says("Aritma does not know this person yet")
}
