package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/templates/page"
)

func (s *Server) aboutView(d *desk) (page.ConsoleAboutView, error) {
	detail, err := s.Console.Setup(d.r.Context(), d.setup())
	view := page.ConsoleAboutView{
		Frame: s.deskFrame(d, "console.about.title", "", "Company", detail.Company), Form: page.Form{Action: deskURL(d.setup(), "about")},
		Company: detail.Company, Domain: detail.Domain, Contact: detail.Contact, DomainFixed: detail.DomainFixed, DomainRequired: s.DomainRequired,
		BackURL: deskURL(d.setup(), ""),
	}
	view.Frame.Wide, view.Frame.Console.Current = false, ""
	return view, err
}

func (s *Server) showAbout(d *desk) error {
	view, err := s.aboutView(d)
	if err != nil {
		return err
	}
	return render(d.w, d.r, http.StatusOK, page.ConsoleAbout(view))
}

// submitAbout corrects what customer success said of a setup: a mistyped domain would keep the customer out of it.
func (s *Server) submitAbout(d *desk) error {
	view, err := s.aboutView(d)
	if err != nil {
		return err
	}
	about := onboarding.About{Company: text(d.r, "company"), Domain: strings.ToLower(text(d.r, "domain")), Contact: text(d.r, "contact")}
	view.Company, view.Domain, view.Contact = about.Company, about.Domain, about.Contact
	m := &mistakes{v: &visit{t: d.t, r: d.r}}
	m.company(about.Company)
	m.newSetup(onboarding.NewSetup{Domain: about.Domain, Contact: about.Contact}, s.DomainRequired)
	if !m.any() {
		err = s.acts().Correct(d.r.Context(), d.setup(), about, d.actor())
		if !errors.Is(err, onboarding.ErrDomainFixed) {
			if err != nil {
				return err
			}
			return d.redirect(deskURL(d.setup(), "") + "?done=about")
		}
		m.fault("domain", err)
	}
	wrong(&view.Frame, &view.Form, m)
	return render(d.w, d.r, http.StatusUnprocessableEntity, page.ConsoleAbout(view))
}
