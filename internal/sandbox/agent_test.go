package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	userPath  = "/id/{tenant}/api/scim/v2/Users"
	groupPath = "/id/{tenant}/api/scim/v2/Groups"
)

// provisioningRig is a sandbox whose sample application could provision to tenantA.
type provisioningRig struct {
	*rig
	client  string
	token   secret.Secret
	tokenID string
}

func provisioned(t *testing.T, o sandbox.Options) *provisioningRig {
	t.Helper()
	r := &provisioningRig{rig: startWith(t, o)}
	r.client = r.Sample().ClientID
	r.register(tenantA, "nordlys")
	r.token, r.tokenID = r.scimToken(tenantA, "nordlys")
	return r
}

// configured is a provisioningRig that was configured and whom these people and groups are assigned to.
func configured(t *testing.T, assigned ...string) *provisioningRig {
	t.Helper()
	r := provisioned(t, sandbox.Options{})
	if wrong := r.ConfigureProvisioning(r.client, r.scimURL(tenantA), r.token); wrong != "" {
		t.Fatal(wrong)
	}
	for _, name := range assigned {
		if !r.Assign(r.client, name) {
			t.Fatalf("%s cannot be assigned", name)
		}
	}
	return r
}

func (r *provisioningRig) started() {
	r.t.Helper()
	if wrong := r.StartProvisioning(r.client); wrong != "" {
		r.t.Fatal(wrong)
	}
}

func (r *provisioningRig) wantUsers(want ...sandbox.Person) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.Snapshot(tenantA).Users); diff != "" {
		r.t.Errorf("people at the endpoint: %s", diff)
	}
}

// resource is the only one of its kind, or the first.
func (r *provisioningRig) resource(path string) map[string]any {
	r.t.Helper()
	list := r.do("GET", r.scimURL(tenantA)+path, r.token, nil).json(r.t)["Resources"].([]any)
	if len(list) == 0 {
		r.t.Fatalf("nothing at %s", path)
	}
	return list[0].(map[string]any)
}

const (
	kariName = "kari.nordmann@nordlysbygg.example"
	olaName  = "ola.hansen@nordlysbygg.example"
)

// The whole of provisioning as a person does it in the portal, page by page.
func TestProvisioningInThePortal(t *testing.T) {
	r := provisioned(t, sandbox.Options{})
	people := r.target("users-and-groups", r.client)
	group := people.Find("#others .option:contains('Aritma users') input").AttrOr("value", "")
	people.press("Assign", url.Values{"id": {group}})

	entered := url.Values{"tenant_url": {r.scimURL(tenantA)}, "secret_token": {r.token.Expose()}}
	tested := r.target("provisioning", r.client).press("Test Connection", entered)
	if got := tested.text("#test-result"); !strings.Contains(got, "The supplied credentials are authorized to enable provisioning") {
		t.Fatalf("Test Connection: %s", got)
	}
	if tested.Find("#tenant_url").AttrOr("value", "") != r.scimURL(tenantA) || tested.Find("#secret_token-received").Length() != 1 {
		t.Error("what was entered is not kept")
	}
	job := tested.press("Create", nil)
	if !strings.Contains(job.text("#job"), "Off") {
		t.Fatalf("not saved: %s", job.text("main"))
	}

	mapped := job.r.browse(job.Find("a:contains('Attribute mapping')").AttrOr("href", ""), nil, 200).press("Save", url.Values{"external_id": {"objectId"}, "user_name": {"userPrincipalName"}})
	onDemand := r.browse(mapped.Find("a:contains('Provision on demand')").AttrOr("href", ""), nil, 200)
	kari := onDemand.Find(".option:contains('Kari') input").AttrOr("value", "")
	done := onDemand.press("Provision", url.Values{"person": {kari}})
	if !strings.Contains(done.text("#result"), "was provisioned") || !strings.Contains(done.text("#log"), "Kari Nordmann Create Success") {
		t.Errorf("on demand: %s, %s", done.text("#result"), done.text("#log"))
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
	if got := r.resource("/Users")["externalId"]; got != kari {
		t.Errorf("externalId is %v, want the object id", got)
	}

	running := r.target("provisioning", r.client).press("Start provisioning", nil)
	if got := running.text("#job"); !strings.Contains(got, "On") || !strings.Contains(got, "Completed") {
		t.Errorf("after the start: %s", got)
	}
	if diff := cmp.Diff([]string{"Aritma users"}, r.Snapshot(tenantA).Groups); diff != "" {
		t.Error(diff)
	}
	left := r.target("users-and-groups", r.client).press("Remove", nil)
	if left.Find("#assigned").Length() != 0 {
		t.Fatal("still assigned")
	}
	passed := r.target("provisioning", r.client).press("Let 40 minutes pass", nil)
	if got := passed.text("#log"); !strings.Contains(got, "Kari Nordmann Disable Success") {
		t.Errorf("the log says: %s", got)
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: false})
	if got := passed.press("Stop provisioning", nil).text("#job"); !strings.Contains(got, "Off") {
		t.Errorf("after the stop: %s", got)
	}
	markup, _ := r.target("provisioning", r.client).Html()
	if strings.Contains(markup, r.token.Expose()) || strings.Contains(r.log.String(), r.token.Expose()) {
		t.Error("the token is shown or logged")
	}
}

func TestTestConnectionInThePortal(t *testing.T) {
	var outside atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { outside.Add(1) }))
	defer other.Close()
	r := provisioned(t, sandbox.Options{})
	good := r.scimURL(tenantA)
	for name, test := range map[string]struct {
		url   string
		token string
		fault sandbox.Switch
		want  string // nothing: it passes
	}{
		"good":             {url: good, token: r.token.Expose()},
		"with a slash":     {url: good + "/", token: r.token.Expose()},
		"with the flag":    {url: good + "?aadOptscim062020", token: r.token.Expose()},
		"wrong token":      {url: good, token: "wrong", want: "401 Unauthorized"},
		"suffix missing":   {url: strings.TrimSuffix(good, "/v2"), token: r.token.Expose(), want: "404 Not Found"},
		"HTML":             {url: good, token: r.token.Expose(), fault: sandbox.SCIMHTML, want: "not SCIM"},
		"out of order":     {url: good, token: r.token.Expose(), fault: sandbox.SCIMUnavailable, want: "503"},
		"JSON of others":   {url: r.IDURL() + "/" + tenantA + "/.well-known/openid-configuration?", token: "x", want: "404"},
		"another host":     {url: other.URL + "/scim/v2", token: r.token.Expose(), want: "could not be reached"},
		"another scheme":   {url: strings.Replace(good, "http:", "https:", 1), token: "x", want: "could not be reached"},
		"user information": {url: strings.Replace(good, "http://", "http://me@", 1), token: "x", want: "could not be reached"},
		"no address":       {url: "the address of Aritma", token: "x", want: "could not be reached"},
	} {
		if test.fault != "" {
			r.Faults().Set(test.fault, 1)
		}
		got := r.target("provisioning", r.client).press("Test Connection", url.Values{"tenant_url": {test.url}, "secret_token": {test.token}}).text("#test-result")
		begins := "You appear to have entered invalid credentials"
		if test.want == "" {
			begins = "The supplied credentials are authorized"
		}
		if !strings.Contains(got, begins) || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s", name, got)
		}
		if strings.Contains(got, test.token) && len(test.token) > 1 {
			t.Errorf("%s: the result shows the token", name)
		}
	}
	if n := outside.Load(); n != 0 {
		t.Errorf("%d requests to another host", n)
	}
}

func TestCreateDemandsTestConnection(t *testing.T) {
	r := provisioned(t, sandbox.Options{})
	entered := url.Values{"tenant_url": {r.scimURL(tenantA)}, "secret_token": {"wrong"}}
	refused := r.target("provisioning", r.client).pressWrong("Create", entered, http.StatusUnprocessableEntity)
	if !strings.Contains(refused.text("#test-result"), "401") || refused.Find("#job").Length() != 0 {
		t.Errorf("the page says: %s", refused.text("main"))
	}
	if got := r.StartProvisioning(r.client); !strings.Contains(got, "no configuration") {
		t.Errorf("started: %s", got)
	}
	entered.Set("secret_token", r.token.Expose())
	if saved := refused.press("Create", entered); saved.Find("#job").Length() != 1 {
		t.Errorf("the right values are not saved: %s", saved.text("main"))
	}
}

func TestGroupsComeEmptyAndAreFilled(t *testing.T) {
	r := configured(t, "Aritma users", "Siri Berg")
	r.started()
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true}, sandbox.Person{UserName: "siri.berg@nordlysbygg.example", Active: true})
	requests := r.Snapshot(tenantA).Requests
	if requests["POST "+groupPath] != 1 || requests["PATCH "+groupPath+"/{id}"] != 1 || requests["POST "+userPath] != 2 || requests["PATCH "+userPath+"/{id}"] != 0 {
		t.Errorf("requests: %v", requests)
	}
	group, kari := r.resource("/Groups"), r.resource("/Users")
	members, _ := group["members"].([]any)
	if len(members) != 1 || members[0].(map[string]any)["value"] != kari["id"] {
		t.Errorf("members: %v; Ola is in a nested group and must not come", members)
	}
	want := map[string]any{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"}, "externalId": "kari.nordmann", "userName": kariName, "active": true,
		"displayName": "Kari Nordmann", "name": map[string]any{"givenName": "Kari", "familyName": "Nordmann", "formatted": "Kari Nordmann"},
		"emails": []any{map[string]any{"type": "work", "value": kariName, "primary": true}},
	}
	delete(kari, "id")
	delete(kari, "meta")
	if diff := cmp.Diff(want, kari); diff != "" {
		t.Error(diff)
	}
	// A second cycle finds everything in step and changes nothing; without the group Kari leaves, and the group goes.
	r.NextCycle(r.client)
	if again := r.Snapshot(tenantA).Requests; again["POST "+groupPath]+again["PATCH "+groupPath+"/{id}"]+again["PATCH "+userPath+"/{id}"] != 2 {
		t.Errorf("a second cycle changed something: %v", again)
	}
	page := r.target("users-and-groups", r.client)
	id := page.Find("#assigned li:contains('Aritma users') input[name=id]").AttrOr("value", "")
	page.press("Remove", url.Values{"id": {id}})
	r.NextCycle(r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: false}, sandbox.Person{UserName: "siri.berg@nordlysbygg.example", Active: true})
	if groups := r.Snapshot(tenantA).Groups; len(groups) != 0 {
		t.Errorf("groups left: %v", groups)
	}
	// Back in scope: the same person, active again.
	r.Assign(r.client, "Kari Nordmann")
	r.NextCycle(r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true}, sandbox.Person{UserName: "siri.berg@nordlysbygg.example", Active: true})
}

// What Entra sends to deactivate somebody differs by the flag; the sandbox's endpoint understands both.
func TestFlagChangesPatches(t *testing.T) {
	for _, suffix := range []string{"", "?aadOptscim062020"} {
		r := provisioned(t, sandbox.Options{})
		if wrong := r.ConfigureProvisioning(r.client, r.scimURL(tenantA)+suffix, r.token); wrong != "" {
			t.Fatal(wrong)
		}
		r.Assign(r.client, "Ola Hansen")
		r.Assign(r.client, "Aritma users")
		r.started()
		r.target("users-and-groups", r.client).press("Remove", nil).press("Remove", nil)
		r.NextCycle(r.client)
		r.wantUsers(sandbox.Person{UserName: kariName, Active: false}, sandbox.Person{UserName: olaName, Active: false})
		got := r.ProvisionOnDemand(r.client, "Ola Hansen")
		if want := map[bool]string{true: "aadOptscim062020", false: "not in scope"}[suffix != ""]; !strings.Contains(got, want) {
			t.Errorf("on demand with %q: %s", suffix, got)
		}
	}
}

func TestProvisionOnDemand(t *testing.T) {
	r := provisioned(t, sandbox.Options{})
	if got := r.ProvisionOnDemand(r.client, kariName); !strings.Contains(got, "no configuration") {
		t.Errorf("without a configuration: %s", got)
	}
	r = configured(t, "Kari Nordmann", "Siri Berg")
	for _, name := range []string{kariName, "Kari Nordmann"} {
		if got := r.ProvisionOnDemand(r.client, name); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
	for _, name := range []string{"Ola Hansen", "nobody@nordlysbygg.example", ""} {
		if got := r.ProvisionOnDemand(r.client, name); !strings.Contains(got, "not in scope") {
			t.Errorf("%q: %s", name, got)
		}
	}
	mapping := r.browse("/portal/"+r.Sample().DirectoryID+"/enterprise-apps/"+r.client+"/attribute-mapping", nil, 200)
	mapping.press("Save", url.Values{"user_name": {"mail"}})
	if got := r.ProvisionOnDemand(r.client, "Siri Berg"); !strings.Contains(got, "userName is empty") {
		t.Errorf("somebody without a mailbox: %s", got)
	}
	if got := r.ProvisionOnDemand("7d0c1b52-94e3-4a68-b1f7-3e2d9c805a4b", "Kari Nordmann"); !strings.Contains(got, "no such application") {
		t.Errorf("an unknown application: %s", got)
	}
}

func TestChangedMappingReachesThoseWhoAreThere(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.started()
	mapping := r.browse("/portal/"+r.Sample().DirectoryID+"/enterprise-apps/"+r.client+"/attribute-mapping", nil, 200)
	mapping.press("Save", url.Values{"external_id": {"objectId"}})
	mapping.pressWrong("Save", url.Values{"external_id": {"shoeSize"}}, http.StatusUnprocessableEntity)
	r.NextCycle(r.client)
	if got := r.resource("/Users")["externalId"]; len(got.(string)) != 36 {
		t.Errorf("externalId is %v, want the object id", got)
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
	log := r.target("provisioning", r.client).text("#log")
	if !strings.Contains(log, "Kari Nordmann Update Success") {
		t.Errorf("the log says: %s", log)
	}
}

func TestRemovedTokenQuarantinesAndANewOneHeals(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.started()
	r.iam(tenantA, "DELETE", "/v1/scim/"+r.tokenID, nil, 204)
	r.NextCycle(r.client)
	page := r.target("provisioning", r.client)
	if page.Find("#quarantine").Length() != 1 || !strings.Contains(page.text("#log"), "Quarantine Failure") || !strings.Contains(page.text("#log"), "401") {
		t.Errorf("the page says: %s", page.text("main"))
	}
	fresh, _ := r.scimToken(tenantA, "nordlys")
	if wrong := r.ConfigureProvisioning(r.client, r.scimURL(tenantA), fresh); wrong != "" {
		t.Fatal(wrong)
	}
	r.NextCycle(r.client)
	if page := r.target("provisioning", r.client); page.Find("#quarantine").Length() != 0 || !strings.Contains(page.text("#job"), "On") {
		t.Errorf("not healed: %s", page.text("#job"))
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
}

func TestCyclesComeDue(t *testing.T) {
	var later atomic.Int64
	r := provisioned(t, sandbox.Options{Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	if wrong := r.ConfigureProvisioning(r.client, r.scimURL(tenantA), r.token); wrong != "" {
		t.Fatal(wrong)
	}
	r.started()
	r.Assign(r.client, "Kari Nordmann")
	later.Store(int64(39 * time.Minute))
	r.target("overview", r.client)
	r.wantUsers()
	later.Store(int64(41 * time.Minute))
	r.target("overview", r.client)
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
}

func TestResetForgetsProvisioning(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	r.started()
	r.Reset()
	r.NextCycle(r.client)
	if users := r.Snapshot(tenantA).Users; len(users) != 0 {
		t.Errorf("people after the reset: %v", users)
	}
	if got := r.StartProvisioning(r.client); !strings.Contains(got, "no configuration") {
		t.Errorf("the configuration is still there: %s", got)
	}
}

func TestStartingTwiceRunsOnce(t *testing.T) {
	r := configured(t, "Kari Nordmann")
	done := make(chan string, 4)
	for range cap(done) {
		go func() { done <- r.StartProvisioning(r.client) }()
	}
	for range cap(done) {
		if wrong := <-done; wrong != "" {
			t.Error(wrong)
		}
	}
	r.wantUsers(sandbox.Person{UserName: kariName, Active: true})
	if n := r.Snapshot(tenantA).Requests["POST "+userPath]; n != 1 {
		t.Errorf("%d people made", n)
	}
}

func TestIndexLeadsToThePortal(t *testing.T) {
	r := configured(t)
	link := r.get("/sandbox/", 200).Find("a[target=_blank]:contains('Open the practice portal')").AttrOr("href", "")
	path, own := strings.CutPrefix(link, strings.TrimSuffix(r.PortalURL(), "/portal"))
	if !own || !strings.Contains(r.browse(path, nil, 200).text("h1"), "Practice portal") {
		t.Errorf("the index leads to %q", link)
	}
}
