package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
)

// provisioning is a browser that pasted the token into Entra and now waits for the first person, with that token.
func (s *site) provisioning() (*visitor, string) {
	s.t.Helper()
	v := s.visitor().open(s.link()).walk("review").register().handOver()
	token := v.value()
	return v.send(map[string]string{"pasted": "yes"}).at("provisioning"), token
}

// scim sends what Entra sends for a new person or group.
func (s *site) scim(token, kind string, body map[string]any) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.sandbox.IDURL()+"/"+s.sandbox.Sample().Tenant+"/api/scim/v2/"+kind, strings.NewReader(string(raw)))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		s.t.Fatalf("SCIM answered %d", answer.StatusCode)
	}
}

func (s *site) arrive(token, userName, email, name string) {
	s.t.Helper()
	s.scim(token, "Users", map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "externalId": "oid-" + userName, "userName": userName, "active": true,
		"displayName": name, "emails": []map[string]any{{"primary": true, "type": "work", "value": email}},
	})
}

// lookups counts the requests with which Aritma was asked for people.
func (s *site) lookups() int { return s.held().Requests["GET /core/iam/v1/subjects/users"] }

// poll is what the live page sends by itself.
func (v *visitor) poll(told string) answer {
	v.t.Helper()
	return v.once(v.request(http.MethodPost, "/setup/"+v.setup()+"/provisioning/look", url.Values{"told": {told}}))
}

// lookUntil presses Check again until the panel says the words: Aritma is not asked more often than every five seconds.
func (v *visitor) lookUntil(words string) *visitor {
	v.t.Helper()
	eventually(v.t, "the page says "+words, func() bool {
		if strings.Contains(v.text("#arrivals"), words) {
			return true
		}
		v.send(map[string]string{"now": "yes"}).at("provisioning")
		return strings.Contains(v.text("#arrivals"), words)
	})
	return v
}

func TestArrivalsOfTheFirstPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	sample := s.sandbox.Sample()

	v.says("Waiting for "+sample.Person, "Not in Aritma yet", "Nobody yet", "Comes only where you assigned a group", "Entra has had the token since")
	panel := v.page.Find("#arrivals")
	if panel.AttrOr("hx-post", "") != "/setup/"+v.setup()+"/provisioning/look" || panel.AttrOr("hx-trigger", "") != "every 5s" {
		t.Error("the page does not look by itself")
	}
	if filled := v.page.Find("main .primary"); filled.Length() != 1 || filled.Text() != "Check again" {
		t.Errorf("%d filled buttons, the first %q", filled.Length(), filled.First().Text())
	}

	before := s.lookups()
	v.send(map[string]string{"now": "yes"}).at("provisioning").says("Asked last at", "next at")
	if s.lookups() == before {
		t.Error("Check again did not ask Aritma")
	}
	s.arrive(token, sample.Person, sample.Person, "Kari Nordmann")
	s.restart()
	v = v.again().get(v.path).at("provisioning").lookUntil("Kari Nordmann arrived at")
	v.says("Arrived in Aritma")
	if filled := v.page.Find("main .primary"); filled.Length() != 1 || filled.Text() != "Continue" {
		t.Errorf("%d filled buttons, the first %q", filled.Length(), filled.First().Text())
	}
	v.send(nil).at("signin-test")
	if v.get("/setup/" + v.setup() + "/provisioning"); !strings.Contains(v.text("main .notice.good"), "Kari Nordmann arrived at") {
		t.Errorf("the page forgot who arrived:\n%s", v.text("main"))
	}
}

// TestArrivalsAreSaidOnce: the answer to a poll says the news for the status element, and the next one does not.
func TestArrivalsAreSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	sample := s.sandbox.Sample()
	s.arrive(token, sample.Person, sample.Person, "Kari Nordmann")
	s.scim(token, "Groups", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "externalId": "g", "displayName": "Everybody"})
	got := v.poll("waiting")
	if say := got.page.Find("#arrivals").AttrOr("data-say", ""); !strings.Contains(say, "arrived at") {
		t.Errorf("the swap says %q: %s", say, got.body)
	}
	if got.page.Find("h1").Length() != 0 || got.page.Find("#arrivals").AttrOr("hx-trigger", "") != "" {
		t.Error("the answer is a whole page, or polling goes on although all are there")
	}
	if text := got.text("#arrivals"); !strings.Contains(text, "Everybody arrived at") {
		t.Errorf("the group is missing: %s", text)
	}
	if say := v.poll("group").page.Find("#arrivals").AttrOr("data-say", ""); say != "" {
		t.Errorf("said again: %q", say)
	}
}

func TestArrivalsOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	s.arrive(token, "ola@nordlysbygg.example", "ola@nordlysbygg.example", "Ola")
	v.lookUntil("One person more").says("Somebody else arrived, and nobody with this e-mail address")
	if v.page.Find("main .primary").Text() != "Check again" || v.page.Find("#arrivals[hx-trigger]").Length() != 1 {
		t.Error("the page stopped waiting for the person who was named")
	}
	if say := v.poll("waiting").page.Find("#arrivals").AttrOr("data-say", ""); !strings.Contains(say, "Somebody else arrived") {
		t.Errorf("the swap says %q", say)
	}
	v.send(map[string]string{"arrived": "no", "reason": "Ola is enough"}).at("signin-test")
}

// TestArrivalsWithAnotherUserName: mistake 17.
func TestArrivalsWithAnotherUserName(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	sample := s.sandbox.Sample()
	s.arrive(token, "kn0417@nordlysbygg.example", strings.ToUpper(sample.Person), "Kari Nordmann")
	v.lookUntil("Kari Nordmann arrived at").says("Entra sends kn0417@nordlysbygg.example as userName, not the e-mail address "+sample.Person, "Attribute mapping")
	v.send(nil).at("signin-test")
}

// TestArrivalsWithoutThePersonNamed: anybody new ends the waiting.
func TestArrivalsWithoutThePersonNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("assign").send(map[string]string{"person": ""}).register().handOver()
	token := v.value()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning").says("Waiting for the first person")
	s.arrive(token, "ola@nordlysbygg.example", "ola@nordlysbygg.example", "Ola")
	v.lookUntil("Somebody new arrived at").send(nil).at("signin-test")
}

// TestArrivalsCostLittle: however often a page asks us, Aritma is asked when it is time to.
func TestArrivalsCostLittle(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, _ := s.provisioning()
	before := s.lookups()
	v.poll("waiting")
	one := s.lookups() - before
	requests := make([]*http.Request, 50)
	for i := range requests {
		requests[i] = v.request(http.MethodPost, "/setup/"+v.setup()+"/provisioning/look", url.Values{"told": {"waiting"}})
	}
	began := time.Now()
	race(len(requests), func(i int) {
		if got := v.once(requests[i]); got.status != http.StatusOK {
			t.Errorf("a look is answered %d", got.status)
		}
	})
	if more := s.lookups() - before - one; one == 0 || one > 3 || (more != 0 && time.Since(began) < 5*time.Second) {
		t.Errorf("the first look cost %d requests, 50 more %d", one, more)
	}
	for range 3 {
		v.get("/setup/" + v.setup() + "/provisioning")
	}
	if n := s.lookups() - before - one; n > 3 {
		t.Errorf("reading the page cost %d requests", n)
	}
}

func TestArrivalsWhileAritmaIsSlow(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, _ := s.provisioning()
	s.sandbox.Faults().Set(sandbox.IAMSlow, sandbox.UntilCleared)
	began := time.Now()
	v.send(map[string]string{"now": "yes"}).at("provisioning").says("Aritma is being asked now", "Checking")
	if took := time.Since(began); took > soon {
		t.Errorf("the page took %v", took)
	}
	began = time.Now()
	if got := v.poll("waiting"); got.status != http.StatusOK || !strings.Contains(got.text("#arrivals"), "being asked now") || time.Since(began) > soon {
		t.Errorf("a poll beside it: %d after %v: %s", got.status, time.Since(began), got.text("#arrivals"))
	}
	s.sandbox.Faults().ClearAll()
	eventually(t, "the end of the look", func() bool {
		return strings.Contains(v.get(v.path).text("#arrivals"), "Asked last at")
	})
}

func TestArrivalsWhileAritmaIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v, token := s.provisioning()
	sample := s.sandbox.Sample()
	s.sandbox.Faults().Set(sandbox.IAMUnavailable, sandbox.UntilCleared)
	v.send(map[string]string{"now": "yes"}).at("provisioning").lookUntil("Aritma could not be asked").says("Reference number")
	if v.page.Find("#arrivals[hx-trigger]").Length() != 1 || v.page.Find("main .primary").Text() != "Check again" {
		t.Error("one failure ends the waiting")
	}
	s.sandbox.Faults().ClearAll()
	s.arrive(token, sample.Person, sample.Person, "Kari Nordmann")
	v.lookUntil("Kari Nordmann arrived at")
	if text := v.text("#arrivals"); strings.Contains(text, "could not be asked") {
		t.Errorf("the problem stays: %s", text)
	}
}

// TestArrivalsWithAnExpiredAccessToken: the page asks for another one and comes back.
func TestArrivalsWithAnExpiredAccessToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, withoutService())
	sample := s.sandbox.Sample()
	v := s.visitor().begin(s.sandbox.AccessToken(sample.Tenant).Expose()).walk("review").register().handOver()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	s.sandbox.Faults().Set(sandbox.IAMUnauthorized, sandbox.UntilCleared)
	v.send(map[string]string{"now": "yes"}).at("provisioning").lookUntil("access token is needed")
	if v.page.Find("#arrivals[hx-trigger]").Length() != 0 {
		t.Error("the page goes on looking without an access token")
	}
	s.sandbox.Faults().ClearAll()
	to := v.page.Find("#arrivals a.primary").AttrOr("href", "")
	v.get(to).send(map[string]string{"token": s.sandbox.AccessToken(sample.Tenant).Expose()}).at("provisioning").lookUntil("Asked last at")
}

func TestArrivalsNeedTheirForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).at("start")
	look := "/setup/" + v.setup() + "/provisioning/look"
	if v.post(look, url.Values{"now": {"yes"}}).at("start"); s.lookups() != 0 {
		t.Error("Aritma was asked before the step was open")
	}
	for _, path := range []string{look, "/setup/" + v.setup() + "/signin-test/begin", "/setup/" + v.setup() + "/signin-test/button"} {
		r := v.request(http.MethodPost, path, url.Values{})
		r.Header.Set("Content-Type", "application/json")
		if got := v.once(r); got.status != http.StatusUnsupportedMediaType {
			t.Errorf("%s answers JSON with %d", path, got.status)
		}
	}
	forged := v.request(http.MethodPost, look, url.Values{})
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := v.once(forged); got.status != http.StatusForbidden {
		t.Errorf("a forged look is answered %d", got.status)
	}
	other := s.visitor()
	if got := other.once(other.request(http.MethodPost, look, url.Values{})); got.status != http.StatusNotFound {
		t.Errorf("a stranger's look is answered %d", got.status)
	}
}
