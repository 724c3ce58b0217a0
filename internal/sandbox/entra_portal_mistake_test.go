package sandbox_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// The portal's probes and effects join those of the other fault switches.
func init() {
	maps.Copy(probes, map[string]func(r *faultRig) (reply, error){
		"portal overview": func(r *faultRig) (reply, error) {
			return r.try("GET", r.portalURL("registrations", "overview"), secret.Secret{}, nil)
		},
		"portal redirect": func(r *faultRig) (reply, error) {
			return r.portal("registrations", "authentication", url.Values{"redirect_uri": {"https://id.aritma.io/x/signin"}})
		},
		"portal secret": func(r *faultRig) (reply, error) {
			return r.portal("registrations", "credentials", url.Values{"expires": {"6"}})
		},
		"portal provisioning": func(r *faultRig) (reply, error) {
			return r.try("GET", r.portalURL("enterprise-apps", "provisioning"), secret.Secret{}, nil)
		},
		"portal test": func(r *faultRig) (reply, error) {
			return r.portal("enterprise-apps", "provisioning", url.Values{"do": {"test"}, "tenant_url": {r.scimURL(tenantA)}, "secret_token": {r.value.Expose()}})
		},
		"portal start": func(r *faultRig) (reply, error) {
			r.ConfigureProvisioning(r.Sample().ClientID, r.scimURL(tenantA), r.value)
			r.Assign(r.Sample().ClientID, "Aritma users")
			return r.portal("enterprise-apps", "provisioning", url.Values{"do": {"start"}})
		},
	})
	maps.Copy(effects, map[sandbox.Switch]effect{
		sandbox.MistakeSecretID:        {probe: "portal secret", status: 200, holds: `id="secret-value"`},
		sandbox.MistakeSecretMangled:   {probe: "portal secret", status: 200, holds: `lang="zxx">&#34;{`},
		sandbox.MistakeSecretExpired:   {probe: "portal secret", status: 200, holds: time.Now().AddDate(0, 0, -1).Format("2006-01-02")},
		sandbox.MistakeRedirectSlash:   {probe: "portal redirect", status: 200, holds: "https://id.aritma.io/x/signin/</code>"},
		sandbox.MistakeIDsSwapped:      {probe: "portal overview", status: 200, holds: `<code id="directory-id" dir="ltr" lang="zxx">c93e2a64-`},
		sandbox.MistakeBareApp:         {probe: "portal provisioning", status: 200, holds: `id="impossible"`},
		sandbox.MistakeTenantURLCut:    {probe: "portal test", status: 200, holds: "404 Not Found"},
		sandbox.MistakePatchFlag:       {probe: "portal test", status: 200, holds: `/v2?aadOptscim062020"`},
		sandbox.MistakeTokenCut:        {probe: "portal test", status: 200, holds: "401 Unauthorized"},
		sandbox.MistakeSlowCycle:       {probe: "portal start", status: 200, holds: "Not run", also: peopleThere, want: 0},
		sandbox.MistakeNobodyInScope:   {probe: "portal start", status: 200, holds: "Aritma users", also: peopleThere, want: 0},
		sandbox.MistakeUserNameDiffers: {probe: "portal start", status: 200, holds: "Kari Nordmann", also: peopleThere, want: 1},
	})
}

func peopleThere(r *faultRig) any { return len(r.Snapshot(tenantA).Users) }

func (r *faultRig) portalURL(menu, blade string) string {
	return r.PortalURL() + "/" + r.Sample().DirectoryID + "/" + menu + "/" + r.Sample().ClientID + "/" + blade
}

func (r *faultRig) portal(menu, blade string, form url.Values) (reply, error) {
	return r.try("POST", r.portalURL(menu, blade), secret.Secret{}, form)
}

func TestMistakesWithSecrets(t *testing.T) {
	r := start(t)
	client := r.Sample().ClientID
	add := func(sw sandbox.Switch) portalPage {
		r.Faults().Set(sw, 1)
		return r.target("credentials", client).press("Add", url.Values{"description": {"new"}})
	}
	answer := func(value string) string {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {value}, "scope": {"https://graph.microsoft.com/.default"}}
		return string(r.do("POST", r.entraTokenURL(r.Sample().Domain), secret.Secret{}, form).body)
	}
	if page := add(sandbox.MistakeSecretID); page.text("#secret-value") != page.text("#secret-id") || !strings.Contains(answer(page.text("#secret-value")), "7000215") {
		t.Error("1: Value is not the Secret ID")
	}
	mangled := add(sandbox.MistakeSecretMangled).Find("#secret-value").Text()
	repaired := strings.NewReplacer(`"`, "", "{", "", "}", "", " ", "").Replace(mangled)
	if len(mangled) != 45 || !strings.Contains(answer(mangled), "7000215") || !strings.Contains(answer(repaired), "access_token") {
		t.Error("2: the value is not mangled, or not the right one inside")
	}
	if !strings.Contains(answer(add(sandbox.MistakeSecretExpired).text("#secret-value")), "7000222") {
		t.Error("3: the new secret has not expired")
	}
}

func TestMistakesWithCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		sw         sandbox.Switch
		wrong      string // that Test Connection says
		quarantine bool
	}{
		"12 Tenant URL cut": {sandbox.MistakeTenantURLCut, "404", true},
		"15 token cut":      {sandbox.MistakeTokenCut, "401", true},
		"13 flag":           {sandbox.MistakePatchFlag, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := provisioned(t, sandbox.Options{})
			r.Assign(r.client, "Kari Nordmann")
			r.Faults().Set(test.sw, 1)
			tested := r.target("provisioning", r.client).press("Test Connection", url.Values{"tenant_url": {r.scimURL(tenantA)}, "secret_token": {r.token.Expose()}})
			if got := tested.text("#test-result"); test.wrong != "" && !strings.Contains(got, test.wrong) {
				t.Errorf("Test Connection: %s", got)
			}
			started := tested.press("Create", nil).press("Start provisioning", nil)
			if got := started.Find("#quarantine").Length() == 1; got != test.quarantine {
				t.Errorf("quarantine: %v", got)
			}
			if got := r.ProvisionOnDemand(r.client, "Kari Nordmann"); got == "" {
				t.Error("provision on demand works")
			}
			// The person corrects both values, and all is well again.
			if wrong := r.ConfigureProvisioning(r.client, r.scimURL(tenantA), r.token); wrong != "" {
				t.Fatal(wrong)
			}
			if got := r.ProvisionOnDemand(r.client, "Kari Nordmann"); got != "" {
				t.Errorf("after the correction: %s", got)
			}
			r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
		})
	}
}

func TestMistakeSlowCycle(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.Faults().Set(sandbox.MistakeSlowCycle, 1)
	r.started()
	if got := r.target("provisioning", r.client).text("#job"); !strings.Contains(got, "On") || !strings.Contains(got, "Not run") {
		t.Errorf("the job: %s", got)
	}
	r.wantUsers()
	r.NextCycle(r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
}

func TestMistakeNobodyInScope(t *testing.T) {
	r := configured(t)
	assign := func() portalPage {
		people := r.target("users-and-groups", r.client)
		return people.press("Assign", url.Values{"id": {people.Find("#others .option:contains('Aritma users') input").AttrOr("value", "")}})
	}
	r.Faults().Set(sandbox.MistakeNobodyInScope, 1)
	if got := assign().text("#assigned"); !strings.Contains(got, "Aritma users Group") {
		t.Errorf("assigned: %s", got)
	}
	r.started()
	r.wantUsers()
	if groups := r.Snapshot(tenantA).Groups; len(groups) != 1 {
		t.Errorf("groups: %v", groups)
	}
	assign() // the one that holds people
	r.NextCycle(r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
}

func TestMistakeUserNameDiffers(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.Faults().Set(sandbox.MistakeUserNameDiffers, 1)
	r.started()
	users := r.Snapshot(tenantA).Users
	if len(users) != 1 || !strings.HasPrefix(users[0].UserName, "kn") || users[0].UserName == kariName || !strings.HasSuffix(users[0].UserName, "@nordlysbygg.example") {
		t.Fatalf("people: %v", users)
	}
	mapping := r.browse("/portal/"+r.Sample().DirectoryID+"/enterprise-apps/"+r.client+"/attribute-mapping", nil, 200)
	if got := mapping.Find("#user_name option[selected]").Text(); got != "extensionAttribute1" {
		t.Errorf("the mapping says %s", got)
	}
	mapping.press("Save", url.Values{"user_name": {"userPrincipalName"}})
	r.NextCycle(r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
}
