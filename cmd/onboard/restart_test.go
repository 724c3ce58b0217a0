package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// resumes walks a company through everything, and ends and begins the program after every step.
func resumes(t *testing.T, s *site, again func()) (ends int) {
	t.Helper()
	sample := s.sandbox.Sample()
	expires := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	link := s.link()
	v := s.visitor().open(link).at("start")
	setup := "/setup/" + v.setup()
	var entered []string
	for _, step := range []struct {
		name   string
		fields map[string]string
		next   string
		enters []string // what the review page shows of it later
	}{
		{"start", map[string]string{"sharing": "no", "applications": "two"}, "application", nil},
		{"application", nil, "directory", nil},
		{"directory", map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}, "signin", []string{sample.DirectoryID, sample.ClientID}},
		{"signin", map[string]string{"name": "Button of Acme", "scheme": "acme-entra", "create": "yes", "button": "later"}, "redirect", []string{"Button of Acme", "acme-entra", "Yes, create whoever signs in", "Later, when you have tested it"}},
		{"redirect", nil, "secret", nil},
		{"secret", map[string]string{"secret": sample.ClientSecret.Expose(), "expires": expires}, "assign", []string{"Received at "}},
		{"assign", map[string]string{"person": sample.Person}, "review", []string{sample.Person}},
		{"review", nil, "token", nil},
		{"token", map[string]string{"replaces": "0"}, "token", nil},
		{"token", map[string]string{"pasted": "yes"}, "provisioning", nil},
		{"provisioning", map[string]string{"arrived": "no", "reason": "went for lunch"}, "signin-test", nil},
		{"signin-test", nil, "done", nil},
	} {
		v.get(setup + "/").at(step.name).send(step.fields)
		if v.status >= 400 {
			t.Fatalf("%s answered %d: %s", step.name, v.status, v.text("main"))
		}
		if v.page.Find("#waiting").Length() == 1 {
			v.idle(step.name)
		}
		entered = append(entered, step.enters...)
		again()
		ends++
		if v = v.again().get(setup + "/").at(step.next); v.value() != "" {
			t.Error("after the end of the program the token is shown")
		}
		if step.next == "review" {
			for _, value := range entered {
				if !strings.Contains(v.text("main"), value) {
					t.Errorf("%q is lost", value)
				}
			}
		}
		if len(s.held().SCIMTokens) > 1 || len(s.held().Providers) > 1 {
			t.Errorf("after %s Aritma holds %+v", step.name, s.held())
		}
	}
	s.one(1)
	if v.get(setup + "/start"); v.page.Find("[name=sharing][value=no][checked]").Length() != 1 || v.page.Find("[name=applications][value=two][checked]").Length() != 1 {
		t.Error("the choices of the first step are lost")
	}
	if v.get(setup + "/provisioning"); !strings.Contains(v.text("textarea"), "went for lunch") {
		t.Error("the reason is lost")
	}
	if other := s.visitor().open(link); !strings.HasSuffix(other.path, "/done") {
		t.Errorf("the link leads to %s", other.path)
	}
	return ends
}

func TestRestartedAfterEveryStep(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	t.Logf("ended and begun %d times", resumes(t, s, s.restart))
}

// killable is a site whose program is a process of its own, killed without warning.
func killable(t *testing.T) (s *site, kill func()) {
	t.Helper()
	path := binary(t)
	s = newSite(t, nil)
	s.stop()
	s.spawn(path)
	return s, func() { s.stop(); s.spawn(path) }
}

func TestKilledAfterEveryStep(t *testing.T) {
	t.Parallel()
	s, kill := killable(t)
	t.Logf("killed %d times", resumes(t, s, kill))
}

// TestKilledInTheMiddle kills the process while Aritma is being asked: before the act, and after it with the outcome
// not written.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	s, kill := killable(t)
	const listProviders, listTokens = "GET /core/iam/v1/sso", "GET /core/iam/v1/scim"
	const createProvider, createToken = "POST /core/iam/v1/sso/azuread", "POST /core/iam/v1/scim"
	hold := func(operation string) {
		t.Helper()
		s.sandbox.Faults().SetOn(sandbox.IAMSlow, operation, 1)
	}
	// killHeld kills the process at the request that is held, and lets go of what is left of it.
	killHeld := func(v *visitor, what string) *visitor {
		t.Helper()
		eventually(t, what, func() bool { return s.sandbox.Faults().Held() == 1 })
		kill()
		s.sandbox.Faults().ClearAll()
		eventually(t, "nothing being held", func() bool { return s.sandbox.Faults().Held() == 0 })
		return v.again()
	}
	// lose presses the button, lets the act happen with its answer lost, and holds the look that follows it. Before it
	// there are one or two looks, the second where an intent is settled first.
	lose := func(v *visitor, list string, answer sandbox.Switch, made func() bool) {
		t.Helper()
		s.sandbox.Faults().Set(answer, 1)
		for look, before := 1, s.held().Requests[list]; !made(); look++ {
			hold(list)
			if look == 1 {
				v.send(nil)
			} else {
				s.sandbox.Faults().Release()
			}
			eventually(t, "the next look", func() bool { return s.held().Requests[list] == before+look && s.sandbox.Faults().Held() == 1 })
		}
	}

	v := s.visitor().open(s.link()).walk("review")
	setup := "/setup/" + v.setup()
	hold(createProvider)
	v = killHeld(v.send(nil).at("review"), "the request to create a provider")
	if v.get(setup + "/").at("review"); len(s.held().Providers) != 0 {
		t.Errorf("cut off before it was done, Aritma holds %+v", s.held().Providers)
	}
	lose(v, listProviders, sandbox.RegisterAnswerLost, func() bool { return len(s.held().Providers) == 1 })
	v = killHeld(v, "the look after it")
	v.get(setup + "/").register()
	if held := s.held(); len(held.Providers) != 1 {
		t.Errorf("done, with the outcome not written, Aritma holds %+v", held.Providers)
	}

	hold(createToken)
	v = killHeld(v.send(map[string]string{"replaces": "0"}).at("token"), "the request to create a token")
	if v.get(setup + "/").at("token"); len(s.held().SCIMTokens) != 0 {
		t.Errorf("cut off before it was done, Aritma holds %+v", s.held().SCIMTokens)
	}
	lose(v, listTokens, sandbox.CreateTokenAnswerLost, func() bool { return len(s.held().SCIMTokens) == 1 })
	v = killHeld(v, "the look after it")
	orphan := s.held().SCIMTokens[0].ID
	value := v.get(setup + "/").at("token").handOver().value()
	if held := s.held(); len(held.SCIMTokens) != 1 || held.SCIMTokens[0].ID == orphan || !s.works(value) {
		t.Errorf("Aritma holds %+v, the token shown works %v", held.SCIMTokens, s.works(value))
	}
	if !strings.Contains(v.text("main"), "A token was made whose value nobody got") {
		t.Errorf("the admin is not told of the orphan: %s", v.text("main"))
	}
	kill()
	if v = v.again().get(setup + "/").at("token"); v.value() != "" || !strings.Contains(v.text("main"), "cannot be shown again") {
		t.Errorf("killed after the showing: %s", v.text("main"))
	}
	v.get(setup + "/token/replace").handOver()
	if held := s.held(); len(held.SCIMTokens) != 1 || !s.works(v.value()) || s.works(value) {
		t.Errorf("replaced, Aritma holds %+v", held.SCIMTokens)
	}
}
