package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// usable is how many links of a setup open it.
func (s *site) usable(setup string) (n int) {
	s.t.Helper()
	links, err := s.database().Links(s.t.Context(), setup)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, link := range links {
		if link.Usable(time.Now()) {
			n++
		}
	}
	return n
}

// focused demands a notice with the words, in the focus of the page.
func (v *visitor) focused(status int, words string) *visitor {
	v.t.Helper()
	notice := v.page.Find("main .notice[autofocus][tabindex='-1']")
	if v.status != status || notice.Length() != 1 || !strings.Contains(notice.Text(), words) {
		v.t.Errorf("%s (%d, want %d): %d notices in the focus, %q does not say %q", v.path, v.status, status, notice.Length(), notice.Text(), words)
	}
	return v
}

// shown is the link that the page shows.
func (v *visitor) shown() string {
	v.t.Helper()
	link, err := url.Parse(v.text("#secret-token"))
	if err != nil || !strings.HasPrefix(link.Path, "/s/") {
		return ""
	}
	return link.Path
}

// linkForms are the forms that make a link: each with the page that it stands on and its fields.
func linkForms(t *testing.T, try func(t *testing.T, s *site, v *visitor, fields map[string]string, list string)) {
	t.Run("links page", func(t *testing.T) {
		s := newSiteOfPeople(t, nil)
		v := s.visitor().get(s.link()).send(nil).identify(sandbox.Administrator).at("start")
		v.get("/setup/" + v.setup() + "/links")
		try(t, s, v, map[string]string{"label": "deputy"}, "Who can open this setup")
	})
	t.Run("replace", func(t *testing.T) {
		s := newSiteOfPeople(t, nil)
		v := s.visitor().get(s.link()).send(nil).identify(sandbox.Administrator).at("start")
		v.get("/setup/" + v.setup() + "/links")
		v.get(v.page.Find("main a[href$='/replace']").AttrOr("href", ""))
		try(t, s, v, nil, "Who can open this setup")
	})
	t.Run("later page", func(t *testing.T) {
		s := newSite(t, nil)
		v := s.visitor().begin(s.sandbox.AccessToken(s.sandbox.Sample().Tenant).Expose()).at("start")
		v.get("/setup/" + v.setup() + "/later")
		try(t, s, v, map[string]string{"operation": v.page.Find("main form[action$='/later/link'] [name=operation]").AttrOr("value", "")}, "Finish later")
	})
}

// TestLinkFormMakesOneLink, however often it is sent: the first answer shows it, every other says so beside the list.
func TestLinkFormMakesOneLink(t *testing.T) {
	t.Parallel()
	linkForms(t, func(t *testing.T, s *site, v *visitor, fields map[string]string, list string) {
		setup := v.setup()
		action, values := v.form(fields)
		before := s.usable(setup)
		if strings.HasSuffix(action, "/replace") {
			before--
		}
		shown := 0
		for _, tab := range append(v.atOnce(3, action, values), v.tab().post(action, values)) {
			if tab.shown() != "" {
				shown++
				continue
			}
			if tab.focused(http.StatusConflict, "made its link already"); tab.text("h1") != list {
				t.Errorf("answered with the page %q", tab.text("h1"))
			}
			if next := tab.page.Find("main [name=operation]").AttrOr("value", ""); next == "" || next == values.Get("operation") {
				t.Errorf("the page that answers has the operation %q", next)
			}
		}
		if shown != 1 || s.usable(setup) != before+1 {
			t.Errorf("%d answers show a link, and %d more are usable", shown, s.usable(setup)-before)
		}
	})
}

// TestDoubleClickShowsTheLink: the first of two clicks is given up by the browser; the link is shown to the second.
func TestDoubleClickShowsTheLink(t *testing.T) {
	t.Parallel()
	linkForms(t, func(t *testing.T, s *site, v *visitor, fields map[string]string, _ string) {
		action, values := v.form(fields)
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Millisecond)
		defer cancel()
		if answer, err := v.client.Do(v.request(http.MethodPost, action, values).WithContext(ctx)); err == nil {
			_ = answer.Body.Close()
			t.Fatal("the first click was answered")
		}
		if v.post(action, values); v.status != http.StatusOK || v.shown() == "" {
			t.Errorf("the second click is answered %d: %s", v.status, v.text("main"))
		}
	})
}

// TestLinksAskFirst: nothing happens to a link before somebody has confirmed it, and the list says, once, what was done.
func TestLinksAskFirst(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
	first := s.link()
	guest := s.visitor().open(first).at("start")
	setup := guest.setup()
	page := "/setup/" + setup + "/links"
	v := s.admin()
	v.get("/setup/" + setup + "/start").send(nil).get(page).send(map[string]string{"label": "deputy"})
	v.focused(http.StatusOK, "Link for a deputy: made")
	deputy := v.shown()

	v.get(page).get(v.page.Find("main li a[href$='/replace']").First().AttrOr("href", ""))
	if v.text("h1") != "Replace this link?" || !strings.Contains(v.text("main"), "Link for the administrator") || s.usable(setup) != 2 {
		t.Fatalf("(%d) %s; %d links are usable", v.status, v.text("main"), s.usable(setup))
	}
	if guest.get(guest.path).status != http.StatusOK {
		t.Errorf("asking took the link back: %d", guest.status)
	}
	replace := v.path
	v.send(nil).focused(http.StatusOK, "Link for the administrator: replaced by a new one")
	if second := v.shown(); second == "" || second == first || guest.get(guest.path).status != http.StatusGone {
		t.Errorf("replaced by %q, and who came by the old one is answered %d", second, guest.status)
	}
	for _, again := range []*visitor{v.tab().get(replace), v.tab().post(replace, url.Values{})} {
		if again.focused(http.StatusConflict, "was taken back"); again.page.Find("main li").Length() != 3 {
			t.Errorf("the list is gone: %s", again.text("main"))
		}
	}

	guest = s.visitor().open(deputy).at("start")
	for _, row := range v.get(page).page.Find("main li").EachIter() {
		if strings.Contains(row.Text(), "Link for a deputy") {
			v.get(row.Find("a[href$='/revoke']").AttrOr("href", ""))
			break
		}
	}
	if v.text("h1") != "Take this link back?" || guest.get(guest.path).status != http.StatusOK {
		t.Fatalf("(%d) %s; who came by the link is answered %d", v.status, v.text("main"), guest.status)
	}
	v.send(nil).focused(http.StatusOK, "Link for a deputy: taken back")
	if v.path != page || guest.get(guest.path).status != http.StatusGone {
		t.Errorf("at %s; who came by the link is answered %d", v.path, guest.status)
	}
	if v.get(page).page.Find("main .notice").Length() != 0 {
		t.Errorf("it is said again: %s", v.text("main .notice"))
	}
	if v.get(page+"/"+strings.Repeat("a", 26)+"/revoke").focused(http.StatusConflict, "not there any more"); v.text("h1") != "Who can open this setup" {
		t.Errorf("a link that is not there is answered with %q", v.text("h1"))
	}
}

// TestLinksKeepTheFocus on what was done, in a browser with and without JavaScript.
func TestLinksKeepTheFocus(t *testing.T) {
	for name, scripts := range map[string]bool{"JavaScript on": true, "JavaScript off": false} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, nil)
			b := s.browse(scripts)
			b.open(s.link()).press("Sign in with Aritma").identify(sandbox.Administrator).home("start")
			b.open("/setup/" + strings.Split(b.path(), "/")[2] + "/links")
			onto := func(words string) {
				t.Helper()
				if got := evaluate[string](b, `document.activeElement.matches(".notice") ? document.activeElement.innerText : document.activeElement.nodeName`); !strings.Contains(got, words) {
					t.Errorf("the focus is on %q, want %q", got, words)
				}
			}
			b.press("Make the link").arrived()
			onto("Link for a deputy: made")
			b.open(strings.TrimSuffix(b.path(), "/")).press("[href$='/revoke']").titled("Take this link back?").press("Take the link back").arrived()
			onto("taken back")
		})
	}
}
