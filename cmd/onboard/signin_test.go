package main

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// TestSetupLinkOnlyFinds: with signin authority a link shows who invites whom, and opens nothing before an administrator of
// the tenant has signed in. It is not used up, and who signed in finds the setup without it.
func TestSetupLinkOnlyFinds(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	link := s.link()
	v := s.visitor().get(link)
	if !strings.Contains(v.text("main"), "Sign in with Aritma") {
		t.Errorf("the link's page does not say what comes: %s", v.text("main"))
	}
	v.send(nil)
	if to := v.leaves(); !strings.HasPrefix(to.String(), s.sandbox.IDURL()+"/"+s.sandbox.Sample().Tenant+"/connect/authorize") {
		t.Fatalf("the link leads to %s", to)
	}
	thief := s.visitor().get(link).send(nil)
	if thief.get("/"); strings.Contains(thief.text("main"), s.sandbox.Sample().Company) {
		t.Error("the link alone lists the setup")
	}
	v.identify(sandbox.Administrator).at("start")
	setup := v.setup()
	if thief.get("/setup/" + setup + "/start"); thief.status != http.StatusNotFound {
		t.Errorf("the link alone is answered %d", thief.status)
	}
	v.walk("review").register()
	s.one(0)
	if n := s.held().Requests["POST /id/{tenant}/connect/token"]; n != 1 {
		t.Errorf("%d tokens were asked for: the operator's client acted", n)
	}
	v.handOver()
	if v.value() == "" {
		t.Fatalf("no token: %s", v.text("main"))
	}

	second := s.admin()
	if !strings.Contains(second.text("main"), s.sandbox.Sample().Company) {
		t.Fatalf("another browser of the administrator does not find the setup: %s", second.text("main"))
	}
	if second.get("/setup/" + setup + "/token"); second.status != http.StatusOK || second.text("h1") != "Setup for "+s.sandbox.Sample().Company {
		t.Errorf("the door of a setup that is not open is answered %d: %s", second.status, second.text("h1"))
	}
	second.send(nil).at("token")
	trail := s.trail(setup)
	if n := len(slices.DeleteFunc(trail, func(kind string) bool { return kind != "setup.opened" })); n != 2 {
		t.Errorf("the trail tells of %d openings, want 2", n)
	}
}

// TestWhoIsNotAnAdministrator is told so, is not signed in, and may sign in as somebody else.
func TestWhoIsNotAnAdministrator(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	link, sample := s.link(), s.sandbox.Sample()
	v := s.visitor().get(link).send(nil).identify(sandbox.Member)
	if v.status != http.StatusForbidden || !strings.Contains(v.text("main"), sandbox.Member) || !strings.Contains(v.text("main"), "no IAM admin permissions") {
		t.Fatalf("answered %d: %s", v.status, v.text("main"))
	}
	if v.tab().get("/").text("header .person") != "" {
		t.Error("somebody without permission is signed in")
	}
	if got := v.page.Find("main [name=signin-tenant]").AttrOr("value", ""); got != sample.Tenant {
		t.Errorf("the tenant %q is asked for again", got)
	}
	v.send(map[string]string{"somebody": "else"})
	if to := v.leaves(); to.Query().Get("prompt") != "login" {
		t.Errorf("Aritma ID would answer with the same person: %v", to.Query()["prompt"])
	}
	v.identify(sandbox.Administrator).at("start")
}

// TestTheTenantIsAskedFirst, remembered, and answered beside its field when it cannot be.
func TestTheTenantIsAskedFirst(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	for _, wrong := range []string{"", "../x", "with blanks", strings.Repeat("x", 65)} {
		v := s.visitor().get("/")
		v.mistaken(map[string]string{"signin-tenant": wrong}, "signin-tenant")
		if got := v.page.Find("main [name=signin-tenant]").First().AttrOr("value", ""); got != strings.TrimSpace(wrong) {
			t.Errorf("%q became %q", wrong, got)
		}
	}
	v := s.admin()
	v.post("/signout", url.Values{})
	if got := v.get("/").page.Find("main [name=signin-tenant]").AttrOr("value", ""); got != s.sandbox.Sample().Tenant {
		t.Errorf("the tenant is not remembered: %q", got)
	}
}

// TestSessionChangesAtSignIn is promise 11: another id, no token in the browser, and a cookie that is dead after sign-out.
func TestSessionChangesAtSignIn(t *testing.T) {
	s := newSiteOfPeople(t, nil)
	v := s.visitor().get(s.link()).send(nil)
	before := v.cookie().Value
	planted := v.thief()
	v.identify(sandbox.Administrator).at("start")
	if v.cookie().Value == before {
		t.Error("signing in keeps the session's id")
	}
	page := v.path
	if planted.get(page).status != http.StatusNotFound {
		t.Errorf("the id from before the sign-in is answered %d", planted.status)
	}
	copied := v.thief()
	if copied.get(page).status != http.StatusOK {
		t.Fatalf("the copied cookie is answered %d before the end", copied.status)
	}
	v.post("/signout", url.Values{})
	ended := time.Now()
	if to := v.leaves(); !strings.HasPrefix(to.String(), s.sandbox.IDURL()) || strings.Contains(to.RawQuery, "id_token") {
		t.Errorf("sign-out leads to %s", to)
	}
	if copied.get(page); copied.status != http.StatusNotFound || time.Since(ended) > time.Second {
		t.Errorf("after sign-out the copied cookie is answered %d", copied.status)
	}
	if o := v.leave(v.leaves().String()); o.path != "/signed-out" || o.status != http.StatusOK {
		t.Errorf("Aritma ID leads back to %s (%d)", o.path, o.status)
	}
	if again := v.get("/").send(map[string]string{"signin-tenant": s.sandbox.Sample().Tenant}).leave(v.leaves().String()); !strings.HasPrefix(again.at.String(), s.sandbox.IDURL()) {
		t.Errorf("the session at Aritma ID lives on: sent to %s", again.at)
	}
	for name, content := range s.files() {
		if strings.Contains(string(content), `"access"`) || strings.Contains(string(content), "eyJ") {
			t.Errorf("a token stands in %s", name)
		}
	}
	if strings.Contains(s.log.String(), "eyJ") {
		t.Error("a token stands in the log")
	}
}

// TestSignOutWhereAritmaHasNone ends the session here and says so.
func TestSignOutWhereAritmaHasNone(t *testing.T) {
	s := newSiteOfPeople(t, nil)
	s.sandbox.Faults().Set(sandbox.IDNoEndSession, sandbox.UntilCleared)
	v := s.admin()
	if v.post("/signout", url.Values{}); v.status != http.StatusOK || !strings.Contains(v.text("main"), "does not offer signing out") {
		t.Errorf("answered %d: %s", v.status, v.text("main"))
	}
	if v.get("/").text("header .person") != "" {
		t.Error("still signed in")
	}
}

// TestExpiredSignIn is renewed where that is offered; else a friendly way leads back to the same step with its answers.
func TestExpiredSignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, then []sandbox.Switch
		refused      int // acts that Aritma refuses
		again        bool
	}{
		"about to run out":                        {before: []sandbox.Switch{sandbox.IDShortTokens}},
		"refused before its time":                 {refused: 1},
		"refused, and so is renewing":             {then: []sandbox.Switch{sandbox.IDRefreshRefused}, refused: 1, again: true},
		"refused, and no renewal was offered":     {before: []sandbox.Switch{sandbox.IDNoRefresh}, refused: 1, again: true},
		"Aritma ID away when it is to be renewed": {before: []sandbox.Switch{sandbox.IDShortTokens}, then: []sandbox.Switch{sandbox.IDUnavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, nil)
			faults, link := s.sandbox.Faults(), s.link()
			for _, fault := range c.before {
				faults.Set(fault, sandbox.UntilCleared)
			}
			v := s.visitor().get(link).send(nil).identify(sandbox.Administrator).walk("review")
			asked := s.held().Requests[tokenEndpoint]
			for _, fault := range c.then {
				faults.Set(fault, sandbox.UntilCleared)
			}
			if c.refused > 0 {
				faults.Set(sandbox.IAMUnauthorized, c.refused)
				if v.send(nil).idle("review"); len(s.held().Providers) != 0 || v.text("main .notice code") == "" {
					t.Errorf("nothing is said of the refusal: %s", v.text("main"))
				}
				if v.page.Find("main form[action$='/review']").Length() == 1 {
					v.send(map[string]string{"operation": v.page.Find("main [name=operation]").AttrOr("value", "")}).idle("review")
				}
			}
			if !c.again {
				v.get("/setup/" + v.setup() + "/")
				if strings.HasSuffix(v.path, "/review") {
					v.register()
				}
				s.one(0)
				if slices.Contains(c.then, sandbox.IDUnavailable) {
					return
				}
				if s.held().Requests[tokenEndpoint] == asked {
					t.Error("no new access token was asked for")
				}
				return
			}
			faults.ClearAll()
			if v.page.Find("main form[action='/signin']").Length() != 1 || len(s.held().Providers) != 0 {
				t.Fatalf("nobody is asked to sign in again: %s", v.text("main"))
			}
			v.send(map[string]string{"setup": v.setup()}).identify(sandbox.Administrator).at("review")
			if sample := s.sandbox.Sample(); !strings.Contains(v.text("main"), sample.ClientID) || !strings.Contains(v.text("main"), sample.Person) {
				t.Errorf("the answers are lost: %s", v.text("main"))
			}
			v.register()
			s.one(0)
		})
	}
}

// TestSignInWaitsForSlowAritma: the page answers within a second, goes on by itself, and ends in one button.
func TestSignInWaitsForSlowAritma(t *testing.T) {
	s := newSiteOfPeople(t, nil)
	v := s.visitor().get(s.link()).send(nil)
	s.sandbox.Faults().SetOn(sandbox.IDSlow, tokenEndpoint, 1)
	began := time.Now()
	v.identifyNow(sandbox.Administrator)
	if took := time.Since(began); took > 3*time.Second || !strings.HasPrefix(v.path, "/signin/") || v.page.Find("#waiting").Length() != 1 {
		t.Fatalf("after %v at %s (%d): %s", took, v.path, v.status, v.text("main"))
	}
	stranger := s.visitor().get(v.path)
	if stranger.status != http.StatusGone {
		t.Errorf("another browser is answered %d", stranger.status)
	}
	s.sandbox.Faults().Release()
	waiting := v.path
	eventually(t, "the end of the sign-in", func() bool { return v.get(waiting).page.Find("main form").Length() == 1 })
	v.send(nil).at("start")
	if v.tab().post(waiting, url.Values{}).status != http.StatusGone {
		t.Error("the outcome was taken twice")
	}
}

// TestBeginsBySigningIn: an administrator begins a setup without any link; links to it only find it, and the operator's own
// client never acts for it, whatever the authority of links.
func TestBeginsBySigningIn(t *testing.T) {
	t.Parallel()
	for _, authority := range []string{"signin", "link"} {
		t.Run(authority, func(t *testing.T) {
			s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": authority})
			v := s.admin()
			v.mistaken(map[string]string{"company": ""}, "company")
			v.send(map[string]string{"company": "Nordlys Bygg AS"}).at("start")
			setup := "/setup/" + v.setup()
			v.walk("review").register()
			s.one(0)
			v.get(setup + "/links").send(map[string]string{"label": "deputy"})
			link, err := url.Parse(v.text("#secret-token"))
			if err != nil || !strings.HasPrefix(link.Path, "/s/") {
				t.Fatalf("no link: %s", v.text("main"))
			}
			thief := s.visitor().get(link.Path).send(nil)
			thief.leaves()
			if thief.get(setup + "/token"); thief.status != http.StatusNotFound {
				t.Errorf("the link alone opens it: %d", thief.status)
			}
			s.visitor().get(link.Path).send(nil).identify(sandbox.Administrator).at("token")
			if other := s.visitor().signIn("another-tenant", sandbox.Administrator).get(setup + "/token"); other.status != http.StatusNotFound {
				t.Errorf("an administrator of another tenant is answered %d", other.status)
			}
		})
	}
}

// TestLinksAreTakenBack: an administrator takes a link back or replaces it; open pages lose access at their next request,
// live pages are told, and the progress of the setup stays.
func TestLinksAreTakenBack(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	first := s.link()
	inside := s.visitor().open(first).walk("review").register().handOver().send(map[string]string{"pasted": "yes"}).at("provisioning")
	setup := "/setup/" + inside.setup()
	if inside.get(setup + "/links"); inside.page.Find("main form button").Length() != 0 || !strings.Contains(inside.text("main"), "You came by this one") {
		t.Errorf("who holds a link may take links back: %s", inside.text("main"))
	}
	for _, path := range []string{"/links", "/later/link"} {
		if got := inside.once(inside.request(http.MethodPost, setup+path, url.Values{"label": {"deputy"}})); got.status != http.StatusForbidden {
			t.Errorf("who holds a link makes another: %d", got.status)
		}
	}
	admin := s.admin()
	admin.get(setup + "/start").send(nil).get(setup + "/links")
	replace := admin.page.Find("main a[href$='/replace']").AttrOr("href", "")
	admin.post(replace, url.Values{})
	made, err := url.Parse(admin.text("#secret-token"))
	if err != nil || !strings.HasPrefix(made.Path, "/s/") {
		t.Fatalf("no new link (%d): %s", admin.status, admin.text("main"))
	}
	second := made.Path
	if second == first {
		t.Error("the new link is the old one")
	}
	live := inside.request(http.MethodPost, setup+"/provisioning/look", url.Values{})
	live.Header.Set("HX-Request", "true")
	if got := inside.once(live); got.status != http.StatusGone || got.header.Get("HX-Refresh") != "true" {
		t.Errorf("a live page is answered %d, refresh %q", got.status, got.header.Get("HX-Refresh"))
	}
	if inside.get(setup + "/provisioning"); inside.status != http.StatusGone || !strings.Contains(inside.text("main"), "taken back") {
		t.Errorf("an open page is answered %d: %s", inside.status, inside.text("main"))
	}
	s.visitor().open(second).at("provisioning")
	again := admin.once(admin.request(http.MethodPost, replace, url.Values{}))
	if again.status != http.StatusConflict {
		t.Errorf("a link is replaced twice: %d", again.status)
	}
	revoke := strings.Replace(replace, "/replace", "/revoke", 1)
	if admin.post(revoke, url.Values{}); admin.status != http.StatusOK {
		t.Errorf("taking a link back twice is answered %d", admin.status)
	}
	trail := s.trail(inside.setup())
	for _, kind := range []string{"link.created", "link.revoked", "setup.opened", "provider.registered", "token.revealed", "token.pasted"} {
		if !slices.Contains(trail, kind) {
			t.Errorf("the trail does not tell of %s", kind)
		}
	}
	hash := onboarding.HashLink(secret.New(strings.TrimPrefix(second, "/s/")))
	if found, err := s.database().LinkByHash(t.Context(), hash); err != nil || found.Label != onboarding.LinkAdmin {
		t.Errorf("the new link is for %q: %v", found.Label, err)
	}
}

// TestWhoseSignInRanOutLetsNobodyIn: an administrator whom Aritma no longer accepts makes no link by which others, or they
// themselves, would act through the operator's client.
func TestWhoseSignInRanOutLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]sandbox.Switch{
		"permission taken": {sandbox.IAMForbidden}, "account refused": {sandbox.IAMUnauthorized}, "Aritma away": {sandbox.IAMUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
			s.link()
			v := s.admin()
			v.post(v.page.Find("main form[action$='/open']").AttrOr("action", ""), url.Values{}).at("start")
			setup := "/setup/" + v.setup()
			v.get(setup + "/links")
			replace := v.page.Find("main a[href$='/replace']").AttrOr("href", "")
			for _, fault := range faults {
				s.sandbox.Faults().Set(fault, sandbox.UntilCleared)
			}
			for _, path := range []string{setup + "/links", replace} {
				if v.post(path, url.Values{"label": {"deputy"}}); v.status < 400 || v.text("#secret-token") != "" {
					t.Errorf("%s answered %d", path, v.status)
				}
			}
			s.sandbox.Faults().ClearAll()
			if v.get(setup + "/links").send(map[string]string{"label": "deputy"}); v.text("#secret-token") == "" {
				t.Errorf("no link, though Aritma accepts: %s", v.text("main"))
			}
		})
	}
}

// TestEndedSessionDoesNotComeBack: a form that was on its way when its session was signed out neither acts in it nor brings
// the account back under another id.
func TestEndedSessionDoesNotComeBack(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	link := s.link()
	v := s.admin()
	late := v.tab()
	body, held := io.Pipe()
	r := late.request(http.MethodPost, link, url.Values{})
	r.Body, r.ContentLength = body, -1
	done := make(chan answer)
	go func() { done <- late.once(r) }()
	if _, err := held.Write([]byte("a=")); err != nil { // the request is on its way
		t.Fatal(err)
	}
	v.tab().post("/signout", url.Values{})
	_ = held.Close()
	<-done
	if late.get("/"); late.text("header .person a") != "" {
		t.Errorf("%s is signed in again", late.text("header .person a"))
	}
}
