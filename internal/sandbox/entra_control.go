package sandbox

import (
	"slices"
	"strings"
)

// Application is an app registration of the practice portal as it stands. It holds no secret.
type Application struct {
	Name, ClientID, DirectoryID string
	RedirectURIs                []string
	EmailClaim                  bool     // the optional claim email of the ID token
	Consented                   bool     // by an administrator
	AssignmentRequired          bool     // only assigned people may sign in
	Assigned                    []string // display names of people and groups
}

// Applications lists the app registrations of every directory.
func (s *Sandbox) Applications() (list []Application) {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	for _, d := range s.entra.directories {
		for _, a := range d.applications {
			one := Application{
				Name: a.name, ClientID: a.clientID, DirectoryID: d.id, RedirectURIs: slices.Clone(a.redirectURIs),
				EmailClaim: a.emailClaim, Consented: a.consented, AssignmentRequired: a.assignmentRequired,
			}
			for _, id := range a.people {
				if p, ok := d.person(id); ok {
					one.Assigned = append(one.Assigned, p.displayName)
				}
			}
			for _, id := range a.assigned {
				if g, ok := d.group(id); ok {
					one.Assigned = append(one.Assigned, g.displayName)
				}
			}
			list = append(list, one)
		}
	}
	return list
}

// RegisterRedirectURI adds a redirect URI under Web, to the letter. It reports false for an unknown client.
func (s *Sandbox) RegisterRedirectURI(clientID, uri string) bool {
	return s.onApplication(clientID, func(_ *directory, a *application) bool {
		if !slices.Contains(a.redirectURIs, uri) {
			a.redirectURIs = append(a.redirectURIs, uri)
		}
		return true
	})
}

// AddEmailClaim makes email an optional claim of the ID token. It reports false for an unknown client.
func (s *Sandbox) AddEmailClaim(clientID string) bool {
	return s.onApplication(clientID, func(_ *directory, a *application) bool {
		a.emailClaim = true
		return true
	})
}

// GrantConsent consents for the whole directory. It reports false for an unknown client.
func (s *Sandbox) GrantConsent(clientID string) bool {
	return s.onApplication(clientID, func(_ *directory, a *application) bool {
		a.consented = true
		return true
	})
}

// Assign assigns a person, by display name or name at sign-in, or a group, by display name. It reports false when the
// client or the name is unknown.
func (s *Sandbox) Assign(clientID, name string) bool {
	return s.onApplication(clientID, func(d *directory, a *application) bool {
		for _, p := range d.people {
			if p.displayName == name || strings.EqualFold(p.userPrincipalName, name) {
				a.people = with(a.people, p.id)
				return true
			}
		}
		for _, g := range d.groups {
			if g.displayName == name {
				a.assigned = with(a.assigned, g.id)
				return true
			}
		}
		return false
	})
}

// with is the list with id in it once.
func with(ids []string, id string) []string {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// onApplication changes an application of whichever directory has it.
func (s *Sandbox) onApplication(clientID string, do func(*directory, *application) bool) bool {
	s.entra.mu.Lock()
	defer s.entra.mu.Unlock()
	for _, d := range s.entra.directories {
		if a, ok := d.application(clientID); ok {
			return do(d, a)
		}
	}
	return false
}
