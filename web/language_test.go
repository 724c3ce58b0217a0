package web

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/message/messagetest"
)

// TestChoiceOverHTTPS: a sibling host or plain http can plant no language.
func TestChoiceOverHTTPS(t *testing.T) {
	s := &Server{Options: Options{Messages: messagetest.Catalogue(t), PublicURL: &url.URL{Scheme: "https", Host: "onboard.example"}}}
	r, w := httptest.NewRequest("POST", "/language", nil), httptest.NewRecorder()
	r.PostForm = url.Values{"language": {"fi"}, "back": {"/console?q=a&state=waiting"}}
	if err := s.submitLanguage(w, r, nil); err != nil {
		t.Fatal(err)
	}
	cookie := w.Header().Get("Set-Cookie")
	if cookie != "__Host-onboard-language=fi; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax" || w.Header().Get("Location") != "/console?q=a&state=waiting" {
		t.Errorf("%q, back to %q", cookie, w.Header().Get("Location"))
	}
	for set, want := range map[string]string{"__Host-onboard-language=fi": "fi", "onboard-language=fi": "en", "__Host-onboard-language=xx": "en", "__Host-onboard-language=" + strings.Repeat("fi,", 9): "en"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", set)
		if got := s.printer(r).Lang(); got != want {
			t.Errorf("%s: %s", set, got)
		}
	}
}

// TestAcceptLanguageIsBounded: what is asked for behind the first 256 bytes is not read.
func TestAcceptLanguageIsBounded(t *testing.T) {
	s := &Server{Options: Options{Messages: messagetest.Catalogue(t), PublicURL: &url.URL{Scheme: "https", Host: "onboard.example"}}}
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"et, fi;q=0.8"}, "fi"},
		{[]string{"et", "fi"}, "fi"},
		{[]string{"fi," + strings.Repeat("et,", 10000)}, "fi"},
		{[]string{strings.Repeat("et,", 100) + "fi"}, "en"},
		{[]string{strings.Repeat("et,", 85), "fi"}, "en"},
		{[]string{strings.Repeat("e", 1000)}, "en"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept-Language"] = c.lines
		if got := s.printer(r).Lang(); got != c.want {
			t.Errorf("%.20q…: %s, want %s", c.lines, got, c.want)
		}
	}
}
