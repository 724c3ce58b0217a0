package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/templates/page"
)

// linksView lists who can open the setup by which link.
func (s *Server) linksView(v *visit) (page.LinksView, error) {
	links, err := s.Onboarding.Links(v.ctx(), v.setup.ID)
	view := page.LinksView{
		Frame: s.aside(v, "links.title", "links.lead"), BackURL: v.step(v.setup.State.Open()), SharingScreen: v.setup.State.Answers.SharingScreen,
	}
	if !s.Onboarding.LinkLetsIn(v.setup) {
		view.Frame.Lead = v.t.T("links.lead.sign-in")
	}
	rules := Rules[Who(v.role)]
	mayMake, mayTake := slices.Contains(rules, makeLinks), slices.Contains(rules, takeLinks)
	if mayMake {
		view.Action = v.url("links")
	} else {
		view.Note = v.t.T("links.cannot", "Support", s.Support)
	}
	for _, link := range links {
		row := page.LinkRow{Name: v.t.T("links.label." + link.Label), Mine: link.ID == v.grant.Link}
		switch {
		case !link.RevokedAt.IsZero():
			row.State = v.t.T("links.revoked", "Time", s.clock(link.RevokedAt))
		case !link.Usable(s.Now()):
			row.State = v.t.T("links.expired", "Time", s.clock(link.ExpiresAt))
		default:
			row.State = v.t.T("links.usable", "Created", s.clock(link.CreatedAt), "Time", s.clock(link.ExpiresAt))
			if mayTake {
				row.RevokeAction, row.ReplaceAction = v.url("links/"+link.ID+"/revoke"), v.url("links/"+link.ID+"/replace")
			}
		}
		view.Rows = append(view.Rows, row)
	}
	return view, err
}

func (s *Server) showLinks(v *visit) error {
	view, err := s.linksView(v)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, page.Links(view))
}

// submitLink makes another link. Its answer shows it, once.
func (s *Server) submitLink(v *visit) error {
	m := &mistakes{v: v}
	label := m.oneOf("label", "links.label.missing", onboarding.LinkAdmin, onboarding.LinkDeputy)
	if m.any() {
		view, err := s.linksView(v)
		if err != nil {
			return err
		}
		view.Frame.Wrong, view.Errors = true, m.errors
		return v.render(http.StatusUnprocessableEntity, page.Links(view))
	}
	if err := s.vouches(v); err != nil {
		return err
	}
	value, link, err := s.Onboarding.MakeLink(v.ctx(), v.newLink(label))
	if err != nil {
		return err
	}
	return s.handOverLink(v, value, link)
}

// newLink is a link to the setup that a form asks for.
func (v *visit) newLink(label string) onboarding.NewLink {
	return onboarding.NewLink{Setup: v.setup.ID, Label: label, Actor: v.actor(), Life: onboarding.DefaultLinkLife, Operation: operation(v.r)}
}

func (s *Server) replaceLink(v *visit) error {
	if err := s.vouches(v); err != nil {
		return err
	}
	value, link, err := s.Onboarding.ReplaceLink(v.ctx(), chi.URLParam(v.r, "link"), v.newLink(""))
	if err != nil {
		return err
	}
	return s.handOverLink(v, value, link)
}

// handOverLink shows a new link in the answer to the form that made it: the only time that anybody sees it.
func (s *Server) handOverLink(v *visit, value secret.Secret, link onboarding.Link) error {
	view, err := s.linksView(v)
	if err != nil {
		return err
	}
	view.Made = secret.New(s.PublicURL.JoinPath("s", value.Expose()).String())
	view.MadeWhere = v.t.T("links.made.where", "Date", link.ExpiresAt.Format("2 January 2006"))
	return v.render(http.StatusOK, page.Links(view))
}

func (s *Server) revokeLink(v *visit) error {
	if err := s.Onboarding.RevokeLink(v.ctx(), v.setup.ID, chi.URLParam(v.r, "link"), v.actor()); err != nil {
		return err
	}
	return v.redirect(v.url("links"))
}
