package sandbox

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/sandbox/page"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	redirectLimit = 256 // characters of a redirect URI
	secretMonths  = 24  // longest life of a client secret
	day           = "2006-01-02"
)

func (s *Sandbox) showOverview(c portalCall) portalAnswer {
	var view page.PortalOverviewView
	s.locked(func() {
		view = page.PortalOverviewView{
			PortalFrame: c.frame("Overview", ""), ClientID: c.app.clientID, DirectoryID: c.directory.id, ObjectID: c.app.objectID,
			EnterpriseURL: portalPath + "/" + c.directory.id + "/enterprise-apps/" + c.app.clientID + "/properties",
		}
	})
	if s.faults.take(MistakeIDsSwapped, opOverview) {
		view.ClientID, view.DirectoryID = view.DirectoryID, view.ClientID
	}
	return portalAnswer{content: page.PortalOverview(view)}
}

func (s *Sandbox) showAuthentication(c portalCall) portalAnswer { return s.authenticationPage(c, "") }

func (s *Sandbox) authenticationPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalAuthenticationView
	s.locked(func() {
		view = page.PortalAuthenticationView{PortalFrame: c.frame("Authentication", wrong), URIs: slices.Clone(c.app.redirectURIs)}
	})
	if wrong != "" {
		view.Typed = c.form.Get("redirect_uri")
	}
	return portalAnswer{wrong: wrong != "", content: page.PortalAuthentication(view)}
}

func (s *Sandbox) submitAuthentication(c portalCall) portalAnswer {
	uri := strings.TrimSpace(c.form.Get("redirect_uri"))
	switch {
	case c.form.Get("do") == "remove":
		s.locked(func() {
			c.app.redirectURIs = slices.DeleteFunc(c.app.redirectURIs, func(saved string) bool { return saved == uri })
		})
		return c.again()
	case !redirectURI(uri):
		return s.authenticationPage(c, c.t.T("practice.redirect.wrong"))
	}
	if s.faults.take(MistakeRedirectSlash, opAuthentication) {
		uri += "/"
	}
	there := false
	s.locked(func() {
		if there = slices.Contains(c.app.redirectURIs, uri); !there {
			c.app.redirectURIs = append(c.app.redirectURIs, uri)
		}
	})
	if there {
		return s.authenticationPage(c, c.t.T("practice.redirect.there"))
	}
	return c.again()
}

// redirectURI reports whether Microsoft takes uri under Web.
func redirectURI(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Fragment != "" || len(uri) > redirectLimit {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && address.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

func (s *Sandbox) showCredentials(c portalCall) portalAnswer { return s.credentialsPage(c, nil, "") }

// credentialsPage shows the client secrets; created is the one that was just made.
func (s *Sandbox) credentialsPage(c portalCall, created *page.PortalSecret, wrong string) portalAnswer {
	var view page.PortalCredentialsView
	s.locked(func() {
		view = page.PortalCredentialsView{PortalFrame: c.frame("Certificates & secrets", wrong), Created: created}
		for _, one := range c.app.secrets {
			view.Secrets = append(view.Secrets, page.PortalSecret{Description: one.description, Expires: one.expires.Format(day), Masked: masked(one.value), ID: one.id})
		}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalCredentials(view)}
}

// masked is what the portal shows of a value: its first three characters.
func masked(value secret.Secret) string { return value.Expose()[:3] + strings.Repeat("*", 18) }

func (s *Sandbox) submitCredentials(c portalCall) portalAnswer {
	if c.form.Get("do") == "delete" {
		s.locked(func() {
			c.app.secrets = slices.DeleteFunc(c.app.secrets, func(one *clientSecret) bool { return one.id == c.form.Get("secret_id") })
		})
		return c.again()
	}
	months, err := strconv.Atoi(c.form.Get("expires"))
	if err != nil || months < 1 || months > secretMonths {
		return s.credentialsPage(c, nil, c.t.T("practice.secret.wrong"))
	}
	made := &clientSecret{id: uuid.NewString(), description: strings.TrimSpace(c.form.Get("description")), value: entraSecret(), expires: s.now().AddDate(0, months, 0), shown: true}
	if s.faults.take(MistakeSecretExpired, opCredentials) {
		made.expires = s.now().AddDate(0, 0, -1)
	}
	s.locked(func() { c.app.secrets = append(c.app.secrets, made) })
	shown := page.PortalSecret{Value: s.copied(made), ID: made.id, Expires: made.expires.Format(day)}
	return s.credentialsPage(c, &shown, "")
}

// copied is what a person copies as Value, after the mistake switches.
func (s *Sandbox) copied(made *clientSecret) secret.Secret {
	value := made.value.Expose()
	if s.faults.take(MistakeSecretID, opCredentials) {
		value = made.id
	}
	if s.faults.take(MistakeSecretMangled, opCredentials) {
		half := len(value) / 2
		value = `"{` + value[:half] + " " + value[half:] + `}"`
	}
	return secret.New(value)
}

func (s *Sandbox) showTokenConfiguration(c portalCall) portalAnswer {
	return s.tokenConfigurationPage(c, "")
}

func (s *Sandbox) tokenConfigurationPage(c portalCall, wrong string) portalAnswer {
	var view page.PortalTokenView
	s.locked(func() {
		view = page.PortalTokenView{PortalFrame: c.frame("Token configuration", wrong), Email: c.app.emailClaim}
	})
	return portalAnswer{wrong: wrong != "", content: page.PortalTokenConfiguration(view)}
}

func (s *Sandbox) submitTokenConfiguration(c portalCall) portalAnswer {
	add := c.form.Get("do") != "remove"
	if add && (c.form.Get("token_type") != "id" || c.form.Get("claim") != "email") {
		return s.tokenConfigurationPage(c, c.t.T("practice.claims.wrong"))
	}
	s.locked(func() { c.app.emailClaim = add })
	return c.again()
}

func (s *Sandbox) showAPIPermissions(c portalCall) portalAnswer {
	var view page.PortalPermissionsView
	s.locked(func() {
		view = page.PortalPermissionsView{PortalFrame: c.frame("API permissions", ""), Granted: c.app.consented}
	})
	return portalAnswer{content: page.PortalAPIPermissions(view)}
}

func (s *Sandbox) submitAPIPermissions(c portalCall) portalAnswer {
	s.locked(func() { c.app.consented = true })
	return c.again()
}
