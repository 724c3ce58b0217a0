package web

import (
	"errors"
	"net/http"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/portal"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

const guidLength = 36

func (s *Server) directoryView(v *visit) page.DirectoryView {
	a := v.setup.State.Answers
	view := page.DirectoryView{
		Frame: s.stepFrame(v, wizard.Directory), Form: s.form(v, wizard.Directory), Directory: a.DirectoryID, ClientID: a.ClientID,
		PortalURL: s.portal(v, portal.Registrations), PinnedTo: v.setup.Domain, TwoApps: a.TwoApps,
	}
	switch {
	case a.DirectoryID == "":
	case a.Proven:
		view.Found = &component.StatusView{State: component.StateGood, Title: v.t.T("directory.found"), Text: v.t.T("directory.found.text", "Region", a.Region)}
	default:
		view.Found = &component.StatusView{State: component.StateDoubt, Title: v.t.T("directory.unproven"), Text: v.t.T("directory.unproven.text")}
	}
	return view
}

func (s *Server) showDirectory(v *visit) error {
	return v.render(http.StatusOK, page.Directory(s.directoryView(v)))
}

func (s *Server) submitDirectory(v *visit) error {
	directory, client := pasted(v.r, "directory"), pasted(v.r, "client")
	m := &mistakes{v: v}
	m.directory(directory)
	m.client(client, directory)
	view := s.directoryView(v)
	view.Directory, view.ClientID = v.r.PostForm.Get("directory"), v.r.PostForm.Get("client")
	if !m.any() {
		setup, err := s.Onboarding.SubmitDirectory(v.ctx(), v.setup.ID, v.seen(), v.actor(), directory, client)
		var changed *onboarding.ChangedError
		switch {
		case errors.As(err, &changed):
			a := changed.Setup.State.Answers
			s.compare(v, &view.Form, wizard.Directory, changed,
				component.CompareRow{Label: labelDirectory, LabelLang: "en", Here: directory, There: a.DirectoryID},
				component.CompareRow{Label: labelClient, LabelLang: "en", Here: client, There: a.ClientID})
			return v.render(http.StatusConflict, page.Directory(view))
		case fault.Is(err, fault.Invalid), fault.Is(err, fault.Unavailable):
			m.fault("directory", err)
		default:
			return s.saved(v, wizard.Directory, setup, err)
		}
	}
	view.Found = nil
	wrong(&view.Frame, &view.Form, m)
	return v.render(http.StatusUnprocessableEntity, page.Directory(view))
}

const (
	labelDirectory = "Directory (tenant) ID"
	labelClient    = "Application (client) ID"
)

func (m *mistakes) directory(value string) {
	switch {
	case value == "":
		m.add("directory", "directory.missing")
	case wizard.IsGUID(value), wizard.IsDomain(value):
	case len([]rune(value)) != guidLength:
		m.add("directory", "directory.length", "Length", len([]rune(value)))
	default:
		m.add("directory", "directory.shape")
	}
}

func (m *mistakes) client(value, directory string) {
	switch {
	case value == "":
		m.add("client", "client.missing")
	case len([]rune(value)) != guidLength:
		m.add("client", "client.length", "Length", len([]rune(value)))
	case !wizard.IsGUID(value):
		m.add("client", "client.shape")
	case value == directory:
		m.add("client", "directory.same")
	}
}
