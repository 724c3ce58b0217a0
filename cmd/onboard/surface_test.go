package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
	"github.com/aritma/entra-onboard/web"
)

// helpful demands a page of ours that says what to do and where to go.
func (a answer) helpful(t *testing.T, what string, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s answered %d, want %d", what, a.status, status)
		return
	}
	if len(a.text("main")) < 60 || a.page.Find("main a[href='/']").Length() == 0 || a.text("h1") == "" {
		t.Errorf("%s answered %d with a page that does not help: %q", what, a.status, a.body)
	}
	a.guarded(t, what)
}

// guarded demands the headers of every page.
func (a answer) guarded(t *testing.T, what string) {
	t.Helper()
	policy := a.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' http", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy %q lacks %s", what, policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: the policy is %q", what, policy)
	}
	for name, value := range map[string]string{
		"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := a.header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
}

// secondsLeft of the session stand in every page of one.
var secondsLeft = regexp.MustCompile(` data-ends="\d+"`)

// TestNoSuchSetup asks every route inside a setup for one that does not exist, and for one of another browser.
func TestNoSuchSetup(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	owner := s.visitor().open(s.link()).walk("review").register()
	foreign, unknown := owner.setup(), strings.Repeat("a", 26)
	stranger := s.visitor().open(s.link("--scheme", "second-entra"))
	before, asked := s.held().Requests, 0
	for _, v := range []*visitor{stranger, s.visitor()} {
		for _, r := range s.routes() {
			if !strings.Contains(r.pattern, "{setup}") {
				continue
			}
			var answers []answer
			for _, setup := range []string{foreign, unknown} {
				var form url.Values
				if r.method == http.MethodPost {
					form = url.Values{"operation": {strings.Repeat("o", 26)}, "sure": {"yes"}, "pasted": {"yes"}, "generation": {"0"}}
				}
				got := v.once(v.request(r.method, r.path(setup, ""), form))
				if asked++; r.method == http.MethodHead {
					if got.status != http.StatusNotFound {
						t.Errorf("%v answered %d", r, got.status)
					}
				} else {
					got.helpful(t, fmt.Sprint(r), http.StatusNotFound)
				}
				reference := got.text("main code, footer code, .reference code")
				got.body = strings.ReplaceAll(strings.ReplaceAll(got.body, setup, "ID"), or(reference, "no reference"), "REFERENCE")
				got.body = secondsLeft.ReplaceAllString(got.body, "")
				answers = append(answers, got)
			}
			if answers[0].body != answers[1].body || len(answers[0].header) != len(answers[1].header) {
				t.Errorf("%v tells an unknown setup from a foreign one:\n%s\n%s", r, answers[0].body, answers[1].body)
			}
		}
	}
	if after := s.held(); len(after.SCIMTokens) != 0 || len(after.Providers) != 1 || after.Requests["GET /core/iam/v1/scim"] != before["GET /core/iam/v1/scim"] {
		t.Errorf("a stranger reached Aritma: %+v", after)
	}
	owner.get("/setup/" + foreign + "/").at("token")
	t.Logf("%d requests to setups of nobody and of somebody else", asked)
}

func TestForgedRequests(t *testing.T) {
	t.Parallel()
	s := newSiteWithConsole(t, nil)
	link := s.link()
	v := s.visitor().open(link).walk("review").register()
	forged := map[string]map[string]string{
		"cross-site":                   {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"same site, another host":      {"Sec-Fetch-Site": "same-site"},
		"cross-site with our origin":   {"Sec-Fetch-Site": "cross-site", "Origin": s.public},
		"older browser, other origin":  {"Origin": "https://evil.example"},
		"older browser, sandboxed":     {"Origin": "null"},
		"older browser, other port":    {"Origin": "http://127.0.0.1:1"},
		"neither":                      {},
		"neither, with a good referer": {"Referer": s.public + "/"},
	}
	refused := 0
	for _, r := range s.routes() {
		if r.method == http.MethodGet || r.method == http.MethodHead {
			continue
		}
		for name, headers := range forged {
			request := v.request(r.method, r.path(v.setup(), strings.TrimPrefix(link, "/s/")), url.Values{"sure": {"yes"}, "operation": {strings.Repeat("o", 26)}})
			request.Header.Del("Origin")
			request.Header.Del("Sec-Fetch-Site")
			for header, value := range headers {
				request.Header.Set(header, value)
			}
			v.once(request).helpful(t, fmt.Sprint(name, r), http.StatusForbidden)
			refused++
		}
	}
	v.get("/setup/" + v.setup() + "/").at("token")
	s.one(0)
	t.Logf("%d forged requests refused", refused)
}

func TestWrongShapesOfRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	v := s.visitor().open(link).walk("review").register()
	post := func(r route, kind string, body io.Reader) answer {
		request := v.request(http.MethodPost, r.path(v.setup(), strings.TrimPrefix(link, "/s/")), url.Values{})
		request.Body, request.ContentLength = io.NopCloser(body), -1
		request.Header.Set("Content-Type", kind)
		return v.once(request)
	}
	for _, r := range s.routes() {
		if r.method != http.MethodPost || strings.HasSuffix(r.pattern, "/provisioning") || strings.HasSuffix(r.pattern, "/signin-test") {
			continue // the last two are not open yet
		}
		const form = "application/x-www-form-urlencoded"
		if !permitted(web.Visitor, r) && !permitted(web.Holder, r) {
			if got := post(r, form, strings.NewReader("a=b")); got.status != http.StatusForbidden && got.status != http.StatusNotFound {
				t.Errorf("%v answered %d", r, got.status)
			}
			continue
		}
		for name, got := range map[string]answer{
			"10 MB":  post(r, form, strings.NewReader("a="+strings.Repeat("x", 10<<20))),
			"100 kB": post(r, form, strings.NewReader("a="+strings.Repeat("x", 100<<10))),
		} {
			got.helpful(t, fmt.Sprint(name, r), http.StatusRequestEntityTooLarge)
		}
		for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "", "nonsense/;;"} {
			post(r, kind, strings.NewReader("{}")).helpful(t, fmt.Sprint(kind, r), http.StatusUnsupportedMediaType)
		}
		post(r, form, strings.NewReader("a=%zz")).helpful(t, fmt.Sprint("syntax", r), http.StatusBadRequest)
	}
	s.one(0)
	v.get("/setup/" + v.setup() + "/").at("token")
}

func TestAddressesThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).at("start")
	setup := "/setup/" + v.setup()
	for _, path := range []string{"/nothing", "/setup", setup + "/nothing", setup + "/domain", setup + "/Start", setup + "/start/more", setup + "/token/nothing", "/static/nothing.css", "/console"} {
		if got := v.once(v.request(http.MethodGet, path, nil)); !strings.HasPrefix(path, "/static/") {
			got.helpful(t, path, http.StatusNotFound)
		} else if got.status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, got.status)
		}
	}
	for path, method := range map[string]string{
		"/": http.MethodPost, "/open": http.MethodGet, setup + "/done": http.MethodPost, setup + "/token/show": http.MethodGet,
		setup + "/start": http.MethodDelete, setup + "/redirect": http.MethodPut, setup + "/token": http.MethodPatch,
	} {
		form := url.Values{}
		if method == http.MethodGet {
			form = nil
		}
		got := v.once(v.request(method, path, form))
		got.helpful(t, method+" "+path, http.StatusMethodNotAllowed)
		if got.header.Get("Allow") == "" {
			t.Errorf("%s %s does not say what is allowed", method, path)
		}
	}
	for _, host := range []string{"evil.example", "127.0.0.1:1", "localhost", ""} {
		r := v.request(http.MethodGet, "/", nil)
		if r.Host = host; host == "" {
			r.Host = "."
		}
		got := v.once(r)
		if got.status != http.StatusMisdirectedRequest {
			t.Errorf("host %q answered %d", host, got.status)
		}
		got.guarded(t, "host "+host)
	}
}

// TestFollowedLinkIsNotUsedUp is promise 6.
func TestFollowedLinkIsNotUsedUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	v := s.visitor()
	for i := range 1000 {
		method := http.MethodGet
		if i%2 == 1 {
			method = http.MethodHead
		}
		r := v.request(method, link, nil)
		r.Header.Set("Sec-Purpose", "prefetch")
		if got := v.once(r); got.status != http.StatusOK || got.header.Get("Set-Cookie") != "" {
			t.Fatalf("%d. %s answered %d, cookie %v", i+1, method, got.status, got.header.Get("Set-Cookie") != "")
		}
	}
	v.open(link).at("start")
	kinds := s.trail(v.setup())
	if want := "setup.created link.created setup.opened"; strings.Join(kinds, " ") != want {
		t.Errorf("the trail says %q, want %q", kinds, want)
	}
}

// open gives a test the database beside the running program.
func (s *site) database() *sqlite.Store {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	return store
}

// trail are the kinds of a setup's events.
func (s *site) trail(setup string) (kinds []string) {
	s.t.Helper()
	events, err := s.database().Events(s.t.Context(), setup)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestLinkThatNoLongerOpens(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	inside := s.visitor().open(link).at("start")
	short := s.link("--expires", "1ns")
	hash := onboarding.HashLink(secret.New(strings.TrimPrefix(link, "/s/")))
	found, err := s.database().LinkByHash(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.database().RevokeLink(t.Context(), found.ID, time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path   string
		status int
	}{
		"expired": {short, http.StatusGone}, "revoked": {link, http.StatusGone}, "unknown": {"/s/" + strings.Repeat("x", 43), http.StatusNotFound}, "cut off": {"/s/", http.StatusNotFound},
	} {
		v := s.visitor()
		v.once(v.request(http.MethodGet, c.path, nil)).helpful(t, name, c.status)
		if c.path != "/s/" {
			v.once(v.request(http.MethodPost, c.path, url.Values{})).helpful(t, name+", opened", c.status)
			v.get("/").mistaken(map[string]string{"link": s.public + c.path}, "link")
		}
	}
	if inside.get("/setup/" + inside.setup() + "/start"); inside.status != http.StatusGone || !strings.Contains(inside.text("main"), "taken back") {
		t.Errorf("a session that came by a link that was taken back is answered %d: %s", inside.status, inside.text("main"))
	}
}

// TestHeadersAndCompression looks at every page: guarded, and compressed on request. The token is in none of them but in the answer to
// a form, which is not compressed.
func TestHeadersAndCompression(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	v := s.visitor().open(link).walk("review").register()
	v.handOver().send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).send(nil).at("done")
	for _, r := range s.routes() {
		if r.method != http.MethodGet || r.pattern == "/sessions/life" || strings.HasSuffix(r.pattern, ".ics") { // a number, a small file
			continue
		}
		request := v.request(http.MethodGet, r.path(v.setup(), strings.TrimPrefix(link, "/s/")), nil)
		request.Header.Set("Accept-Encoding", "gzip")
		got := v.once(request)
		got.guarded(t, fmt.Sprint(r))
		zipped := got.header.Get("Content-Encoding") == "gzip"
		secretive := r.pattern == "/s/{link}"
		if got.status == http.StatusOK && zipped == secretive {
			t.Errorf("%v compressed: %v", r, zipped)
		}
		if zipped && got.status == http.StatusOK {
			reader, err := gzip.NewReader(strings.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			if page, err := io.ReadAll(reader); err != nil || !strings.Contains(string(page), "</html>") && !strings.HasSuffix(r.pattern, "/progress") {
				t.Errorf("%v: unpacked it is no page: %v", r, err)
			}
		}
	}
	v.get("/setup/" + v.setup() + "/token/replace")
	action, values := v.form(nil)
	request := v.request(http.MethodPost, action, values)
	request.Header.Set("Accept-Encoding", "gzip")
	if got := v.once(request); got.text("#secret-token") == "" || got.header.Get("Content-Encoding") != "" {
		t.Errorf("the page with the token answered %d, encoding %q", got.status, got.header.Get("Content-Encoding"))
	} else {
		got.guarded(t, "the page with the token")
	}
}
