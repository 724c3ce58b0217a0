package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// onlySetup is the setup that the first page leads to.
func (v *visitor) onlySetup() string {
	v.t.Helper()
	parts := strings.Split(v.page.Find("main a[href^='/setup/']").First().AttrOr("href", ""), "/")
	if len(parts) < 3 {
		v.t.Fatalf("%s leads to no setup: %s", v.path, v.text("main"))
	}
	return parts[2]
}

// TestStayingWhenItIsTooLate: "Stay here" in a session that another request ends at that very moment says that it has ended.
func TestStayingWhenItIsTooLate(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.link()
	db := s.sql()
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `
		PRAGMA busy_timeout = 5000;
		CREATE TRIGGER too_late AFTER UPDATE OF seen_at ON sessions BEGIN DELETE FROM sessions WHERE hash = new.hash; END`); err != nil {
		t.Fatal(err)
	}
	for _, script := range []bool{false, true} {
		v := s.visitor()
		v.once(v.request(http.MethodPost, link, url.Values{})) // a session, just begun
		r := v.request(http.MethodPost, "/sessions/extend", url.Values{})
		if script {
			r.Header.Set("Accept", "text/plain")
		}
		if v.do(r); v.status != http.StatusUnauthorized || v.text("h1") != "Your session has ended" {
			t.Errorf("script %v: answered %d: %s", script, v.status, v.text("body"))
		}
	}
}
