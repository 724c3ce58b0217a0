package main

import (
	"encoding/base64"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// onTheWay is a browser that has signed in at Aritma ID and has not come back yet.
type onTheWay struct {
	site *site
	*visitor
	back *url.URL // where Aritma ID sends it
}

// come follows an answer of Aritma ID, as it stands or as somebody changed it.
func (o *onTheWay) come(change func(q url.Values)) *visitor {
	o.t.Helper()
	query := o.back.Query()
	if change != nil {
		change(query)
	}
	return o.get("/signin/callback?" + query.Encode())
}

// setupOfOwner is a setup of the sample tenant that its administrator opened.
func (o *onTheWay) setupOfOwner() string {
	o.t.Helper()
	return o.site.visitor().get(o.site.link("--scheme", "third")).send(nil).identify(sandbox.Administrator).at("start").setup()
}

func put(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }

// TestSignInAttacks is promise 12 against the program itself: whatever is wrong with an answer, nobody is signed in by it,
// the setup stays shut, and what came with it is in no address and no log.
func TestSignInAttacks(t *testing.T) {
	t.Parallel()
	for name, attack := range map[string]func(o *onTheWay) *visitor{
		"state wrong":             func(o *onTheWay) *visitor { return o.come(put("state", "signin."+strings.Repeat("x", 43))) },
		"state missing":           func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Del("state") }) },
		"state cut":               func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Set("state", q.Get("state")[:20]) }) },
		"state twice":             func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Add("state", q.Get("state")) }) },
		"state of a test sign-in": func(o *onTheWay) *visitor { return o.come(put("state", strings.Repeat("a", 26)+".x")) },
		"code wrong":              func(o *onTheWay) *visitor { return o.come(put("code", "canary")) },
		"code missing":            func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Del("code") }) },
		"code twice":              func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Add("code", q.Get("code")) }) },
		"code of another sign-in": func(o *onTheWay) *visitor {
			other := o.site.visitor().get("/").send(map[string]string{"signin-tenant": o.site.sandbox.Sample().Tenant})
			return o.come(put("code", other.answered(sandbox.Administrator).Query().Get("code")))
		},
		"issuer wrong":             func(o *onTheWay) *visitor { return o.come(put("iss", "https://evil.example")) },
		"issuer of another tenant": func(o *onTheWay) *visitor { return o.come(put("iss", o.site.sandbox.IDURL()+"/"+otherTenant)) },
		"issuer missing":           func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Del("iss") }) },
		"issuer twice":             func(o *onTheWay) *visitor { return o.come(func(q url.Values) { q.Add("iss", q.Get("iss")) }) },
		"an error beside a code":   func(o *onTheWay) *visitor { return o.come(put("error", "access_denied")) },
		"an error alone": func(o *onTheWay) *visitor {
			return o.come(func(q url.Values) {
				q.Del("code")
				q.Set("error", "<script>alert(1)</script>")
				q.Set("error_description", "canary")
			})
		},
		"in a browser without the cookie": func(o *onTheWay) *visitor { return o.site.visitor().get(o.back.RequestURI()) },
		"in the browser of somebody else (login CSRF)": func(o *onTheWay) *visitor {
			return o.site.visitor().open(o.site.link("--scheme", "second", "--tenant", otherTenant)).get(o.back.RequestURI())
		},
		"in another session of the browser": func(o *onTheWay) *visitor {
			o.client.Jar, _ = cookiejar.New(nil)
			o.get("/").send(map[string]string{"signin-tenant": o.site.sandbox.Sample().Tenant})
			return o.come(nil)
		},
		"as a form": func(o *onTheWay) *visitor { return o.post("/signin/callback", o.back.Query()) },
		"HEAD": func(o *onTheWay) *visitor {
			return o.do(o.request(http.MethodHead, o.back.RequestURI(), nil))
		},
		"nothing at all":              func(o *onTheWay) *visitor { return o.get("/signin/callback") },
		"the query as a fragment":     func(o *onTheWay) *visitor { return o.get("/signin/callback#" + o.back.RawQuery) },
		"a waiting page of nobody":    func(o *onTheWay) *visitor { return o.post("/signin/"+strings.Repeat("ab", 32), url.Values{}) },
		"a waiting page that is none": func(o *onTheWay) *visitor { return o.post("/signin/..%2fx", url.Values{}) },
		"nonce wrong":                 spoiled(sandbox.IDTokenWrongNonce),
		"ID token of another issuer":  spoiled(sandbox.IDTokenWrongIssuer),
		"ID token for another client": spoiled(sandbox.IDTokenWrongAudience),
		"tid of another tenant":       spoiled(sandbox.IDTokenWrongTenant),
		"ID token of another key":     spoiled(sandbox.IDTokenWrongKey),
		"ID token that has run out":   spoiled(sandbox.IDTokenStale),
		"no ID token at all":          spoiled(sandbox.IDGarbled),
		"client refused":              spoiled(sandbox.IDClientRefused),
		"Aritma ID away":              spoiled(sandbox.IDUnavailable),
		"refused by the IAM API":      spoiled(sandbox.IAMForbidden),
		"not known to the IAM API":    spoiled(sandbox.IAMUnauthorized),
		"IAM API away":                spoiled(sandbox.IAMUnavailable),
		"IAM API garbled":             spoiled(sandbox.IAMGarbled),
		"member of the tenant": func(o *onTheWay) *visitor {
			v := o.site.visitor().get("/").send(map[string]string{"signin-tenant": o.site.sandbox.Sample().Tenant})
			return v.identify(sandbox.Member)
		},
		"administrator of another tenant": func(o *onTheWay) *visitor {
			v := o.site.visitor().signIn(otherTenant, sandbox.Administrator)
			return v.get("/setup/" + o.setupOfOwner() + "/review")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteOfPeople(t, nil)
			o := &onTheWay{site: s, visitor: s.visitor().get(s.link()).send(nil)}
			o.back = o.answered(sandbox.Administrator)
			code := o.back.Query().Get("code")
			v := attack(o)
			if v.status >= 500 && v.status != http.StatusServiceUnavailable {
				t.Errorf("answered %d: %s", v.status, v.text("main"))
			}
			if strings.Contains(v.path, "code=") || strings.Contains(v.path, "canary") {
				t.Errorf("what came with the answer stands in the address %s", v.path)
			}
			for _, hidden := range []string{code, o.back.Query().Get("state"), "canary"} {
				if strings.Contains(s.log.String(), hidden) {
					t.Errorf("the log tells what came with the answer")
				}
			}
			if company := s.sandbox.Sample().Company; strings.Contains(v.get("/").text("main"), company) {
				t.Errorf("the setup of %s is open", company)
			}
			if who := v.text("header .person a"); who != "" && name != "administrator of another tenant" {
				t.Errorf("%s is signed in", who)
			}
		})
	}
}

// spoiled is an answer that looks good, and what Aritma says of it does not.
func spoiled(fault sandbox.Switch) func(o *onTheWay) *visitor {
	return func(o *onTheWay) *visitor {
		o.site.sandbox.Faults().Set(fault, sandbox.UntilCleared)
		v := o.come(nil)
		if strings.HasPrefix(v.path, "/signin/") && v.path != "/signin/callback" {
			eventually(o.t, "the end of the sign-in", func() bool {
				return v.get(v.path).page.Find("#waiting form").Length() == 1 || v.status != http.StatusOK
			})
			if v.page.Find("#waiting form").Length() == 1 {
				v.send(nil)
			}
		}
		if v.status < 400 || len(v.text("main")) < 60 {
			o.t.Errorf("answered %d: %s", v.status, v.text("main"))
		}
		return v
	}
}

// TestAnswerCountsOnce: replayed, by the same browser or many at once, an answer signs in once.
func TestAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	v := s.visitor().get(s.link()).send(nil)
	back := v.answered(sandbox.Administrator)
	tabs := make([]*visitor, 8)
	requests := make([]*http.Request, len(tabs))
	for i := range tabs {
		tabs[i], requests[i] = v.tab(), v.request(http.MethodGet, back.RequestURI(), nil)
	}
	race(len(tabs), func(i int) { tabs[i].do(requests[i]) })
	in := 0
	for _, tab := range tabs {
		if strings.HasSuffix(tab.path, "/start") && tab.status == http.StatusOK {
			in++
		}
	}
	if n := s.held().Requests[tokenEndpoint]; n != 1 || in != 1 {
		t.Errorf("one answer was redeemed %d times and let %d in", n, in)
	}
	if again := v.tab().get(back.RequestURI()); again.status != http.StatusGone {
		t.Errorf("replayed it is answered %d", again.status)
	}
}

// TestPlantedAccount: what the browser says of itself is not believed.
func TestPlantedAccount(t *testing.T) {
	t.Parallel()
	s := newSiteOfPeople(t, nil)
	link := s.link()
	setup := s.visitor().get(link).send(nil).identify(sandbox.Administrator).at("start").setup()
	u, _ := url.Parse(s.public)
	for _, cookie := range []*http.Cookie{
		{Name: "account", Value: base64.StdEncoding.EncodeToString([]byte(`{"tenant":"` + s.sandbox.Sample().Tenant + `","subject":"x"}`))},
		{Name: "onboard-tenant", Value: s.sandbox.Sample().Tenant},
		{Name: "onboard", Value: strings.Repeat("A", 43)},
	} {
		v := s.visitor()
		v.client.Jar.SetCookies(u, []*http.Cookie{cookie})
		if v.get("/setup/" + setup + "/start"); v.status != http.StatusNotFound {
			t.Errorf("with the cookie %s the setup is answered %d", cookie.Name, v.status)
		}
	}
}
