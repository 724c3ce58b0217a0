package main

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// newSiteOfPeople is a site where a link only finds a setup, and administrators sign in with the sandbox's Aritma ID.
func newSiteOfPeople(t testing.TB, changes map[string]string) *site {
	t.Helper()
	s := siteOfPeople(t, changes)
	s.start()
	return s
}

func siteOfPeople(t testing.TB, changes map[string]string) *site {
	t.Helper()
	s := siteToStart(t, nil)
	s.environ["ONBOARD_ID_CLIENT_ID"] = sandbox.SigninClientID
	s.environ["ONBOARD_ID_CLIENT_SECRET"] = s.sandbox.SigninClientSecret().Expose()
	maps.Copy(s.environ, changes)
	return s
}

// leaves is where the page sends the browser by itself, out of the wizard.
func (v *visitor) leaves() *url.URL {
	v.t.Helper()
	refresh := v.page.Find("meta[http-equiv=refresh]").AttrOr("content", "")
	_, address, found := strings.Cut(refresh, "url=")
	if link := v.page.Find("main a.primary").AttrOr("href", ""); !found || link != address {
		v.t.Fatalf("%s (%d) leads nowhere: %q, %q\n%s", v.path, v.status, address, link, v.text("main"))
	}
	to, err := url.Parse(address)
	if err != nil {
		v.t.Fatal(err)
	}
	return to
}

// identify goes where the page leads, to Aritma ID, and signs in there as a local person; one that is signed in there
// already is sent back at once. It ends where Aritma ID leads back to, however long that takes on a busy machine.
func (v *visitor) identify(name string) *visitor {
	v.t.Helper()
	v.identifyNow(name)
	if waiting := v.path; strings.HasPrefix(waiting, "/signin/") && v.page.Find("#waiting").Length() > 0 {
		eventually(v.t, "the end of the sign-in", func() bool { return v.get(waiting).page.Find("main form").Length() == 1 })
		v.send(nil)
	}
	return v
}

// identifyNow is identify that ends on the page that waits, where Aritma ID is slow.
func (v *visitor) identifyNow(name string) *visitor {
	v.t.Helper()
	o := v.leave(v.leaves().String())
	if strings.HasPrefix(o.at.String(), v.site.sandbox.IDURL()) {
		o.choose(name)
	}
	*v = *o.visitor
	return v
}

// signIn signs in from the first page.
func (v *visitor) signIn(tenant, name string) *visitor {
	v.t.Helper()
	return v.get("/").send(map[string]string{"signin-tenant": tenant}).identify(name)
}

// admin signs in as the administrator of the sample tenant.
func (s *site) admin() *visitor {
	s.t.Helper()
	v := s.visitor().signIn(s.sandbox.Sample().Tenant, sandbox.Administrator)
	if v.path != "/" || v.text("header .person a") != sandbox.Administrator {
		s.t.Fatalf("not signed in: at %s (%d)\n%s", v.path, v.status, v.text("body"))
	}
	return v
}

// answered is the answer with which Aritma ID sends the browser back, before it is followed.
func (v *visitor) answered(name string) *url.URL {
	v.t.Helper()
	client := *v.client
	var back *url.URL
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), v.site.public) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}
	held := *v
	held.client = &client
	held.identify(name)
	if back == nil {
		v.t.Fatal("Aritma ID did not send the browser back")
	}
	return back
}
