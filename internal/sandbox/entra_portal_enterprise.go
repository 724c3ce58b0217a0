package sandbox

import (
	"slices"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

func (s *Sandbox) showProperties(c portalCall) portalAnswer { return s.propertiesPage(c, "") }

func (s *Sandbox) propertiesPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalPropertiesView
	s.locked(func() {
		view = page.PortalPropertiesView{
			PortalFrame: c.frame("Properties", wrong), ClientID: c.app.clientID, ServicePrincipal: c.app.servicePrincipal, AssignmentRequired: c.app.assignmentRequired,
		}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalProperties(view)}
}

func (s *Sandbox) submitProperties(c portalCall) portalAnswer {
	required := c.form.Get("assignment_required")
	if required != "yes" && required != "no" {
		return s.propertiesPage(c, c.t.T("practice.choice.wrong"))
	}
	s.locked(func() { c.app.assignmentRequired = required == "yes" })
	return c.again()
}

func (s *Sandbox) showUsersAndGroups(c portalCall) portalAnswer { return s.usersAndGroupsPage(c, "") }

func (s *Sandbox) usersAndGroupsPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalAssignmentsView
	s.locked(func() {
		view = page.PortalAssignmentsView{PortalFrame: c.frame("Users and groups", wrong)}
		add := func(one page.PortalPrincipal, assigned []string) {
			if slices.Contains(assigned, one.ID) {
				view.Assigned = append(view.Assigned, one)
			} else {
				view.Others = append(view.Others, one)
			}
		}
		for _, p := range c.directory.people {
			add(page.PortalPrincipal{ID: p.id, DisplayName: p.displayName, Name: p.userPrincipalName, Kind: "User"}, c.app.people)
		}
		for _, g := range c.directory.groups {
			add(page.PortalPrincipal{ID: g.id, DisplayName: g.displayName, Kind: "Group"}, c.app.assigned)
		}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalUsersAndGroups(view)}
}

func (s *Sandbox) submitUsersAndGroups(c portalCall) portalAnswer {
	ids := c.form["id"]
	if c.form.Get("do") == "remove" {
		s.locked(func() { c.app.unassign(c.form.Get("id")) })
		return c.again()
	}
	good := len(ids) > 0
	s.locked(func() {
		for _, id := range ids {
			good = s.assign(c.directory, c.app, id) && good
		}
	})
	if !good {
		return s.usersAndGroupsPage(c, c.t.T("practice.assigned.wrong"))
	}
	return c.again()
}
