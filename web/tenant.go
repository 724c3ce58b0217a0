package web

import (
	"net/http"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// Names of the cookie that remembers the tenant; it holds nothing else and gives no access.
const (
	tenantCookie         = "__Host-onboard-tenant"
	loopbackTenantCookie = "onboard-tenant"
	tenantCookieLife     = 365 * 24 * 60 * 60 // seconds
)

func (s *Server) tenantCookieName() string {
	if s.PublicURL.Scheme == "https" {
		return tenantCookie
	}
	return loopbackTenantCookie
}

// rememberedTenant is that of the last sign-in in this browser; empty when there was none.
func (s *Server) rememberedTenant(r *http.Request) string {
	cookie, err := r.Cookie(s.tenantCookieName())
	if err != nil || !wizard.IsTenant(cookie.Value) {
		return ""
	}
	return cookie.Value
}

func (s *Server) rememberTenant(w http.ResponseWriter, tenant string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure unless the site is http on loopback
		Name: s.tenantCookieName(), Value: tenant, Path: "/", MaxAge: tenantCookieLife,
		Secure: s.PublicURL.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
