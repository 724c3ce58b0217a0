package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/store"
)

// now is a moment at which everything that is asked has an answer.
func now() Now {
	return Now{
		Ready: func(context.Context) bool { return true }, Streams: func() int { return 3 }, Work: func() int { return 2 },
		Stock: func(context.Context, time.Time) (store.Stock, error) {
			return store.Stock{Setups: []store.Standing{{Stand: "in-progress", Step: "token", N: 7}, {Stand: "closed", Step: "start", N: 1}}, Sessions: 5, Waiting: 4}, nil
		},
	}
}

// counted is what /metrics says when everything has been counted once.
func counted(t *testing.T) (*Metrics, string) {
	t.Helper()
	m := New()
	m.Request("/s/{link}", http.MethodGet, http.StatusTooManyRequests, time.Second, false)
	m.Request("", "BREW", http.StatusNotFound, time.Second, false)
	m.Request("/console/live", http.MethodGet, http.StatusOK, time.Hour, true)
	m.Call(outbound.Call{Upstream: "iam", Operation: "list providers", Outcome: outbound.ServerError, Took: time.Second, Attempts: 3})
	must(t, m.note(nil, []onboarding.Event{{Kind: "secret.checked", Detail: map[string]string{"outcome": "bad", "problem": "entra.secret-wrong"}}}))
	m.add(1, claims, "scim-token", saved)
	return m, scraped(t, m, now())
}

func scraped(t *testing.T, m *Metrics, n Now) string {
	t.Helper()
	w := httptest.NewRecorder()
	if m.Handler(n).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil)); w.Code != http.StatusOK {
		t.Fatalf("/metrics is answered %d", w.Code)
	}
	return w.Body.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPrometheusReadsIt runs Prometheus' own parser, and its check of names and units.
func TestPrometheusReadsIt(t *testing.T) {
	_, text := counted(t)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	must(t, err)
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "onboard_") && p.Text != "no help text" { // which docs/metrics.md has
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestWhatIsCounted(t *testing.T) {
	_, text := counted(t)
	for _, line := range []string{
		`onboard_http_requests_total{route="/console/live",method="GET",status="2xx"} 1`,
		`onboard_http_requests_total{route="/s/{link}",method="GET",status="4xx"} 1`,
		`onboard_http_requests_total{route="none",method="other",status="4xx"} 1`,
		`onboard_http_request_duration_seconds_bucket{route="none",method="other",le="0.5"} 0`,
		`onboard_http_request_duration_seconds_bucket{route="none",method="other",le="1"} 1`,
		"onboard_limiter_refusals_total 1",
		"onboard_token_reveals_total 0",
		`onboard_upstream_call_duration_seconds_count{upstream="iam",operation="list providers",outcome="server_error"} 1`,
		`onboard_upstream_retries_total{upstream="iam",operation="list providers"} 2`,
		`onboard_problems_total{problem="entra.secret-wrong"} 1`,
		`onboard_setups{stand="in-progress",step="token"} 7`,
		`onboard_webhook_messages{state="waiting"} 4`,
		"onboard_ready 1", "onboard_streams_open 3", "onboard_work_running 2",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("not told: %s", line)
		}
	}
	if strings.Contains(text, `onboard_http_request_duration_seconds_count{route="/console/live"`) {
		t.Error("how long a stream was open is told as the time of a request")
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestSeriesAreEscaped(t *testing.T) {
	if got, want := checks.series("a\"b\n", `c\d`), `onboard_checks_total{check="a\"b\n",outcome="c\\d"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestOnlyWordsBecomeLabels: should a name, an address or a secret ever get into the trail, it does not get further.
func TestOnlyWordsBecomeLabels(t *testing.T) {
	v := &vocabulary{words: map[string]bool{}}
	for _, text := range []string{"token.revealed", "signin-test.email-unverified", "step.signin-test"} {
		if got := v.word(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "Nordlys Bygg AS", "kari@nordlys.example", "https://id.example", "Zm9v-YmFy_c2VjcmV0", strings.Repeat("a", 65), "a/b", "ÆØÅ"} {
		if got := v.word(text); got != "other" {
			t.Errorf("%q became %q", text, got)
		}
	}
	for i := range 2 * maxWords {
		v.word("word" + strings.Repeat("x", i%60) + "." + strings.Repeat("y", i/60+1))
	}
	if len(v.words) > maxWords {
		t.Errorf("%d words", len(v.words))
	}
}

// TestStockIsAskedSeldom: however often is scraped, the database is asked once in ten seconds; while it cannot be read, no figure
// of before is told for one of now, and all else is.
func TestStockIsAskedSeldom(t *testing.T) {
	asked, answer := 0, error(nil)
	n := now()
	n.Stock = func(context.Context, time.Time) (store.Stock, error) {
		asked++
		return store.Stock{Sessions: 77}, answer
	}
	m := New()
	for range 5 {
		if !strings.Contains(scraped(t, m, n), "\nonboard_sessions 77\n") {
			t.Error("the sessions are not told")
		}
	}
	m.stock.asked, answer = time.Now().Add(-stockFor), errors.New("the database is away")
	for range 5 {
		if text := scraped(t, m, n); strings.Contains(text, "onboard_sessions") || !strings.Contains(text, "\nonboard_ready 1\n") {
			t.Errorf("without a database it tells\n%s", text)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestNobodyElsesMux(t *testing.T) {
	handler := New().Handler(now())
	for path, want := range map[string]int{"/metrics": http.StatusOK, "/debug/pprof/": http.StatusOK, "/": http.StatusNotFound, "/debug/vars": http.StatusNotFound} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s is answered %d, want %d", path, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/metrics", nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %d", w.Code)
	}
}
