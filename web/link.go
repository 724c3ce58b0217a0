package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/session"
)

// showLink says who invites whom. It consumes nothing: mail scanners follow links too.
func (s *Server) showLink(w http.ResponseWriter, r *http.Request) error {
	value := secret.New(chi.URLParam(r, "link"))
	link, setup, err := s.Onboarding.FindLink(r.Context(), value)
	if err != nil {
		return err
	}
	frame := s.frame(r, "link.title", "link.lead", "Company", setup.Company)
	return render(w, r, http.StatusOK, page.Link(page.LinkView{
		Frame: frame, Action: "/s/" + value.Expose(), Contact: setup.Contact, Until: link.ExpiresAt.Format("2 January 2006"),
	}))
}

// openLink exchanges the link for a session. The secret leaves the address bar with the redirect.
func (s *Server) openLink(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	return s.enterLink(w, r, secret.New(chi.URLParam(r, "link")))
}

func (s *Server) enterLink(w http.ResponseWriter, r *http.Request, value secret.Secret) error {
	if _, _, err := s.Onboarding.FindLink(r.Context(), value); err != nil {
		return err
	}
	sess, err := s.session(r)
	if err != nil {
		return err
	}
	if err := s.renew(w, r, sess); err != nil {
		return err
	}
	setup, err := s.Onboarding.OpenLink(r.Context(), value, session.Hash(sess))
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/setup/"+setup.ID+"/"+string(setup.State.Open()), http.StatusSeeOther)
	return nil
}

// showNoLink is where the address bar points after the secret was taken out of it.
func (s *Server) showNoLink(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "link.gone-from-address", nil)
}
