package main

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// screens are the addresses, without what comes after "?", of the pages that the walks stopped at.
var screens struct {
	sync.Mutex
	at map[string]bool
}

// visited notes the page on which the album is.
func (a album) visited() {
	a.t.Helper()
	path, _, _ := strings.Cut(a.path(), "?")
	screens.Lock()
	defer screens.Unlock()
	if screens.at == nil {
		screens.at = map[string]bool{}
	}
	screens.at[path] = true
}

// noScreens are routes that answer GET with something else than a screen.
var noScreens = map[string]string{
	"/console/figures.csv":                   "a file",
	"/console/figures.json":                  "a file",
	"/console/live":                          "a stream of events",
	"/console/setups/{setup}/trail.csv":      "a file",
	"/console/setups/{setup}/trail.json":     "a file",
	"/sessions/life":                         "a number, for scripts",
	"/setup/{setup}/":                        "leads to the step that is open, or is the door of the setup, which any of its addresses may be",
	"/setup/{setup}/done/record.html":        "a file; the walk looks at it as one that was opened",
	"/setup/{setup}/done/secret-expires.ics": "a file",
	"/setup/{setup}/review/progress":         "a part of the page that waits",
	"/setup/{setup}/secret/progress":         "a part of the page that waits",
	"/setup/{setup}/signin-test/progress":    "a part of the page that waits",
	"/setup/{setup}/start-over/progress":     "a part of the page that waits",
	"/setup/{setup}/token/progress":          "a part of the page that waits",
	"/setup/{setup}/watching/now":            "a part of the page that waits",
	"/signin/callback":                       "leads on to the pages of a sign-in",
}

// everyScreenWasVisited asks the router for its pages, so that a new one is not forgotten.
func everyScreenWasVisited(t *testing.T, routes []route) {
	t.Helper()
	place := regexp.MustCompile(`\\\{[^/]+\\\}`)
	for _, route := range routes {
		if route.method != http.MethodGet {
			continue
		}
		_, other := noScreens[route.pattern]
		pattern := regexp.MustCompile("^" + place.ReplaceAllString(regexp.QuoteMeta(strings.TrimSuffix(route.pattern, "/")), "[^/]+") + "/?$")
		found := false
		for path := range screens.at {
			found = found || pattern.MatchString(path)
		}
		switch {
		case other && found && route.pattern != "/setup/{setup}/":
			t.Errorf("%s is listed as no screen, and one is there", route.pattern)
		case !other && !found:
			t.Errorf("no walk stops at %s: take a picture of it, or say in noScreens what it is", route.pattern)
		}
	}
}
