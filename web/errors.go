package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

// handle is the one place where an error of a handler becomes a page: logged once, a status, a sentence, a way on.
func (s *Server) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		if r.Context().Err() != nil {
			return // nobody is there to read it
		}
		s.fail(w, r, err)
	}
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	var door *doorError
	switch {
	case errors.As(err, &door):
		s.door(w, r, door.setup)
	case s.guessed(r, err):
		s.Log.InfoContext(r.Context(), "too many wrong guesses", "reference", reference(r))
		s.tooMany(w, r, "error.too-many")
	case errors.Is(err, errBusy):
		s.tooMany(w, r, "account.busy")
	case errors.Is(err, errConsoleSignIn):
		s.consoleDoor(w, r)
	case errors.Is(err, errNotFound):
		s.problem(w, r, http.StatusNotFound, "error.not-found", nil)
	case errors.As(err, &tooLarge):
		s.problem(w, r, http.StatusRequestEntityTooLarge, "error.too-large", nil)
	case errors.Is(err, errContentType):
		s.problem(w, r, http.StatusUnsupportedMediaType, "error.content-type", nil)
	case errors.Is(err, errFormSyntax):
		s.problem(w, r, http.StatusBadRequest, "error.form", nil)
	case errors.Is(err, session.ErrNotFound): // ended by another request of this browser
		s.notOpen(w, r, http.StatusNotFound, "setup.unknown", nil)
	default:
		f := fault.Of(err)
		status := statusOf(f.Kind)
		about := append([]any{"reference", reference(r), "kind", f.Kind.String(), "error", err}, middleware.About(r)...)
		if status >= http.StatusInternalServerError {
			s.Log.ErrorContext(r.Context(), "request failed", about...)
		} else {
			s.Log.InfoContext(r.Context(), "request refused", about...)
		}
		if f.ID == "setup.unknown" || f.ID == "session.ended" {
			s.notOpen(w, r, status, f.ID, f.Data)
			return
		}
		s.problem(w, r, status, f.ID, f.Data)
	}
}

// guessed counts a wrong guess at a setup link or a tenant, and reports whether it was one too many.
func (s *Server) guessed(r *http.Request, err error) bool {
	id := fault.Of(err).ID
	return (id == "link.unknown" || id == "signin.tenant-unknown") && s.misses.Miss(r.Context())
}

// reload makes a live page load itself anew, so that it tells what has become of it.
func reload(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Refresh", "true")
	}
}

// notOpen says that a setup is not open in this browser, or not any more, and offers the way back by signing in.
func (s *Server) notOpen(w http.ResponseWriter, r *http.Request, status int, id string, data fault.Data) {
	view := s.problemView(r, status, id, data)
	if unknown, err := s.Sessions.Unknown(r); err == nil && unknown {
		view.Frame.Title, view.Text = view.Frame.T.T("session.ended.title"), view.Frame.T.T("session.ended.setup")
	}
	setup, page, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/setup/"), "/")
	page, _, _ = strings.Cut(page, "/") // of a page of a step, the step
	if r.URL.Path == "/"+sessionsPage {
		view.SignIn = s.signInView(r, account.Purpose{Page: sessionsPage})
	}
	if strings.HasPrefix(r.URL.Path, "/setup/") && middleware.IsSetupID(setup) {
		view.SignIn = s.signInView(r, account.Purpose{Setup: setup, Page: page})
	}
	s.renderProblem(w, r, status, view)
}

// door is a setup that an administrator finds by being signed in: it is opened by a deliberate act.
func (s *Server) door(w http.ResponseWriter, r *http.Request, setup onboarding.Setup) {
	status := http.StatusOK
	if r.Method == http.MethodPost {
		status = http.StatusConflict
	}
	frame := s.frame(r, "door.title", "door.lead", "Company", setup.Company)
	reload(w, r)
	_ = render(w, r, status, page.Door(page.DoorView{Frame: frame, Action: "/setup/" + setup.ID + "/open"}))
}

func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.Unavailable, fault.Upstream:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem answers with a page that says what happened and leads on.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, id string, data fault.Data) {
	s.renderProblem(w, r, status, s.problemView(r, status, id, data))
}

func (s *Server) problemView(r *http.Request, status int, id string, data fault.Data) page.ProblemView {
	t := s.printer(r)
	frame := s.frame(r, "error.title", "")
	if status < http.StatusInternalServerError {
		frame.Title = t.T("error.title.person")
	}
	if strings.HasPrefix(id, "link.") {
		frame.Title = t.T("error.title.link")
	}
	if id == "setup.closed" {
		frame.Title = t.T("setup.closed.title")
	}
	frame.Reference = reference(r)
	links := []component.Link{{Text: t.T("error.home"), URL: "/"}}
	if sess, err := s.session(r); err == nil && s.guides(accountOf(sess)) {
		links = []component.Link{{Text: t.T("console.back"), URL: consolePath}}
	}
	return page.ProblemView{Frame: frame, Text: t.Fault(&fault.Error{ID: id, Data: data}), Links: links}
}

func (s *Server) renderProblem(w http.ResponseWriter, r *http.Request, status int, view page.ProblemView) {
	w.Header().Set("Cache-Control", "no-store")
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusUnauthorized, http.StatusForbidden:
		reload(w, r)
	}
	_ = render(w, r, status, page.Problem(view))
}

// lock answers every page while what is stored cannot be opened: a wrong key must not cost anybody a secret.
func (s *Server) lock(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Locked {
			s.problem(w, r, http.StatusServiceUnavailable, "error.locked", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) crashed(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusInternalServerError, "fault.unknown", nil)
}

func (s *Server) forged(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusForbidden, "error.forged", nil)
}

func (s *Server) misdirected(w http.ResponseWriter, r *http.Request) {
	plain(w, http.StatusMisdirectedRequest, s.printer(r).T("error.misdirected")+"\n")
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errNotFound) }

// notAllowed says which methods there are, as RFC 9110 section 15.5.6 demands.
func (s *Server) notAllowed(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		if chi.RouteContext(r.Context()).Routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			w.Header().Add("Allow", method)
		}
	}
	s.problem(w, r, http.StatusMethodNotAllowed, "error.method", nil)
}
