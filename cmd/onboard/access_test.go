package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

const tokenEndpoint = "POST /id/{tenant}/connect/token"

// asks reports whether the page asks for an access token before it goes on.
func (v *visitor) asks() bool { return v.page.Find("main a[href*='/access']").Length() == 1 }

// paste gives the setup an access token where the page asks for one.
func (v *visitor) paste(token string) *visitor {
	v.t.Helper()
	if !v.asks() {
		v.t.Fatalf("%s does not ask for an access token: %s", v.path, v.text("main"))
	}
	return v.get(v.page.Find("main a[href*='/access']").AttrOr("href", "")).send(map[string]string{"token": token})
}

func TestPastedTokenAllTheWay(t *testing.T) {
	t.Parallel()
	s := newSite(t, withoutService())
	sample := s.sandbox.Sample()
	v := s.visitor().begin(s.sandbox.AccessToken(sample.Tenant).Expose()).walk("review").register()
	v.handOver()
	if v.value() == "" {
		t.Fatalf("no token: %s", v.text("main"))
	}
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).send(nil).at("done")
	s.one(1)
	if n := s.held().Requests[tokenEndpoint]; n != 0 {
		t.Errorf("without a client of its own the program asked for %d tokens", n)
	}
}

// TestRefusedTokenAtTheBeginning: Aritma is asked before a setup is made.
func TestRefusedTokenAtTheBeginning(t *testing.T) {
	t.Parallel()
	for _, refusal := range []sandbox.Switch{sandbox.IAMUnauthorized, sandbox.IAMForbidden} {
		s := newSite(t, withoutService())
		sample := s.sandbox.Sample()
		fields := map[string]string{"company": sample.Company, "tenant": sample.Tenant, "token": s.sandbox.AccessToken(sample.Tenant).Expose()}
		s.sandbox.Faults().Set(refusal, 1)
		v := s.visitor().get("/")
		v.mistaken(fields, "token")
		if v.send(map[string]string{"token": fields["token"]}).at("start"); !strings.Contains(v.text("body"), sample.Company) {
			t.Errorf("%s: after the second try the company is lost", refusal)
		}
	}
}

// TestRefusedTokenInTheMiddle: the page asks for another token, whatever is done with it, and keeps the answers.
func TestRefusedTokenInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, refusal := range []sandbox.Switch{sandbox.IAMUnauthorized, sandbox.IAMForbidden} {
		for _, step := range []string{"review", "token", "start-over"} {
			t.Run(string(refusal)+"/"+step, func(t *testing.T) {
				s := newSite(t, withoutService())
				sample := s.sandbox.Sample()
				good := s.sandbox.AccessToken(sample.Tenant).Expose()
				v := s.visitor().begin(good)
				fields := map[string]string{}
				if step == "start-over" {
					v.walk("review").register().get("/setup/" + v.setup() + "/start-over")
					fields["sure"] = "yes"
				} else {
					v.walk(step)
				}
				s.sandbox.Faults().Set(refusal, sandbox.UntilCleared)
				v.send(fields)
				s.sandbox.Faults().ClearAll()
				if v.status != http.StatusOK || !strings.HasSuffix(v.path, "/"+step) || !v.asks() {
					t.Fatalf("at %s (%d) nothing asks for another token: %s", v.path, v.status, v.text("main"))
				}
				if v.text("main code") == "" {
					t.Errorf("no reference to quote: %s", v.text("main"))
				}
				v.paste(good)
				if step == "start-over" {
					v.get("/setup/" + v.setup() + "/start-over").send(fields).at("start")
					return
				}
				v.at(step)
				if step == "review" {
					v.register()
				} else if v.handOver(); v.value() == "" {
					t.Errorf("with another token there is no Secret Token: %s", v.text("main"))
				}
				review := v.get("/setup/" + v.setup() + "/review")
				for _, answer := range []string{sample.DirectoryID, sample.ClientID, sample.Person} {
					if !strings.Contains(review.text("main"), answer) {
						t.Errorf("the answer %s is lost", answer)
					}
				}
			})
		}
	}
}

// TestServiceClientIsGivenPermissionsLater: a token that Aritma refused is not used again.
func TestServiceClientIsGivenPermissionsLater(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Switch{sandbox.IDTokenWithoutPermission, sandbox.IDTokenExpired, sandbox.IDClientRefused, sandbox.IDGarbled} {
		t.Run(string(fault), func(t *testing.T) {
			s := newSite(t, nil)
			v := s.visitor().open(s.link()).walk("review")
			s.sandbox.Faults().Set(fault, 1)
			if v.send(nil).at("review"); v.text("main code") == "" || len(s.held().Providers) != 0 {
				t.Errorf("nothing is said of it: %s", v.text("main"))
			}
			v.register()
			s.one(0)
		})
	}
}

// TestSelfBegunSetupNeverActsForTheOperator: whoever pasted some token gets no authority but that token's, in no browser.
func TestSelfBegunSetupNeverActsForTheOperator(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	token := s.sandbox.AccessToken(sample.Tenant).Expose()
	owner := s.visitor().begin(token).walk("review")
	setup := "/setup/" + owner.setup()
	owner.get(setup+"/later").post(setup+"/later/link", url.Values{})
	link, err := url.Parse(owner.text("#secret-token"))
	if err != nil || !strings.HasPrefix(link.Path, "/s/") {
		t.Fatalf("no link to come back: %s", owner.text("main"))
	}
	other := s.visitor().open(link.Path).at("review")
	try := func(path string) {
		t.Helper()
		other.post(setup+path, url.Values{"operation": {strings.Repeat("o", 26)}, "replaces": {"0"}, "sure": {"yes"}, "adopt": {"yes"}, "generation": {"1"}, "pasted": {"yes"}})
		if other.status >= 500 {
			t.Errorf("%s answered %d", path, other.status)
		}
	}
	refused := func() {
		t.Helper()
		if n := s.held().Requests[tokenEndpoint]; n != 0 {
			t.Errorf("the operator's client asked for %d tokens", n)
		}
	}
	if !other.asks() {
		t.Errorf("the other browser is not asked for a token: %s", other.text("main"))
	}
	try("/review")
	if refused(); len(s.held().Providers) != 0 {
		t.Fatal("registered without a token")
	}
	owner.get(setup + "/review").register()
	try("/token")
	if refused(); len(s.held().SCIMTokens) != 0 {
		t.Fatal("token made without an access token")
	}
	owner.handOver()
	try("/token")
	try("/start-over")
	if refused(); len(s.held().SCIMTokens) != 1 || len(s.held().Providers) != 1 {
		t.Errorf("the other browser changed Aritma: %+v", s.held())
	}
	if other.get(setup+"/token/replace").paste(token).status != http.StatusOK {
		t.Errorf("with a token of its own the other browser gets %d", other.status)
	}
	other.get(setup + "/token/replace").handOver()
	refused()
	s.one(1)
}

// TestLinkDoesNotTakeTokens: where the operator's client acts, nobody is asked for a token, and none is kept.
func TestLinkDoesNotTakeTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review")
	v.post("/setup/"+v.setup()+"/access", url.Values{"token": {s.sandbox.AccessToken("another-tenant").Expose()}}).at("review")
	v.register()
	if len(s.held().Providers) != 1 {
		t.Error("the pasted token was used")
	}
}

// cookie is the session's, as a thief would copy it.
func (v *visitor) cookie() *http.Cookie {
	v.t.Helper()
	u, _ := url.Parse(v.site.public)
	for _, cookie := range v.client.Jar.Cookies(u) {
		if cookie.Name == "onboard" {
			return cookie
		}
	}
	v.t.Fatal("no session")
	return nil
}

// thief is another browser with a copy of the cookie.
func (v *visitor) thief() *visitor {
	v.t.Helper()
	u, _ := url.Parse(v.site.public)
	thief := v.site.visitor()
	thief.client.Jar, _ = cookiejar.New(nil)
	thief.client.Jar.SetCookies(u, []*http.Cookie{v.cookie()})
	return thief
}

// TestSessionCookie is promise 11.
func TestSessionCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	v := s.visitor()
	if first := v.once(v.request(http.MethodGet, "/", nil)); first.header.Get("Set-Cookie") != "" {
		t.Error("looking at the first page sets a cookie")
	}
	got := v.once(v.request(http.MethodPost, link, url.Values{}))
	name, attributes, _ := strings.Cut(got.header.Get("Set-Cookie"), "; ")
	if !strings.HasPrefix(name, "onboard=") || len(name) != len("onboard=")+43 || attributes != "Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("the cookie has %d characters and the attributes %q", len(name), attributes)
	}
	v.open(link).at("start")
	page, before := v.path, v.cookie().Value
	planted := v.thief()
	v.open(link).at("start")
	if v.cookie().Value == before {
		t.Error("opening a link keeps the session's id")
	}
	if planted.get(page).status != http.StatusNotFound {
		t.Errorf("the id from before is answered %d", planted.status)
	}
	copied := v.thief()
	if copied.get(page).status != http.StatusOK {
		t.Fatalf("the copied cookie is answered %d before the end", copied.status)
	}
	v.get("/setup/" + v.setup() + "/later").send(nil)
	if v.path != "/" || v.status != http.StatusOK {
		t.Errorf("Finish later ends at %s (%d)", v.path, v.status)
	}
	if copied.get(page).status != http.StatusNotFound {
		t.Errorf("after Finish later the copied cookie is answered %d", copied.status)
	}
	if v.get("/"); strings.Contains(v.text("main"), s.sandbox.Sample().Company) {
		t.Error("the closed setup is still listed")
	}
	for _, value := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("!", 43), strings.Repeat("B", 4000)} {
		r := s.visitor().request(http.MethodGet, page, nil)
		r.AddCookie(&http.Cookie{Name: "onboard", Value: value})
		if got := s.visitor().once(r); got.status != http.StatusNotFound || got.header.Get("Set-Cookie") != "" {
			t.Errorf("a made-up cookie of %d characters is answered %d", len(value), got.status)
		}
	}
	kinds := s.trail(strings.Split(page, "/")[2])
	if n := len(slices.DeleteFunc(kinds, func(kind string) bool { return kind != "setup.opened" })); n != 3 {
		t.Errorf("the trail tells of %d openings, want 3", n)
	}
}
