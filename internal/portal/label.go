package portal

import (
	"slices"
	"strings"
	"time"
)

// Label is one thing that the portal shows: a menu entry, a button, the name of a field or of a column.
type Label string

// The labels, in the order of the walk through the portal.
const (
	LabelEntraID           Label = "entra-id"
	LabelEnterpriseApps    Label = "enterprise-apps"
	LabelNewApplication    Label = "new-application"
	LabelCreateOwn         Label = "create-own"
	LabelNonGallery        Label = "non-gallery"
	LabelCreate            Label = "create"
	LabelAppRegistrations  Label = "app-registrations"
	LabelAllApplications   Label = "all-applications"
	LabelNewRegistration   Label = "new-registration"
	LabelOverview          Label = "overview"
	LabelClientID          Label = "client-id"
	LabelDirectoryID       Label = "directory-id"
	LabelServicePrincipal  Label = "service-principal"
	LabelManageEnterprise  Label = "manage-enterprise"
	LabelProperties        Label = "properties"
	LabelAssignment        Label = "assignment"
	LabelUsersAndGroups    Label = "users-and-groups"
	LabelAddUserGroup      Label = "add-user-group"
	LabelAssign            Label = "assign"
	LabelAPIPermissions    Label = "api-permissions"
	LabelGrantAdminConsent Label = "grant-admin-consent"

	LabelAuthentication     Label = "authentication"
	LabelAddRedirectURI     Label = "add-redirect-uri"
	LabelWeb                Label = "web"
	LabelRedirectURI        Label = "redirect-uri"
	LabelConfigure          Label = "configure"
	LabelTokenConfiguration Label = "token-configuration"
	LabelAddOptionalClaim   Label = "add-optional-claim"
	LabelIDToken            Label = "id-token"
	LabelEmailClaim         Label = "email-claim"
	LabelCredentials        Label = "credentials"
	LabelClientSecrets      Label = "client-secrets"
	LabelNewClientSecret    Label = "new-client-secret"
	LabelAdd                Label = "add"
	LabelValue              Label = "value"
	LabelSecretID           Label = "secret-id"
	LabelExpires            Label = "expires"

	LabelProvisioning         Label = "provisioning"
	LabelNewConfiguration     Label = "new-configuration"
	LabelAuthenticationMethod Label = "authentication-method"
	LabelBearer               Label = "bearer"
	LabelTenantURL            Label = "tenant-url"
	LabelSecretToken          Label = "secret-token"
	LabelTestConnection       Label = "test-connection"
	LabelSaveProvisioning     Label = "save-provisioning"
	LabelAttributeMapping     Label = "attribute-mapping"
	LabelProvisionOnDemand    Label = "provision-on-demand"
	LabelStartProvisioning    Label = "start-provisioning"

	LabelViewDetails       Label = "view-details"
	LabelProvisioningLogs  Label = "provisioning-logs"
	LabelQuarantine        Label = "quarantine"
	LabelSignInLogs        Label = "sign-in-logs"
	LabelConditionalAccess Label = "conditional-access"
	LabelEnabledForUsers   Label = "enabled-for-users"
)

// Now is what Microsoft calls it today, in English; the zero Label and unknown ones are called nothing.
func (l Label) Now() string { return texts[l].now }

// Older is what portals that were not yet renewed call it, or the clicks that lead to the same there, joined by " > ";
// empty when there is no difference.
func (l Label) Older() string { return texts[l].older }

// Checked is the day on which both were last checked.
func (l Label) Checked() time.Time { return day(texts[l].checked) }

// Labels lists every label, sorted.
func Labels() []Label { return sorted(texts) }

// Known reports whether the portal has this text as a label, now or in older portals. Tests hold sentences that quote
// the portal against it.
func Known(words string) bool {
	for _, t := range texts {
		if t.now == words || t.older != "" && slices.Contains(strings.Split(t.older, " > "), words) {
			return true
		}
	}
	return false
}

// day reads a date of data.go; the zero time for an unknown entry.
func day(date string) time.Time {
	t, _ := time.Parse(time.DateOnly, date)
	return t
}

func sorted[K ~string, V any](entries map[K]V) []K {
	keys := make([]K, 0, len(entries))
	for key := range entries {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
