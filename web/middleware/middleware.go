package middleware

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
)

type idKey struct{}

// RequestID gives every request a random id of 8 hexadecimal digits, which is also the reference number that a person reads out.
// An id from outside is never taken over.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw := make([]byte, 4)
		_, _ = rand.Read(raw)
		ctx := context.WithValue(r.Context(), idKey{}, strings.ToUpper(hex.EncodeToString(raw)))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// ID is the id of the request; empty outside one.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// LogID returns a handler that writes the id of the request into every line that is logged on its behalf, also by work that
// outlasts it.
func LogID(next slog.Handler) slog.Handler { return logID{next} }

type logID struct{ slog.Handler }

// Handle implements slog.Handler.
func (l logID) Handle(ctx context.Context, line slog.Record) error {
	if id := ID(ctx); id != "" {
		line.AddAttrs(slog.String("request", id))
	}
	return l.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (l logID) WithAttrs(attrs []slog.Attr) slog.Handler { return logID{l.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (l logID) WithGroup(name string) slog.Handler { return logID{l.Handler.WithGroup(name)} }

// methods are those that net/http knows; a client may invent any other, of any length.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// Log writes one line for each request and tells observe, which may be nil. Both get the route's pattern, never the path or the
// query: a setup link is a secret in the path.
func Log(log *slog.Logger, observe func(route, method string, status int, took time.Duration, stream bool)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			ww := chimiddleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(ww, r)
			took, route := time.Since(start), ""
			if c := chi.RouteContext(r.Context()); c != nil {
				route = c.RoutePattern()
			}
			if observe != nil {
				observe(route, r.Method, ww.Status(), took, ww.Header().Get("Content-Type") == "text/event-stream")
			}
			if route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, "/static/") {
				return
			}
			method := r.Method
			if !slices.Contains(methods, method) {
				method = "other"
			}
			attrs := []any{"method", method, "route", route, "status", ww.Status(), "bytes", ww.BytesWritten(), "duration", took}
			log.InfoContext(r.Context(), "request", append(attrs, About(r)...)...)
		})
	}
}

// About is what a line of the log says of a request beside its id: the setup, where the path names one. Whatever else stands in
// that place of a path stays out of the log.
func About(r *http.Request) []any {
	if setup := chi.URLParam(r, "setup"); IsSetupID(setup) {
		return []any{"setup", setup}
	}
	return nil
}

// IsSetupID reports whether s has the form of a setup's id: 26 characters of lower-case base32.
func IsSetupID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Recover answers a crashed handler with page. The stack goes to the log, the panic's value only as its type: it may
// quote what a person entered.
func Recover(log *slog.Logger, page http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				crash := recover()
				if crash == nil {
					return
				}
				if err, ok := crash.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(crash)
				}
				log.ErrorContext(r.Context(), "handler crashed", "panic", describe(crash), "stack", stack())
				page(w, r)
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// Host refuses requests for any other host than the public one (RFC 9110 section 15.5.20).
func Host(public *url.URL, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !sameHost(r.Host, public) {
				refuse(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func sameHost(host string, public *url.URL) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	return strings.EqualFold(name, public.Hostname()) && portOf(port, public.Scheme) == portOf(public.Port(), public.Scheme)
}

func portOf(port, scheme string) string {
	switch {
	case port != "":
		return port
	case scheme == "https":
		return "443"
	}
	return "80"
}

// Headers sets what every answer carries. Chromium applies form-action to redirects after a POST too, so Aritma ID's
// origin is allowed there. Referrer-Policy is same-origin because no-referrer makes browsers send Origin: null with
// our own forms.
func Headers(public, id *url.URL) func(http.Handler) http.Handler {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	if id != nil && id.Host != "" {
		policy += " " + id.Scheme + "://" + id.Host
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("Referrer-Policy", "same-origin")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
			if public.Scheme == "https" {
				h.Set("Strict-Transport-Security", "max-age=63072000")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// SameOrigin refuses unsafe requests that another site made a browser send, by the rules of
// http.CrossOriginProtection, and those that carry neither Sec-Fetch-Site nor Origin: every browser that can run the
// wizard sends at least one with a form.
func SameOrigin(public *url.URL, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(refuse)
	origin := public.Scheme + "://" + public.Host
	return func(next http.Handler) http.Handler {
		checked := protection.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if unsafe(r.Method) {
				site, from := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
				if site == "" && !strings.EqualFold(from, origin) {
					refuse(w, r)
					return
				}
			}
			checked.ServeHTTP(w, r)
		})
	}
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// NoStore keeps pages out of every cache.
func NoStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Limit bounds the body of a request, in bytes; reading further fails with *http.MaxBytesError.
func Limit(bytes int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, bytes)
			next.ServeHTTP(w, r)
		})
	}
}
