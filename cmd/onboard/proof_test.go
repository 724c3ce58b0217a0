package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// soon is how long a page may take, with room for a busy machine: the promise is a second.
const soon = 3 * time.Second

// enterSecret sends a client secret and waits until Microsoft's word is on the page.
func (v *visitor) enterSecret(value string) *visitor {
	v.t.Helper()
	began := time.Now()
	v.on("secret").send(map[string]string{"secret": value, "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)})
	if took := time.Since(began); took > soon {
		v.t.Errorf("the page took %v", took)
	}
	if strings.HasSuffix(v.path, "/secret") && v.page.Find("#waiting").Length() > 0 {
		v.idle("secret")
	}
	return v
}

// says demands a text on the page.
func (v *visitor) says(words ...string) *visitor {
	v.t.Helper()
	text := v.text("main")
	for _, each := range words {
		if !strings.Contains(text, each) {
			v.t.Errorf("%s (%d) does not say %q:\n%s", v.path, v.status, each, text)
		}
	}
	return v
}

func TestSecretIsTriedAtMicrosoft(t *testing.T) {
	s := newSite(t, nil)
	sample := s.sandbox.Sample()
	v := s.visitor().open(s.link()).walk("secret")

	v.enterSecret(sample.ExpiredSecret.Expose())
	if v.status != http.StatusUnprocessableEntity {
		t.Errorf("an expired secret is answered %d", v.status)
	}
	v.says("The secret has expired", "7000222")
	if v.page.Find("[role=alert] a[href='#secret']").Length() != 1 || v.page.Find("input[name=secret]").AttrOr("value", "") != "" {
		t.Error("the message is not beside its field, or the secret is")
	}
	if date := v.page.Find("input[name=expires]").AttrOr("value", ""); date == "" {
		t.Error("the date is lost")
	}

	v.enterSecret("Abc8Q~a-secret-that-was-never-made-0123456").says("Microsoft did not accept this secret", "Copy Value, not Secret ID")
	v.enterSecret(sample.ClientSecret.Expose()).at("assign")
	if n := s.held().Requests["POST /core/iam/v1/sso/azuread"]; n != 0 {
		t.Errorf("%d requests to register before the review", n)
	}
	v.get("/setup/" + v.setup() + "/secret").at("secret").says("Accepted by Microsoft at")
	v.get("/setup/" + v.setup() + "/assign").at("assign").send(map[string]string{"person": sample.Person}).at("review").says("Accepted by Microsoft")
}

func TestSecretThatCannotBeProvenStopsNobody(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Switch
		says  string
	}{
		"conditional access":      {sandbox.EntraConditionalAccess, "conditional access"},
		"Microsoft away":          {sandbox.EntraUnreachable, "no usable answer"},
		"Microsoft says an error": {sandbox.EntraUnknownError, "AADSTS9999999"},
		"a page in between":       {sandbox.EntraGarbled, "no usable answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			v := s.visitor().open(s.link()).walk("secret")
			s.sandbox.Faults().Set(c.fault, sandbox.UntilCleared)
			v.enterSecret(s.sandbox.Sample().ClientSecret.Expose()).at("secret").says("could not be proven", c.says, "Reference")
			if text := v.text("main"); strings.Contains(text, "did not accept") {
				t.Errorf("what could not be proven is called wrong:\n%s", text)
			}
			v.send(map[string]string{"anyway": "no"}).idle("secret").at("secret").says("could not be proven")
			v.send(map[string]string{"anyway": "yes"}).at("assign")
			v.send(map[string]string{"person": s.sandbox.Sample().Person}).at("review").says("Not proven")
		})
	}
}

func TestApplicationThatMicrosoftDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("secret")
	s.sandbox.Faults().Set(sandbox.EntraClientUnknown, sandbox.UntilCleared)
	v.enterSecret(s.sandbox.Sample().ClientSecret.Expose()).on("secret").says("no application with this Application (client) ID", "700016", "Change the ids")
	if v.page.Find("a[href$='/directory']").Length() == 0 {
		t.Error("no way to the ids")
	}
	s.sandbox.Faults().ClearAll()
	v.send(nil).idle("secret")
	v.get("/setup/" + v.setup() + "/").at("assign")
}

// on demands the page of a step, right or with something to mend.
func (v *visitor) on(step string) *visitor {
	v.t.Helper()
	if !strings.HasSuffix(v.path, "/"+step) {
		v.t.Fatalf("at %s, want step %s", v.path, step)
	}
	return v
}

// TestMicrosoftHangsWhileTheSecretIsTried: the page answers, says what runs, and picks the result up.
func TestMicrosoftHangsWhileTheSecretIsTried(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("secret")
	s.sandbox.Faults().Set(sandbox.EntraSlow, sandbox.UntilCleared)
	began := time.Now()
	v.send(map[string]string{"secret": s.sandbox.Sample().ClientSecret.Expose()}).at("secret").says("Asking Microsoft about the secret")
	if took := time.Since(began); took > soon {
		t.Errorf("the page took %v", took)
	}
	if v.page.Find("#waiting[hx-get$='/secret/progress']").Length() != 1 || !strings.Contains(v.page.Find("noscript").Text(), "Check again") {
		t.Error("the page does not pick up the result by itself, or not without JavaScript")
	}
	progress := "/setup/" + v.setup() + "/secret/progress"
	if v.get(progress); v.page.Find("#waiting").Length() != 1 || v.page.Find("a.primary").Length() != 0 {
		t.Error("the progress says that it is over")
	}
	s.sandbox.Faults().ClearAll()
	eventually(t, "the proof of the secret", func() bool { return v.get(progress).page.Find("a.primary[href$='/assign']").Length() == 1 })
	v.get("/setup/" + v.setup() + "/").at("assign")
}

func TestTokenIsTriedBeforeItIsHandedOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Switch
		says  []string
	}{
		"refused":       {sandbox.SCIMUnauthorized, []string{"Test Connection in Entra would fail", "does not accept this token"}},
		"wrong address": {sandbox.SCIMNotFound, []string{"Test Connection in Entra would fail", "no SCIM endpoint at the Tenant URL"}},
		"a web page":    {sandbox.SCIMHTML, []string{"Test Connection in Entra would fail", "leads to a web page"}},
		"at a loss":     {sandbox.SCIMUnavailable, []string{"could not be tried", "has a problem at the moment"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			v := s.visitor().open(s.link()).walk("review").register()
			s.sandbox.Faults().Set(c.fault, sandbox.UntilCleared)
			v.send(map[string]string{"replaces": "0"}).idle("token").at("token").says(append(c.says, "Reference")...)
			if v.value() != "" {
				t.Error("the token was handed over without a word")
			}
			s.sandbox.Faults().ClearAll()
			action := v.page.Find("button[formaction$='/token/probe']").AttrOr("formaction", "")
			v.post(action, map[string][]string{}).idle("token").at("token").says("The SCIM endpoint accepts this token")
			if v.send(nil); v.value() == "" {
				t.Errorf("no token after the endpoint was mended:\n%s", v.text("main"))
			}
		})
	}
}

func TestRefusedTokenCanBeHandedOverAllTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	s.sandbox.Faults().Set(sandbox.SCIMNotFound, sandbox.UntilCleared)
	v.send(map[string]string{"replaces": "0"}).idle("token")
	if v.send(nil); v.value() == "" {
		t.Errorf("the token is kept from its owner:\n%s", v.text("main"))
	}
	v.says("Test Connection in Entra would fail")
}

// TestSCIMEndpointHangs: the token is made, the page answers soon, and the check ends as one that took too long.
func TestSCIMEndpointHangs(t *testing.T) {
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	s.sandbox.Faults().Set(sandbox.SCIMSlow, sandbox.UntilCleared)
	began := time.Now()
	v.send(map[string]string{"replaces": "0"}).at("token").says("Creating the token")
	if took := time.Since(began); took > soon {
		t.Errorf("the page took %v", took)
	}
	v.idle("token").says("could not be tried", "took too long", "Try again")
	s.sandbox.Faults().ClearAll()
	if v.send(nil); v.value() == "" {
		t.Errorf("no token:\n%s", v.text("main"))
	}
	s.one(1)
}

func TestRedirectURIIsReadFromAritmaID(t *testing.T) {
	for name, c := range map[string]struct {
		fault sandbox.Switch
		step  string // where the registration leads
		says  []string
	}{
		"the same":        {"", "token", []string{"Aritma ID sends exactly this address"}},
		"not to be asked": {sandbox.IDAsksForPage, "token", []string{"could not be proven"}},
		"another one":     {sandbox.IDRedirectDiffers, "redirect", []string{"Another Redirect URI is needed", "/callback"}},
		"of no directory": {sandbox.MistakeCommonAuthority, "token", []string{"asks Microsoft at common instead of at your directory"}},
		"never an answer": {sandbox.IDSlowSignin, "token", []string{"could not be proven"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiteWithSignin(t)
			v := s.visitor().open(s.link()).walk("review")
			if c.fault != "" {
				s.sandbox.Faults().Set(c.fault, sandbox.UntilCleared)
			}
			began := time.Now()
			v.send(nil)
			if took := time.Since(began); took > soon {
				t.Errorf("the page took %v", took)
			}
			if strings.HasSuffix(v.path, "/review") {
				v.idle("review").get("/setup/" + v.setup() + "/")
			}
			v.at(c.step)
			v.get("/setup/" + v.setup() + "/redirect").at("redirect").says(c.says...)
			s.one(0)
			if c.step == "redirect" {
				v.send(nil).at("review").says("Sign-in was registered")
				v.get("/setup/" + v.setup() + "/").at("token")
			}
		})
	}
}

// TestUnprovenSecretIsNotRegistered: a second tab enters another secret, and the first one registers before Microsoft has
// said what it thinks of it.
func TestUnprovenSecretIsNotRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review")
	other := v.tab().get("/setup/" + v.setup() + "/secret")
	s.sandbox.Faults().Set(sandbox.EntraSlow, sandbox.UntilCleared)
	other.send(map[string]string{"secret": "Abc8Q~a-secret-that-was-never-made-0123456"}).at("secret")
	v.send(nil).at("secret")
	if n := s.held().Requests["POST /core/iam/v1/sso/azuread"]; n != 0 {
		t.Errorf("%d requests to register a secret that nobody has proven", n)
	}
	s.sandbox.Faults().ClearAll()
	if other.idle("secret").on("secret"); strings.Contains(other.text("main"), "could not be proven") { // asked in vain for too long, on a busy machine
		other.send(map[string]string{"anyway": "no"}).idle("secret").on("secret")
	}
	other.says("Microsoft did not accept this secret")
	v.get("/setup/" + v.setup() + "/review").on("secret")
}
