package sandbox

import (
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

const nameLimit = 120 // characters of an application's name, as Microsoft's

func (s *Sandbox) showPortal(c portalCall) portalAnswer {
	var view page.PortalHomeView
	s.locked(func() {
		view = page.PortalHomeView{PortalFrame: c.frame("Entra ID", ""), DirectoryID: c.directory.id, Domain: c.directory.domain}
	})
	return portalAnswer{content: page.PortalHome(view)}
}

func (s *Sandbox) showEnterpriseApps(c portalCall) portalAnswer {
	return s.listApplications(c, "Enterprise apps", "New application", "enterprise-apps", "properties")
}

func (s *Sandbox) showRegistrations(c portalCall) portalAnswer {
	return s.listApplications(c, "App registrations", "New registration", "registrations", "overview")
}

// listApplications shows every application, each leading to one of its pages. Every registration made here has an
// enterprise application, so both lists hold the same.
func (s *Sandbox) listApplications(c portalCall, blade, add, menu, leadsTo string) portalAnswer {
	var view page.PortalListView
	s.locked(func() {
		base := portalPath + "/" + c.directory.id + "/" + menu + "/"
		view = page.PortalListView{PortalFrame: c.frame(blade, ""), New: add, NewURL: base + "new"}
		for _, a := range c.directory.applications {
			view.Apps = append(view.Apps, page.PortalApp{Name: a.name, ClientID: a.clientID, URL: base + a.clientID + "/" + leadsTo})
		}
	})
	return portalAnswer{content: page.PortalList(view)}
}

func (s *Sandbox) showCreateApplication(c portalCall) portalAnswer {
	return s.createApplicationPage(c, "")
}

func (s *Sandbox) createApplicationPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalCreateView
	s.locked(func() {
		view = page.PortalCreateView{PortalFrame: c.frame("New application", wrong), Name: c.form.Get("name")}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalCreateApplication(view)}
}

// submitCreateApplication makes an app registration and an enterprise application; only the third choice can provision.
func (s *Sandbox) submitCreateApplication(c portalCall) portalAnswer {
	name, good := applicationName(c)
	kind := c.form.Get("kind")
	switch {
	case !good:
		return s.createApplicationPage(c, c.t.T("practice.name.wrong"))
	case kind != "proxy" && kind != "develop" && kind != "non-gallery":
		return s.createApplicationPage(c, c.t.T("practice.kind.wrong"))
	}
	return portalAnswer{to: s.addApplication(c, name, kind != "non-gallery") + "/properties"}
}

func (s *Sandbox) showNewRegistration(c portalCall) portalAnswer {
	return s.newRegistrationPage(c, "")
}

func (s *Sandbox) newRegistrationPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalCreateView
	s.locked(func() {
		view = page.PortalCreateView{PortalFrame: c.frame("New registration", wrong), Name: c.form.Get("name")}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalNewRegistration(view)}
}

// submitNewRegistration makes an application that cannot provision.
func (s *Sandbox) submitNewRegistration(c portalCall) portalAnswer {
	name, good := applicationName(c)
	if !good {
		return s.newRegistrationPage(c, c.t.T("practice.name.wrong"))
	}
	enterprise := s.addApplication(c, name, true)
	return portalAnswer{to: strings.Replace(enterprise, "/enterprise-apps/", "/registrations/", 1) + "/overview"}
}

func applicationName(c portalCall) (string, bool) {
	name := strings.TrimSpace(c.form.Get("name"))
	return name, name != "" && utf8.RuneCountInString(name) <= nameLimit
}

// addApplication makes an application and returns the address of its enterprise application.
func (s *Sandbox) addApplication(c portalCall, name string, bare bool) string {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	a := &application{
		clientID: uuid.NewString(), objectID: uuid.NewString(), servicePrincipal: uuid.NewString(), name: name, bare: bare, assignmentRequired: true,
		provisioning: provisioning{externalID: "mailNickname", userName: "userPrincipalName"},
	}
	c.directory.applications = append(c.directory.applications, a)
	return portalPath + "/" + c.directory.id + "/enterprise-apps/" + a.clientID
}
