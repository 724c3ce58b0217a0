package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// Cookies that outlast a session. They give no access.
const (
	tenantCookie     = "onboard-tenant" // holds the tenant of the last sign-in, and nothing else
	tenantCookieLife = 365 * day
	// testedCookie is there from a test sign-in in this browser to the next sign-in: Aritma ID's session there is that of the
	// person who was tested, who must not be taken for the one who signs in to act.
	testedCookie     = "onboard-tested"
	testedCookieLife = 30 * day

	day = 24 * 60 * 60 // in seconds
)

// browserCookie is how a cookie is named: a browser takes a __Host- cookie over https only. No sibling host can plant one (RFC 6265bis,
// 4.1.3.2).
func (s *Server) browserCookie(name string) string {
	if s.PublicURL.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

// keepInBrowser sets a cookie, or takes it away when it is to live less than a second.
func (s *Server) keepInBrowser(w http.ResponseWriter, name, value string, life int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure unless the site is http on loopback
		Name: s.browserCookie(name), Value: value, Path: "/", MaxAge: life,
		Secure: s.PublicURL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// rememberedTenant is that of the last sign-in in this browser; empty when there was none.
func (s *Server) rememberedTenant(r *http.Request) string {
	cookie, err := r.Cookie(s.browserCookie(tenantCookie))
	if err != nil || !wizard.IsTenant(cookie.Value) {
		return ""
	}
	return cookie.Value
}

func (s *Server) rememberTenant(w http.ResponseWriter, tenant string) {
	s.keepInBrowser(w, tenantCookie, tenant, tenantCookieLife)
}

// tested reports whether somebody was signed in to test in this browser since the last sign-in to act.
func (s *Server) tested(r *http.Request) bool {
	cookie, err := r.Cookie(s.browserCookie(testedCookie))
	return err == nil && cookie.Value != ""
}

func (s *Server) rememberTest(w http.ResponseWriter) {
	s.keepInBrowser(w, testedCookie, "yes", testedCookieLife)
}

func (s *Server) forgetTest(w http.ResponseWriter, r *http.Request) {
	if s.tested(r) {
		s.keepInBrowser(w, testedCookie, "", -1)
	}
}
