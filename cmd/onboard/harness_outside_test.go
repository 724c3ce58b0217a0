package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// newSiteWithSignin is a site with a client of its own at the sandbox's Aritma ID.
func newSiteWithSignin(t *testing.T) *site {
	t.Helper()
	s := siteWithSignin(t)
	s.start()
	return s
}

func siteWithSignin(t *testing.T) *site {
	t.Helper()
	return siteOfPeople(t, map[string]string{"ONBOARD_LINK_AUTHORITY": "link"})
}

// outside is another tab of the same browser, which leaves the wizard: to Aritma ID, to Microsoft, and back.
type outside struct {
	*visitor
	at *url.URL
}

// leave opens an address in another tab.
func (v *visitor) leave(address string) *outside {
	v.t.Helper()
	o := &outside{visitor: v.tab()}
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return o.send(r)
}

func (o *outside) send(r *http.Request) *outside {
	o.t.Helper()
	answer, err := o.client.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer answer.Body.Close()
	o.at, o.status, o.path, o.header = answer.Request.URL, answer.StatusCode, answer.Request.URL.RequestURI(), answer.Header
	if o.page, err = goquery.NewDocumentFromReader(answer.Body); err != nil {
		o.t.Fatal(err)
	}
	return o
}

// choose presses the button with these words and sends the form that it stands in.
func (o *outside) choose(words string) *outside {
	o.t.Helper()
	button := o.page.Find("button").FilterFunction(func(_ int, b *goquery.Selection) bool { return strings.Contains(b.Text(), words) }).First()
	form := button.Closest("form")
	if form.Length() == 0 {
		o.t.Fatalf("%s (%d) has no button %q:\n%s", o.at, o.status, words, o.text("body"))
	}
	values := url.Values{}
	form.Find("input").Each(func(_ int, in *goquery.Selection) { values.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	if name := button.AttrOr("name", ""); name != "" {
		values.Set(name, button.AttrOr("value", ""))
	}
	action, err := o.at.Parse(button.AttrOr("formaction", form.AttrOr("action", "")))
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", action.Scheme+"://"+action.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return o.send(r)
}

// person is the name of Sample.Person, as Microsoft's page shows it.
const person = "Kari Nordmann"

// trySignin presses the button of the sign-in test and follows where it leads: to Microsoft's page.
func (v *visitor) trySignin() *outside {
	v.t.Helper()
	v.at("signin-test")
	tab := v.tab()
	begin := tab.page.Find("form[action$='/signin-test/begin']")
	if begin.Length() != 1 {
		v.t.Fatalf("no test to begin:\n%s", v.text("main"))
	}
	tab.post(begin.AttrOr("action", ""), url.Values{})
	to := tab.page.Find("main a[href^='http']").AttrOr("href", "")
	if !strings.HasPrefix(to, v.site.sandbox.IDURL()) {
		v.t.Fatalf("the test leads to %q (%d):\n%s", to, tab.status, tab.text("main"))
	}
	return tab.leave(to)
}

// prepared does in Entra what the steps ask for.
func (v *visitor) prepared() *visitor { v.t.Helper(); return v.preparedWith("") }

// preparedWith adds something to the Redirect URI that nobody asked for.
func (v *visitor) preparedWith(more string) *visitor {
	v.t.Helper()
	box, id := v.site.sandbox, v.site.sandbox.Sample().ClientID
	uri := box.IDURL() + "/" + box.Sample().Tenant + "/federation/" + v.scheme() + "/signin" + more
	if !box.RegisterRedirectURI(id, uri) || !box.AddEmailClaim(id) || !box.GrantConsent(id) || !box.Assign(id, person) {
		v.t.Fatal("the sandbox's Entra does not know the sample application")
	}
	return v
}

// scheme is that of the registered provider.
func (v *visitor) scheme() string {
	v.t.Helper()
	for _, p := range v.site.held().Providers {
		return p.Scheme
	}
	v.t.Fatal("no provider is registered")
	return ""
}

// toSigninTest goes on from the token step to the sign-in test, without anybody provisioned.
func (v *visitor) toSigninTest() *visitor {
	v.t.Helper()
	v.at("token").handOver()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	return v.send(map[string]string{"arrived": "no", "reason": "The first cycle still runs."}).at("signin-test")
}
