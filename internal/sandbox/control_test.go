package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// get shows a page of the handler.
func (r *rig) get(path string, want int) *goquery.Document {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, path, nil))
	return r.page(w, want)
}

func (r *rig) page(w *httptest.ResponseRecorder, want int) *goquery.Document {
	r.t.Helper()
	if w.Code != want {
		r.t.Fatalf("status %d, want %d", w.Code, want)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		r.t.Errorf("Cache-Control %q", got)
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return doc
}

// post sends a form to the handler.
func (r *rig) post(path string, form url.Values) *httptest.ResponseRecorder {
	r.t.Helper()
	request := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, request)
	return w
}

// press sends the form around the button whose text begins so, as a browser without JavaScript does.
func (r *rig) press(doc *goquery.Document, within, button string) *httptest.ResponseRecorder {
	r.t.Helper()
	found := doc.Find(within).Find("button[type=submit]").FilterFunction(func(_ int, b *goquery.Selection) bool {
		return strings.HasPrefix(b.Text(), button)
	})
	if found.Length() == 0 {
		r.t.Fatalf("no button %q in %s", button, within)
	}
	found = found.First()
	form := url.Values{}
	found.Closest("form").Find("input[type=hidden]").Each(func(_ int, input *goquery.Selection) {
		form.Add(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	if name := found.AttrOr("name", ""); name != "" {
		form.Add(name, found.AttrOr("value", ""))
	}
	return r.post(found.Closest("form").AttrOr("action", ""), form)
}

func wantSeeOther(t *testing.T, w *httptest.ResponseRecorder, location string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != location {
		t.Errorf("status %d to %q, want 303 to %q", w.Code, w.Header().Get("Location"), location)
	}
}

func TestIndexShowsWhatToPaste(t *testing.T) {
	r := start(t)
	doc := r.get("/sandbox/", 200)
	sample := r.Sample()
	for id, want := range map[string]string{
		"directory-id": sample.DirectoryID, "client-id": sample.ClientID, "client-secret": sample.ClientSecret.Expose(), "secret-id": sample.SecretID,
		"expired-secret": sample.ExpiredSecret.Expose(), "domain": sample.Domain, "tenant": sample.Tenant, "person": sample.Person, "company": sample.Company,
	} {
		if got := doc.Find("#" + id).Text(); got != want {
			t.Errorf("#%s is not the sample value", id)
		}
		if doc.Find("button[data-copy="+id+"]").Length() != 1 {
			t.Errorf("#%s has no Copy button", id)
		}
	}
	token := doc.Find("#access-token").Text()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.IAMURL()+"/v1/sso", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := r.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("the access token of the page is answered %d", response.StatusCode)
	}
	seen := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, one *goquery.Selection) {
		if id := one.AttrOr("id", ""); seen[id] {
			t.Errorf("id %q stands twice", id)
		} else {
			seen[id] = true
		}
	})
	if strings.Contains(doc.Text(), "sandbox.") {
		t.Error("a sentence is missing")
	}
	if doc.Find("form[action='/sandbox/setups']").Length() != 0 || r.post("/sandbox/setups", nil).Code != http.StatusNotFound {
		t.Error("a practice setup is offered although none can be made")
	}
}

func TestSwitchesOnThePage(t *testing.T) {
	r := start(t)
	doc := r.get("/sandbox/", 200)
	for _, sw := range sandbox.Switches() {
		if doc.Find("input[name=fault][value="+string(sw)+"]").Length() != 1 {
			t.Errorf("%s is not on the page", sw)
		}
	}
	row := func(sw sandbox.Switch) string { return "form:has(input[value=" + string(sw) + "])" }
	wantSeeOther(t, r.press(doc, row(sandbox.IAMGarbled), "Once"), "/sandbox/#faults")
	wantSeeOther(t, r.press(doc, row(sandbox.SCIMHTML), "Until cleared"), "/sandbox/#faults")
	want := []sandbox.Active{{Switch: sandbox.IAMGarbled, Left: 1}, {Switch: sandbox.SCIMHTML, Left: sandbox.UntilCleared}}
	if diff := cmp.Diff(want, r.Faults().Active()); diff != "" {
		t.Error(diff)
	}
	doc = r.get("/sandbox/", 200)
	if got := doc.Find("tbody th b").Text(); !strings.Contains(got, "On for the next request") || !strings.Contains(got, "On until you clear it") {
		t.Errorf("the page does not say what is on: %s", got)
	}
	r.press(doc, row(sandbox.IAMGarbled), "Clear")
	if diff := cmp.Diff(want[1:], r.Faults().Active()); diff != "" {
		t.Error(diff)
	}
	wantSeeOther(t, r.press(doc, "form[action='/sandbox/faults']", "Clear all"), "/sandbox/#faults")
	if left := r.Faults().Active(); len(left) != 0 {
		t.Errorf("after Clear all: %v", left)
	}
	for name, form := range map[string]url.Values{
		"unknown switch": {"fault": {"everything"}, "times": {"1"}}, "no number": {"fault": {"iam-slow"}},
		"a word": {"fault": {"iam-slow"}, "times": {"often"}}, "too low": {"fault": {"iam-slow"}, "times": {"-2"}}, "too high": {"fault": {"iam-slow"}, "times": {"1001"}},
	} {
		if doc := r.page(r.post("/sandbox/faults", form), 422); doc.Find("[role=alert]").Length() != 1 {
			t.Errorf("%s: no error summary", name)
		}
	}
}

func TestReleaseOnThePage(t *testing.T) {
	r := startFaulty(t)
	r.Faults().Set(sandbox.IAMSlow, 1)
	answered := make(chan reply, 1)
	go func() {
		got, _ := probes["list"](r)
		answered <- got
	}()
	if err := r.Faults().AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantSeeOther(t, r.press(r.get("/sandbox/", 200), "form[action='/sandbox/release']", "Release"), "/sandbox/#faults")
	if got := <-answered; got.status != 200 {
		t.Errorf("after the release: status %d", got.status)
	}
}

func TestIndexShowsWhatExistsWithoutSecrets(t *testing.T) {
	r := startFaulty(t)
	r.createUser(tenantA, r.value, "kari@nordlysbygg.example")
	r.iam(tenantA, "POST", "/v1/domains?domain=nordlysbygg.example", nil, 200)
	hostile := providerBody("hostile")
	hostile["displayName"] = `<script>alert(1)</script>`
	r.iam(tenantB, "POST", "/v1/sso/azuread", hostile, 201)
	doc := r.get("/sandbox/", 200)
	text := doc.Find("#exists ~ .table").Text()
	for _, want := range []string{"nordlys", r.tokenID, "One person", tenantA, tenantB, "pending"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	markup, _ := doc.Html()
	for _, never := range []string{r.value.Expose(), clientSecret, r.ServiceClientSecret().Expose(), "<script>alert"} {
		if strings.Contains(markup, never) {
			t.Errorf("the page holds what it must not")
		}
	}
	wantSeeOther(t, r.press(doc, "form[action='/sandbox/domains']", "Let Aritma see"), "/sandbox/#exists")
	if d := r.Snapshot(tenantA).Domains; len(d) != 1 || !d[0].Confirmed {
		t.Errorf("domains: %+v", d)
	}
	r.page(r.post("/sandbox/domains", url.Values{"tenant": {tenantA}, "domain": {"other.example"}}), 422)
	wantSeeOther(t, r.press(doc, "form[action='/sandbox/reset']", "Empty"), "/sandbox/#exists")
	if rows := r.get("/sandbox/", 200).Find("#exists ~ .table").Length(); rows != 0 {
		t.Error("something is left after the sandbox was emptied")
	}
}

func TestPracticeSetup(t *testing.T) {
	var asked []string
	fail := false
	r := startWith(t, sandbox.Options{NewSetup: func(_ context.Context, company, tenant, domain string) (string, error) {
		asked = append(asked, company, tenant, domain)
		if fail {
			return "", errors.New("disk full")
		}
		return "/s/practice-link-canary", nil
	}})
	doc := r.get("/sandbox/", 200)
	wantSeeOther(t, r.press(doc, "form[action='/sandbox/setups']", "Start a new practice setup"), "/s/practice-link-canary")
	sample := r.Sample()
	if diff := cmp.Diff([]string{sample.Company, sample.Tenant, sample.Domain}, asked); diff != "" {
		t.Error(diff)
	}
	fail = true
	doc = r.page(r.press(doc, "form[action='/sandbox/setups']", "Start"), 500)
	if text := doc.Find("[role=alert]").Text(); !strings.Contains(text, "could not be made") || strings.Contains(text, "disk") {
		t.Errorf("the page says: %s", text)
	}
	if strings.Contains(r.log.String(), "practice-link-canary") || !strings.Contains(r.log.String(), "disk full") {
		t.Error("the log holds the link, or not the cause")
	}
}

func TestComponentPage(t *testing.T) {
	r := startWith(t, sandbox.Options{StepTitles: []string{"Start", "Application", "Directory", "Sign-in"}})
	if doc := r.get("/sandbox/components", 200); doc.Find("h1").Length() != 1 || !strings.Contains(doc.Text(), "Sign-in") {
		t.Error("the component page lacks its heading or its steps")
	}
}
