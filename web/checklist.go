package web

import (
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

// showChecklist is what to have ready before a call, for everybody and for paper: it names no setup.
func (s *Server) showChecklist(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error {
	view := page.ChecklistView{Frame: s.frame(r, "checklist.title", "checklist.lead")}
	t := view.Frame.T
	view.Groups = []page.ChecklistGroup{
		{Title: t.T("checklist.people"), Items: []string{t.T("checklist.people.admin"), t.T("checklist.people.aritma"), t.T("checklist.people.first")}},
		{Title: t.T("checklist.access"), Items: []string{t.T("checklist.access.portal"), t.T("checklist.access.groups"), t.T("checklist.access.link")}},
		{Title: t.T("checklist.decide"), Items: []string{t.T("checklist.decide.name"), t.T("checklist.decide.who"), t.T("checklist.decide.secret")}},
		{Title: t.T("checklist.call"), Items: []string{t.T("checklist.call.window"), t.T("checklist.call.secrets")}},
	}
	for _, step := range wizard.Steps() {
		view.Steps = append(view.Steps, t.T(string(step)+".short"))
	}
	return render(w, r, http.StatusOK, page.Checklist(view))
}
