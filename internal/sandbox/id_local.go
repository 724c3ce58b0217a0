package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox/page"
)

// The people with an account of Aritma ID itself, by name. They exist in every tenant, under the same subject from start
// to Close, with the e-mail first.last@Sample().Domain. One press on the login page of Aritma ID signs them in: nobody has
// a password. SCIM and the IAM API do not list them.
const (
	Administrator = "Astrid Berg" // administers the tenant: gets the scope services.iam
	Member        = "Jonas Lie"   // works there without IAM permissions: the scope services.iam is left out
	Guide         = "Ida Strand"  // customer success: has the role GuideRole, and no IAM permissions
)

// Customer success in practice: its tenant, and the role by which its people open the console.
const (
	ConsoleTenant = "aritma"
	GuideRole     = "TenantAdmin"
)

// localProvider is the claim idp of local people.
const localProvider = "local"

// profile is what tokens tell of a person. Any part may be empty.
type profile struct{ name, email, userName string }

// localPerson is somebody with an account of Aritma ID itself.
type localPerson struct {
	profile
	subject       string
	administrator bool // has IAM permissions
	roles         []string
}

func newLocalPeople(domain string) (people []*localPerson) {
	for _, name := range []string{Administrator, Member, Guide} {
		email := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@" + domain
		person := &localPerson{profile: profile{name, email, email}, subject: "user-" + uuid.NewString(), administrator: name == Administrator}
		if name == Guide {
			person.roles = []string{GuideRole}
		}
		people = append(people, person)
	}
	return people
}

// chosenPerson is the local person whose button was pressed on the login page. A link chooses nobody: only a form does.
func (s *Sandbox) chosenPerson(r *http.Request, a ask, given url.Values) (*localPerson, bool) {
	if r.Method != http.MethodPost || a.scheme != "" || a.prompt == "none" {
		return nil, false
	}
	i := slices.IndexFunc(s.people, func(one *localPerson) bool { return one.name == given.Get("person") })
	if i < 0 {
		return nil, false
	}
	return s.people[i], true
}

// personButtons are for the login page of a request that asks for no provider. Customer success is at home in one tenant.
func (s *Sandbox) personButtons(t message.Printer, tenant string) (buttons []page.PersonButton) {
	for _, one := range s.people {
		if len(one.roles) > 0 && tenant != ConsoleTenant {
			continue
		}
		button := page.PersonButton{Name: one.name, Text: t.T("id-signin.member", "Name", one.name), May: t.T("id-signin.member.may")}
		if len(one.roles) > 0 {
			button.Text, button.May = t.T("id-signin.guide", "Name", one.name), t.T("id-signin.guide.may")
		}
		if one.administrator {
			button.Text, button.May = t.T("id-signin.administrator", "Name", one.name), t.T("id-signin.administrator.may")
		}
		buttons = append(buttons, button)
	}
	return buttons
}

// profile is the one of whoever signed in.
func (one session) profile() profile {
	if one.local != nil {
		return one.local.profile
	}
	return one.foreigner.profile
}

// permitted leaves out of the scopes what the person may not have: services.iam goes with IAM permissions, which nobody
// has who came from a provider.
func (one session) permitted(scopes []string) []string {
	administrator := one.local != nil && one.local.administrator
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return scope == scopeIAM && !administrator })
}
