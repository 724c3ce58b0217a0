package main

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/webhook"
)

// maxSeries bounds what one process tells of itself, whatever it has lived through: every route in every histogram bucket and
// every upstream call with every outcome would be more, but nobody meets all of it.
const maxSeries = 2500

// newSiteWithMetrics is a site whose console is on, and which tells its metrics on a port of its own.
func newSiteWithMetrics(t *testing.T, changes map[string]string) *site {
	t.Helper()
	all := map[string]string{"ONBOARD_METRICS_LISTEN": "127.0.0.1:0"}
	maps.Copy(all, changes)
	return newSiteWithConsole(t, all)
}

// inner is the address of the listener for metrics.
func (s *site) inner() string {
	s.t.Helper()
	all := regexp.MustCompile(`"msg":"serving metrics","listen":"([^"]+)"`).FindAllStringSubmatch(s.log.String(), -1)
	if len(all) == 0 {
		s.t.Fatalf("no metrics are served:\n%s", s.log)
	}
	return "http://" + all[len(all)-1][1]
}

// fetched gets an address as a scraper does.
func fetched(t testing.TB, address string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// scrape is what /metrics says: values by series.
func (s *site) scrape() map[string]string {
	s.t.Helper()
	status, text := fetched(s.t, s.inner()+"/metrics")
	if status != http.StatusOK {
		s.t.Fatalf("/metrics answered %d: %s", status, text)
	}
	series := map[string]string{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		series[line[:at]] = strings.TrimSpace(line[at:])
	}
	return series
}

// labelled is the value of a label in a series; "" without it.
func labelled(series, label string) string {
	found := regexp.MustCompile(`[{,]` + label + `="([^"]*)"`).FindStringSubmatch(series)
	if found == nil {
		return ""
	}
	return found[1]
}

// words are the product's series without the labels that depend on how fast things went.
func words(series map[string]string) map[string]bool {
	all := map[string]bool{}
	for name := range series {
		if strings.HasPrefix(name, "onboard_") {
			all[regexp.MustCompile(`(route|method|status|outcome|problem)="[^"]*"`).ReplaceAllString(name, "")] = true
		}
	}
	return all
}

// wholeFlow walks a setup through everything, with mistakes on the way, and returns what was entered or shown.
func wholeFlow(t *testing.T, s *site, company string) (canaries []string) {
	t.Helper()
	sample := s.sandbox.Sample()
	link := s.link("--company", company)
	v := s.visitor().get(link).send(nil).walk("secret")
	setup := v.setup()
	v.mistaken(map[string]string{"secret": sample.ExpiredSecret.Expose(), "expires": "nonsense"}, "expires")
	v.send(map[string]string{"secret": sample.ClientSecret.Expose(), "expires": ""}).at("assign").send(map[string]string{"person": sample.Person})
	s.sandbox.Faults().Set(sandbox.IAMForbidden, 1)
	v.at("review").send(nil).idle("review").send(nil).idle("review")
	v.get("/setup/" + setup + "/").at("token").handOver()
	first := v.value()
	v.get("/setup/" + setup + "/token/replace").handOver()
	canaries = append(canaries, first, v.value())
	v.send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).finish()
	for _, path := range []string{"/s/" + company, "/setup/" + company + "/token", "/" + company} {
		v.tab().get(path)
	}
	r := v.request(http.MethodGet, "/", nil)
	r.Method = strings.ToUpper(strings.ReplaceAll(company, " ", ""))
	v.once(r)
	guide := s.guide()
	guide.desk(setup)
	return append(canaries, company, strings.ReplaceAll(company, " ", ""), sample.Tenant, setup, strings.TrimPrefix(link, "/s/"), sample.Person, sample.DirectoryID,
		sample.ClientID, sample.Domain, sample.ClientSecret.Expose(), sample.ExpiredSecret.Expose(), sandbox.Guide, url.QueryEscape(company))
}

// patternsOnly demands that every label of a route is one of the router's patterns.
func (s *site) patternsOnly(series map[string]string) {
	s.t.Helper()
	patterns := []string{"none", "/*", "/healthz", "/readyz", "/static/*", "/setup/{setup}/*"}
	for _, r := range s.routes() {
		patterns = append(patterns, strings.TrimSuffix(r.pattern, "/"), r.pattern) // chi leaves the slash at the end out
	}
	for name := range series {
		if route := labelled(name, "route"); route != "" && !slices.Contains(patterns, route) {
			s.t.Errorf("no pattern of a route: %s", name)
		}
	}
}

// documentedAll demands that docs/metrics.md has every metric that is told.
func documentedAll(t *testing.T, text string) {
	t.Helper()
	documentation, err := os.ReadFile("../../docs/metrics.md")
	must(t, err)
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (onboard_\S+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(documentation), "| `"+found[1]+"` |") {
			t.Errorf("%s is not in docs/metrics.md", found[1])
		}
	}
}

// TestMetricsOfAWholeFlow: every act is counted once, nobody is named, and a second company makes no series of its own.
func TestMetricsOfAWholeFlow(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	s := newSiteWithMetrics(t, h.environ())
	canaries := wholeFlow(t, s, "Kanarifugl Alfa")
	h.next(webhook.Opened)
	eventually(t, "the webhook's being told", func() bool {
		return s.scrape()[`onboard_webhook_attempts_total{outcome="delivered"}`] == "3"
	})
	series := s.scrape()
	for name, want := range map[string]string{
		"onboard_ready":                                              "1",
		"onboard_token_reveals_total":                                "2",
		"onboard_token_replacements_total":                           "1",
		"onboard_setup_completion_seconds_count":                     "1",
		`onboard_claims_total{value="scim-token",outcome="saved"}`:   "2",
		`onboard_checks_total{check="client_secret",outcome="good"}`: "1",
		`onboard_setup_events_total{kind="setup.completed"}`:         "1",
		`onboard_upstream_call_duration_seconds_count{upstream="iam",operation="create SCIM token",outcome="answered"}`: "2",
		`onboard_http_requests_total{route="none",method="other",status="4xx"}`:                                         "1",
		`onboard_http_requests_total{route="/s/{link}",method="GET",status="4xx"}`:                                      "1",
		`onboard_upstream_call_duration_seconds_count{upstream="webhook",operation="tell",outcome="answered"}`:          "3",
	} {
		if series[name] != want {
			t.Errorf("%s is %q, want %s", name, series[name], want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(slices.Sorted(maps.Keys(series)), "\n"))
	}
	before := words(series)
	canaries = append(canaries, wholeFlow(t, s, "Kanarifugl Beta")...)
	series = s.scrape()
	for name := range words(series) {
		if !before[name] {
			t.Errorf("another company has a series of its own: %s", name)
		}
	}
	s.patternsOnly(series)
	if len(series) > maxSeries {
		t.Errorf("%d series, want %d at most", len(series), maxSeries)
	}
	t.Logf("%d series", len(series))
	_, text := fetched(t, s.inner()+"/metrics")
	documentedAll(t, text)
	_, goroutines := fetched(t, s.inner()+"/debug/pprof/goroutine?debug=2")
	for _, canary := range canaries {
		if strings.Contains(text, canary) || strings.Contains(goroutines, canary) {
			t.Errorf("%q is in the metrics or a profile", canary)
		}
	}
}

// TestStockOfMetrics: how many setups stand where is read from the database, and is the same whichever process made them.
func TestStockOfMetrics(t *testing.T) {
	t.Parallel()
	s := newSiteWithMetrics(t, nil)
	s.visitor().open(s.link()).walk("directory")
	s.link()
	series := s.scrape()
	for name, want := range map[string]string{
		`onboard_setups{stand="in-progress",step="directory"}`: "1", `onboard_setups{stand="not-opened",step="start"}`: "1", "onboard_sessions": "1",
	} {
		if series[name] != want {
			t.Errorf("%s is %q, want %s", name, series[name], want)
		}
	}
}

// TestMetricsAreNotPublic: neither metrics nor profiles are on the public listener, and without a variable nobody listens.
func TestMetricsAreNotPublic(t *testing.T) {
	t.Parallel()
	s := newSiteWithMetrics(t, nil)
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/vars"} {
		if got := s.visitor().get(path); got.status != http.StatusNotFound {
			t.Errorf("%s is answered %d in public", path, got.status)
		}
	}
	for path, want := range map[string]int{
		"/metrics": http.StatusOK, "/debug/pprof/": http.StatusOK, "/debug/pprof/heap": http.StatusOK, "/debug/pprof/cmdline": http.StatusOK,
		"/": http.StatusNotFound, "/healthz": http.StatusNotFound, "/setup/": http.StatusNotFound,
	} {
		if status, _ := fetched(t, s.inner()+path); status != want {
			t.Errorf("%s is answered %d inside, want %d", path, status, want)
		}
	}
	s.stop()
	delete(s.environ, "ONBOARD_METRICS_LISTEN")
	before := strings.Count(s.log.String(), `"serving metrics"`)
	s.start()
	if strings.Count(s.log.String(), `"serving metrics"`) != before {
		t.Error("metrics are served though no address is set")
	}
}

// TestMetricsOutliveTheDrain: while requests under way are finished, the end can be watched.
func TestMetricsOutliveTheDrain(t *testing.T) {
	t.Parallel()
	s := newSiteWithMetrics(t, nil)
	v := s.visitor().open(s.link()).walk("directory")
	s.sandbox.Faults().Set(sandbox.EntraSlow, 1)
	sample := s.sandbox.Sample()
	action, values := v.form(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID})
	request := v.request(http.MethodPost, action, values)
	finished := make(chan int)
	go func() { finished <- v.once(request).status }()
	if err := s.sandbox.Faults().AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	inner := s.inner()
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	eventually(t, "the program stopping", func() bool {
		return strings.Count(s.log.String(), `"msg":"stopping"`) == 1+strings.Count(s.log.String(), `"msg":"serving"`)-1
	})
	if status, text := fetched(t, inner+"/metrics"); status != http.StatusOK || !strings.Contains(text, "\nonboard_ready 0\n") {
		t.Errorf("while stopping /metrics is answered %d", status)
	}
	if status := <-finished; status != http.StatusSeeOther {
		t.Errorf("the request under way was answered %d", status)
	}
	<-stopped
	if _, err := http.Get(inner + "/metrics"); err == nil {
		t.Error("metrics are served after the end")
	}
}

// TestEveryLineOfTheLog: one JSON object a line, each with its time, level and words, and each request's with what an operator
// looks for; no path is in any of them.
func TestEveryLineOfTheLog(t *testing.T) {
	t.Parallel()
	s := newSiteWithMetrics(t, nil)
	canaries := wholeFlow(t, s, "Kanarifugl Delta")
	s.stop()
	requests, outlasted := 0, 0
	ids := map[string]bool{}
	for text := range strings.Lines(s.log.String()) {
		if strings.Contains(text, `"msg":"sandbox`) || !strings.HasPrefix(text, "{") && strings.Contains(text, "setup ") {
			continue // what "onboard link" says
		}
		var line struct {
			Time                       time.Time
			Level, Msg, Request, Setup string
			Route, Method              string
			Status                     int
			Duration                   time.Duration
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Time.IsZero() || line.Level == "" || line.Msg == "" {
			t.Errorf("%v: %s", err, text)
			continue
		}
		if line.Msg == "act failed" && line.Request != "" {
			outlasted++ // logged by work that goes on when its request ends
		}
		if line.Msg != "request" {
			continue
		}
		requests++
		if len(line.Request) != 8 || ids[line.Request] || line.Route == "" && line.Status < 400 || line.Method == "" || line.Status == 0 || line.Duration <= 0 {
			t.Errorf("a request's line lacks something: %s", text)
		}
		ids[line.Request] = true
		if strings.HasPrefix(line.Route, "/setup/{setup}/") && line.Status < 400 && line.Setup == "" {
			t.Errorf("no setup: %s", text)
		}
	}
	if requests < 30 || outlasted == 0 {
		t.Errorf("%d lines of requests, %d of acts that failed:\n%s", requests, outlasted, s.log)
	}
	for _, canary := range canaries {
		if len(canary) != 26 && strings.Contains(s.log.String(), canary) { // the setup's id is there on purpose
			t.Errorf("%q is in the log", canary)
		}
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	s := newSiteWithMetrics(t, nil)
	s.stop()
	s.environ["ONBOARD_LOG_LEVEL"] = "warn"
	before := s.log.String()
	s.start()
	s.visitor().get("/")
	if more := strings.TrimPrefix(s.log.String(), before); strings.Contains(more, `"level":"INFO"`) {
		t.Errorf("it says\n%s", more)
	}
}

// TestPublicAddressIsWarnedOf: what the whole internet may reach is said; what lies inside is not.
func TestPublicAddressIsWarnedOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"127.0.0.1:9090": "", "[::1]:9090": "", "10.1.2.3:9090": "", "192.168.0.9:9090": "", "100.64.3.4:9090": "", "[fd00::1]:9090": "", "[fe80::1]:9090": "",
		"203.0.113.7:9090": "203.0.113.7", "[2001:db8::7]:9090": "2001:db8::7", "[::ffff:203.0.113.7]:9090": "203.0.113.7",
	} {
		at := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text))
		if got := publicAddress(at); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestMetricsAddressInUse: an address that somebody else has is said at start, by its variable.
func TestMetricsAddressInUse(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	s.stop()
	environ := maps.Clone(s.environ)
	environ["ONBOARD_METRICS_LISTEN"] = taken.Addr().String()
	status, _, log := command(t, environ, "serve")
	if status != 1 || !strings.Contains(log, "ONBOARD_METRICS_LISTEN") {
		t.Errorf("ended with %d:\n%s", status, log)
	}
}
