package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/sessions"
	"github.com/mileusna/useragent"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/templates/layout"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/session"
)

// deviceOf names browser and system, such as "Firefox, Windows".
func deviceOf(r *http.Request) string {
	ua := useragent.Parse(r.UserAgent())
	switch {
	case ua.Name != "" && ua.OS != "":
		return wordsOf(ua.Name + ", " + ua.OS)
	case ua.Name != "":
		return wordsOf(ua.Name)
	}
	return ""
}

// wordsOf bounds what a browser says of itself.
func wordsOf(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// quiet marks what a page asks by itself: it does not keep the session alive.
func (s *Server) quiet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("HX-Request") != "" || r.URL.Path == "/sessions/life" || r.URL.Path == livePath {
			r = session.Quiet(r)
		}
		next.ServeHTTP(w, r)
	})
}

// recognise counts cookies that name no session. After too many from one client they are answered no more, until the
// browser has dropped them; a session that is good is never refused.
func (s *Server) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unknown, err := s.Sessions.Unknown(r)
		if err != nil {
			if r.Context().Err() == nil { // somebody is there to read it
				s.fail(w, r, err)
			}
			return
		}
		if unknown && s.misses.Miss(r.Context()) {
			s.Sessions.Forget(w)
			s.tooMany(w, r, "error.too-many")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tooMany refuses what a client does too often.
func (s *Server) tooMany(w http.ResponseWriter, r *http.Request, id string) {
	w.Header().Set("Retry-After", "60")
	s.problem(w, r, http.StatusTooManyRequests, id, nil)
}

// sessionLife is what a page says of the end of its session; nil without one.
func (s *Server) sessionLife(t message.Printer, sess *sessions.Session) *layout.SessionView {
	life := s.Sessions.Life(sess)
	if life.Ends.IsZero() {
		return nil
	}
	view := &layout.SessionView{Seconds: int(life.Ends.Sub(s.Now()).Seconds())}
	if !life.Ends.Before(life.Last) {
		view.Last = s.clock(t, life.Last)
	}
	return view
}

func (s *Server) showSessions(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	owned, err := s.Sessions.Owned(r.Context(), sess)
	if err != nil {
		return err
	}
	view := page.SessionsView{Frame: s.frame(r, "sessions.title", "sessions.lead"), Action: "/sessions/end", SignOut: "/signout"}
	t := view.Frame.T
	person := accountOf(sess)
	owner, _ := sess.Values[session.OwnerKey].(string)
	switch {
	case strings.HasPrefix(owner, begunOwner):
		view.Frame.Lead = t.T("sessions.lead.begun")
	case person.IsZero():
		view.Frame.Lead = t.T("sessions.lead.link")
	}
	entered, err := s.entered(r, visitorOf(sess, person))
	if err != nil {
		return err
	}
	if len(entered) > 0 {
		view.SetupURL = "/setup/" + entered[0].ID + "/"
	}
	for _, own := range owned {
		row := page.SessionRow{
			Handle: own.Handle, Device: nameOr(own.Device, t.T("sessions.device.unknown")), Current: own.Current,
			Detail: t.T("sessions.detail", "From", nameOr(own.From, "–"), "Began", s.clock(t, own.BeganAt), "Seen", s.clock(t, own.SeenAt)),
		}
		view.Rows = append(view.Rows, row)
	}
	return render(w, r, http.StatusOK, page.Sessions(view))
}

// endSession signs another session of the same person out; one that has ended already is fine.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	ended, err := s.Sessions.End(r.Context(), sess, r.PostForm.Get("session"))
	if err == nil && ended != nil && s.Console != nil {
		err = s.Console.StopWatching(r.Context(), watcherOf(ended))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/sessions", http.StatusSeeOther)
	return nil
}

// extendSession is a person who says that they are there. A script gets the seconds that are left, a person a page of its
// own tab.
func (s *Server) extendSession(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	life, err := s.Sessions.Extend(r.Context(), sess)
	if errors.Is(err, session.ErrNotFound) {
		return errEnded
	}
	if err != nil {
		return err
	}
	if wantsSeconds(r) {
		return s.seconds(w, life.Ends)
	}
	frame := s.frame(r, "session.extended.title", "session.extended.lead", "Time", s.clock(s.printer(r), life.Ends))
	return render(w, r, http.StatusOK, page.Problem(page.ProblemView{Frame: frame, Text: frame.T.T("session.extended.close")}))
}

// showSessionLife tells a script how many seconds the session has left, without prolonging it.
func (s *Server) showSessionLife(w http.ResponseWriter, _ *http.Request, sess *sessions.Session) error {
	if sess.IsNew {
		return errEnded
	}
	return s.seconds(w, s.Sessions.Life(sess).Ends)
}

func wantsSeconds(r *http.Request) bool { return r.Header.Get("Accept") == "text/plain" }

func (s *Server) seconds(w http.ResponseWriter, ends time.Time) error {
	plain(w, http.StatusOK, strconv.Itoa(max(0, int(ends.Sub(s.Now()).Seconds()))))
	return nil
}
