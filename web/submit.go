package web

import (
	"errors"
	"net/url"
	"slices"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// saved ends the submission of a step without fields of its own: on to the next, or back to the open one when
// somebody else moved the setup meanwhile.
func (s *Server) saved(v *visit, step wizard.Step, setup onboarding.Setup, err error) error {
	var changed *onboarding.ChangedError
	if errors.As(err, &changed) {
		return v.redirect(v.step(step)) // two tabs of a page with nothing but a choice: show what stands
	}
	if fault.Is(err, fault.Conflict) {
		return v.next(v.setup)
	}
	if err != nil {
		return err
	}
	return v.after(step, setup)
}

// oneOf is the answer to a choice; anything but one of the options is a mistake.
func (m *mistakes) oneOf(field, missing string, options ...string) string {
	value := m.v.r.PostForm.Get(field)
	if !slices.Contains(options, value) {
		m.add(field, missing)
		return ""
	}
	return value
}

// compare shows both values of the fields that were changed elsewhere. Whoever has seen them may overwrite them with the next form.
func (s *Server) compare(v *visit, form *page.Form, step wizard.Step, changed *onboarding.ChangedError, rows ...component.CompareRow) {
	rows = slices.DeleteFunc(rows, func(r component.CompareRow) bool { return r.Here == r.There })
	form.Before, form.Revision = v.seen(), changed.Setup.State.Marks[step].Revision
	form.Changed = &component.CompareView{Title: v.t.T("changed.title", "Time", s.clock(v.t, changed.At)), Rows: rows}
}

// portal is a deep link with the admin's own ids where they are known. In practice it leads to the practice portal.
func (s *Server) portal(v *visit, target portal.Target) string {
	if target.Enterprise() && v.setup.State.Answers.TwoApps { // the client id is that of the other application
		target = portal.EnterpriseApps
	}
	if s.Portal != nil {
		to := s.Portal.JoinPath("go", string(target))
		to.RawQuery = url.Values{"client": {v.setup.State.Answers.ClientID}}.Encode()
		return to.String()
	}
	return portal.Link(portal.CloudOf(v.setup.State.Answers.Authority), target, portal.IDs{ClientID: v.setup.State.Answers.ClientID})
}

// portalText names where such a link leads: to a place of the enterprise application, by its own text, or to the list that it is chosen
// from, since nothing tells the wizard the object id that the place is found by.
func (s *Server) portalText(v *visit, text string) string {
	if s.Portal == nil || v.setup.State.Answers.TwoApps {
		return v.t.T("portal.list")
	}
	return text
}

// consent is where an administrator consents for the whole directory.
func (s *Server) consent(v *visit) string {
	if s.Portal != nil {
		return s.portal(v, portal.APIPermissions)
	}
	a := v.setup.State.Answers
	return portal.AdminConsent(portal.CloudOf(a.Authority), a.DirectoryID, a.ClientID)
}
