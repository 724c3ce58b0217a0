package web

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/layout"
)

const (
	languagePath = "/language"
	// LanguageCookie holds the tag of the language that somebody chose. It is their own and tells nothing else, it is there before a
	// session is and stays when one ends.
	LanguageCookie = "onboard-language"
	maxAsked       = 256       // bytes of Accept-Language that are read; browsers send fewer than 100
	choiceLife     = 365 * day // browsers keep none for more than 400 days
)

// printer makes sentences in the language of a request: the one that it chooses, or that was chosen before, else the one that the
// browser asks for.
func (s *Server) printer(r *http.Request) message.Printer {
	return s.Messages.For(append(s.chosen(r), asked(r)...)...)
}

// asked is what the browser asks for, as far as it is read: up to maxAsked bytes, and no part of an entry.
func asked(r *http.Request) (lines []string) {
	left := maxAsked
	for _, line := range r.Header.Values("Accept-Language") {
		if len(line) > left {
			line = line[:max(0, strings.LastIndexByte(line[:left], ','))]
		}
		if line == "" {
			break
		}
		lines, left = append(lines, line), left-len(line)
	}
	return lines
}

// chosen is the tag of the language that the form of the request chooses, or that was chosen in this browser before; none when nobody
// chose one that is offered.
func (s *Server) chosen(r *http.Request) []string {
	if tag := r.PostForm.Get("language"); s.Messages.Offers(tag) {
		return []string{tag}
	}
	cookie, err := r.Cookie(s.browserCookie(LanguageCookie))
	if err != nil || !s.Messages.Offers(cookie.Value) {
		return nil
	}
	return []string{cookie.Value}
}

// submitLanguage keeps the choice and leads back to the page that it was made on.
func (s *Server) submitLanguage(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error {
	s.choose(w, r)
	http.Redirect(w, r, within(r.PostForm.Get("back")), http.StatusSeeOther) //nolint:gosec // always a page of the site
	return nil
}

// choose keeps the language that a form chooses, and reports whether it does.
func (s *Server) choose(w http.ResponseWriter, r *http.Request) bool {
	tag := r.PostForm.Get("language")
	if !s.Messages.Offers(tag) {
		return false
	}
	s.keepInBrowser(w, LanguageCookie, tag, choiceLife)
	return true
}

// retellable are the steps whose form is sent to be read in another language, with what was entered and not saved yet: it checks the form
// before it does anything, and holds no secret, which would not come back.
var retellable = []wizard.Step{wizard.Start, wizard.Directory, wizard.Signin, wizard.Assign}

// keepsAnswers reports whether a request is the form of one of these steps.
func keepsAnswers(r *http.Request) bool {
	return slices.ContainsFunc(retellable, func(step wizard.Step) bool {
		return chi.RouteContext(r.Context()).RoutePattern() == "/setup/{setup}/"+string(step)
	})
}

// within is the address of a page of this site, or of its first page when it is any other address: what browsers read as another
// host, with two slashes or a backslash (WHATWG URL, 4.4), as well.
func within(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return "/"
	}
	return address
}

// languages is the switch of a page; nil where there is nothing to choose.
func (s *Server) languages(back string) *layout.LanguagesView {
	if len(s.Messages.Languages()) < 2 {
		return nil
	}
	return &layout.LanguagesView{Action: languagePath, Back: back, Choices: s.Messages.Languages()}
}

const (
	maxBack  = 200 // bytes of a path
	maxDepth = 6   // segments: /console/setups/{setup}/links/{link}/replace
)

// back is where the page of a request can be asked for again: its own address, or the nearest above it that answers GET. Of a
// query only the console's stays, which is a search: that of a sign-in is for one time. An address that is longer than the site's own
// is not looked at, since anybody may ask for one and each of its parts would be looked up.
func (s *Server) back(r *http.Request) string {
	at := r.URL.EscapedPath()
	if r.Method == http.MethodGet && strings.HasPrefix(at, consolePath) {
		return r.URL.RequestURI()
	}
	here := chi.RouteContext(r.Context())
	if here == nil || len(at) > maxBack || strings.Count(at, "/") > maxDepth {
		return "/"
	}
	for ; at != "/" && at != "."; at = path.Dir(at) {
		if at != callbackPath && here.Routes.Match(chi.NewRouteContext(), http.MethodGet, at) {
			return at
		}
	}
	return "/"
}
