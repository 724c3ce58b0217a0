package portal_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/portal"
)

const (
	client    = "11111111-aaaa-4bbb-8ccc-222222222222"
	principal = "33333333-aaaa-4bbb-8ccc-444444444444"
	directory = "55555555-aaaa-4bbb-8ccc-666666666666"
)

// portals are the only hosts that a link may lead to.
var portals = map[portal.Cloud][]string{
	portal.Global:       {"entra.microsoft.com", "portal.azure.com"},
	portal.USGovernment: {"portal.azure.us"},
	portal.China:        {"portal.azure.cn"},
}

func TestEveryEntryHasADate(t *testing.T) {
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	check := func(what string, checked time.Time) {
		if checked.Before(first) || checked.After(time.Now().Add(24*time.Hour)) {
			t.Errorf("%s was checked on %v", what, checked)
		}
	}
	for _, target := range portal.Targets() {
		check("target "+string(target), target.Checked())
	}
	for _, label := range portal.Labels() {
		check("label "+string(label), label.Checked())
	}
	for _, cloud := range portal.Clouds() {
		check("cloud "+string(cloud), cloud.Checked())
	}
	if n := len(portal.Clouds()); n != 3 {
		t.Errorf("%d clouds, want 3", n)
	}
}

func TestEveryLinkLeadsToAMicrosoftPortal(t *testing.T) {
	for _, cloud := range portal.Clouds() {
		seen := map[string]portal.Target{}
		for _, target := range portal.Targets() {
			for _, ids := range []portal.IDs{{}, {ClientID: client}, {ServicePrincipal: principal}, {ClientID: client, ServicePrincipal: principal}} {
				link := portal.Link(cloud, target, ids)
				u, err := url.Parse(link)
				if err != nil || u.Scheme != "https" || !slices.Contains(portals[cloud], u.Host) || u.User != nil || u.RawQuery != "" || u.Path != "/" {
					t.Errorf("Link(%s, %s, %+v) = %q", cloud, target, ids, link)
				}
				if !strings.HasPrefix(link, "https://"+u.Host+"/#view/Microsoft_AAD_") || strings.ContainsAny(link, "{} ") {
					t.Errorf("Link(%s, %s, %+v) = %q is no deep link", cloud, target, ids, link)
				}
			}
			link := portal.Link(cloud, target, portal.IDs{ClientID: client, ServicePrincipal: principal})
			if other, twice := seen[link]; twice {
				t.Errorf("%s and %s have the same link in %s", target, other, cloud)
			}
			seen[link] = target
		}
	}
}

func TestLink(t *testing.T) {
	const (
		registered = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/"
		managed    = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/"
		list       = registered + "ApplicationsListBlade"
		apps       = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview"
	)
	both := portal.IDs{ClientID: client, ServicePrincipal: principal}
	for _, c := range []struct {
		name   string
		cloud  portal.Cloud
		target portal.Target
		ids    portal.IDs
		want   string
	}{
		{"needs no id", portal.Global, portal.CreateApplication, portal.IDs{}, "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/AppGalleryBladeV2"},
		{"secrets of the app", portal.Global, portal.Credentials, both, registered + "ApplicationMenuBlade/~/Credentials/appId/" + client},
		{"permissions of the app", portal.Global, portal.APIPermissions, both, registered + "ApplicationMenuBlade/~/CallAnAPI/appId/" + client},
		{"people of the app", portal.Global, portal.UsersAndGroups, both, managed + "UsersAndGroups/servicePrincipalId/" + principal + "/appId/" + client},
		{"provisioning of the app", portal.Global, portal.Provisioning, both, managed + "Provisioning/objectId/" + principal + "/appId/" + client},
		{"of the directory", portal.Global, portal.SignInLogs, both, "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/SignIns"},
		{"policies", portal.USGovernment, portal.ConditionalAccess, portal.IDs{}, "https://portal.azure.us/#view/Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"},
		{"capitals", portal.Global, portal.Overview, portal.IDs{ClientID: strings.ToUpper(client)}, registered + "ApplicationMenuBlade/~/Overview/appId/" + client},
		{"no client id", portal.Global, portal.Authentication, portal.IDs{ServicePrincipal: principal}, list},
		{"no service principal", portal.Global, portal.Provisioning, portal.IDs{ClientID: client}, apps},
		{"service principal alone", portal.Global, portal.UsersAndGroups, portal.IDs{ServicePrincipal: principal}, apps},
		{"hostile id", portal.Global, portal.Credentials, portal.IDs{ClientID: `"><script>alert(1)</script>`}, list},
		{"id with a path", portal.Global, portal.Credentials, portal.IDs{ClientID: client + "/../../x"}, list},
		{"id with a placeholder", portal.Global, portal.Provisioning, portal.IDs{ClientID: "{principal}", ServicePrincipal: principal}, apps},
		{"unknown target", portal.Global, "elsewhere", both, apps},
		{"unknown cloud", "mars", portal.Registrations, both, list},
		{"government", portal.USGovernment, portal.Registrations, both, "https://portal.azure.us/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"},
		{"china", portal.China, portal.Registrations, both, "https://portal.azure.cn/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := portal.Link(c.cloud, c.target, c.ids); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAdminConsent(t *testing.T) {
	permissions := portal.Link(portal.China, portal.APIPermissions, portal.IDs{ClientID: client})
	for _, c := range []struct {
		name              string
		cloud             portal.Cloud
		directory, client string
		want              string
	}{
		{"global", portal.Global, directory, client, "https://login.microsoftonline.com/" + directory + "/adminconsent?client_id=" + client},
		{"government", portal.USGovernment, directory, client, "https://login.microsoftonline.us/" + directory + "/adminconsent?client_id=" + client},
		{"china", portal.China, directory, client, "https://login.partner.microsoftonline.cn/" + directory + "/adminconsent?client_id=" + client},
		{"no directory", portal.China, "", client, permissions},
		{"hostile directory", portal.China, "evil.example/", client, permissions},
		{"hostile client", portal.Global, directory, client + "&prompt=none", portal.Link(portal.Global, portal.Registrations, portal.IDs{})},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := portal.AdminConsent(c.cloud, c.directory, c.client); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCloudOf(t *testing.T) {
	for authority, want := range map[string]portal.Cloud{
		"https://login.microsoftonline.com/" + directory + "/v2.0":        portal.Global,
		"https://login.microsoftonline.us/" + directory + "/v2.0":         portal.USGovernment,
		"https://login.partner.microsoftonline.cn/" + directory + "/v2.0": portal.China,
		"https://login.microsoftonline.us.example/x":                      portal.Global,
		"":    portal.Global,
		"://": portal.Global,
	} {
		if got := portal.CloudOf(authority); got != want {
			t.Errorf("CloudOf(%q) = %s, want %s", authority, got, want)
		}
	}
}

func TestLabelsAreAsTheContractHasThem(t *testing.T) {
	for label, want := range map[portal.Label][2]string{
		portal.LabelDirectoryID:       {"Directory (tenant) ID", ""},
		portal.LabelClientID:          {"Application (client) ID", ""},
		portal.LabelTenantURL:         {"Tenant URL", ""},
		portal.LabelSecretToken:       {"Secret Token", ""},
		portal.LabelRedirectURI:       {"Redirect URI", ""},
		portal.LabelEnterpriseApps:    {"Enterprise apps", "Enterprise applications"},
		portal.LabelAddRedirectURI:    {"Add Redirect URI", "Platform configurations > Add a platform"},
		portal.LabelAttributeMapping:  {"Attribute mapping", "Mappings"},
		portal.LabelSaveProvisioning:  {"Create", "Save"},
		portal.LabelNonGallery:        {"Integrate any other application you don't find in the gallery (Non-gallery)", ""},
		portal.LabelStartProvisioning: {"Start provisioning", "Provisioning Status: On"},
		portal.LabelSignInLogs:        {"Sign-in logs", "Sign-ins"},
		portal.LabelEnabledForUsers:   {"Enabled for users to sign-in?", ""},
	} {
		if got := [2]string{label.Now(), label.Older()}; got != want {
			t.Errorf("%s is %q, want %q", label, got, want)
		}
	}
	for _, label := range portal.Labels() {
		if label.Now() == "" || label.Now() == label.Older() || strings.TrimSpace(label.Now()) != label.Now() {
			t.Errorf("%s is %q, older %q", label, label.Now(), label.Older())
		}
		if !portal.Known(label.Now()) {
			t.Errorf("%q is not known", label.Now())
		}
	}
	for words, want := range map[string]bool{"Add a platform": true, "Mappings": true, "": false, "Blades": false} {
		if portal.Known(words) != want {
			t.Errorf("Known(%q) = %v", words, !want)
		}
	}
}
