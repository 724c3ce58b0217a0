package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// goesOn demands that the first page begins with a setup and how far it is, has one filled button, and keeps the rest folded. It
// presses the button.
func (v *visitor) goesOn(state, button string) *visitor {
	v.t.Helper()
	v.get("/")
	filled := v.page.Find("main .primary")
	if filled.Length() != 1 || !strings.HasPrefix(strings.TrimSpace(filled.Text()), button) {
		v.t.Fatalf("%d filled buttons: %q, want %q", filled.Length(), filled.Text(), button)
	}
	first := v.page.Find("main .rows li").First()
	if first.Find(".primary").Length() != 1 || !strings.Contains(first.Text(), v.site.sandbox.Sample().Company) || !strings.Contains(first.Text(), state) {
		v.t.Errorf("the first setup is %q", strings.Join(strings.Fields(first.Text()), " "))
	}
	if open := v.page.Find("main form").Length() - v.page.Find("main .rows form, main details:not([open]) form").Length(); open != 0 {
		v.t.Errorf("%d forms are not folded: %s", open, v.text("main"))
	}
	if to := filled.AttrOr("href", ""); to != "" {
		return v.get(to)
	}
	return v.post(filled.Closest("form").AttrOr("action", ""), url.Values{})
}

// TestFirstPageGoesOn: whoever has a setup finds it first, with its state and one button, however they came in.
func TestFirstPageGoesOn(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	guest := s.visitor().open(s.link("--scheme", "second")).walk("directory")
	guest.goesOn("Step 3 of 12: Directory", "Go on").at("directory")
	guest.get("/").mistaken(map[string]string{"link": "nonsense"}, "link")
	if guest.page.Find("main details:not([open]) [name=link]").Length() != 0 {
		t.Error("the form that was wrong is folded")
	}
	s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).at("start").goesOn("Step 1 of 12: Before you start", "Go on").at("start")

	admin := s.admin()
	far := s.visitor().open(s.link("--scheme", "third")).walk("review").register()
	admin.goesOn("Step 9 of 12: ", "Open").at("token")
	admin.open(s.link("--scheme", "fourth")).at("start")
	admin.get("/setup/" + far.setup() + "/token").handOver().send(map[string]string{"pasted": "yes"}).at("provisioning")
	admin.goesOn("Step 10 of 12: ", "Go on").at("provisioning")
	admin.send(map[string]string{"arrived": "yes"}).press("finish").at("done")
	admin.goesOn("Step 1 of 12: Before you start", "Go on").at("start") // what is left to do comes first
	if !strings.Contains(admin.get("/").text("main"), "Completed") {
		t.Errorf("the completed setup is gone: %s", admin.text("main"))
	}
}

// TestSessionsOfWhoeverCameByALink: they are linked, and lead back.
func TestSessionsOfWhoeverCameByALink(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	if s.visitor().get("/").page.Find("footer a[href='/sessions']").Length() != 0 {
		t.Error("sessions are linked where there is none")
	}
	v := s.visitor().open(s.link()).walk("directory")
	to := v.page.Find("footer a[href='/sessions']").AttrOr("href", "")
	if v.get(to); v.text("h1") != "Where you are signed in" {
		t.Fatalf("the footer leads to %q", v.text("h1"))
	}
	v.get(v.filled("Back to the setup").page.Find("main .primary").AttrOr("href", "")).at("directory")

	begun := s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).at("start").get("/sessions")
	if !strings.Contains(begun.text("main"), "began a setup with an access token") || strings.Contains(begun.text("main"), "your link") {
		t.Errorf("who began with a token reads: %s", begun.text("main"))
	}
}

// TestFinishLaterSaysHowToComeBack: until when the link works, or where to sign in.
func TestFinishLaterSaysHowToComeBack(t *testing.T) {
	t.Parallel()
	for authority, c := range map[string]struct{ more, less []string }{
		"link":   {[]string{"until " + time.Now().UTC().Add(48*time.Hour).Format("2 January 2006 "), "Keep the message", "by signing in at"}, nil},
		"signin": {[]string{"sign in with Aritma"}, []string{"setup link"}},
	} {
		s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": authority})
		v := s.visitor().get(s.link("--expires", "48h")).send(nil)
		if authority == "signin" {
			v.identify(sandbox.Administrator)
		}
		v.at("start").get("/setup/" + v.setup() + "/later")
		for _, words := range append(c.more, s.public) {
			if !strings.Contains(v.text("main"), words) {
				t.Errorf("%s: nothing says %q: %s", authority, words, v.text("main"))
			}
		}
		for _, words := range c.less {
			if strings.Contains(v.text("main"), words) {
				t.Errorf("%s: it says %q: %s", authority, words, v.text("main"))
			}
		}
	}
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).at("start")
	if v.get("/setup/" + v.setup() + "/later"); !strings.Contains(v.text("main"), "ask support@aritma.com") || strings.Contains(v.text("main"), "sign") {
		t.Errorf("where nobody signs in: %s", v.text("main"))
	}
}

// TestSigningInLeadsBack to the page that was asked for, be it a step or not, and to no other place.
func TestSigningInLeadsBack(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	v, tenant := s.admin(), s.sandbox.Sample().Tenant
	v.send(map[string]string{"company": "Nordlys Bygg AS"}).at("start").walk("directory")
	setup := "/setup/" + v.setup() + "/"
	s.expireIn(-time.Second)
	if v.get(setup + "links").send(nil).identify(sandbox.Administrator); v.path != setup+"links" {
		t.Errorf("whose session has ended is led to %s", v.path)
	}
	for page, back := range map[string]string{
		setup + "links": "", setup + "activity": "", setup + "later": "", setup + "start-over": "", setup + "application": "",
		setup + "links/" + strings.Repeat("a", 26) + "/revoke": setup + "links", "/sessions": "", setup + "review": setup + "directory",
	} {
		if back == "" {
			back = page
		}
		v := s.visitor().get(page)
		if v.page.Find("main form[action='/signin']").Length() != 1 {
			t.Errorf("%s offers no sign-in (%d): %s", page, v.status, v.text("main"))
			continue
		}
		if v.send(map[string]string{"signin-tenant": tenant}).identify(sandbox.Administrator); v.path != back {
			t.Errorf("signing in at %s leads to %s, want %s", page, v.path, back)
		}
	}
	for _, elsewhere := range []string{"//example.com", "../../sessions", "token/replace", "access", "links/x", "signout"} {
		v := s.visitor()
		v.post("/signin", url.Values{"signin-tenant": {tenant}, "setup": {strings.Split(setup, "/")[2]}, "page": {elsewhere}})
		if v.identify(sandbox.Administrator); v.path != setup+"directory" {
			t.Errorf("%q leads to %s", elsewhere, v.path)
		}
		v = s.visitor()
		v.post("/signin", url.Values{"signin-tenant": {tenant}, "page": {elsewhere}})
		if v.identify(sandbox.Administrator); v.path != "/" {
			t.Errorf("%q without a setup leads to %s", elsewhere, v.path)
		}
	}
}
