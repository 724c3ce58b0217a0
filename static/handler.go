package static

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Handler serves what URL names: GET and HEAD, compressed as it was packed, whole whatever Range asks for, cacheable for a year
// by anyone. Everything else is 404; it sees the whole path, "/static/" included.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		serve(w, r, a)
	})
}

func serve(w http.ResponseWriter, r *http.Request, a *asset) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Vary", "Accept-Encoding")
	coding := Accepted(r.Header.Get("Accept-Encoding"), "br", "gzip")
	body := map[string][]byte{"br": a.brotli, "gzip": a.gzip}[coding]
	if body != nil {
		header.Set("Content-Encoding", coding)
	} else {
		body = a.plain
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// Accepted chooses the first of the codings that an Accept-Encoding header names and does not refuse with q=0 (RFC 9110, section
// 12.5.3); empty when it names none of them.
func Accepted(header string, codings ...string) string {
	best := len(codings)
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if q, given := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q="); given {
			if value, err := strconv.ParseFloat(q, 64); err != nil || value == 0 {
				continue
			}
		}
		if at := slices.Index(codings[:best], strings.TrimSpace(coding)); at >= 0 {
			best = at
		}
	}
	if best == len(codings) {
		return ""
	}
	return codings[best]
}
