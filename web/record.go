package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/calendar"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// noticeDays is how many days before a client secret expires the calendar reminds of it.
const noticeDays = 14

// showRecord is what was set up, as one file that opens anywhere: no secret, no script, nothing fetched.
func (s *Server) showRecord(v *visit) error {
	view := page.RecordView{
		T: v.t, Title: v.t.T("done.title", "Company", v.setup.Company), Lead: s.doneLead(v), Connection: s.connection(v), Rows: s.doneRows(v),
		Made: v.t.T("done.record.made", "Time", v.t.Moment(s.Now())), Support: s.Support,
	}
	if day, known := v.secretExpires(); known {
		view.Expires = v.t.T("done.expires", "Date", day)
	}
	attach(v.w, "aritma-entra-"+v.setup.State.Answers.Scheme+".html")
	return v.render(http.StatusOK, page.Record(view))
}

// secretExpires is the day on which the client secret expires; false when it was not given.
func (v *visit) secretExpires() (time.Time, bool) {
	day, err := time.Parse(time.DateOnly, v.setup.State.Answers.SecretExpires)
	return day, err == nil
}

// showSecretExpires is the day on which the client secret is best replaced, as a calendar file (RFC 5545).
func (s *Server) showSecretExpires(v *visit) error {
	expires, known := v.secretExpires()
	if !known {
		return errNotFound
	}
	attach(v.w, "aritma-client-secret.ics")
	v.w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	return calendar.Day{
		ID: v.setup.ID + "-client-secret@" + s.PublicURL.Hostname(), Day: expires.AddDate(0, 0, -noticeDays), Made: s.Now(),
		Title: v.t.T("done.calendar.title", "Company", v.setup.Company),
		Text:  v.t.T("done.calendar.text", "Date", expires, "URL", s.PublicURL.String()+v.step(wizard.Secret)),
	}.Write(v.w)
}

// attach makes the browser keep the answer as a file (RFC 6266).
func attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Disposition", `attachment; filename="`+strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' {
			return '-'
		}
		return r
	}, name)+`"`)
}
