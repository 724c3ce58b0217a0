package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/templates/layout"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

const (
	consolePath = "/console"
	livePath    = consolePath + "/live"
)

var (
	// errConsoleSignIn says that the console is there for somebody who signs in to it.
	errConsoleSignIn = fault.New(fault.Unauthorized, "console.sign-in.again", nil)
	// errGuide says that a session of the console is none of a setup.
	errGuide = fault.New(fault.Forbidden, "console.no-entry", nil)
)

// desk is one request of somebody of customer success. What it can read comes from package console, and has no room for a
// secret; what it can do is listed there and in deskActs.
type desk struct {
	w       http.ResponseWriter
	r       *http.Request
	t       message.Printer
	session *sessions.Session
	person  account.Account
}

// atDesk is a handler of the console.
type atDesk func(d *desk) error

// consolePages are the console. Pages that hand over a setup link, and the stream, are not compressed.
func (s *Server) consolePages(r chi.Router, compress func(http.Handler) http.Handler) {
	r.Post("/console/signin", s.handle(s.guarded(s.beginConsoleSignIn)))
	s.page(r, livePath, s.console(s.showLive))
	r.Group(func(r chi.Router) {
		r.Use(compress)
		s.page(r, consolePath, s.console(s.showConsole))
		s.page(r, "/console/new", s.console(s.showNewSetup))
		s.page(r, "/console/call", s.console(s.showCall))
		s.page(r, "/console/figures", s.console(s.showFigures))
	})
	s.page(r, "/console/figures.csv", s.console(s.exportFigures))
	s.page(r, "/console/figures.json", s.console(s.exportFigures))
	r.Post("/console/new", s.handle(s.console(s.submitNewSetup)))
	r.Route("/console/setups/{setup}", func(r chi.Router) {
		r.NotFound(s.notFound)
		r.MethodNotAllowed(s.notAllowed)
		r.Group(func(r chi.Router) {
			r.Use(compress)
			s.page(r, "/", s.console(s.showDetail))
			s.page(r, "/about", s.console(s.showAbout))
			r.Post("/about", s.handle(s.console(s.submitAbout)))
			s.page(r, "/guide", s.console(s.showGuide))
			s.page(r, "/guide/{page}", s.console(s.showGuide))
		})
		s.page(r, "/trail.csv", s.console(s.exportTrail))
		s.page(r, "/trail.json", s.console(s.exportTrail))
		r.Post("/notes", s.handle(s.console(s.submitNote)))
		r.Post("/links", s.handle(s.console(s.submitDeskLink)))
		r.Post("/links/{link}/revoke", s.handle(s.console(s.revokeDeskLink)))
		r.Post("/links/{link}/replace", s.handle(s.console(s.replaceDeskLink)))
		r.Post("/close", s.handle(s.console(s.closeSetup)))
		r.Post("/reopen", s.handle(s.console(s.reopenSetup)))
		r.Post("/watch", s.handle(s.console(s.submitWatch)))
		r.Post("/watch/stop", s.handle(s.console(s.stopWatch)))
	})
}

// console admits people who are signed in to the console; others are shown where to sign in.
func (s *Server) console(h atDesk) handler {
	admitted := s.guarded(func(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
		return h(&desk{w: w, r: r, t: s.printer(r), session: sess, person: accountOf(sess)})
	})
	return func(w http.ResponseWriter, r *http.Request) error {
		sess, err := s.session(r)
		if err == nil && !s.guides(accountOf(sess)) {
			return errConsoleSignIn
		}
		return admitted(w, r)
	}
}

// guides reports whether somebody is signed in to the console, and still of the tenant that may.
func (s *Server) guides(person account.Account) bool {
	return person.Console && s.Console != nil && strings.EqualFold(person.Tenant, s.ConsoleTenant)
}

// actor names the person in the audit trail, which the customer reads, too.
func (d *desk) actor() onboarding.Actor {
	return onboarding.Actor{Who: "console:" + d.person.Full(), From: middleware.Address(d.r.Context())}
}

func (d *desk) setup() string { return chi.URLParam(d.r, "setup") }

// url is the address of a page about a setup.
func deskURL(setup, page string) string {
	to := consolePath + "/setups/" + setup
	if page != "" {
		to += "/" + page
	}
	return to
}

func (d *desk) redirect(to string) error {
	http.Redirect(d.w, d.r, to, http.StatusSeeOther) //nolint:gosec // always a page of the console
	return nil
}

// watcherOf names a session, by its hash, among those who watch, without telling how to enter it.
func watcherOf(hash []byte) string {
	sum := sha256.Sum256(append([]byte("watcher "), hash...))
	return hex.EncodeToString(sum[:13])
}

// leaveDesk ends what a session of the console was watching, before the session gives way to another, or to none.
func (s *Server) leaveDesk(r *http.Request, sess *sessions.Session) error {
	if s.Console == nil || !accountOf(sess).Console {
		return nil
	}
	return s.Console.StopWatching(r.Context(), watcherOf(session.Hash(sess)))
}

// consoleNav is the way through the console.
func (s *Server) consoleNav(t message.Printer, current string) *layout.ConsoleNav {
	return &layout.ConsoleNav{Current: current, Links: []layout.ConsoleLink{
		{Text: t.T("console.nav.setups"), URL: consolePath},
		{Text: t.T("console.nav.new"), URL: consolePath + "/new"},
		{Text: t.T("console.nav.figures"), URL: consolePath + "/figures"},
		{Text: t.T("console.nav.call"), URL: consolePath + "/call"},
	}}
}

// deskFrame is the frame of a page of the console.
func (s *Server) deskFrame(d *desk, title, lead string, pairs ...any) layout.Frame {
	f := s.frame(d.r, title, lead, pairs...)
	f.Console, f.Wide = s.consoleNav(d.t, d.r.URL.Path), true
	return f
}

// consoleDoor is where the console is signed in to.
func (s *Server) consoleDoor(w http.ResponseWriter, r *http.Request) {
	reload(w, r)
	view := page.ConsoleDoorView{Frame: s.frame(r, "console.title", "console.door.lead"), Action: consolePath + "/signin"}
	if person := view.Frame.Person; person != "" {
		view.Note = view.Frame.T.T("console.door.other", "Name", person)
	}
	_ = render(w, r, http.StatusUnauthorized, page.ConsoleDoor(view))
}

// beginConsoleSignIn leads to Aritma ID, where people of the console's tenant sign in.
func (s *Server) beginConsoleSignIn(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	if s.Accounts == nil {
		return errNotFound
	}
	return s.leadToAritma(w, r, sess, s.ConsoleTenant, account.Purpose{Console: true})
}

// enterConsole begins a session of its own: nothing that the browser had open goes on in it.
func (s *Server) enterConsole(w http.ResponseWriter, r *http.Request, sess *sessions.Session, person account.Account) error {
	if err := s.leaveDesk(r, sess); err != nil {
		return err
	}
	if !sess.IsNew {
		if err := s.Sessions.Destroy(w, r, sess); err != nil {
			return err
		}
	}
	for name, value := range map[string]any{
		accountKey: person.Pack(), session.OwnerKey: "console " + person.Owner(), session.DeviceKey: deviceOf(r), session.FromKey: middleware.Address(r.Context()),
	} {
		sess.Values[name] = value
	}
	if err := sess.Save(r, w); err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "signed in to the console")
	http.Redirect(w, r, consolePath, http.StatusSeeOther)
	return nil
}
