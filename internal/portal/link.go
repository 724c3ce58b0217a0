package portal

import (
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Cloud is one of Microsoft's separate instances of Entra ID, with portals of its own. The words are those of
// entra.Directory.Cloud.
type Cloud string

// The clouds. Every other word, the empty one included, counts as Global.
const (
	Global       Cloud = "global"
	USGovernment Cloud = "us-government"
	China        Cloud = "china"
)

// Target is a place in the portal that can be linked to.
type Target string

// The targets. Those from Overview to APIPermissions are of one app registration and need its client id; those from
// Properties to Provisioning are of one enterprise application and need its service principal too; the last are of the
// whole directory.
const (
	CreateApplication Target = "create-application"
	EnterpriseApps    Target = "enterprise-apps"
	NewRegistration   Target = "new-registration"
	Registrations     Target = "registrations"

	Overview           Target = "overview"
	Authentication     Target = "authentication"
	Credentials        Target = "credentials"
	TokenConfiguration Target = "token-configuration"
	APIPermissions     Target = "api-permissions"

	Properties     Target = "properties"
	UsersAndGroups Target = "users-and-groups"
	Provisioning   Target = "provisioning"

	SignInLogs        Target = "sign-in-logs"
	ConditionalAccess Target = "conditional-access"
)

// Enterprise reports whether the target is a place of one enterprise application.
func (t Target) Enterprise() bool { return t == Properties || t == UsersAndGroups || t == Provisioning }

// IDs are what a link can be made more exact with; each may be empty. What is no GUID counts as empty, so nothing else
// ever gets into a link.
type IDs struct {
	ClientID         string // Application (client) ID
	ServicePrincipal string // Object ID of the enterprise application
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// clean returns the id in lower case, or nothing when it is no GUID.
func clean(id string) string {
	if id = strings.ToLower(id); guid.MatchString(id) {
		return id
	}
	return ""
}

// Link is the https address of a target in the portal of a cloud. Without an id that the target needs, the link leads to
// the list where the person finds the application; an unknown target leads to the list of enterprise applications.
func Link(cloud Cloud, target Target, ids IDs) string {
	client, principal := clean(ids.ClientID), clean(ids.ServicePrincipal)
	to, known := places[target]
	if !known {
		to = places[EnterpriseApps]
	}
	if (client == "" && strings.Contains(to.fragment, "{client}")) ||
		(principal == "" && strings.Contains(to.fragment, "{principal}")) {
		to = places[to.fallback]
	}
	fragment := strings.NewReplacer("{client}", client, "{principal}", principal).Replace(to.fragment)
	return "https://" + hosts[orGlobal(cloud)].portal + "/#" + fragment
}

// AdminConsent is the address at which an administrator consents for the whole directory. Without both ids it leads to
// where consent is granted in the portal.
func AdminConsent(cloud Cloud, directoryID, clientID string) string {
	directory, client := clean(directoryID), clean(clientID)
	if directory == "" || client == "" {
		return Link(cloud, APIPermissions, IDs{ClientID: clientID})
	}
	return "https://" + hosts[orGlobal(cloud)].login + "/" + directory + "/adminconsent?client_id=" + client
}

// CloudOf tells the cloud by an OpenID Connect authority, such as "https://login.microsoftonline.us/{id}/v2.0"; Global
// when its host is none of Microsoft's.
func CloudOf(authority string) Cloud {
	u, err := url.Parse(authority)
	if err != nil {
		return Global
	}
	for cloud, host := range hosts {
		if strings.EqualFold(u.Host, host.login) {
			return cloud
		}
	}
	return Global
}

// Checked is the day on which the target's link was last checked.
func (t Target) Checked() time.Time { return day(places[t].checked) }

// Checked is the day on which the cloud's hosts were last checked.
func (c Cloud) Checked() time.Time { return day(hosts[c].checked) }

// Targets lists every target, sorted.
func Targets() []Target { return sorted(places) }

// Clouds lists every cloud, sorted.
func Clouds() []Cloud { return sorted(hosts) }

// orGlobal is the cloud itself when it is known.
func orGlobal(cloud Cloud) Cloud {
	if _, known := hosts[cloud]; known {
		return cloud
	}
	return Global
}
