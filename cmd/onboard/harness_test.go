package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
)

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// site is the very program, running against a sandbox that the test controls.
type site struct {
	t       testing.TB
	sandbox *sandbox.Sandbox
	environ map[string]string
	public  string
	log     *lockedBuffer
	stop    func()
	linger  time.Duration
	// messages and language are for a site in another language than English; read is then shown every page.
	messages *message.Catalogue
	language string
	read     func(v *visitor)
	pid      int    // of the built program, after spawn
	ended    func() // waits until it has ended
}

// newSite starts a sandbox and the program in live mode against it. Changes replace variables; "" removes one.
func newSite(t testing.TB, changes map[string]string) *site {
	t.Helper()
	s := siteToStart(t, changes)
	s.start()
	return s
}

// siteToStart is a site whose program is not started yet.
func siteToStart(t testing.TB, changes map[string]string) *site {
	t.Helper()
	box, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	s := &site{t: t, sandbox: box, stop: func() {}, log: &lockedBuffer{}, environ: map[string]string{
		"ONBOARD_LISTEN": "127.0.0.1:0", "ONBOARD_SEALING_KEYS": seal.Generate().Expose(),
		"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "onboard.db"),
		"ONBOARD_IAM_URL":      box.IAMURL(), "ONBOARD_ID_URL": box.IDURL(), "ONBOARD_ENTRA_LOGIN_URL": box.EntraLoginURL(),
		"ONBOARD_ALLOW_LOOPBACK": "true", "ONBOARD_SERVICE_CLIENT_ID": sandbox.ServiceClientID,
		"ONBOARD_SERVICE_CLIENT_SECRET": box.ServiceClientSecret().Expose(),
		"ONBOARD_REDIRECT_URI_TEMPLATE": box.IDURL() + "/{tenant}/federation/{scheme}/signin",
	}}
	maps.Copy(s.environ, changes)
	t.Cleanup(func() { s.stop() })
	return s
}

// start runs the program until stop; it may be started again on the same database.
func (s *site) start() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan string, 1), make(chan int, 1)
	go func() {
		ended <- run(ctx, process{args: []string{"serve"}, environ: s.environ, out: io.Discard, log: s.log, linger: s.linger, messages: s.messages, started: func(a string) { started <- a }})
	}()
	select {
	case s.public = <-started:
	case status := <-ended:
		s.t.Fatalf("serve ended with %d:\n%s", status, s.log)
	}
	var once sync.Once
	s.stop = func() {
		once.Do(func() {
			cancel()
			if status := <-ended; status != 0 {
				s.t.Errorf("serve ended with %d:\n%s", status, s.log)
			}
		})
	}
}

// restart ends the program and starts it again, on another port.
func (s *site) restart() { s.stop(); s.start() }

// link makes a setup with "onboard link" and returns the path of its setup link.
func (s *site) link(args ...string) string {
	s.t.Helper()
	sample := s.sandbox.Sample()
	return s.linkPath(s.command(append([]string{"link", "--tenant", sample.Tenant, "--company", sample.Company}, args...)...))
}

func (s *site) linkPath(printed string) string {
	s.t.Helper()
	u, err := url.Parse(strings.TrimSpace(printed))
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Path
}

// command runs a command beside the service, and returns what it printed.
func (s *site) command(args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	environ := maps.Clone(s.environ)
	environ["ONBOARD_PUBLIC_URL"] = s.public
	if status := run(context.Background(), process{args: args, environ: environ, out: &out, log: s.log}); status != 0 {
		s.t.Fatalf("%v ended with %d:\n%s", args, status, s.log)
	}
	return out.String()
}

// visitor is a browser without JavaScript: it keeps cookies, follows redirects and sends forms as they stand.
type visitor struct {
	t      testing.TB
	site   *site
	client *http.Client
	page   *goquery.Document
	status int
	path   string
	header http.Header
}

func (s *site) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	return &visitor{t: s.t, site: s, client: &http.Client{Jar: jar, Timeout: 40 * time.Second}}
}

// again returns the same browser after the program was restarted on another port.
func (v *visitor) again() *visitor {
	old, _ := url.Parse("http://127.0.0.1/")
	next := v.site.visitor()
	next.client.Jar.SetCookies(old, v.client.Jar.Cookies(old))
	return next
}

func (v *visitor) request(method, path string, form url.Values) *http.Request {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, v.site.public+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.site.language != "" {
		r.Header.Set("Accept-Language", v.site.language)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.site.public)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (v *visitor) do(r *http.Request) *visitor {
	v.t.Helper()
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	v.status, v.path, v.header = answer.StatusCode, answer.Request.URL.RequestURI(), answer.Header
	if v.page, err = goquery.NewDocumentFromReader(answer.Body); err != nil {
		v.t.Fatal(err)
	}
	if v.site.read != nil {
		v.site.read(v)
	}
	return v
}

func (v *visitor) get(path string) *visitor {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, nil))
}

func (v *visitor) post(path string, form url.Values) *visitor {
	v.t.Helper()
	return v.do(v.request(http.MethodPost, path, form))
}

// form is the main form of the page as a browser would send it, with the given fields filled in.
func (v *visitor) form(fields map[string]string) (action string, values url.Values) {
	v.t.Helper()
	action, values = v.asItStands(fields)
	for name, value := range fields {
		values.Set(name, value)
	}
	return action, values
}

// asItStands is the form that has the given fields, with what the page filled into them.
func (v *visitor) asItStands(fields map[string]string) (action string, values url.Values) {
	v.t.Helper()
	form := v.page.Find("main form[method=post]").FilterFunction(func(_ int, f *goquery.Selection) bool {
		for name := range fields {
			if f.Find("[name='"+name+"']").Length() == 0 {
				return false
			}
		}
		return true
	}).First()
	if form.Length() == 0 {
		v.t.Fatalf("%s (%d): no form with fields %v\n%s", v.path, v.status, fields, v.text("main"))
	}
	values = url.Values{}
	form.Find("input, textarea").Each(func(_ int, in *goquery.Selection) {
		name, kind := in.AttrOr("name", ""), in.AttrOr("type", "text")
		_, checked := in.Attr("checked")
		if name == "" || ((kind == "radio" || kind == "checkbox") && !checked) {
			return
		}
		value := in.AttrOr("value", "")
		if goquery.NodeName(in) == "textarea" {
			value = in.Text()
		}
		values.Set(name, value)
	})
	return form.AttrOr("action", ""), values
}

// send fills in the form of the page and sends it.
func (v *visitor) send(fields map[string]string) *visitor {
	v.t.Helper()
	action, values := v.form(fields)
	return v.post(action, values)
}

func (v *visitor) text(selector string) string {
	return strings.Join(strings.Fields(v.page.Find(selector).Text()), " ")
}

// at demands a page: its step and status. Work that takes long on a busy machine is waited for, as the waiting page does.
func (v *visitor) at(step string) *visitor {
	v.t.Helper()
	if v.page.Find("#waiting").Length() > 0 && !strings.HasSuffix(v.path, "/"+step) {
		v.idle(path.Base(v.path)).get("/setup/" + v.setup() + "/")
		if strings.HasSuffix(v.path, "/"+step) { // where what went before may still be ending
			v.idle(step)
		}
	}
	if !strings.HasSuffix(v.path, "/"+step) || v.status >= 400 {
		v.t.Fatalf("at %s (%d), want step %s\n%s", v.path, v.status, step, v.text("main"))
	}
	return v
}

// setup is the id in the address.
func (v *visitor) setup() string {
	parts := strings.Split(v.path, "/")
	if len(parts) < 3 || parts[1] != "setup" {
		v.t.Fatalf("not inside a setup: %s", v.path)
	}
	return parts[2]
}

// walk answers every step up to the given one, and stops on its page.
func (v *visitor) walk(until string) *visitor {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	steps := []struct {
		name   string
		fields map[string]string
	}{
		{"start", map[string]string{"sharing": "yes", "applications": "one"}},
		{"application", nil},
		{"directory", map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}},
		{"signin", nil},
		{"redirect", nil},
		{"secret", map[string]string{"secret": sample.ClientSecret.Expose(), "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}},
		{"assign", map[string]string{"person": sample.Person}},
		{"review", nil},
		{"token", nil},
	}
	for _, step := range steps {
		v.at(step.name)
		if step.name == until {
			return v
		}
		v.send(step.fields)
	}
	return v
}

// open follows a setup link and opens it.
func (v *visitor) open(link string) *visitor { v.t.Helper(); return v.get(link).send(nil) }
