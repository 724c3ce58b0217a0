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
var noScreens = map[string]string{}

// everyScreenWasVisited asks the router for its pages, so that a new one is not forgotten.
func everyScreenWasVisited(t *testing.T) {
	place := regexp.MustCompile(`\\\{[^/]+\\\}`)
	for _, route := range newSiteWithConsole(t, nil).routes() {
		if route.method != http.MethodGet {
			continue
		}
		_, other := noScreens[route.pattern]
		pattern := regexp.MustCompile("^" + place.ReplaceAllString(regexp.QuoteMeta(route.pattern), "[^/]+") + "$")
		found := false
		for path := range screens.at {
			found = found || pattern.MatchString(path)
		}
		switch {
		case other && found:
			t.Errorf("%s is listed as no screen, and one is there", route.pattern)
		case !other && !found:
			t.Errorf("no walk stops at %s: take a picture of it, or say in noScreens what it is", route.pattern)
		}
	}
}
