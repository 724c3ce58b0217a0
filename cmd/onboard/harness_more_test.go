package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/web"
)

// tab is another tab of the same browser, on the same page.
func (v *visitor) tab() *visitor {
	other := *v
	return &other
}

// as is the same browser in a subtest.
func (v *visitor) as(t testing.TB) *visitor {
	other := *v
	other.t = t
	return &other
}

// answer is what one request got, redirects not followed.
type answer struct {
	status int
	header http.Header
	body   string
	page   *goquery.Document
}

func (v *visitor) once(r *http.Request) answer {
	v.t.Helper()
	client := *v.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	page, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(body), page}
}

func (a answer) text(selector string) string {
	return strings.Join(strings.Fields(a.page.Find(selector).Text()), " ")
}

// atOnce sends a form n times in parallel, all released together, and returns where each ended.
func (v *visitor) atOnce(n int, action string, values url.Values) []*visitor {
	v.t.Helper()
	tabs := make([]*visitor, n)
	requests := make([]*http.Request, n)
	for i := range n {
		tabs[i], requests[i] = v.tab(), v.request(http.MethodPost, action, values)
	}
	race(n, func(i int) { tabs[i].do(requests[i]) })
	return tabs
}

// race calls do n times in parallel, all released together.
func race(n int, do func(i int)) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	wait.Wait()
}

// value is the Secret Token when the page hands it over, else empty.
func (v *visitor) value() string { return v.text("#secret-token") }

// held is what exists in Aritma for the sample company.
func (s *site) held() sandbox.Snapshot { return s.sandbox.Snapshot(s.sandbox.Sample().Tenant) }

// one demands exactly one provider and so many tokens, made by as many creations.
func (s *site) one(tokens int) {
	s.t.Helper()
	held := s.held()
	if len(held.Providers) != 1 || len(held.SCIMTokens) != tokens {
		s.t.Errorf("Aritma holds %d providers and %d tokens, want 1 and %d", len(held.Providers), len(held.SCIMTokens), tokens)
	}
	if n := held.Requests["POST /core/iam/v1/sso/azuread"]; n != 1 {
		s.t.Errorf("%d requests to create a provider", n)
	}
}

// eventually waits for something that another process does, and that nothing announces.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	limit := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(limit) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// idle waits until no work on the visitor's setup is under way, as the waiting page does.
func (v *visitor) idle(step string) *visitor {
	v.t.Helper()
	path := "/setup/" + v.setup() + "/" + step
	eventually(v.t, "the end of the work at "+step, func() bool {
		v.get(path)
		return v.page.Find("#waiting").Length() == 0
	})
	return v
}

// register presses Register sign-in on the review page and ends on the token page, however long it takes.
func (v *visitor) register() *visitor {
	v.t.Helper()
	v.at("review").send(nil)
	if strings.HasSuffix(v.path, "/review") {
		v.idle("review").get("/setup/" + v.setup() + "/")
	}
	return v.at("token")
}

// handOver presses Create token or Replace token and ends on the page that hands it over, however long it takes.
func (v *visitor) handOver() *visitor {
	v.t.Helper()
	if v.page.Find("#waiting").Length() > 0 { // what went before may still be ending
		v.idle("token")
	}
	v.send(map[string]string{"replaces": v.page.Find("main [name=replaces]").AttrOr("value", "")})
	if v.value() != "" {
		return v
	}
	if v.idle("token"); v.page.Find("form[action$='/token/show']").Length() == 1 {
		v.send(nil)
	}
	return v
}

// begin starts a setup with a pasted access token.
func (v *visitor) begin(token string) *visitor {
	v.t.Helper()
	sample := v.site.sandbox.Sample()
	return v.get("/").send(map[string]string{"company": sample.Company, "tenant": sample.Tenant, "token": token})
}

// withoutService are the changes for a program that has no client of its own.
func withoutService() map[string]string {
	return map[string]string{"ONBOARD_SERVICE_CLIENT_ID": "", "ONBOARD_SERVICE_CLIENT_SECRET": ""}
}

// binary builds the program as it is shipped, without the race detector.
func binary(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "onboard")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// spawn runs the built program in place of the one inside the test; stop then kills it without warning.
func (s *site) spawn(binary string) {
	s.t.Helper()
	told := len(s.log.String())
	command := exec.Command(binary, "serve")
	command.Stderr = s.log
	for name, value := range s.environ {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = command.Process.Kill()
		s.t.Fatalf("serve said %q, then %v:\n%s", line, err, s.log)
	}
	_, s.public, _ = strings.Cut(strings.TrimSpace(line), ": ")
	s.pid = command.Process.Pid
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	s.ended = func() { <-ended }
	s.stop = func() { _ = command.Process.Kill(); <-ended }
	eventually(s.t, "the program being ready", func() bool {
		at := s.listens(told)
		if at == "" {
			return false
		}
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+at+"/readyz", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Host = strings.TrimPrefix(strings.TrimPrefix(s.public, "http://"), "https://")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

var serving = regexp.MustCompile(`"msg":"serving","listen":"([^"]+)"`)

// listens is the address at which the program says that it listens, in what it logged after so many bytes; empty: not yet.
func (s *site) listens(after int) string {
	if at := serving.FindStringSubmatch(s.log.String()[after:]); at != nil {
		return at[1]
	}
	return ""
}

// files returns the database and everything beside it, by name.
func (s *site) files() map[string][]byte {
	s.t.Helper()
	files := map[string][]byte{}
	path := strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://")
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) == 0 {
		s.t.Fatal("no database file: ", err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Fatal(err)
		}
		files[filepath.Base(name)] = content
	}
	return files
}

// route is one way to ask for a page.
type route struct{ method, pattern string }

// routes lists what the real router serves, without files and checks of health.
func (s *site) routes() (all []route) {
	s.t.Helper()
	environ := maps.Clone(s.environ)
	environ["ONBOARD_DATABASE_URL"] = "sqlite://" + filepath.Join(s.t.TempDir(), "routes.db")
	environ["ONBOARD_PUBLIC_URL"] = s.public
	c, err := config.Load(environ)
	if err != nil {
		s.t.Fatal(err)
	}
	service, err := newService(s.t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = service.close(context.Background()) }()
	handler := service.handler(service.newReadiness(), nil)
	router, ok := handler.(chi.Routes)
	if !ok {
		s.t.Fatalf("the handler is a %T", handler)
	}
	err = chi.Walk(router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !slices.Contains([]string{"/healthz", "/readyz", "/static/*"}, pattern) {
			all = append(all, route{method, pattern})
		}
		return nil
	})
	if err != nil || len(all) < 50 {
		s.t.Fatalf("%d routes, %v", len(all), err)
	}
	return all
}

// path fills in the pattern's places.
func (r route) path(setup, link string) string {
	return strings.NewReplacer("{setup}", setup, "{link}", link, "{page}", "start").Replace(r.pattern)
}

// permitted reports whether the table of the site lets somebody use a route.
func permitted(who web.Who, r route) bool {
	needed, known := web.Routes[web.RouteName(r.method, r.pattern)]
	return known && slices.Contains(web.Rules[who], needed)
}
