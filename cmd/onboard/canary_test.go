package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// canary is a secret that may be nowhere but where it belongs.
type canary struct {
	name, value string
	raw         []byte // what the value encodes, where it is an encoding itself
}

// forms are the value and everything that it looks like in another coat.
func (c canary) forms() map[string]string {
	forms := map[string]string{"raw": c.value, "URL-encoded": url.QueryEscape(c.value), "URL-encoded path": url.PathEscape(c.value)}
	for kind, value := range map[string][]byte{"": []byte(c.value), " of what it encodes": c.raw} {
		if len(value) == 0 {
			continue
		}
		if kind != "" {
			forms["bytes"] = string(value)
		}
		forms["hex"+kind] = hex.EncodeToString(value)
		forms["HEX"+kind] = strings.ToUpper(hex.EncodeToString(value))
		for before := range 3 {
			// With so many bytes before it: the first characters and the last one depend on the neighbours.
			padded := append(make([]byte, before), value...)
			first := []int{0, 2, 3}[before]
			std, web := base64.RawStdEncoding.EncodeToString(padded), base64.RawURLEncoding.EncodeToString(padded)
			last := len(std)
			if len(padded)%3 != 0 {
				last--
			}
			forms[fmt.Sprint("base64", kind, " at ", before)] = std[first:last]
			forms[fmt.Sprint("base64url", kind, " at ", before)] = web[first:last]
		}
	}
	return forms
}

// sweep counts what of the canaries is in text, and names it.
func sweep(t *testing.T, where string, text []byte, canaries []canary) (searched int) {
	t.Helper()
	for _, c := range canaries {
		for form, look := range c.forms() {
			searched++
			if bytes.Contains(text, []byte(look)) {
				t.Errorf("the %s (%s) is in the %s", c.name, form, where)
			}
		}
	}
	return searched
}

// listener notes everything of an exchange but the bodies, addresses and headers in both directions, and of the bodies those that
// came compressed and how many did not.
type listener struct {
	next   http.RoundTripper
	mu     sync.Mutex
	said   strings.Builder
	ids    []string // of sessions, as they were given
	packed bytes.Buffer
	plain  int
}

func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/s/") { // the setup link's own address
		fmt.Fprintln(&l.said, r.URL)
	}
	header := answer.Header.Clone()
	for _, cookie := range answer.Cookies() {
		if cookie.Value != "" {
			l.ids = append(l.ids, cookie.Value)
		}
	}
	header.Del("Set-Cookie") // the one place of the session's id
	_ = header.Write(&l.said)
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if answer.Uncompressed { // by the transport
		l.packed.Write(body)
	} else {
		l.plain++
	}
	return answer, err
}

// TestCanaries is promise 4: after a whole flow with everything that can go wrong on the way, no secret is in the log,
// the database with what lies beside it, an address or a header.
func TestCanaries(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	link := s.link()
	service := s.visitor()
	hear := &listener{next: http.DefaultTransport}
	service.client.Transport = hear
	canaries := []canary{
		{name: "client secret", value: sample.ClientSecret.Expose()},
		{name: "expired client secret", value: sample.ExpiredSecret.Expose()},
		{name: "service client secret", value: s.environ["ONBOARD_SERVICE_CLIENT_SECRET"]},
		{name: "sealing key", value: s.environ["ONBOARD_SEALING_KEYS"]},
	}
	add := func(name, value string) {
		t.Helper()
		if len(value) < 40 {
			t.Fatalf("the %s has %d characters", name, len(value))
		}
		c := canary{name: name, value: value}
		if raw, err := base64.RawURLEncoding.DecodeString(value); err == nil {
			c.raw = raw
		}
		canaries = append(canaries, c)
	}
	add("link secret", strings.TrimPrefix(link, "/s/"))

	v := service.get(link).get("/").send(map[string]string{"link": s.public + link}).at("start")
	setup := "/setup/" + v.setup()
	v.get(setup + "/start").walk("secret")
	v.mistaken(map[string]string{"secret": sample.ExpiredSecret.Expose(), "expires": "nonsense"}, "expires") // kept all the same
	v.send(map[string]string{"secret": sample.ClientSecret.Expose(), "expires": ""}).at("assign").send(nil).at("review")
	for _, fault := range []sandbox.Switch{sandbox.IAMGarbled, sandbox.IAMForbidden, sandbox.IAMConnectionCut, sandbox.IDClientRefused, sandbox.RegisterAnswerLost, sandbox.RegisterAnswersProvider} {
		s.sandbox.Faults().Set(fault, 1)
		if strings.HasSuffix(v.path, "/review") && v.page.Find("main [name=operation]").Length() == 1 {
			v.send(nil).idle("review")
		}
	}
	s.sandbox.Faults().ClearAll()
	if v.get(setup + "/"); strings.HasSuffix(v.path, "/review") {
		v.send(nil)
	}
	v.get(setup + "/").at("token").handOver()
	add("first SCIM token", v.value())
	v.get(setup + "/token/replace").handOver()
	add("second SCIM token", v.value())
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).send(nil).at("done")
	s.sandbox.Faults().Set(sandbox.IAMGarbled, 1)
	v.get(setup + "/signin").send(map[string]string{"name": "Another name"}).at("secret")
	v.send(map[string]string{"secret": sample.ClientSecret.Expose()}).at("review").send(nil).idle("review")

	token := s.sandbox.AccessToken(sample.Tenant).Expose()
	add("access token", token)
	self := s.visitor()
	self.client.Transport = hear
	self.get("/").mistaken(map[string]string{"company": "", "tenant": sample.Tenant, "token": token}, "company")
	self.begin(token).at("start")
	add("second access token", s.sandbox.AccessToken(sample.Tenant).Expose())
	self.get("/setup/" + self.setup() + "/access").send(map[string]string{"token": canaries[len(canaries)-1].value})
	self.get("/setup/"+self.setup()+"/later").post("/setup/"+self.setup()+"/later/link", url.Values{})
	resume, err := url.Parse(self.text("#secret-token"))
	if err != nil {
		t.Fatal("the link to come back is none")
	}
	add("second link secret", strings.TrimPrefix(resume.Path, "/s/"))
	s.visitor().open(resume.Path)
	for _, id := range hear.ids {
		add("session id", id)
	}
	if len(hear.ids) < 2 {
		t.Fatalf("%d session ids", len(hear.ids))
	}
	for _, who := range []*visitor{service, self} {
		who.everywhere(strings.TrimPrefix(link, "/s/"), canaries)
	}
	if hear.packed.Len() < 100_000 || hear.plain < 20 {
		t.Errorf("%d bytes of pages came compressed, and %d pages did not", hear.packed.Len(), hear.plain)
	}

	searched := 0
	files := s.files() // while it runs: the write-ahead log and its index are there
	for _, name := range []string{"onboard.db", "onboard.db-wal", "onboard.db-shm"} {
		if _, there := files[name]; !there {
			t.Errorf("%s is not there while the program runs", name)
		}
	}
	for name, content := range files {
		searched += sweep(t, name+" of the running program", content, canaries)
	}
	s.stop()
	for name, content := range s.files() {
		searched += sweep(t, name+" after the end", content, canaries)
	}
	searched += sweep(t, "log", []byte(s.log.String()), canaries)
	searched += sweep(t, "addresses and headers", []byte(hear.said.String()), canaries)
	searched += sweep(t, "compressed pages", hear.packed.Bytes(), canaries)
	if !strings.Contains(s.log.String(), `"act failed"`) || !strings.Contains(hear.said.String(), "Content-Security-Policy") {
		t.Error("nothing was written where secrets are looked for")
	}
	t.Logf("%d secrets, %d searches", len(canaries), searched)
}

// everywhere asks for every page, and then sends every form with a secret in each field, as somebody does who pastes into the
// wrong one: what comes back may hold it, but then not compressed.
func (v *visitor) everywhere(link string, canaries []canary) {
	v.t.Helper()
	setup, pasted := v.setup(), url.Values{}
	for i, field := range strings.Fields("secret token link company tenant directory client name scheme person reason") {
		pasted.Set(field, canaries[i%len(canaries)].value)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} { // in this order: what is pasted may stay
		form := map[string]url.Values{http.MethodPost: pasted}[method]
		for _, r := range v.site.routes() {
			if r.method != method || r.pattern == "/signout" {
				continue
			}
			path := r.path(setup, "x")
			if strings.HasPrefix(path, "/s/") {
				path = r.path(setup, link)
			}
			v.once(v.request(method, path, form))
		}
	}
}

// TestSweepFinds: a sweep that finds nothing proves something only if it would have found it.
func TestSweepFinds(t *testing.T) {
	t.Parallel()
	c := canary{name: "canary", value: "Zm9v-YmFy_c2VjcmV0~8Q~with.all-kinds_of~characters"}
	for _, before := range []string{"", "a", "ab", "abc"} {
		for _, after := range []string{"", "x", "xy"} {
			text := before + c.value + after
			for name, coat := range map[string]string{
				"raw": text, "hex": hex.EncodeToString([]byte(text)), "URL": url.QueryEscape(text),
				"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64url": base64.URLEncoding.EncodeToString([]byte(text)),
			} {
				found := false
				for _, look := range c.forms() {
					found = found || strings.Contains(coat, look)
				}
				if !found {
					t.Errorf("not found as %s after %d and before %d bytes", name, len(before), len(after))
				}
			}
		}
	}
	if slices.Contains([]string{"", " "}, c.forms()["base64 at 2"]) {
		t.Error("an empty form is found everywhere")
	}
}
