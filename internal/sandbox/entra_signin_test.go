package sandbox_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	entraCallback = "https://id.aritma.example/nordlys-bygg/federation/nordlys/signin"
	entraSiri     = "siri.berg@nordlysbygg.example"
	entraVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
)

// connectEntra does in the portal what the wizard asks for before the first sign-in.
func (r *rig) connectEntra() {
	r.t.Helper()
	client := r.Sample().ClientID
	if !r.RegisterRedirectURI(client, entraCallback) || !r.GrantConsent(client) || !r.Assign(client, kari) {
		r.t.Fatal("the sample application or its people are not there")
	}
}

// askedEntra is a good request to sign in, with changes: name and value in turn; an empty value takes the parameter out.
func (r *rig) askedEntra(changes ...string) url.Values {
	values := url.Values{
		"client_id": {r.Sample().ClientID}, "redirect_uri": {entraCallback}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"state-1"}, "nonce": {"nonce-1"}, "code_challenge": {oauth2.S256ChallengeFromVerifier(entraVerifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changes); i += 2 {
		values.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			values.Del(changes[i])
		}
	}
	return values
}

func (r *rig) signinURL(directory string, values url.Values) string {
	return r.EntraLoginURL() + "/" + directory + "/oauth2/v2.0/authorize?" + values.Encode()
}

// still sends one request and follows no redirect.
func (r *rig) still(method, address string, form url.Values) reply {
	r.t.Helper()
	follow := r.client.CheckRedirect
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { r.client.CheckRedirect = follow }()
	var body any
	if form != nil {
		body = form
	}
	return r.do(method, address, secret.Secret{}, body)
}

func (a reply) doc(t *testing.T) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// chooseEntra presses the button of an account on the sign-in page.
func (r *rig) chooseEntra(directory string, values url.Values, account string) reply {
	r.t.Helper()
	page := r.still("GET", r.signinURL(directory, values), nil)
	if page.status != 200 {
		r.t.Fatalf("the sign-in page: status %d: %s", page.status, page.doc(r.t).Find("#error").Text())
	}
	doc := page.doc(r.t)
	if doc.Find("#accounts button[name=account][value='"+account+"']").Length() != 1 {
		r.t.Fatalf("%s cannot be picked", account)
	}
	return r.still("POST", r.EntraLoginURL()+strings.TrimPrefix(doc.Find("#accounts").AttrOr("action", ""), "/login"), url.Values{"account": {account}})
}

// signedInEntra returns the code that the application gets for an account.
func (r *rig) signedInEntra(account string) string {
	r.t.Helper()
	got := r.chooseEntra(r.Sample().DirectoryID, r.askedEntra(), account)
	code := r.location(got).Query().Get("code")
	if got.status != 302 || code == "" {
		r.t.Fatalf("status %d without a code: %s", got.status, got.doc(r.t).Find("#error").Text())
	}
	return code
}

func (r *rig) location(got reply) *url.URL {
	r.t.Helper()
	u, err := url.Parse(got.header.Get("Location"))
	if err != nil {
		r.t.Fatal(err)
	}
	return u
}

// copied is what a person copies from a page: every heading and paragraph is a line.
func copied(doc *goquery.Document) string {
	return strings.Join(doc.Find("main").Find("h1, h2, h3, p").Map(func(_ int, one *goquery.Selection) string { return one.Text() }), "\n")
}

// wantErrorPage holds a page against Microsoft's, and against what is made of it when a person copies it.
func (r *rig) wantErrorPage(got reply, number int, quotes string) {
	r.t.Helper()
	doc := got.doc(r.t)
	text := doc.Find("#error").Text()
	if got.status < 400 || !strings.HasPrefix(text, "AADSTS"+itoa(int64(number))+": ") || !strings.Contains(text, quotes) {
		r.t.Fatalf("status %d, %q, want AADSTS%d quoting %q", got.status, text, number, quotes)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Security-Policy") == "" {
		r.t.Error("headers are missing")
	}
	d := entra.Diagnose(copied(doc))
	if d.Code != number || d.Correlation != doc.Find("#correlation-id").Text() || d.Trace != doc.Find("#request-id").Text() || d.At.IsZero() {
		r.t.Errorf("the copied page is read as %+v", d)
	}
	if markup := entra.Diagnose(string(got.body)); markup.Code != number || markup.RedirectURI != d.RedirectURI {
		r.t.Errorf("the source of the page is read as %+v", markup)
	}
	if number == 50011 && quotes != "" && d.RedirectURI != quotes {
		r.t.Errorf("the copied page names the redirect URI %q, want %q", d.RedirectURI, quotes)
	}
}

func TestSigninRequestIsRefusedAsMicrosoftDoes(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	r.wantErrorPage(r.still("GET", r.signinURL(sample.DirectoryID, r.askedEntra()), nil), 500113, "")
	r.connectEntra()
	for name, test := range map[string]struct {
		directory string
		values    url.Values
		number    int
		quotes    string
	}{
		"unknown directory":     {sample.ClientID, r.askedEntra(), 90002, sample.ClientID},
		"no directory":          {"nonsense", r.askedEntra(), 900023, "nonsense"},
		"other directory":       {sample.OtherDirectoryID, r.askedEntra(), 700016, sample.OtherCompany},
		"ids swapped":           {sample.DirectoryID, r.askedEntra("client_id", sample.DirectoryID), 700016, sample.DirectoryID},
		"no client":             {sample.DirectoryID, r.askedEntra("client_id", ""), 900144, "client_id"},
		"common":                {"common", r.askedEntra(), 50194, sample.ClientID},
		"organizations":         {"organizations", r.askedEntra(), 50194, "/organizations"},
		"unknown at common":     {"common", r.askedEntra("client_id", sample.DirectoryID), 700016, "common"},
		"slash":                 {sample.DirectoryID, r.askedEntra("redirect_uri", entraCallback+"/"), 50011, entraCallback + "/"},
		"case":                  {sample.DirectoryID, r.askedEntra("redirect_uri", strings.Replace(entraCallback, "signin", "Signin", 1)), 50011, strings.Replace(entraCallback, "signin", "Signin", 1)},
		"no scope":              {sample.DirectoryID, r.askedEntra("scope", ""), 900144, "scope"},
		"bad scope":             {sample.DirectoryID, r.askedEntra("scope", "openid everything"), 70011, "everything"},
		"no response type":      {sample.DirectoryID, r.askedEntra("response_type", ""), 900144, "response_type"},
		"implicit":              {sample.DirectoryID, r.askedEntra("response_type", "id_token"), 700054, "id_token"},
		"token":                 {sample.DirectoryID, r.askedEntra("response_type", "token"), 700051, "token"},
		"response mode":         {sample.DirectoryID, r.askedEntra("response_mode", "pigeon"), 70007, "pigeon"},
		"short challenge":       {sample.DirectoryID, r.askedEntra("code_challenge", "short"), 50147, ""},
		"plain challenge":       {sample.DirectoryID, r.askedEntra("code_challenge_method", "plain"), 9002313, ""},
		"silent, wrong address": {sample.DirectoryID, r.askedEntra("prompt", "none", "redirect_uri", "https://evil.example/"), 50011, "https://evil.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			address := r.signinURL(test.directory, test.values)
			(&rig{Sandbox: r.Sandbox, t: t}).wantErrorPage(r.still("GET", address, nil), test.number, test.quotes)
			(&rig{Sandbox: r.Sandbox, t: t}).wantErrorPage(r.still("POST", address, url.Values{"account": {kari}}), test.number, test.quotes)
		})
	}
}

func TestPersonIsRefusedAsMicrosoftDoes(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	if !r.RegisterRedirectURI(sample.ClientID, entraCallback) {
		t.Fatal("no sample application")
	}
	sign := func(account string) reply {
		return r.still("POST", r.signinURL(sample.Domain, r.askedEntra()), url.Values{"account": {account}})
	}
	r.wantErrorPage(sign(kari), 65001, sample.ClientID)
	r.GrantConsent(sample.ClientID)
	r.wantErrorPage(sign(kari), 50105, kari)
	r.wantErrorPage(sign("eva.fisker@fjellogfisk.example"), 50020, "eva.fisker@fjellogfisk.example")
	r.wantErrorPage(sign("nobody@nordlysbygg.example"), 50034, "nobody@nordlysbygg.example")
	r.wantErrorPage(sign(""), 900144, "account")
	r.Faults().SetOn(sandbox.EntraConditionalAccess, "POST /login/{directory}/oauth2/v2.0/authorize", 1)
	r.Assign(sample.ClientID, "Aritma users")
	r.wantErrorPage(sign(kari), 53003, "Conditional Access")
	if got := sign(kari); got.status != 302 {
		t.Errorf("assigned by a group: status %d", got.status)
	}
	r.wantErrorPage(sign("ola.hansen@nordlysbygg.example"), 50105, "ola.hansen") // in a nested group only
	r.wantErrorPage(r.chooseEntra(sample.Domain, r.askedEntra(), "eva.fisker@fjellogfisk.example"), 50020, "")
}

func TestMistakesAtSignin(t *testing.T) {
	for sw, number := range map[sandbox.Switch]int{sandbox.MistakeNoConsent: 65001, sandbox.MistakeNotAssigned: 50105, sandbox.MistakePolicy: 53003} {
		r := start(t)
		r.connectEntra()
		r.Faults().Set(sw, 1)
		r.wantErrorPage(r.chooseEntra(r.Sample().DirectoryID, r.askedEntra(), kari), number, "")
		if got := r.chooseEntra(r.Sample().DirectoryID, r.askedEntra(), kari); got.status != 302 {
			t.Errorf("%s: status %d afterwards", sw, got.status)
		}
	}
}

func TestPickAnAccount(t *testing.T) {
	r := start(t)
	r.connectEntra()
	address := r.signinURL(r.Sample().DirectoryID, r.askedEntra("login_hint", strings.ToUpper(entraSiri)))
	doc := r.still("GET", address, nil).doc(t)
	accounts := doc.Find("#accounts button[name=account]").Map(func(_ int, b *goquery.Selection) string { return b.AttrOr("value", "") })
	want := []string{entraSiri, kari, "ola.hansen@nordlysbygg.example", "eva.fisker@fjellogfisk.example"}
	if diff := cmp.Diff(want, accounts); diff != "" {
		t.Error(diff)
	}
	if text := doc.Find("main").Text(); !strings.Contains(text, "Practice") || !strings.Contains(text, "This is not Microsoft") {
		t.Error("the page does not say that it is practice")
	}
	if doc.Find("input[type=password]").Length() != 0 {
		t.Error("the page asks for a password")
	}
	doc.Find("link[rel=stylesheet], link[rel=icon]").Each(func(_ int, link *goquery.Selection) {
		if got := r.still("GET", strings.TrimSuffix(r.EntraLoginURL(), "/login")+link.AttrOr("href", ""), nil); got.status != 200 || len(got.body) == 0 {
			t.Errorf("%s: status %d", link.AttrOr("href", ""), got.status)
		}
	})
	if got := r.still("HEAD", address, nil); got.status != 200 {
		t.Errorf("HEAD: status %d", got.status)
	}
}

func TestAnswerGoesBackAsAsked(t *testing.T) {
	r := start(t)
	r.connectEntra()
	const withQuery = entraCallback + "?kept=1"
	r.RegisterRedirectURI(r.Sample().ClientID, withQuery)
	directory := r.Sample().DirectoryID
	for name, test := range map[string]struct {
		values url.Values
		form   url.Values
		want   url.Values // of what comes back, without code and session_state
	}{
		"query":          {r.askedEntra("redirect_uri", withQuery), url.Values{"account": {kari}}, url.Values{"kept": {"1"}, "state": {"state-1"}}},
		"without state":  {r.askedEntra("state", ""), url.Values{"account": {kari}}, url.Values{}},
		"hostile state":  {r.askedEntra("state", `"><script>&x=1`), url.Values{"account": {kari}}, url.Values{"state": {`"><script>&x=1`}}},
		"no address":     {r.askedEntra("redirect_uri", ""), url.Values{"account": {kari}}, url.Values{"state": {"state-1"}}},
		"person cancels": {r.askedEntra(), url.Values{"cancel": {"1"}}, url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}, "state": {"state-1"}}},
	} {
		got := r.still("POST", r.signinURL(directory, test.values), test.form)
		to := r.location(got)
		values := to.Query()
		if got.status != 302 || to.Host != "id.aritma.example" || values.Has("code") == test.form.Has("cancel") {
			t.Fatalf("%s: status %d to %s", name, got.status, to.Redacted())
		}
		values.Del("code")
		values.Del("session_state")
		if diff := cmp.Diff(test.want, values); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	to := r.location(r.still("GET", r.signinURL(directory, r.askedEntra("prompt", "none")), nil)).Query()
	if d := entra.Diagnose(to.Get("error_description")); to.Get("error") != "login_required" || d.Code != 50058 || to.Get("state") != "state-1" {
		t.Errorf("prompt=none: %v", to)
	}
	doc := r.chooseEntra(directory, r.askedEntra("response_mode", "form_post"), kari).doc(t)
	form := doc.Find("#continue")
	if form.AttrOr("action", "") != entraCallback || form.Find("input[name=code]").AttrOr("value", "") == "" || form.Find("input[name=state]").AttrOr("value", "") != "state-1" {
		t.Error("form_post: the form does not carry the answer back")
	}
	if fragment := r.location(r.chooseEntra(directory, r.askedEntra("response_mode", "fragment"), kari)).Fragment; !strings.Contains(fragment, "code=") {
		t.Error("fragment: no code")
	}
}

func TestPagesOfTheSigninHostRefuseOtherOrigins(t *testing.T) {
	r := start(t)
	r.connectEntra()
	for _, address := range []string{r.signinURL(r.Sample().DirectoryID, r.askedEntra()), r.EntraLoginURL() + "/" + r.Sample().Domain + "/adminconsent?client_id=" + r.Sample().ClientID} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("account="+kari))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		response, err := r.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("status %d", response.StatusCode)
		}
	}
}

func TestAdminConsent(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	consented := func() bool { return r.Applications()[0].Consented }
	address := r.EntraLoginURL() + "/" + sample.Domain + "/adminconsent?client_id=" + sample.ClientID
	doc := r.still("GET", address, nil).doc(t)
	if consented() || doc.Find("#client-id").Text() != sample.ClientID || doc.Find("#consent button[type=submit]").Text() != "Accept" {
		t.Fatal("the page does not ask, or does not wait for the answer")
	}
	if got := r.still("POST", address, url.Values{}); got.status != 200 || !consented() || got.doc(t).Find("#consent").Length() != 0 {
		t.Errorf("accepted: status %d, consented %t", got.status, consented())
	}
	r.RegisterRedirectURI(sample.ClientID, entraCallback)
	to := r.location(r.still("POST", address+"&state=s&redirect_uri="+url.QueryEscape(entraCallback), url.Values{}))
	if diff := cmp.Diff(url.Values{"admin_consent": {"True"}, "tenant": {sample.DirectoryID}, "state": {"s"}}, to.Query()); diff != "" {
		t.Error(diff)
	}
	for number, query := range map[int]string{900144: "", 700016: "client_id=" + sample.DirectoryID, 50011: "client_id=" + sample.ClientID + "&redirect_uri=https://evil.example/"} {
		for _, method := range []string{"GET", "POST"} {
			var form url.Values
			if method == "POST" {
				form = url.Values{}
			}
			r.wantErrorPage(r.still(method, r.EntraLoginURL()+"/"+sample.Domain+"/adminconsent?"+query, form), number, "")
		}
	}
}

func TestControlsSayWhatTheyDoNotKnow(t *testing.T) {
	r := start(t)
	sample := r.Sample()
	other := sample.DirectoryID
	if r.RegisterRedirectURI(other, entraCallback) || r.AddEmailClaim(other) || r.GrantConsent(other) || r.Assign(other, kari) || r.Assign(sample.ClientID, "Nobody") {
		t.Error("an unknown client or name is accepted")
	}
	for range 2 {
		r.connectEntra()
		r.AddEmailClaim(sample.ClientID)
		r.Assign(sample.ClientID, "Siri Berg")
		r.Assign(sample.ClientID, "Aritma users")
	}
	want := []sandbox.Application{{
		Name: "Aritma", ClientID: sample.ClientID, DirectoryID: sample.DirectoryID, RedirectURIs: []string{entraCallback},
		EmailClaim: true, Consented: true, AssignmentRequired: true, Assigned: []string{"Kari Nordmann", "Siri Berg", "Aritma users"},
	}}
	if diff := cmp.Diff(want, r.Applications()); diff != "" {
		t.Error(diff)
	}
}
