package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/component"
	"github.com/aritma/entra-onboard/templates/page"
)

// linksPage is the page that lists the links of a setup.
const linksPage = "links"

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
		view.Action, view.Operation, view.Access = v.url(linksPage), onboarding.NewOperation(), s.signInAgain(v, linksPage)
	} else {
		view.Note = v.t.T("links.cannot", "Support", s.Support)
	}
	for _, link := range links {
		row := page.LinkRow{Name: v.t.T("links.label." + link.Label), State: s.linkState(v, link), Mine: link.ID == v.grant.Link}
		if mayTake && link.Usable(s.Now()) {
			row.RevokeURL, row.ReplaceURL = v.url("links/"+link.ID+"/revoke"), v.url("links/"+link.ID+"/replace")
		}
		view.Rows = append(view.Rows, row)
	}
	return view, err
}

func (s *Server) linkState(v *visit, link onboarding.Link) string {
	switch {
	case !link.RevokedAt.IsZero():
		return v.t.T("links.revoked", "Time", s.clock(v.t, link.RevokedAt))
	case !link.Usable(s.Now()):
		return v.t.T("links.expired", "Time", s.clock(v.t, link.ExpiresAt))
	}
	return v.t.T("links.usable", "Created", s.clock(v.t, link.CreatedAt), "Time", s.clock(v.t, link.ExpiresAt))
}

// listLinks answers with the list, and with what there is to say of it.
func (s *Server) listLinks(v *visit, status int, say *component.NoticeView) error {
	view, err := s.linksView(v)
	if err != nil {
		return err
	}
	view.Notice = say
	return v.render(status, page.Links(view))
}

// What was done with a link is kept in the session until the list is shown, which says it once.
const (
	toldKey    = "links/" // and the setup
	toldRevoke = "revoked/"
)

func (s *Server) showLinks(v *visit) error {
	if v.r.Method == http.MethodHead {
		return s.listLinks(v, http.StatusOK, nil)
	}
	said := v.session.Flashes(toldKey + v.setup.ID)
	if len(said) == 0 {
		return s.listLinks(v, http.StatusOK, nil)
	}
	if err := v.session.Save(v.r, v.w); err != nil {
		return err
	}
	last, _ := said[len(said)-1].(string)
	return s.listLinks(v, http.StatusOK, s.linkTold(v, last))
}

// linkTold says what was done with a link of the setup; nil when that cannot be told.
func (s *Server) linkTold(v *visit, said string) *component.NoticeView {
	links, err := s.Onboarding.Links(v.ctx(), v.setup.ID)
	id, revoked := strings.CutPrefix(said, toldRevoke)
	i := slices.IndexFunc(links, func(l onboarding.Link) bool { return l.ID == id })
	if err != nil || !revoked || i < 0 {
		return nil
	}
	return &component.NoticeView{
		Kind: component.NoticeGood, Focus: true,
		Title: v.t.T("links.done.revoked", "Label", v.t.T("links.label."+links[i].Label)), Text: s.byLink(v, "links.done.revoked.text", "links.done.revoked.found"),
	}
}

// byLink is the first of two sentences where a link itself lets people in, and the second where it only leads to the setup.
func (s *Server) byLink(v *visit, in, only string) string {
	id := only
	if s.Onboarding.LinkLetsIn(v.setup) {
		id = in
	}
	return v.t.T(id)
}

// linkTrouble answers an act on links that was not done with the list, which says why; other errors are returned.
func (s *Server) linkTrouble(v *visit, err error) error {
	f := fault.Of(err)
	switch {
	case f.ID == "account.again": // the list offers it
		return s.listLinks(v, http.StatusUnauthorized, nil)
	case f.Kind == fault.Conflict, f.Kind == fault.Unauthorized, f.Kind == fault.Forbidden, f.Kind == fault.Unavailable:
		return s.listLinks(v, statusOf(f.Kind), v.notDone(f))
	}
	return err
}

// notDone says, in the focus, why a form did nothing.
func (v *visit) notDone(f *fault.Error) *component.NoticeView {
	return &component.NoticeView{Kind: component.NoticeWarning, Focus: true, Title: v.t.T("links.not-done"), Text: v.t.Fault(f)}
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
		return s.linkTrouble(v, err)
	}
	if err := v.awaited(); err != nil {
		return err
	}
	value, link, err := s.Onboarding.MakeLink(v.ctx(), v.newLink(label))
	if err != nil {
		return s.linkTrouble(v, err)
	}
	return s.handOverLink(v, value, v.t.T("links.done.made", "Label", v.t.T("links.label."+link.Label)), link)
}

// newLink is a link to the setup that a form asks for.
func (v *visit) newLink(label string) onboarding.NewLink {
	return onboarding.NewLink{Setup: v.setup.ID, Label: label, Actor: v.actor(), Life: onboarding.DefaultLinkLife, Operation: operation(v.r)}
}

// confirmLink asks before a link is taken back, or another takes its place.
func (s *Server) confirmLink(replace bool) inSetup {
	return func(v *visit) error {
		link, err := s.Onboarding.Link(v.ctx(), v.setup.ID, chi.URLParam(v.r, "link"))
		if err == nil && !link.Usable(s.Now()) {
			err = onboarding.ErrLinkGone
		}
		if err != nil {
			return s.linkTrouble(v, err)
		}
		view := page.ConfirmLinkView{
			Name: v.t.T("links.label." + link.Label), State: s.linkState(v, link), Mine: link.ID == v.grant.Link,
			Operation: onboarding.NewOperation(), BackURL: v.url(linksPage), Access: s.signInAgain(v, linksPage),
		}
		if replace {
			view.Frame, view.Action, view.Replace = s.aside(v, "links.replace.title", ""), v.url("links/"+link.ID+"/replace"), true
			view.What = []string{v.t.T("links.replace.old"), v.t.T("links.replace.new")}
		} else {
			view.Frame, view.Action = s.aside(v, "links.revoke.title", ""), v.url("links/"+link.ID+"/revoke")
		}
		view.What = append(view.What, s.byLink(v, "links.revoke.access", "links.revoke.found"), v.t.T("links.revoke.stays"))
		return v.render(http.StatusOK, page.ConfirmLink(view))
	}
}

func (s *Server) replaceLink(v *visit) error {
	if err := s.vouches(v); err != nil {
		return s.linkTrouble(v, err)
	}
	if err := v.awaited(); err != nil {
		return err
	}
	value, link, err := s.Onboarding.ReplaceLink(v.ctx(), chi.URLParam(v.r, "link"), v.newLink(""))
	if err != nil {
		return s.linkTrouble(v, err)
	}
	return s.handOverLink(v, value, v.t.T("links.done.replaced", "Label", v.t.T("links.label."+link.Label)), link)
}

// handOverLink shows a new link in the answer to the form that made it: the only time that anybody sees it.
func (s *Server) handOverLink(v *visit, value secret.Secret, done string, link onboarding.Link) error {
	view, err := s.linksView(v)
	if err != nil {
		return err
	}
	view.Made = secret.New(s.PublicURL.JoinPath("s", value.Expose()).String())
	view.Frame.Keep = true
	view.MadeWhere = v.t.T("links.made.where", "Date", link.ExpiresAt)
	view.Notice = &component.NoticeView{Kind: component.NoticeGood, Focus: true, Title: done}
	return v.render(http.StatusOK, page.Links(view))
}

// revokeLink takes a link back; the list says so.
func (s *Server) revokeLink(v *visit) error {
	if err := s.vouchesLately(v); err != nil {
		return s.linkTrouble(v, err)
	}
	id := chi.URLParam(v.r, "link")
	if err := s.Onboarding.RevokeLink(v.ctx(), v.setup.ID, id, v.actor()); err != nil {
		return s.linkTrouble(v, err)
	}
	v.session.AddFlash(toldRevoke+id, toldKey+v.setup.ID)
	if err := v.session.Save(v.r, v.w); err != nil {
		return err
	}
	return v.redirect(v.url(linksPage))
}

// signInAgain is what an administrator does first whose sign-in has run out, to come back to a page; nothing for others.
func (s *Server) signInAgain(v *visit, back wizard.Step) page.AccessNeed {
	if v.role != onboarding.RoleAdmin {
		return page.AccessNeed{}
	}
	return s.accessNeed(v, back)
}
