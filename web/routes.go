package web

import (
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzip"

	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/static"
	"github.com/aritma/entra-onboard/web/middleware"
)

const (
	maxBody       = 64 << 10 // bytes of a form; the largest answer is a pasted access token
	compressLevel = 5        // 7 % less than level 1, for 20 µs at most
)

// routes is the whole site in one place.
func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Client(s.TrustedProxies), middleware.Log(s.Log, s.Observe), middleware.Recover(s.Log, s.crashed))
	r.Get("/healthz", s.healthz)
	r.Head("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Head("/readyz", s.readyz)
	r.Group(func(r chi.Router) { // what the headers of pages say is about documents; on each asset they would weigh 400 bytes
		r.Use(middleware.Host(s.PublicURL, s.misdirected))
		r.Method(http.MethodGet, "/static/*", static.Handler())
		r.Method(http.MethodHead, "/static/*", static.Handler())
	})

	r.Group(func(r chi.Router) {
		r.Use(middleware.Headers(s.PublicURL, s.IDURL))
		r.Use(middleware.Host(s.PublicURL, s.misdirected))
		r.Use(middleware.SameOrigin(s.PublicURL, s.forged))
		r.Use(middleware.Limit(maxBody))
		r.NotFound(s.notFound)
		r.MethodNotAllowed(s.notAllowed)
		if s.Sandbox != nil {
			r.Handle("/sandbox/*", s.Sandbox)
		}
		r.Group(func(r chi.Router) {
			r.Use(middleware.NoStore, s.lock, s.quiet, s.recognise)
			s.pages(r)
		})
	})
	return r
}

// compressor packs the pages that are asked for. What a form is answered with is not packed: it may show a secret that somebody
// pasted into the wrong field. The encoder is another than chi's own because that one clears 0.6 MB for every page;
// chi packs for whatever has the letters gzip in it, so it is asked only where that is accepted.
func compressor() func(http.Handler) http.Handler {
	c := chimiddleware.NewCompressor(compressLevel, "text/html")
	c.SetEncoder("gzip", func(w io.Writer, level int) io.Writer {
		packer, err := gzip.NewWriterLevel(w, level)
		if err != nil {
			panic(err) // for a level that there is not
		}
		return packer
	})
	return func(next http.Handler) http.Handler {
		packed := c.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			unsafe := r.Method != http.MethodGet && r.Method != http.MethodHead
			if unsafe || static.Accepted(r.Header.Get("Accept-Encoding"), "gzip") == "" {
				next.ServeHTTP(w, r)
				return
			}
			packed.ServeHTTP(w, r)
		})
	}
}

// pages are compressed, except those that may hold a secret: one of these never is.
func (s *Server) pages(r chi.Router) {
	compress := compressor()
	r.Group(func(r chi.Router) {
		r.Use(compress)
		s.page(r, "/", s.guarded(s.showHome))
		s.page(r, "/s/", s.guarded(s.showNoLink))
		r.Post("/setups", s.handle(s.guarded(s.submitSetup)))
		s.page(r, "/signin/{signin}", s.guarded(s.showSignIn))
		s.page(r, "/signed-out", s.guarded(s.showSignedOut))
		s.page(r, "/checklist", s.guarded(s.showChecklist))
		s.page(r, "/sessions", s.guarded(s.showSessions))
		r.Post(themePath, s.handle(s.guarded(s.submitTheme)))
		r.Post(languagePath, s.handle(s.guarded(s.submitLanguage)))
		r.Post("/sessions/end", s.handle(s.guarded(s.endSession)))
		r.Post("/sessions/extend", s.handle(s.guarded(s.extendSession)))
		s.page(r, "/sessions/life", s.guarded(s.showSessionLife))
	})
	s.page(r, "/s/{link}", s.guarded(s.showLink)) // its form holds the link's secret
	// These lead on to Aritma ID, by pages that hold the state of a sign-in, or give a session another id.
	r.Post("/open", s.handle(s.guarded(s.submitHome)))
	r.Post("/begin", s.handle(s.guarded(s.submitBegin)))
	r.Post("/s/{link}", s.handle(s.guarded(s.openLink)))
	r.Post("/signin", s.handle(s.guarded(s.beginSignIn)))
	s.page(r, callbackPath, s.guarded(s.showCallback))
	r.Post("/signin/{signin}", s.handle(s.guarded(s.enterSignIn)))
	r.Post("/signout", s.handle(s.guarded(s.submitSignOut)))
	if s.Console != nil {
		s.consolePages(r, compress)
	}
	r.Route("/setup/{setup}", func(r chi.Router) {
		r.NotFound(s.notFound) // a router of its own inherits neither
		r.MethodNotAllowed(s.notAllowed)
		r.Group(func(r chi.Router) {
			r.Use(compress)
			s.setupPages(r)
		})
		s.secretPages(r)
	})
}

func (s *Server) setupPages(r chi.Router) {
	s.page(r, "/", s.in(s.showSetup))
	r.Post("/open", s.handle(s.guarded(s.openSetup)))
	for _, step := range s.steps() {
		s.page(r, "/"+string(step.step), s.in(reachable(step.step, step.show)))
		if step.submit != nil {
			r.Post("/"+string(step.step), s.handle(s.in(reachable(step.step, step.submit))))
		}
	}
	s.page(r, "/secret/progress", s.in(reachable(wizard.Secret, s.showSecretProgress)))
	r.Post("/provisioning/look", s.handle(s.in(reachable(wizard.Provisioning, s.submitLook))))
	s.page(r, "/review/progress", s.in(s.showProgress(wizard.Review)))
	s.page(r, "/token/progress", s.in(s.showProgress(wizard.Token)))
	s.page(r, "/start-over/progress", s.in(s.showStartOverProgress))
	s.page(r, "/signin-test/progress", s.in(reachable(wizard.SigninTest, s.showTrialProgress)))
	s.page(r, "/signin-test/result", s.in(reachable(wizard.SigninTest, s.showTrialResult)))
	r.Post("/signin-test/button", s.handle(s.in(reachable(wizard.SigninTest, s.submitButton))))
	r.Post("/signin-test/diagnosis", s.handle(s.in(s.showDiagnosis)))
	r.Post("/review/discard", s.handle(s.in(s.discardChanges)))
	s.page(r, "/start-over", s.in(s.showStartOver))
	r.Post("/start-over", s.handle(s.in(s.submitStartOver)))
	s.page(r, "/done/record.html", s.in(reachable(wizard.Done, s.showRecord)))
	s.page(r, "/done/secret-expires.ics", s.in(reachable(wizard.Done, s.showSecretExpires)))
	r.Post("/sharing", s.handle(s.in(s.submitSharing)))
	s.page(r, "/later", s.in(s.showLater))
	r.Post("/later", s.handle(s.in(s.submitLater)))
	s.page(r, "/access", s.in(s.showAccess))
	r.Post("/access", s.handle(s.in(s.submitAccess)))
	s.page(r, "/activity", s.in(s.showActivity))
	s.page(r, "/links", s.in(s.showLinks))
	// The token itself is only in answers to forms, which secretPages are.
	s.page(r, "/token", s.in(reachable(wizard.Token, s.showToken)))
	s.page(r, "/token/replace", s.in(reachable(wizard.Token, s.showReplace)))
	if s.Console != nil {
		s.page(r, "/watching", s.in(s.showWatching))
		s.page(r, "/watching/now", s.in(s.showWatchingNow))
		r.Post("/watching", s.handle(s.in(s.submitWatching)))
	}
	s.page(r, "/links/{link}/revoke", s.in(s.confirmLink(false)))
	r.Post("/links/{link}/revoke", s.handle(s.in(s.revokeLink)))
	s.page(r, "/links/{link}/replace", s.in(s.confirmLink(true)))
}

// secretPages may hold a token, a new link, or the state of a sign-in.
func (s *Server) secretPages(r chi.Router) {
	r.Post("/token", s.handle(s.in(reachable(wizard.Token, s.submitToken))))
	r.Post("/token/probe", s.handle(s.in(reachable(wizard.Token, s.submitProbe))))
	r.Post("/token/show", s.handle(s.in(reachable(wizard.Token, s.submitShow))))
	r.Post("/token/pasted", s.handle(s.in(reachable(wizard.Token, s.submitPasted))))
	r.Post("/signin-test/begin", s.handle(s.in(reachable(wizard.SigninTest, s.submitTrial))))
	r.Post("/later/link", s.handle(s.in(s.makeResumeLink)))
	r.Post("/links", s.handle(s.in(s.submitLink)))
	r.Post("/links/{link}/replace", s.handle(s.in(s.replaceLink)))
}

// page answers GET, and HEAD with the same headers.
func (s *Server) page(r chi.Router, pattern string, h handler) {
	r.Get(pattern, s.handle(h))
	r.Head(pattern, s.handle(h))
}

// stepHandlers are the two sides of one step.
type stepHandlers struct {
	step         wizard.Step
	show, submit inSetup
}

// steps lists every step but token, whose forms have routes of their own.
func (s *Server) steps() []stepHandlers {
	return []stepHandlers{
		{wizard.Start, s.showStart, s.submitStart},
		{wizard.Application, s.showApplication, s.submitApplication},
		{wizard.Directory, s.showDirectory, s.submitDirectory},
		{wizard.Signin, s.showSignin, s.submitSignin},
		{wizard.Redirect, s.showRedirect, s.submitRedirect},
		{wizard.Secret, s.showSecret, s.submitSecret},
		{wizard.Assign, s.showAssign, s.submitAssign},
		{wizard.Review, s.showReview, s.submitReview},
		{wizard.Provisioning, s.showProvisioning, s.submitProvisioning},
		{wizard.SigninTest, s.showSigninTest, s.submitSigninTest},
		{wizard.Done, s.showDone, nil},
	}
}
