package outbound

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

// moods answers as the path says.
func moods(calls *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/again":
			if n == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		case "/no":
			w.WriteHeader(http.StatusForbidden)
		case "/limit":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

// TestObserve: each call is told once, by the name that its caller gave it, with what became of it and how often it was tried.
func TestObserve(t *testing.T) {
	var calls atomic.Int32
	server := newServer(t, moods(&calls))
	nobody := parse(t, "http://127.0.0.1:1")
	var seen []Call
	client := New(Options{
		Allow: []*url.URL{parse(t, server.URL), nobody}, AllowLoopback: true, Timeout: 10 * time.Second, Observe: func(c Call) { seen = append(seen, c) },
	})
	t.Cleanup(client.CloseIdleConnections)
	for _, c := range []struct {
		address  string
		outcome  Outcome
		attempts int
	}{
		{server.URL + "/cut", Broken, 1}, // on a connection of its own: net/http tries again by itself on one that was used before
		{server.URL + "/ok", Answered, 1},
		{server.URL + "/again", Answered, 2},
		{server.URL + "/no", Refused, 1},
		{server.URL + "/limit", Limited, 1},
		{server.URL + "/broken", ServerError, 1},
		{server.URL + "/slow", Timeout, 1},
		{nobody.String(), Unreachable, 1},
		{"http://127.0.0.2/", Unreachable, 0},
	} {
		calls.Store(0)
		seen = nil
		limit := 5 * time.Second
		if c.outcome == Timeout {
			limit = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(Named(t.Context(), "iam", "list providers"), limit)
		if c.attempts == 1 {
			ctx = Once(ctx)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Do(request); err == nil {
			_ = answer.Body.Close()
		}
		cancel()
		if len(seen) != 1 || seen[0].Upstream != "iam" || seen[0].Operation != "list providers" || seen[0].Outcome != c.outcome || seen[0].Attempts != c.attempts || seen[0].Took <= 0 {
			t.Errorf("%s: %+v, want %s after %d", c.address, seen, c.outcome, c.attempts)
		}
	}
}
