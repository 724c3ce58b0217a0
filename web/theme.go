package web

import (
	"net/http"
	"slices"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/templates/layout"
)

const (
	themePath = "/theme"
	// themeCookie holds which theme somebody chose, as LanguageCookie holds their language.
	themeCookie = "onboard-theme"
)

// theme is how the pages of this browser look: as somebody chose, else as the system does.
func (s *Server) theme(r *http.Request, back string) layout.ThemeView {
	v := layout.ThemeView{Action: themePath, Back: back, Current: layout.ThemeSystem}
	if cookie, err := r.Cookie(s.browserCookie(themeCookie)); err == nil && slices.Contains(layout.Themes, cookie.Value) {
		v.Current = cookie.Value
	}
	return v
}

// submitTheme keeps the choice and leads back to the page that it was made on, or leaves that as it is where a script has changed
// it already.
func (s *Server) submitTheme(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error {
	if theme := r.PostForm.Get("theme"); slices.Contains(layout.Themes, theme) {
		s.keepInBrowser(w, themeCookie, theme, choiceLife)
	}
	if r.PostForm.Get("stay") != "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, within(r.PostForm.Get("back")), http.StatusSeeOther) //nolint:gosec // always a page of the site
	return nil
}
