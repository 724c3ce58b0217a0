package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/aritma/entra-onboard/internal/outbound"
)

// Metrics is what one process counts. It is safe for concurrent use.
type Metrics struct {
	set   *vm.Set
	known vocabulary
	stock stock
}

// The metrics that are counted, with their labels. docs/metrics.md says what they mean.
var (
	requests  = family{"onboard_http_requests_total", []string{"route", "method", "status"}}
	durations = family{"onboard_http_request_duration_seconds", []string{"route", "method"}}
	refusals  = family{"onboard_limiter_refusals_total", nil}

	calls   = family{"onboard_upstream_call_duration_seconds", []string{"upstream", "operation", "outcome"}}
	retries = family{"onboard_upstream_retries_total", []string{"upstream", "operation"}}

	events       = family{"onboard_setup_events_total", []string{"kind"}}
	checks       = family{"onboard_checks_total", []string{"check", "outcome"}}
	problems     = family{"onboard_problems_total", []string{"problem"}}
	reveals      = family{"onboard_token_reveals_total", nil}
	replacements = family{"onboard_token_replacements_total", nil}
	completion   = family{"onboard_setup_completion_seconds", nil}
	changes      = family{"onboard_setup_changes_total", []string{"outcome"}}
	claims       = family{"onboard_claims_total", []string{"value", "outcome"}}

	attempts = family{"onboard_webhook_attempts_total", []string{"outcome"}}
)

// Bounds of the buckets, in seconds.
var (
	requestBuckets    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	callBuckets       = []float64{.025, .1, .25, .5, 1, 2.5, 5, 10}
	completionBuckets = []float64{300, 600, 900, 1200, 1800, 2700, 3600, 7200, 14400, 28800, 86400, 259200, 604800}
)

// New returns metrics that have counted nothing.
func New() *Metrics {
	vm.ExposeMetadata(true) // of every set: there is no other one
	m := &Metrics{set: vm.NewSet(), known: vocabulary{words: map[string]bool{}}}
	// A rate needs the zero before the first.
	for _, f := range []family{refusals, reveals, replacements} {
		m.add(0, f)
	}
	for _, outcome := range []string{saved, conflict, repeated, taken, failed} {
		m.add(0, changes, outcome)
	}
	for _, outcome := range []string{delivered, putOff, givenUp} {
		m.add(0, attempts, outcome)
	}
	m.set.GetOrCreatePrometheusHistogramExt(completion.series(), completionBuckets)
	return m
}

// methods that are told apart; a client may invent any number of others.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// Request counts a request that was answered. Route is the pattern, "" when no route is meant. The time that a stream was open
// says nothing of speed and is left out.
func (m *Metrics) Request(route, method string, status int, took time.Duration, stream bool) {
	if route == "" {
		route = "none"
	}
	if !slices.Contains(methods, method) {
		method = "other"
	}
	m.add(1, requests, route, method, strconv.Itoa(status/100)+"xx")
	if !stream {
		m.observe(took, requestBuckets, durations, route, method)
	}
	if status == http.StatusTooManyRequests { // nothing but the limiters answers that
		m.add(1, refusals)
	}
}

// Call counts a call of an upstream.
func (m *Metrics) Call(c outbound.Call) {
	m.observe(c.Took, callBuckets, calls, c.Upstream, c.Operation, string(c.Outcome))
	if c.Attempts > 1 {
		m.add(c.Attempts-1, retries, c.Upstream, c.Operation)
	}
}
