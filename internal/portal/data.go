package portal

// The date with an entry says when it was last held against Microsoft's published documentation (entra-docs,
// "National clouds") or, for deep links, which Microsoft does not document, against links that others publish. Whoever
// checks one again, best by clicking through a portal, changes its date.

// hosts says where each cloud has its portal and its sign-in.
var hosts = map[Cloud]struct{ portal, login, checked string }{
	Global:       {"entra.microsoft.com", "login.microsoftonline.com", "2026-11-23"},
	USGovernment: {"portal.azure.us", "login.microsoftonline.us", "2026-11-23"},
	China:        {"portal.azure.cn", "login.partner.microsoftonline.cn", "2026-11-23"},
}

// place is where a target lies: the fragment of the portal's address, {client} and {principal} standing for ids. Without
// an id that it needs, the place is that of fallback.
type place struct {
	fragment string
	fallback Target
	checked  string
}

const (
	appMenu     = "view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/"
	managedMenu = "view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/"
)

var places = map[Target]place{
	CreateApplication:  {"view/Microsoft_AAD_IAM/AppGalleryBladeV2", "", "2026-11-23"},
	EnterpriseApps:     {"view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview", "", "2026-11-23"},
	NewRegistration:    {"view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false", "", "2026-11-23"},
	Registrations:      {"view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade", "", "2026-11-23"},
	Overview:           {appMenu + "Overview/appId/{client}", Registrations, "2026-11-23"},
	Authentication:     {appMenu + "Authentication/appId/{client}", Registrations, "2026-11-23"},
	Credentials:        {appMenu + "Credentials/appId/{client}", Registrations, "2026-11-23"},
	TokenConfiguration: {appMenu + "TokenConfiguration/appId/{client}", Registrations, "2026-11-23"},
	APIPermissions:     {appMenu + "CallAnAPI/appId/{client}", Registrations, "2026-11-23"},
	Properties:         {managedMenu + "Properties/objectId/{principal}/appId/{client}", EnterpriseApps, "2026-11-23"},
	UsersAndGroups:     {managedMenu + "UsersAndGroups/servicePrincipalId/{principal}/appId/{client}", EnterpriseApps, "2026-11-23"},
	Provisioning:       {managedMenu + "Provisioning/objectId/{principal}/appId/{client}", EnterpriseApps, "2026-11-23"},
	SignInLogs:         {"view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/SignIns", "", "2026-11-24"}, // in entra-docs, too
	ConditionalAccess:  {"view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies", "", "2026-11-24"},
}

// text is what a label says: now, and in older portals when that differs. Where an older portal wanted several clicks
// for it, they are joined by " > ".
type text struct{ now, older, checked string }

var texts = map[Label]text{
	// Creating the application.
	LabelEntraID:           {"Entra ID", "Azure Active Directory", "2026-11-23"},
	LabelEnterpriseApps:    {"Enterprise apps", "Enterprise applications", "2026-11-23"},
	LabelNewApplication:    {"New application", "", "2026-11-23"},
	LabelCreateOwn:         {"Create your own application", "", "2026-11-23"},
	LabelNonGallery:        {"Integrate any other application you don't find in the gallery (Non-gallery)", "", "2026-11-23"},
	LabelCreate:            {"Create", "", "2026-11-23"},
	LabelAppRegistrations:  {"App registrations", "", "2026-11-23"},
	LabelAllApplications:   {"All applications", "", "2026-11-23"},
	LabelNewRegistration:   {"New registration", "", "2026-11-23"},
	LabelOverview:          {"Overview", "", "2026-11-23"},
	LabelClientID:          {"Application (client) ID", "", "2026-11-23"},
	LabelDirectoryID:       {"Directory (tenant) ID", "", "2026-11-23"},
	LabelServicePrincipal:  {"Object ID", "", "2026-11-23"},
	LabelManageEnterprise:  {"Managed application in local directory", "", "2026-11-23"},
	LabelProperties:        {"Properties", "", "2026-11-23"},
	LabelAssignment:        {"Assignment required", "Assignment required?", "2026-11-23"},
	LabelUsersAndGroups:    {"Users and groups", "", "2026-11-23"},
	LabelAddUserGroup:      {"Add user/group", "", "2026-11-23"},
	LabelAssign:            {"Assign", "", "2026-11-23"},
	LabelAPIPermissions:    {"API permissions", "", "2026-11-23"},
	LabelGrantAdminConsent: {"Grant admin consent", "", "2026-11-23"},

	// The sign-in side.
	LabelAuthentication:     {"Authentication", "", "2026-11-23"},
	LabelAddRedirectURI:     {"Add Redirect URI", "Platform configurations > Add a platform", "2026-11-23"},
	LabelWeb:                {"Web", "", "2026-11-23"},
	LabelRedirectURI:        {"Redirect URI", "", "2026-11-23"},
	LabelConfigure:          {"Configure", "", "2026-11-23"},
	LabelTokenConfiguration: {"Token configuration", "", "2026-11-23"},
	LabelAddOptionalClaim:   {"Add optional claim", "", "2026-11-23"},
	LabelIDToken:            {"ID", "", "2026-11-23"},
	LabelEmailClaim:         {"email", "", "2026-11-23"},
	LabelCredentials:        {"Certificates & secrets", "", "2026-11-23"},
	LabelClientSecrets:      {"Client secrets", "", "2026-11-23"},
	LabelNewClientSecret:    {"New client secret", "", "2026-11-23"},
	LabelAdd:                {"Add", "", "2026-11-23"},
	LabelValue:              {"Value", "", "2026-11-23"},
	LabelSecretID:           {"Secret ID", "", "2026-11-23"},
	LabelExpires:            {"Expires", "", "2026-11-23"},

	// The provisioning side.
	LabelProvisioning:         {"Provisioning", "", "2026-11-23"},
	LabelNewConfiguration:     {"New configuration", "Get started > Provisioning Mode: Automatic > Admin Credentials", "2026-11-23"},
	LabelAuthenticationMethod: {"Select authentication method", "", "2026-11-23"},
	LabelBearer:               {"Bearer Authentication", "", "2026-11-23"},
	LabelTenantURL:            {"Tenant URL", "", "2026-11-23"},
	LabelSecretToken:          {"Secret Token", "", "2026-11-23"},
	LabelTestConnection:       {"Test Connection", "", "2026-11-23"},
	LabelSaveProvisioning:     {"Create", "Save", "2026-11-23"},
	LabelAttributeMapping:     {"Attribute mapping", "Mappings", "2026-11-23"},
	LabelProvisionOnDemand:    {"Provision on demand", "", "2026-11-23"},
	LabelStartProvisioning:    {"Start provisioning", "Provisioning Status: On", "2026-11-23"},

	// Where the portal says what went wrong.
	LabelViewDetails:       {"View details", "", "2026-11-24"},
	LabelProvisioningLogs:  {"Provisioning logs", "", "2026-11-24"},
	LabelQuarantine:        {"Quarantine", "", "2026-11-24"},
	LabelSignInLogs:        {"Sign-in logs", "Sign-ins", "2026-11-24"},
	LabelConditionalAccess: {"Conditional Access", "", "2026-11-24"},
	LabelEnabledForUsers:   {"Enabled for users to sign-in?", "", "2026-11-24"},
}
