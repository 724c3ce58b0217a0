package sandbox_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// portalPage is a page of the practice portal as a browser without JavaScript has it.
type portalPage struct {
	*goquery.Document
	r    *rig
	path string // after redirects
}

// browse asks for a page, or sends a form when there is one, and follows redirects.
func (r *rig) browse(path string, form url.Values, want int) portalPage {
	r.t.Helper()
	method, at := http.MethodGet, path
	var body any
	if form != nil {
		method, body = http.MethodPost, form
	}
	client := *r.client
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		at = next.URL.Path
		return nil
	}
	browser := *r
	browser.client = &client
	got := browser.do(method, strings.TrimSuffix(r.PortalURL(), "/portal")+path, secret.Secret{}, body)
	if got.status != want {
		r.t.Fatalf("%s %s: status %d, want %d", method, path, got.status, want)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(got.body))
	if err != nil {
		r.t.Fatal(err)
	}
	if text := doc.Find("main").Text(); strings.Contains(text, "practice.") {
		r.t.Errorf("%s: a sentence is missing", at)
	}
	return portalPage{doc, r, at}
}

// fill is what a browser would send of the form around a button, with some fields changed.
func (p portalPage) fill(button string, change url.Values) (string, url.Values) {
	p.r.t.Helper()
	found := p.Find("button[type=submit]").FilterFunction(func(_ int, b *goquery.Selection) bool { return strings.HasPrefix(b.Text(), button) })
	if found.Length() == 0 {
		p.r.t.Fatalf("%s: no button %q", p.path, button)
	}
	around, form := found.First().Closest("form"), url.Values{}
	around.Find("input").Each(func(_ int, in *goquery.Selection) {
		_, checked := in.Attr("checked")
		if kind := in.AttrOr("type", ""); checked || kind != "radio" && kind != "checkbox" {
			form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
		}
	})
	around.Find("select").Each(func(_ int, in *goquery.Selection) {
		chosen := in.Find("option[selected]").AddSelection(in.Find("option")).First()
		if selected := in.Find("option[selected]"); selected.Length() > 0 {
			chosen = selected
		}
		form.Set(in.AttrOr("name", ""), chosen.AttrOr("value", ""))
	})
	if name := found.First().AttrOr("name", ""); name != "" {
		form.Set(name, found.First().AttrOr("value", ""))
	}
	for name, values := range change {
		form[name] = values
	}
	return around.AttrOr("action", ""), form
}

func (p portalPage) press(button string, change url.Values) portalPage {
	p.r.t.Helper()
	return p.pressWrong(button, change, http.StatusOK)
}

func (p portalPage) pressWrong(button string, change url.Values, want int) portalPage {
	p.r.t.Helper()
	action, form := p.fill(button, change)
	return p.r.browse(action, form, want)
}

// text is what stands there, with one blank between elements.
func (p portalPage) text(selector string) string {
	var words []string
	p.Find(selector).Find("*").AddBack().Contents().Each(func(_ int, node *goquery.Selection) {
		if goquery.NodeName(node) == "#text" {
			words = append(words, strings.Fields(node.Text())...)
		}
	})
	return strings.Join(words, " ")
}

// target opens the page that a deep link into the portal leads to.
func (r *rig) target(target, clientID string) portalPage {
	r.t.Helper()
	return r.browse("/portal/go/"+target+"?client="+clientID, nil, http.StatusOK)
}

// newApplication makes an application in the portal and returns its client id.
func (r *rig) newApplication(name, kind string) string {
	r.t.Helper()
	made := r.target("create-application", "").press("Create", url.Values{"name": {name}, "kind": {kind}})
	return made.text("#client-id")
}

func (r *rig) application(clientID string) sandbox.Application {
	r.t.Helper()
	list := r.Applications()
	i := slices.IndexFunc(list, func(a sandbox.Application) bool { return a.ClientID == clientID })
	if i < 0 {
		r.t.Fatalf("there is no application %s", clientID)
	}
	return list[i]
}

func TestPortalWalkThrough(t *testing.T) {
	r := start(t)
	client := r.newApplication("Aritma sign-in", "non-gallery")
	overview := r.target("overview", client)
	if got := overview.text("#client-id") + " " + overview.text("#directory-id"); got != client+" "+r.Sample().DirectoryID {
		t.Errorf("Overview shows %s", got)
	}
	const uri = "https://id.aritma.io/nordlys-bygg/federation/entra/signin"
	r.target("authentication", client).press("Configure", url.Values{"redirect_uri": {uri}})

	shown := r.target("credentials", client).press("Add", url.Values{"description": {"Aritma"}, "expires": {"24"}})
	value := shown.text("#secret-value")
	if len(value) != 40 || len(shown.text("#secret-id")) != 36 {
		t.Errorf("the new secret has %d characters, its id %d", len(value), len(shown.text("#secret-id")))
	}
	later, _ := r.target("credentials", client).Html()
	if strings.Contains(later, value) || !strings.Contains(later, value[:3]+"***") {
		t.Error("the value is shown again, or not masked")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {value}, "scope": {"https://graph.microsoft.com/.default"}}
	if got := r.do("POST", r.entraTokenURL(r.Sample().Domain), secret.Secret{}, form); got.status != 200 {
		t.Errorf("the new secret is answered %d", got.status)
	}
	if strings.Contains(r.log.String(), value) {
		t.Error("the log holds the secret")
	}

	r.target("token-configuration", client).press("Add", url.Values{"token_type": {"id"}, "claim": {"email"}})
	r.target("api-permissions", client).press("Grant admin consent for Nordlys Bygg AS", nil)
	r.target("properties", client).press("Save", url.Values{"assignment_required": {"no"}})
	people := r.target("users-and-groups", client)
	kari := people.Find("#others .option:contains('Kari') input").AttrOr("value", "")
	group := people.Find("#others .option:contains('Aritma users') input").AttrOr("value", "")
	assigned := people.press("Assign", url.Values{"id": {kari, group}})
	if got := assigned.text("#assigned"); !strings.Contains(got, "Kari Nordmann User") || !strings.Contains(got, "Aritma users Group") {
		t.Errorf("assigned: %s", got)
	}
	want := sandbox.Application{
		Name: "Aritma sign-in", ClientID: client, DirectoryID: r.Sample().DirectoryID, RedirectURIs: []string{uri}, EmailClaim: true, Consented: true,
		Assigned: []string{"Kari Nordmann", "Aritma users"},
	}
	if diff := cmp.Diff(want, r.application(client)); diff != "" {
		t.Error(diff)
	}
}

func TestPortalTakesBack(t *testing.T) {
	r := start(t)
	client := r.Sample().ClientID
	uris := r.target("authentication", client).press("Configure", url.Values{"redirect_uri": {"https://a.example/x"}}).press("Configure", url.Values{"redirect_uri": {"http://127.0.0.1:8080/y"}})
	if got := uris.press("Delete", nil).text("#redirect-uris code"); got != "http://127.0.0.1:8080/y" {
		t.Errorf("left: %s", got)
	}
	secrets := r.target("credentials", client)
	before, after := secrets.Find("input[name=secret_id]").Length(), secrets.press("Delete", nil).Find("input[name=secret_id]").Length()
	if before != 2 || after != 1 {
		t.Errorf("%d secrets before, %d after", before, after)
	}
	r.target("token-configuration", client).press("Add", url.Values{"token_type": {"id"}, "claim": {"email"}}).press("Delete", nil)
	r.Assign(client, "Kari Nordmann")
	r.Assign(client, "Aritma users")
	if got := r.target("users-and-groups", client).press("Remove", nil).press("Remove", nil); got.Find("#assigned").Length() != 0 {
		t.Errorf("assigned: %s", got.text("#assigned"))
	}
	if a := r.application(client); a.EmailClaim || len(a.Assigned) != 0 {
		t.Errorf("not taken back: %+v", a)
	}
}

func TestPortalRefusesWhatMicrosoftRefuses(t *testing.T) {
	r := start(t)
	client := r.Sample().ClientID
	r.target("authentication", client).press("Configure", url.Values{"redirect_uri": {"https://twice.example/x"}})
	for name, test := range map[string]struct {
		target, button string
		change         url.Values
	}{
		"no name":             {"create-application", "Create", url.Values{"name": {" "}}},
		"a long name":         {"create-application", "Create", url.Values{"name": {strings.Repeat("å", 121)}}},
		"no kind":             {"create-application", "Create", url.Values{"name": {"x"}, "kind": {"other"}}},
		"registration":        {"new-registration", "Register", nil},
		"http":                {"authentication", "Configure", url.Values{"redirect_uri": {"http://id.aritma.io/x"}}},
		"no host":             {"authentication", "Configure", url.Values{"redirect_uri": {"https:///x"}}},
		"fragment":            {"authentication", "Configure", url.Values{"redirect_uri": {"https://a.example/#x"}}},
		"257 characters":      {"authentication", "Configure", url.Values{"redirect_uri": {"https://a.example/" + strings.Repeat("x", 239)}}},
		"twice":               {"authentication", "Configure", url.Values{"redirect_uri": {"https://twice.example/x"}}},
		"25 months":           {"credentials", "Add", url.Values{"expires": {"25"}}},
		"claim of access":     {"token-configuration", "Add", url.Values{"token_type": {"access"}, "claim": {"email"}}},
		"no answer":           {"properties", "Save", url.Values{"assignment_required": {""}}},
		"nobody":              {"users-and-groups", "Assign", nil},
		"a stranger":          {"users-and-groups", "Assign", url.Values{"id": {"7d0c1b52-94e3-4a68-b1f7-3e2d9c805a4b"}}},
		"nothing entered":     {"provisioning", "Test Connection", nil},
		"nothing to create":   {"provisioning", "Create", nil},
		"an unknown wish":     {"provisioning", "Create", url.Values{"do": {"dance"}}},
		"start without a job": {"provisioning", "Create", url.Values{"do": {"start"}}},
	} {
		got := r.target(test.target, client).pressWrong(test.button, test.change, http.StatusUnprocessableEntity)
		if got.Find("#error-summary").Length() != 1 || !strings.HasPrefix(got.text("title"), "Error:") {
			t.Errorf("%s: no error summary", name)
		}
	}
	if got := r.Applications(); len(got) != 1 || len(got[0].RedirectURIs) != 1 {
		t.Errorf("something was saved: %+v", got)
	}
}

func TestPortalTargets(t *testing.T) {
	r := start(t)
	client, base := r.Sample().ClientID, "/portal/"+r.Sample().DirectoryID
	for target, want := range map[string][2]string{
		"create-application":  {"/enterprise-apps/new", "/enterprise-apps/new"},
		"enterprise-apps":     {"/enterprise-apps/all", "/enterprise-apps/all"},
		"new-registration":    {"/registrations/new", "/registrations/new"},
		"registrations":       {"/registrations/all", "/registrations/all"},
		"overview":            {"/registrations/" + client + "/overview", "/registrations/all"},
		"authentication":      {"/registrations/" + client + "/authentication", "/registrations/all"},
		"credentials":         {"/registrations/" + client + "/credentials", "/registrations/all"},
		"token-configuration": {"/registrations/" + client + "/token-configuration", "/registrations/all"},
		"api-permissions":     {"/registrations/" + client + "/api-permissions", "/registrations/all"},
		"properties":          {"/enterprise-apps/" + client + "/properties", "/enterprise-apps/all"},
		"users-and-groups":    {"/enterprise-apps/" + client + "/users-and-groups", "/enterprise-apps/all"},
		"provisioning":        {"/enterprise-apps/" + client + "/provisioning", "/enterprise-apps/all"},
	} {
		if got := r.target(target, client).path; got != base+want[0] {
			t.Errorf("%s leads to %s", target, got)
		}
		for _, unknown := range []string{"", "7d0c1b52-94e3-4a68-b1f7-3e2d9c805a4b", "%22%3E"} {
			if got := r.target(target, unknown).path; got != base+want[1] {
				t.Errorf("%s without an application leads to %s", target, got)
			}
		}
	}
	if got := r.browse("/portal/", nil, 200); got.text("#directory-id") != r.Sample().DirectoryID {
		t.Error("the portal does not begin with the directory")
	}
	for _, path := range []string{"/portal/go/other", "/portal/nowhere.example/", base + "/registrations/7d0c1b52-94e3-4a68-b1f7-3e2d9c805a4b/overview", base + "/registrations/" + client + "/other"} {
		r.browse(path, nil, http.StatusNotFound)
	}
}

// Every page of an application says what it is, links only to pages that exist, and names no id twice.
func TestPortalPagesAreWhole(t *testing.T) {
	r := start(t)
	client := r.Sample().ClientID
	pages, seen := []string{"/portal/", "/portal/go/overview?client=" + client, "/portal/go/create-application", "/portal/go/new-registration"}, map[string]bool{}
	for len(pages) > 0 {
		path := pages[0]
		if pages = pages[1:]; seen[path] {
			continue
		}
		seen[path] = true
		p := r.browse(path, nil, http.StatusOK)
		if !strings.HasPrefix(p.text("h1"), "Practice portal: ") || !strings.Contains(p.text(".lead"), "not Microsoft") {
			t.Errorf("%s could be taken for Microsoft's", path)
		}
		ids := map[string]bool{}
		p.Find("[id]").Each(func(_ int, one *goquery.Selection) {
			if id := one.AttrOr("id", ""); ids[id] {
				t.Errorf("%s: id %q stands twice", path, id)
			} else {
				ids[id] = true
			}
		})
		p.Find("main a").Each(func(_ int, a *goquery.Selection) { pages = append(pages, a.AttrOr("href", "")) })
	}
	if len(seen) < 17 {
		t.Errorf("only %d pages found", len(seen))
	}
}

func TestPortalRefusesForgedForms(t *testing.T) {
	r := start(t)
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, r.PortalURL()+"/"+r.Sample().DirectoryID+"/registrations/new", strings.NewReader("name=forged"))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range header {
			request.Header.Set(name, value)
		}
		response, err := r.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%v: status %d", header, response.StatusCode)
		}
	}
	if n := len(r.Applications()); n != 1 {
		t.Errorf("%d applications", n)
	}
}

func TestPortalShowsHostileNamesAsText(t *testing.T) {
	r := start(t)
	client := r.newApplication(`<script>alert(1)</script>`, "non-gallery")
	for _, target := range []string{"enterprise-apps", "registrations", "overview", "provisioning"} {
		markup, _ := r.target(target, client).Html()
		if strings.Contains(markup, "<script>alert") {
			t.Errorf("%s runs what was typed", target)
		}
	}
}

func TestBareApplicationsCannotProvision(t *testing.T) {
	r := start(t)
	bare := r.target("new-registration", "").press("Register", url.Values{"name": {"Bare"}}).text("#client-id")
	for _, client := range []string{bare, r.newApplication("Own", "develop"), r.newApplication("Proxy", "proxy")} {
		p := r.target("provisioning", client)
		if !strings.Contains(p.text("#impossible"), "won't be enabled for automatic user provisioning") || p.Find("main form").Length() != 0 {
			t.Errorf("the page says: %s", p.text("main"))
		}
		if got := r.ConfigureProvisioning(client, r.scimURL(tenantA), secret.New("x")); !strings.Contains(got, "won't be enabled") {
			t.Errorf("the portal says: %s", got)
		}
	}
}
