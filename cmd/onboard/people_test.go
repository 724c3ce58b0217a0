package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// guess asks as a script would, from wherever it says that it comes from.
func (v *visitor) guess(path string, from string, cookie *http.Cookie) answer {
	v.t.Helper()
	r := v.request(http.MethodGet, path, nil)
	if from != "" {
		r.Header.Set("X-Forwarded-For", from)
		r.Header.Set("X-Real-Ip", from)
		r.Header.Set("Forwarded", "for="+from)
		r.Header.Set("True-Client-Ip", from)
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return v.once(r)
}

// TestGuessing is promise 20: guessing at links or sessions is stopped within 20 tries, whatever forwarding headers say; what
// is right is never counted and always opens.
func TestGuessing(t *testing.T) {
	t.Parallel()
	somewhere := func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }
	value := func(i int) string { return base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("%032d", i))) }
	for name, try := range map[string]func(v *visitor, i int) answer{
		"links": func(v *visitor, i int) answer { return v.guess("/s/"+value(i), somewhere(i), nil) },
		"links, by form": func(v *visitor, i int) answer {
			r := v.request(http.MethodPost, "/open", url.Values{"link": {value(i)}})
			r.Header.Set("X-Forwarded-For", somewhere(i))
			return v.once(r)
		},
		"links, opened": func(v *visitor, i int) answer {
			return v.once(v.request(http.MethodPost, "/s/"+value(i), url.Values{}))
		},
		"sessions": func(v *visitor, i int) answer {
			return v.guess("/", somewhere(i), &http.Cookie{Name: "onboard", Value: value(i)})
		},
		"the same dead session": func(v *visitor, _ int) answer {
			return v.guess("/sessions", "", &http.Cookie{Name: "onboard", Value: value(0)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			link := s.link()
			inside := s.visitor().open(link).at("start")
			guesser, tries := s.visitor(), 0
			var last answer
			for last.status != http.StatusTooManyRequests && tries < 40 {
				tries++
				last = try(guesser, tries)
			}
			if tries > 20 || last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
				t.Errorf("after %d tries the answer is %d", tries, last.status)
			}
			last.helpful(t, "too many", http.StatusTooManyRequests)
			for range 3 {
				s.visitor().open(link).at("start")
				if inside.get(inside.path); inside.status != http.StatusOK {
					t.Errorf("a session that is good is answered %d", inside.status)
				}
			}
			if first := s.visitor().get("/"); first.status != http.StatusOK {
				t.Errorf("the first page is answered %d", first.status)
			}
		})
	}
}

// TestGuessingBehindAProxy: where a proxy is trusted, each client behind it has guesses of its own, and what it forges
// itself is not believed.
func TestGuessingBehindAProxy(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"ONBOARD_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8"})
	guess := func(i int, from string) int {
		return s.visitor().guess("/s/"+strings.Repeat("x", 40)+fmt.Sprint(i), from, nil).status
	}
	for i := range 25 { // the client's own words stand before what the proxies add
		guess(i, fmt.Sprintf("198.51.100.%d, 203.0.113.7, 10.0.0.1", i))
	}
	if got := guess(99, "203.0.113.7, 10.0.0.1"); got != http.StatusTooManyRequests {
		t.Errorf("the guesser is answered %d", got)
	}
	if got := guess(99, "203.0.113.8, 10.0.0.1"); got != http.StatusNotFound {
		t.Errorf("another client behind the proxy is answered %d", got)
	}
	// Some proxies write the port, too.
	for _, from := range []string{"203.0.113.7:50412", "203.0.113.7:50413, 10.0.0.1:443", "[::ffff:203.0.113.7]:50412"} {
		if got := guess(99, from); got != http.StatusTooManyRequests {
			t.Errorf("the guesser from %s is answered %d", from, got)
		}
	}
	for i := range 25 { // an IPv6 client has a network of its own, not one address
		guess(i, fmt.Sprintf("2001:db8:1:2::%x", i+1))
	}
	if got := guess(99, "2001:db8:1:2:ffff::1"); got != http.StatusTooManyRequests {
		t.Errorf("the guesser's network is answered %d", got)
	}
	for _, from := range []string{"[2001:db8:1:2::9]:50412", "[2001:db8:1:2::9]"} {
		if got := guess(99, from); got != http.StatusTooManyRequests {
			t.Errorf("the guesser's network, written %s, is answered %d", from, got)
		}
	}
	for written, client := range map[string]string{
		"203.0.113.9": "203.0.113.9", "203.0.113.9:50412": "203.0.113.9", "[2001:db8:9::9]:50412, 10.0.0.1:80": "2001:db8:9::9",
	} {
		v := s.visitor()
		r := v.request(http.MethodPost, s.link(), url.Values{})
		r.Header.Set("X-Forwarded-For", written)
		v.once(r)
		events, err := s.database().Events(t.Context(), v.get("/").onlySetup())
		if err != nil || len(events) == 0 || events[len(events)-1].From != client {
			t.Errorf("the trail does not say from where (%s): %+v, %v", written, events, err)
		}
	}
}

// TestOwnSessions: whoever is signed in sees every browser that is, and ends the one they do not know.
func TestOwnSessions(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	mine, other, foreign := s.admin(), s.admin(), s.visitor().signIn(otherTenant, sandbox.Administrator)
	mine.get("/sessions")
	if n := mine.page.Find("main li").Length(); n != 2 || strings.Count(mine.text("main"), "This browser") != 1 {
		t.Fatalf("%d sessions listed: %s", n, mine.text("main"))
	}
	if !strings.Contains(mine.text("main"), "127.0.0.1") {
		t.Errorf("nothing says from where: %s", mine.text("main"))
	}
	var handle string
	mine.page.Find("main li form[action='/sessions/end']").Each(func(_ int, f *goquery.Selection) {
		handle = f.Find("[name=session]").AttrOr("value", "")
	})
	foreign.post("/sessions/end", url.Values{"session": {handle}})
	if other.get("/"); other.text("header .person a") == "" {
		t.Fatal("somebody of another tenant ended the session")
	}
	mine.post("/sessions/end", url.Values{"session": {handle}})
	if n := mine.page.Find("main li").Length(); n != 1 || mine.status != http.StatusOK {
		t.Errorf("%d sessions are left (%d)", n, mine.status)
	}
	if other.get("/"); other.text("header .person a") != "" {
		t.Error("the other browser is still signed in")
	}
	mine.post("/sessions/end", url.Values{"session": {handle}})
	own := mine.page.Find("main li [name=session]").AttrOr("value", "")
	if mine.post("/sessions/end", url.Values{"session": {own}}); mine.text("header .person a") == "" {
		t.Error("the form for others ended the own session")
	}

	links := newSite(t, nil)
	link := links.link()
	first, second := links.visitor().open(link), links.visitor().open(link)
	links.visitor().open(links.link("--scheme", "second"))
	if n := first.get("/sessions").page.Find("main li").Length(); n != 2 {
		t.Errorf("whoever holds a link sees %d sessions of it, want 2", n)
	}
	first.send(map[string]string{"session": first.page.Find("form[action='/sessions/end'] [name=session]").AttrOr("value", "")})
	if second.get("/"); strings.Contains(second.text("main"), links.sandbox.Sample().Company) {
		t.Error("the other browser is still in")
	}
}

// TestPagesThatAskByThemselvesDoNotProlong: an open live page does not keep the session alive; a person does.
func TestPagesThatAskByThemselvesDoNotProlong(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register().handOver().send(map[string]string{"pasted": "yes"}).at("provisioning")
	s.expireIn(30 * time.Minute)
	for _, path := range []string{"/setup/" + v.setup() + "/provisioning/look", "/sessions/life"} {
		r := v.request(http.MethodPost, path, url.Values{})
		if path == "/sessions/life" {
			r = v.request(http.MethodGet, path, nil)
		}
		r.Header.Set("HX-Request", "true")
		if got := v.once(r); got.status != http.StatusOK {
			t.Errorf("%s answered %d", path, got.status)
		}
	}
	if left := s.left(); left > 30*time.Minute {
		t.Errorf("the page kept its session alive: %v left", left)
	}
	v.get("/setup/" + v.setup() + "/provisioning")
	if left := s.left(); left < 59*time.Minute {
		t.Errorf("a person did not: %v left", left)
	}
	s.expireIn(-time.Second)
	live := v.request(http.MethodPost, "/setup/"+v.setup()+"/provisioning/look", url.Values{})
	live.Header.Set("HX-Request", "true")
	if got := v.once(live); got.status != http.StatusNotFound || got.header.Get("HX-Refresh") != "true" {
		t.Errorf("after the end the live page is answered %d, refresh %q", got.status, got.header.Get("HX-Refresh"))
	}
	if v.get("/setup/" + v.setup() + "/provisioning"); v.text("h1") != "Your session has ended" {
		t.Errorf("after the end the page says %q", v.text("h1"))
	}
}

// TestActivity: the trail tells every act, by whom, when and from where, and holds no secret.
func TestActivity(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	v := s.visitor().get(s.link()).send(nil).identify(sandbox.Administrator).walk("review").register().handOver()
	token := v.value()
	setup := "/setup/" + v.setup()
	v.get(setup + "/token/replace").handOver()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	v.get(setup + "/links").send(map[string]string{"label": "deputy"})
	link := v.text("#secret-token")
	v.get(setup + "/activity")
	for _, what := range []string{
		"Made the setup", "Made a link: Link for the administrator", "Signed in with Aritma", "Opened the setup", "Saved the step “Directory”",
		"Entered a client secret", "accepted", "Registered sign-in in Aritma", "The SCIM token was handed over, once", "in place of the one before",
		"was pasted in Entra", "Made a link: Link for a deputy",
	} {
		if !strings.Contains(v.text("main"), what) {
			t.Errorf("the trail does not tell: %s", what)
		}
	}
	rows := v.page.Find("main ol li")
	if !strings.Contains(rows.First().Text(), sandbox.Administrator) || !strings.Contains(rows.First().Text(), "from 127.0.0.1") {
		t.Errorf("the newest row is %q", rows.First().Text())
	}
	if _, err := time.Parse(time.RFC3339, rows.First().Find("time").AttrOr("datetime", "")); err != nil {
		t.Errorf("the time cannot be read: %v", err)
	}
	html, _ := v.page.Html()
	for name, hidden := range map[string]string{
		"SCIM token": token, "client secret": s.sandbox.Sample().ClientSecret.Expose(), "link": link[strings.LastIndex(link, "/")+1:],
	} {
		if hidden == "" || strings.Contains(html, hidden) {
			t.Errorf("the %s stands in the trail", name)
		}
	}
}

// TestLinkCommands make another link to a setup that is there, list its links, and take one back.
func TestLinkCommands(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	first := s.link()
	inside := s.visitor().open(first).walk("directory")
	setup := inside.setup()
	deputy := s.linkPath(s.command("link", "--setup", setup, "--label", "deputy"))
	s.visitor().open(deputy).at("directory")
	replaced := s.linkPath(s.command("link", "--setup", setup, "--replace"))
	if inside.get("/setup/" + setup + "/directory"); inside.status != http.StatusGone {
		t.Errorf("after the link was replaced its session is answered %d", inside.status)
	}
	s.visitor().open(replaced).at("directory")
	other := s.visitor().open(deputy).at("directory")

	list := strings.Split(strings.TrimSpace(s.command("links", setup)), "\n")
	if len(list) != 4 || !strings.Contains(list[1], "taken back") || !strings.Contains(list[2], "deputy") || !strings.Contains(list[3], "expires") {
		t.Fatalf("the list is %q", list)
	}
	for _, line := range list {
		if strings.Contains(line, strings.TrimPrefix(deputy, "/s/")) {
			t.Error("the list shows a link")
		}
	}
	s.command("revoke", setup, strings.Fields(list[2])[0])
	if other.get("/setup/" + setup + "/directory"); other.status != http.StatusGone {
		t.Errorf("after the link was taken back its session is answered %d", other.status)
	}
	if trail := s.trail(setup); !slices.Contains(trail, "link.revoked") {
		t.Errorf("the trail says %q", trail)
	}
	for _, args := range [][]string{
		{"link", "--setup", "nobody"},
		{"links", "nobody"},
		{"revoke", setup, "nobody"},
		{"link", "--replace", "--tenant", "x", "--company", "X"},
		{"link", "--setup", setup, "--tenant", "x"},
		{"link", "--setup", setup, "--label", "boss"},
	} {
		environ := map[string]string{}
		for name, value := range s.environ {
			environ[name] = value
		}
		environ["ONBOARD_PUBLIC_URL"] = s.public
		if status, out, log := command(t, environ, args...); status == 0 || out != "" || !strings.Contains(log, "onboard") {
			t.Errorf("%v ended with %d, printed %q, said %q", args, status, out, log)
		}
	}
}

// TestBeginningWithoutEnd: a client that begins sign-ins for ever is stopped, whoever holds a setup link goes on, and tenants
// that Aritma does not know leave nothing behind and count as guesses.
func TestBeginningWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	link, tenant := s.link(), s.sandbox.Sample().Tenant
	sessions := func() (n int) {
		t.Helper()
		db := s.sql()
		defer db.Close()
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM sessions`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	begin := func(tenant string) answer {
		v := s.visitor()
		return v.once(v.request(http.MethodPost, "/signin", url.Values{"signin-tenant": {tenant}}))
	}
	last, tries := answer{}, 0
	for last.status != http.StatusTooManyRequests && tries < 100 {
		last = begin(tenant)
		tries++
	}
	if last.helpful(t, "too many sign-ins", http.StatusTooManyRequests); tries > 80 {
		t.Errorf("%d sign-ins were begun", tries)
	}
	if n := sessions(); n > tries {
		t.Errorf("%d sessions are left of %d sign-ins", n, tries)
	}
	s.visitor().get(link).send(nil).identify(sandbox.Administrator).at("start")
}
