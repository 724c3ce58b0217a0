package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/middleware"
	"github.com/aritma/entra-onboard/web/session"
)

// showLink says who invites whom. It consumes nothing: mail scanners follow links too.
func (s *Server) showLink(w http.ResponseWriter, r *http.Request, _ *sessions.Session) error {
	value := secret.New(chi.URLParam(r, "link"))
	link, setup, err := s.Onboarding.FindLink(r.Context(), value)
	if err != nil {
		return err
	}
	frame := s.frame(r, "link.title", "link.lead", "Company", setup.Company)
	return render(w, r, http.StatusOK, page.Link(page.LinkView{
		Frame: frame, Action: "/s/" + value.Expose(), Contact: setup.Contact, Until: frame.T.Day(link.ExpiresAt),
		SignIn: !s.Onboarding.LinkLetsIn(setup), Tenant: setup.Tenant,
	}))
}

// openLink exchanges the link for a session. The secret leaves the address bar with the redirect.
func (s *Server) openLink(w http.ResponseWriter, r *http.Request, sess *sessions.Session) error {
	return s.enterLink(w, r, sess, secret.New(chi.URLParam(r, "link")))
}

func (s *Server) enterLink(w http.ResponseWriter, r *http.Request, sess *sessions.Session, value secret.Secret) error {
	link, setup, err := s.Onboarding.FindLink(r.Context(), value)
	if err != nil {
		return err
	}
	person := accountOf(sess)
	visitor := visitorOf(sess, person)
	if !s.Onboarding.LinkLetsIn(setup) {
		tenant := setup.Tenant
		setup, err = s.Onboarding.Open(r.Context(), link.Setup, visitor, personOf(r, person), link.ID)
		if fault.Is(err, fault.NotFound) { // nobody is signed in, or somebody of another tenant
			if s.Accounts == nil {
				return onboarding.ErrSignIn
			}
			return s.leadToAritma(w, r, sess, tenant, account.Purpose{Setup: link.Setup, Link: link.ID})
		}
	} else {
		owner := "link:" + link.ID
		if before, _ := sess.Values[session.OwnerKey].(string); !person.IsZero() || strings.HasPrefix(before, begunOwner) {
			owner = "" // stays the person's, or of the one browser that began a setup
		}
		if err := s.renew(w, r, sess, owner, nil); err != nil {
			return err
		}
		setup, err = s.Onboarding.OpenLink(r.Context(), value, session.Hash(sess), middleware.Address(r.Context()))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/setup/"+setup.ID+"/"+string(setup.State.Open()), http.StatusSeeOther)
	return nil
}

// showNoLink is where the address bar points after the secret was taken out of it.
func (s *Server) showNoLink(http.ResponseWriter, *http.Request, *sessions.Session) error {
	return fault.New(fault.NotFound, "link.gone-from-address", nil)
}
