package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestHealthcheck ends with 0 only where the service itself says that it runs, wherever it listens.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	at, _ := url.Parse(s.public)
	odd := http.NewServeMux()
	odd.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.public+"/healthz", http.StatusFound)
	})
	other := httptest.NewServer(odd)
	t.Cleanup(other.Close)
	for listen, want := range map[string]int{
		at.Host: 0, "0.0.0.0:" + at.Port(): 0, ":" + at.Port(): 0, "localhost:" + at.Port(): 0,
		"127.0.0.1:1": 1, strings.TrimPrefix(other.URL, "http://"): 1, "8080": 2,
	} {
		status, out, log := command(t, map[string]string{"ONBOARD_LISTEN": listen}, "healthcheck")
		if status != want || out != "" || (want == 0) != (log == "") {
			t.Errorf("%s: status %d, want %d; printed %q, said %q", listen, status, want, out, log)
		}
	}
	s.stop()
	if status, _, log := command(t, map[string]string{"ONBOARD_LISTEN": at.Host}, "healthcheck"); status != 1 || !strings.HasPrefix(log, "onboard: not healthy") {
		t.Errorf("after the end: status %d, said %q", status, log)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, set := range [][2]string{{"", ""}, {"v1.2.3", "0123abcd"}} {
		version, revision = set[0], set[1]
		t.Cleanup(func() { version, revision = "", "" })
		status, out, log := command(t, nil, "version")
		if status != 0 || log != "" || !regexp.MustCompile(`^onboard \S+, revision \S+, go1\.\S+ \w+/\w+\n$`).MatchString(out) {
			t.Errorf("status %d, printed %q, said %q", status, out, log)
		}
		for _, want := range []string{set[0], set[1], runtime.Version()} {
			if !strings.Contains(out, want) {
				t.Errorf("%q lacks %q", out, want)
			}
		}
	}
}
