package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/web/session"
)

// TestTooManyStreams: one more than the program bears is answered with a sentence, and counts as none.
func TestTooManyStreams(t *testing.T) {
	s, v := standing(t, ago(0, nil))
	s.Log, s.Sessions = slog.New(slog.DiscardHandler), session.New(nil, nil, session.Options{Now: s.Now}) // nobody has a session
	s.rows.streams = maxStreams
	w := httptest.NewRecorder()
	for range 3 {
		w = httptest.NewRecorder()
		s.handle(func(w http.ResponseWriter, r *http.Request) error {
			return s.showLive(&desk{w: w, r: r, t: v.t, session: v.session})
		})(w, httptest.NewRequest(http.MethodGet, livePath, nil))
	}
	if n := s.rows.streams; n != maxStreams {
		t.Errorf("%d streams are counted, want %d", n, maxStreams)
	}
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Too many live pages are open") {
		t.Errorf("answered %d\n%s", w.Code, w.Body)
	}
}

// TestStreamsOfOneSession: nobody takes the streams of all.
func TestStreamsOfOneSession(t *testing.T) {
	var rows liveRows
	for n := range maxOwn {
		if !rows.open("one") {
			t.Fatalf("%d streams are too many", n)
		}
	}
	if rows.open("one") || !rows.open("another") {
		t.Error("one session is not bounded by itself")
	}
	rows.close("one")
	if !rows.open("one") {
		t.Error("a stream that has ended still counts")
	}
}
