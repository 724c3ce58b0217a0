package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
)

// Who is what a visitor is, to the site or in the setup that is asked for. In a setup nobody is more than one of them.
type Who string

// Visitors.
const (
	Anybody  Who = "anybody"   // without a session
	Visitor  Who = "visitor"   // has a session
	SignedIn Who = "signed-in" // is signed in with Aritma, and accepted by the IAM API

	// Guide is somebody of customer success who is signed in to the console: outside of every setup.
	Guide Who = "guide"

	Holder   = Who(onboarding.RoleHolder)
	Beginner = Who(onboarding.RoleBeginner)
	Admin    = Who(onboarding.RoleAdmin)
)

// Permission is an act on a resource.
type Permission struct{ Resource, Act string }

// Permissions that routes need.
var (
	seeSite    = Permission{"site", "see"}
	seeLink    = Permission{"link", "see"}
	openLink   = Permission{"link", "open"}
	signIn     = Permission{"account", "sign in"}
	signOut    = Permission{"account", "sign out"}
	ownSession = Permission{"session", "manage own"}
	choose     = Permission{"look and language", "choose"}
	beginToken = Permission{"setup", "begin with a token"}
	beginSetup = Permission{"setup", "begin"}
	openSetup  = Permission{"setup", "open"}

	seeConsole  = Permission{"console", "see"}
	runConsole  = Permission{"console", "run"}
	consoleSign = Permission{"console", "sign in"}

	seeSetup    = Permission{"setup", "see"}
	answer      = Permission{"setup", "answer"}
	leave       = Permission{"setup", "leave"}
	actInAritma = Permission{"setup", "act in Aritma"}
	seeToken    = Permission{"token", "see"}
	reveal      = Permission{"token", "reveal"}
	pasteToken  = Permission{"access token", "paste"}
	seeTrail    = Permission{"trail", "see"}
	seeLinks    = Permission{"links", "see"}
	makeLinks   = Permission{"links", "make"}
	takeLinks   = Permission{"links", "take back"}
	letWatch    = Permission{"watching", "decide"}
)

var (
	outside  = []Permission{seeSite, choose, seeLink, openLink, signIn, signOut, beginToken, consoleSign}
	withSess = append(slices.Clone(outside), ownSession)
	inSetups = []Permission{seeSetup, answer, leave, actInAritma, seeToken, reveal, seeTrail, seeLinks, letWatch}
)

// Rules is who may do what: the one table. What it does not list is refused. Who holds a setup link cannot make another, so
// that a stolen one ends when it is taken back. A guide opens no link and is nothing in any setup.
var Rules = map[Who][]Permission{
	Anybody:  outside,
	Visitor:  withSess,
	SignedIn: append(slices.Clone(withSess), beginSetup, openSetup),
	Guide:    {seeSite, choose, signIn, signOut, ownSession, consoleSign, seeConsole, runConsole},

	Holder:   append(slices.Clone(inSetups), pasteToken),
	Beginner: append(slices.Clone(inSetups), pasteToken, makeLinks, takeLinks),
	Admin:    append(slices.Clone(inSetups), makeLinks, takeLinks),
}

// Routes is what each route needs. A route that is not listed is not served; HEAD needs what GET needs.
var Routes = map[string]Permission{
	"GET /":                           seeSite,
	"GET /signed-out":                 seeSite,
	"GET /checklist":                  seeSite,
	"POST /open":                      openLink,
	"GET /s":                          seeLink,
	"GET /s/{link}":                   seeLink,
	"POST /s/{link}":                  openLink,
	"POST /begin":                     beginToken,
	"POST /setups":                    beginSetup,
	"POST /language":                  choose,
	"POST /theme":                     choose,
	"POST /signin":                    signIn,
	"GET /signin/callback":            signIn,
	"GET /signin/{signin}":            signIn,
	"POST /signin/{signin}":           signIn,
	"POST /signout":                   signOut,
	"GET /sessions":                   ownSession,
	"POST /sessions/end":              ownSession,
	"POST /sessions/extend":           ownSession,
	"GET /sessions/life":              ownSession,
	"POST /setup/{setup}/open":        openSetup,
	"GET /setup/{setup}":              seeSetup,
	"GET /setup/{setup}/start":        seeSetup,
	"GET /setup/{setup}/application":  seeSetup,
	"GET /setup/{setup}/directory":    seeSetup,
	"GET /setup/{setup}/signin":       seeSetup,
	"GET /setup/{setup}/redirect":     seeSetup,
	"GET /setup/{setup}/secret":       seeSetup,
	"GET /setup/{setup}/assign":       seeSetup,
	"GET /setup/{setup}/review":       seeSetup,
	"GET /setup/{setup}/token":        seeToken,
	"GET /setup/{setup}/provisioning": seeSetup,
	"GET /setup/{setup}/signin-test":  seeSetup,
	"GET /setup/{setup}/done":         seeSetup,

	"GET /setup/{setup}/done/record.html":        seeSetup,
	"GET /setup/{setup}/done/secret-expires.ics": seeSetup,

	"GET /setup/{setup}/secret/progress":      seeSetup,
	"GET /setup/{setup}/review/progress":      seeSetup,
	"GET /setup/{setup}/token/progress":       seeToken,
	"GET /setup/{setup}/start-over/progress":  seeSetup,
	"GET /setup/{setup}/signin-test/progress": seeSetup,
	"GET /setup/{setup}/signin-test/result":   seeSetup,

	"POST /setup/{setup}/sharing":      answer,
	"POST /setup/{setup}/start":        answer,
	"POST /setup/{setup}/application":  answer,
	"POST /setup/{setup}/directory":    answer,
	"POST /setup/{setup}/signin":       answer,
	"POST /setup/{setup}/redirect":     answer,
	"POST /setup/{setup}/secret":       answer,
	"POST /setup/{setup}/assign":       answer,
	"POST /setup/{setup}/provisioning": answer,
	"POST /setup/{setup}/signin-test":  answer,

	"POST /setup/{setup}/review/discard":        answer,
	"POST /setup/{setup}/signin-test/diagnosis": seeSetup,

	"POST /setup/{setup}/review":             actInAritma,
	"POST /setup/{setup}/provisioning/look":  actInAritma,
	"POST /setup/{setup}/signin-test/button": actInAritma,
	"POST /setup/{setup}/signin-test/begin":  actInAritma,
	"GET /setup/{setup}/start-over":          seeSetup,
	"POST /setup/{setup}/start-over":         actInAritma,
	"POST /setup/{setup}/token":              actInAritma,
	"POST /setup/{setup}/token/probe":        actInAritma,
	"POST /setup/{setup}/token/pasted":       actInAritma,
	"GET /setup/{setup}/token/replace":       seeToken,
	"POST /setup/{setup}/token/show":         reveal,

	"GET /setup/{setup}/access":                pasteToken,
	"POST /setup/{setup}/access":               pasteToken,
	"GET /setup/{setup}/later":                 leave,
	"POST /setup/{setup}/later":                leave,
	"POST /setup/{setup}/later/link":           makeLinks,
	"GET /setup/{setup}/activity":              seeTrail,
	"GET /setup/{setup}/links":                 seeLinks,
	"POST /setup/{setup}/links":                makeLinks,
	"GET /setup/{setup}/links/{link}/revoke":   takeLinks,
	"POST /setup/{setup}/links/{link}/revoke":  takeLinks,
	"GET /setup/{setup}/links/{link}/replace":  takeLinks,
	"POST /setup/{setup}/links/{link}/replace": takeLinks,
	"GET /setup/{setup}/watching":              seeSetup,
	"GET /setup/{setup}/watching/now":          seeSetup,
	"POST /setup/{setup}/watching":             letWatch,

	"POST /console/signin":                              consoleSign,
	"GET /console":                                      seeConsole,
	"GET /console/live":                                 seeConsole,
	"GET /console/new":                                  seeConsole,
	"POST /console/new":                                 runConsole,
	"GET /console/call":                                 seeConsole,
	"GET /console/figures":                              seeConsole,
	"GET /console/figures.csv":                          seeConsole,
	"GET /console/figures.json":                         seeConsole,
	"GET /console/setups/{setup}":                       seeConsole,
	"GET /console/setups/{setup}/trail.csv":             seeConsole,
	"GET /console/setups/{setup}/trail.json":            seeConsole,
	"GET /console/setups/{setup}/about":                 seeConsole,
	"POST /console/setups/{setup}/about":                runConsole,
	"POST /console/setups/{setup}/notes":                runConsole,
	"POST /console/setups/{setup}/links":                runConsole,
	"POST /console/setups/{setup}/links/{link}/revoke":  runConsole,
	"POST /console/setups/{setup}/links/{link}/replace": runConsole,
	"POST /console/setups/{setup}/close":                runConsole,
	"POST /console/setups/{setup}/reopen":               runConsole,
	"POST /console/setups/{setup}/watch":                runConsole,
	"POST /console/setups/{setup}/watch/stop":           runConsole,
	"GET /console/setups/{setup}/guide":                 seeConsole,
	"GET /console/setups/{setup}/guide/{page}":          seeConsole,
}

// RouteName is under what a route stands in Routes.
func RouteName(method, pattern string) string {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if pattern != "/" {
		pattern = strings.TrimSuffix(pattern, "/")
	}
	return method + " " + pattern
}

// neededBy is what the route of a request needs; false for a route that nobody thought of.
func neededBy(r *http.Request) (Permission, bool) {
	needed, known := Routes[RouteName(r.Method, chi.RouteContext(r.Context()).RoutePattern())]
	return needed, known
}

// errDenied says that a visitor is known, but may not do this.
var errDenied = fault.New(fault.Forbidden, "access.denied", nil)

// errEnded says that there is no session, perhaps not any more.
var errEnded = fault.New(fault.Unauthorized, "session.ended", nil)

// allow refuses what a visitor may not do.
func allow(who Who, r *http.Request) error {
	needed, known := neededBy(r)
	switch {
	case !known:
		return errNotFound
	case slices.Contains(Rules[who], needed):
		return nil
	case who == Guide:
		return errGuide
	case needed == openSetup: // whether it exists is not told
		return fault.New(fault.NotFound, "setup.unknown", nil)
	case who == Anybody:
		return errEnded
	}
	return errDenied
}

// inSession answers a request outside setups with the session of the visitor; one to change something has its form read.
type inSession func(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error

// whoIs is what a visitor is outside of setups.
func (s *Server) whoIs(sess *sessions.Session) Who {
	person := accountOf(sess)
	switch {
	case s.guides(person):
		return Guide
	case person.Console: // the console was taken from them meanwhile
		return Visitor
	case !person.IsZero():
		return SignedIn
	case !sess.IsNew:
		return Visitor
	}
	return Anybody
}

// guarded is a page outside setups, for whoever the table lets in.
func (s *Server) guarded(h inSession) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		formErr := readForm(r) // first: whatever ends while a form is held back counts
		sess, err := s.session(r)
		if err != nil {
			return err
		}
		if err := allow(s.whoIs(sess), r); err != nil {
			return err
		}
		if formErr != nil {
			return formErr
		}
		return h(w, r, sess)
	}
}
