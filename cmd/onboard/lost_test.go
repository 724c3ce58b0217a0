package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// works asks the SCIM endpoint on the page what Entra's Test Connection asks.
func (s *site) works(value string) bool {
	s.t.Helper()
	address := s.sandbox.IDURL() + "/" + s.sandbox.Sample().Tenant + "/api/scim/v2/Users?filter=" + url.QueryEscape(`userName eq "nobody"`)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+value)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// TestLostTokenAnswerIsTold: the orphan is found and removed, another token is made, and the page says so.
func TestLostTokenAnswerIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	s.sandbox.Faults().Set(sandbox.CreateTokenAnswerLost, 1)
	v.handOver()
	if !strings.Contains(v.text("main"), "A token was made whose value nobody got. It was removed") {
		t.Errorf("the page does not say what happened: %s", v.text("main"))
	}
	s.one(1)
	v.get("/setup/" + v.setup() + "/token/replace").handOver()
	if value := v.value(); value == "" || !s.works(value) {
		t.Errorf("the replacement does not work: %s", v.text("main"))
	}
	s.one(1)
}

// TestLostAnswers loses the answer of each act, once, and presses the button again where the page asks for it.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	lose := func(sw sandbox.Switch) { s.sandbox.Faults().Set(sw, 1) }
	v := s.visitor().open(s.link()).walk("review")
	setup := "/setup/" + v.setup()
	lose(sandbox.RegisterAnswerLost)
	v.send(nil).idle("review").get(setup + "/").at("token")
	s.one(0)

	v.get(setup + "/signin").send(map[string]string{"name": "Another name"}).at("review")
	lose(sandbox.UpdateAnswerLost)
	v.send(nil).idle("review")
	if v.text("main") == "" || v.page.Find("form[action$='/review/discard']").Length() != 0 {
		t.Error("what Aritma may hold already is offered to be discarded")
	}
	if v.register(); s.held().Providers[0].DisplayName != "Another name" {
		t.Errorf("Aritma holds %+v", s.held().Providers)
	}

	first := v.handOver().value()
	lose(sandbox.DeleteAnswerLost)
	v.get(setup + "/token/replace").handOver()
	if held := s.held(); len(held.SCIMTokens) > 1 || first != "" && s.works(first) {
		t.Errorf("the replaced token is alive: %+v", held.SCIMTokens)
	}
	if len(s.held().SCIMTokens) == 0 { // removing it ended the act; the page asks to go on
		v.handOver()
	}
	s.one(1)
	lose(sandbox.DeleteAnswerLost)
	v.get(setup + "/start-over").send(map[string]string{"sure": "yes"})
	if !strings.HasSuffix(v.path, "/start") {
		v.idle("start-over").get(setup + "/start-over").send(map[string]string{"sure": "yes"}).at("start")
	}
	if held := s.held(); len(held.Providers)+len(held.SCIMTokens) != 0 {
		t.Errorf("start over left %+v", held)
	}
}

// TestLostTokenThatNobodyLists: where Aritma lists nothing the admin is told what to ask for.
func TestLostTokenThatNobodyLists(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	s.sandbox.Faults().Set(sandbox.ListNotOffered, sandbox.UntilCleared)
	s.sandbox.Faults().Set(sandbox.CreateTokenAnswerLost, 1)
	v.send(map[string]string{"replaces": "0"}).idle("token").handOver()
	if value := v.value(); value == "" || !s.works(value) {
		t.Fatalf("no token: %s", v.text("main"))
	}
	if !strings.Contains(v.text("main"), "A token may be left over in Aritma") || !strings.Contains(v.text("main"), v.setup()[:8]) {
		t.Errorf("the admin is not told: %s", v.text("main"))
	}
}

// TestOldTokenIsRemovedLater: when removing the replaced token fails, a button on the page does it later.
func TestOldTokenIsRemovedLater(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review").register()
	setup := "/setup/" + v.setup()
	v.handOver().send(map[string]string{"pasted": "yes"}).send(map[string]string{"arrived": "yes"}).at("signin-test")
	v.get(setup + "/token/replace").handOver()
	value := v.value()
	s.sandbox.Faults().SetOn(sandbox.IAMForbidden, "DELETE /core/iam/v1/scim/{id}", 1)
	v.send(map[string]string{"pasted": "yes"})
	if len(s.held().SCIMTokens) != 2 {
		t.Fatalf("Aritma holds %+v", s.held().SCIMTokens)
	}
	v.get(setup + "/token").send(map[string]string{"pasted": "yes"})
	if len(s.held().SCIMTokens) != 1 || !s.works(value) {
		t.Errorf("the button leaves %d tokens, the new one works %v", len(s.held().SCIMTokens), s.works(value))
	}
	if v.get(setup + "/token"); strings.Contains(v.text("main"), "still alive") || v.page.Find("form[action$='/pasted']").Length() != 0 {
		t.Errorf("the page still tells of it: %s", v.text("main"))
	}
}

// TestFaultsAtTheButtons: whatever Aritma answers, the page is there within the second or so, says what happened with a
// number to quote, keeps the answers, and the button works once the fault is gone.
func TestFaultsAtTheButtons(t *testing.T) {
	var told atomic.Int32
	t.Run("fault", func(t *testing.T) {
		for _, fault := range sandbox.Switches() {
			if fault.Upstream() == "scim" || fault.Upstream() == "entra" {
				continue
			}
			t.Run(string(fault), func(t *testing.T) {
				t.Parallel()
				stopped := pressUnder(t, fault)
				told.Add(int32(stopped))
			})
		}
	})
	t.Logf("%d times a fault stopped the button and was told", told.Load())
}

// pressUnder presses the two buttons under a fault, and once more without it. It returns how often that was needed.
func pressUnder(t *testing.T, fault sandbox.Switch) (stopped int) {
	t.Helper()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("review")
	for _, step := range []string{"review", "token"} {
		s.sandbox.Faults().Set(fault, sandbox.UntilCleared)
		began := time.Now()
		v.send(nil)
		if took := time.Since(began); took > 5*time.Second || v.status != http.StatusOK {
			t.Errorf("%s answered %d after %v", step, v.status, took)
		}
		s.sandbox.Faults().ClearAll()
		if strings.HasSuffix(v.path, "/"+step) {
			v.idle(step)
		}
		if v.page.Find("main form[action$='/"+step+"'] button").Length() > 0 && v.value() == "" {
			stopped++
			if len(v.page.Find("main .notice").Nodes) == 0 {
				t.Errorf("%s: nothing is said: %s", step, v.text("main"))
			}
			v.send(nil)
			v.idle(step)
		}
		v.get("/setup/" + v.setup() + "/").at("token")
	}
	held := s.held()
	if len(held.Providers) != 1 || len(held.SCIMTokens) != 1 {
		t.Errorf("in the end Aritma holds %+v", held)
	}
	return stopped
}
