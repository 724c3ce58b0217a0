package web

import (
	"errors"
	"net/http"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) assignView(v *visit) page.AssignView {
	a := v.setup.State.Answers
	return page.AssignView{
		Frame: s.stepFrame(v, wizard.Assign), Form: s.form(v, wizard.Assign), FirstPerson: a.FirstPerson, TwoApps: a.TwoApps,
		UsersURL: s.portal(v, portal.UsersAndGroups), PortalText: s.portalText(v, v.t.T("assign.link")),
		ConsentURL: s.consent(v),
	}
}

func (s *Server) showAssign(v *visit) error {
	return v.render(http.StatusOK, page.Assign(s.assignView(v)))
}

func (s *Server) submitAssign(v *visit) error {
	person := text(v.r, "person")
	view := s.assignView(v)
	view.FirstPerson = v.r.PostForm.Get("person")
	m := &mistakes{v: v}
	if person != "" && !wizard.IsEmail(person) {
		m.add("person", "assign.person.shape")
	}
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return v.render(http.StatusUnprocessableEntity, page.Assign(view))
	}
	setup, err := s.Onboarding.Submit(v.ctx(), v.setup.ID, wizard.Assign, v.seen(), v.actor(), wizard.Assigned{FirstPerson: person})
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) {
		s.compare(v, &view.Form, wizard.Assign, changed, component.CompareRow{Label: v.t.T("assign.person"), Here: person, There: changed.Setup.State.Answers.FirstPerson})
		return v.render(http.StatusConflict, page.Assign(view))
	}
	return s.saved(v, wizard.Assign, setup, err)
}
