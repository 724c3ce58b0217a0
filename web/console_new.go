package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
)

const (
	// defaultLife is how many days a link opens its setup unless chosen otherwise.
	defaultLife = 7
	maxContact  = 200 // characters
)

func (s *Server) newSetupView(d *desk) page.ConsoleNewView {
	return page.ConsoleNewView{
		Frame: s.deskFrame(d, "console.new.title", "console.new.lead"), Form: page.Form{Action: consolePath + "/new"}, Operation: onboarding.NewOperation(),
		DomainRequired: s.DomainRequired, Lives: lives, Life: defaultLife, BackURL: consolePath,
	}
}

func (s *Server) showNewSetup(d *desk) error {
	view := s.newSetupView(d)
	view.Frame.Wide = false
	return render(d.w, d.r, http.StatusOK, page.ConsoleNew(view))
}

// submitNewSetup makes a setup and its link, which the answer shows, once. Sent twice, it makes one of each.
func (s *Server) submitNewSetup(d *desk) error {
	r := d.r
	view := s.newSetupView(d)
	view.Frame.Wide = false
	n := onboarding.NewSetup{
		Company: text(r, "company"), Tenant: tenantIn(text(r, "tenant")), Domain: strings.ToLower(text(r, "domain")), Contact: text(r, "contact"),
		Scheme: text(r, "scheme"), Actor: d.actor(), Operation: operation(r),
	}
	view.Company, view.Tenant, view.Domain, view.Contact, view.Scheme = n.Company, n.Tenant, n.Domain, n.Contact, n.Scheme
	m := &mistakes{v: &visit{t: d.t, r: r}}
	m.company(n.Company)
	m.tenant("tenant", n.Tenant)
	m.newSetup(n, s.DomainRequired)
	view.Life, _ = strconv.Atoi(r.PostForm.Get("life"))
	if !slices.Contains(lives, view.Life) {
		view.Life = 0
		m.add("life", "console.new.life.missing")
	}
	if m.any() {
		wrong(&view.Frame, &view.Form, m)
		return render(d.w, r, http.StatusUnprocessableEntity, page.ConsoleNew(view))
	}
	setup, err := s.acts().CreateSetup(r.Context(), n)
	if err != nil {
		return err
	}
	link := onboarding.NewLink{Setup: setup.ID, Label: onboarding.LinkAdmin, Actor: n.Actor, Life: onboarding.Days(view.Life), Operation: n.Operation}
	value, made, err := s.acts().MakeLink(r.Context(), link)
	if errors.Is(err, onboarding.ErrLinkMade) {
		return d.redirect(deskURL(setup.ID, "") + "?done=made")
	}
	if err != nil {
		return err
	}
	others, _, err := s.Console.Rows(r.Context(), console.Query{Words: setup.Tenant, Limit: rowsPerPage})
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(row console.Row) bool {
		return row.ID == setup.ID || !strings.EqualFold(row.Tenant, setup.Tenant) || row.Stand == console.Completed
	})
	frame := s.deskFrame(d, "console.made.title", "console.made.lead", "Company", setup.Company)
	frame.Wide, frame.Keep = false, true
	return render(d.w, r, http.StatusOK, page.ConsoleMade(page.ConsoleMadeView{
		Frame: frame, Link: s.linkURL(value), Where: d.t.T("console.link.where", "Date", d.t.Moment(made.ExpiresAt)),
		Others: len(others), OthersURL: consolePath + "?" + url.Values{"q": {setup.Tenant}}.Encode(), SetupURL: deskURL(setup.ID, ""), NewURL: consolePath + "/new",
		Next: []string{d.t.T("console.made.send", "Contact", nameOr(setup.Contact, d.t.T("console.made.somebody"))), d.t.T("console.made.once"), d.t.T("console.made.call")},
	}))
}

// tenantIn takes the tenant out of an address of Aritma ID that was pasted in its place.
func tenantIn(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		return first
	}
	return text
}

func (m *mistakes) newSetup(n onboarding.NewSetup, domainRequired bool) {
	switch {
	case n.Domain == "" && domainRequired:
		m.add("domain", "console.new.domain.missing")
	case n.Domain != "" && !wizard.IsDomain(n.Domain):
		m.add("domain", "console.new.domain.shape")
	}
	if length := len([]rune(n.Contact)); length > maxContact {
		m.add("contact", "console.new.contact.long", "Length", length, "Max", maxContact)
	}
	if n.Scheme != "" && !wizard.IsScheme(n.Scheme) {
		m.add("scheme", "console.new.scheme.shape")
	}
}
