package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// TestLinksShownOnceAreKept: the switches around a link that is shown once do not take it away, and the one in the header leads
// back to a page.
func TestLinksShownOnceAreKept(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	v := s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).walk("directory")
	setup, guide := "/setup/"+v.setup(), s.guide()
	kept := func(v *visitor, path string, form url.Values) {
		t.Helper()
		form.Set("operation", "0123456789abcdef"+path[len(path)-4:])
		if v.post(path, form); !strings.Contains(v.text("#secret-token"), "/s/") {
			t.Fatalf("%s shows no link (%d): %s", path, v.status, v.text("main"))
		}
		v.page.Find("form.sharing, form.choices").Each(func(_ int, f *goquery.Selection) {
			if f.AttrOr("target", "") == "" && f.Find("[name=stay]").Length() == 0 {
				t.Errorf("%s: the form to %s takes the link away", path, f.AttrOr("action", ""))
			}
		})
		v.page.Find("footer a:not([href^='mailto:'])").Each(func(_ int, a *goquery.Selection) {
			if a.AttrOr("target", "") == "" {
				t.Errorf("%s: the link to %s takes the link away", path, a.AttrOr("href", ""))
			}
		})
	}
	kept(v, setup+"/later/link", url.Values{})
	kept(v, setup+"/links", url.Values{"label": {"deputy"}})
	kept(v, v.get(setup+"/links").page.Find("main a[href$='/replace']").First().AttrOr("href", ""), url.Values{})
	kept(guide, "/console/new", url.Values{"company": {"Fjord AS"}, "tenant": {s.sandbox.Sample().Tenant}, "life": {"7"}})
	made := guide.page.Find("main a[href^='/console/setups/']").First().AttrOr("href", "")
	kept(guide, made+"/links", url.Values{})
}

// TestSharingLeadsBack: the switch leads from the answer to a form back to a page, and says so when it was not taken.
func TestSharingLeadsBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).walk("directory")
	setup := "/setup/" + v.setup()
	for path, form := range map[string]url.Values{
		setup + "/later/link": {}, setup + "/links": {"label": {"nobody"}}, setup + "/directory": {"directory": {"x"}}, setup + "/access": {"token": {"x"}},
	} {
		action, values := "", url.Values{"sharing": {"no"}}
		v.post(path, form).page.Find("form.sharing").Each(func(_ int, f *goquery.Selection) {
			action = f.AttrOr("action", "")
			values.Set("back", f.Find("[name=back]").AttrOr("value", ""))
		})
		if v.post(action, values); v.status != http.StatusOK {
			t.Errorf("the switch on the answer of %s leads to %s: %d", path, v.path, v.status)
		}
	}
	for _, value := range []string{"", "maybe", "YES"} {
		if got := v.once(v.request(http.MethodPost, setup+"/sharing", url.Values{"sharing": {value}, "stay": {"yes"}})); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q is answered with %d", value, got.status)
		}
	}
}

// TestSignInsUnderWayAreBounded: one browser that nobody is signed in to fills no table.
func TestSignInsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	v, busy := s.visitor(), 0
	for range 80 {
		if v.once(v.request(http.MethodPost, "/signin", url.Values{"signin-tenant": {s.sandbox.Sample().Tenant}})).status == http.StatusTooManyRequests {
			busy++
		}
	}
	rows := 0
	s.inDatabase(func(db *sql.DB) error { return db.QueryRow(`SELECT count(*) FROM signins`).Scan(&rows) })
	if busy == 0 || rows+busy != 80 {
		t.Errorf("%d sign-ins are under way, and %d were refused", rows, busy)
	}
}

// TestOddRequests: what a client may invent costs little and is not kept.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor()
	for coding, want := range map[string]string{"gzip": "gzip", "deflate, gzip;q=0.5": "gzip", "gzip;q=0, identity": "", "identity, gzip; q=0.000": "", "x-notgzip": ""} {
		r := v.request(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", coding)
		if got := v.once(r).header.Get("Content-Encoding"); got != want {
			t.Errorf("the answer for %q is packed as %q, want %q", coding, got, want)
		}
	}
	for path, back := range map[string]string{"/checklist/x": "/checklist", "/checklist" + strings.Repeat("/x", 6): "/", "/checklist/" + strings.Repeat("x", 200): "/"} {
		if got := v.get(path).page.Find("form.languages [name=back]").AttrOr("value", ""); v.status != http.StatusNotFound || got != back {
			t.Errorf("%.40s (%d) leads back to %q, want %q", path, v.status, got, back)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := v.once(v.request(http.MethodHead, path, nil)); got.status != http.StatusOK || got.body != "" {
			t.Errorf("HEAD %s: %d %q", path, got.status, got.body)
		}
	}
	r := v.request(http.MethodGet, "/", nil)
	r.Method = "INVENTED"
	r.Header.Set("Origin", s.public)
	if v.once(r); strings.Contains(s.log.String(), "INVENTED") || !strings.Contains(s.log.String(), `"method":"other"`) {
		t.Error("a method that a client invented is in the log")
	}
}
