package sandbox

import (
	"net/http"
	"strings"
)

// routes is everything that the sandbox answers. Patterns are whole, because they are the names under which
// requests are counted and faults are limited.
func (s *Sandbox) routes() http.Handler {
	mux := http.NewServeMux()
	s.routeID(mux)
	s.routeIAM(mux)
	s.routeSCIM(mux)
	s.routeEntra(mux)
	s.routePortal(mux)
	s.routeAssets(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		_, pattern := mux.Handler(r)
		if pattern == "" && strings.HasPrefix(r.URL.Path, iamPath+"/") {
			s.noSuchOperation(status, r, mux)
		} else {
			mux.ServeHTTP(status, r)
		}
		s.log.Debug("sandbox request", "method", r.Method, "route", pattern, "status", status.status)
	})
}

// noSuchOperation gives the status that mux would give, 404 or 405, as a problem.
func (s *Sandbox) noSuchOperation(w http.ResponseWriter, r *http.Request, mux http.Handler) {
	probe := &discardWriter{header: http.Header{}}
	mux.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
	}
	s.problem(w, r, max(probe.status, http.StatusBadRequest), "There is no such operation.", nil)
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discardWriter takes an answer that nobody gets.
type discardWriter struct {
	header http.Header
	status int
}

func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *discardWriter) WriteHeader(status int)      { w.status = status }
