package main

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
	"github.com/aritma/entra-onboard/internal/webhook"
)

// TestFlowAcrossReplicas takes a company through everything, each request answered by another program: the administrator
// signs in with Aritma, somebody is provisioned, and signs in through the new provider.
func TestFlowAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 3, map[string]string{"ONBOARD_LINK_AUTHORITY": "signin"})
	v := c.visitor().get(c.link()).send(nil).identify(sandbox.Administrator).at("start")
	setup := "/setup/" + v.setup()
	v.walk("review").register()
	c.one(0)
	value := v.handOver().prepared().value()
	if !c.works(value) {
		t.Fatalf("no token that works is handed over:\n%s", v.text("main"))
	}
	clientID := c.sandbox.Sample().ClientID
	if said := c.sandbox.ConfigureProvisioning(clientID, v.text("#tenant-url"), secret.New(value)); said != "" {
		t.Fatalf("Test Connection says %q", said)
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	if said := c.sandbox.ProvisionOnDemand(clientID, person); said != "" {
		t.Fatalf("Provision on demand says %q", said)
	}
	v.lookUntil(person + " arrived at").send(nil).at("signin-test")
	v.trySignin().choose(person).result().says("the same person")
	v.get(setup + "/signin-test").press("finish").at("done")
	c.one(1)
	for range 2 * len(c.all) {
		if v.get(setup + "/token"); strings.Contains(v.text("html"), value) {
			t.Error("the token is shown again")
		}
	}
	c.allServed(10)
}

// TestRevealAcrossReplicas: of 32 who ask for the token at once, at three programs, one gets it.
func TestRevealAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 3, nil)
	v := c.visitor().open(c.link()).walk("review").register()
	setup := v.setup()
	for round := range 4 {
		c.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1) // so that nobody waits for the token when it comes
		v.send(map[string]string{"replaces": v.page.Find("main [name=replaces]").AttrOr("value", "")}).at("token")
		if v.page.Find("#waiting").Length() != 1 {
			t.Fatalf("round %d: no waiting page: %s", round, v.text("main"))
		}
		c.sandbox.Faults().Release()
		v.idle("token")
		action, values := v.form(nil)
		if !strings.HasSuffix(action, "/token/show") {
			t.Fatalf("round %d: the page offers %s: %s", round, action, v.text("main"))
		}
		tabs := v.atOnce(32, action, values)
		finely(t, tabs)
		handed := 0
		for _, tab := range tabs {
			if value := tab.value(); value != "" {
				handed++
				if !c.works(value) {
					t.Errorf("round %d: the token that was handed over does not work", round)
				}
			}
		}
		if handed != 1 {
			t.Fatalf("round %d: %d of 32 got the token, want 1", round, handed)
		}
		c.one(1)
		v.get("/setup/" + setup + "/token/replace")
	}
	c.allServed(32)
}

// TestDoubleSubmitsAcrossReplicas presses every button that makes something many times at once: one tab again and again,
// and tabs of their own.
func TestDoubleSubmitsAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 3, nil)
	v := c.visitor().open(c.link()).walk("review")
	setup := "/setup/" + v.setup()
	press := func(step string, fields map[string]string) (handed int) {
		t.Helper()
		action, values := v.form(fields)
		own := make([]*visitor, clicks)
		for i := range own {
			own[i] = v.tab().get(v.path) // with an operation of its own
		}
		race(len(own)+1, func(i int) {
			if i == len(own) {
				finely(t, v.atOnce(clicks, action, values))
				return
			}
			own[i].send(fields)
		})
		finely(t, own)
		for _, tab := range own {
			if tab.value() != "" {
				handed++
			}
		}
		v.idle(step)
		return handed
	}
	press("review", nil)
	c.one(0)
	v.get(setup + "/").at("token")
	if handed := press("token", map[string]string{"replaces": "0"}); handed > 1 {
		t.Errorf("%d tabs show the token", handed)
	}
	c.one(1)
	if n := c.held().Requests["POST /core/iam/v1/scim"]; n != 1 {
		t.Errorf("%d requests to create a token, want 1", n)
	}
	v.get(setup + "/token/replace")
	press("token", map[string]string{"replaces": "1"})
	c.one(1)
	if n := c.held().Requests["POST /core/iam/v1/scim"]; n != 2 {
		t.Errorf("%d requests to create a token, want the first and its replacement", n)
	}
}

// TestReplicaKilled kills a program while Aritma is being asked, before the act and after it; another one goes on when the
// dead one's lease has ended.
func TestReplicaKilled(t *testing.T) {
	t.Parallel()
	const createProvider, listTokens = "POST /core/iam/v1/sso/azuread", "GET /core/iam/v1/scim"
	program := binary(t)
	c := newReplicas(t, 2, nil)
	faults := c.sandbox.Faults()
	held := func(what string) {
		t.Helper()
		eventually(t, what, func() bool { return faults.Held() == 1 })
	}
	mortal := func() *replica { r := c.add(func(s *site) { s.spawn(program) }); c.pin(r); return r }
	// killed ends the program at the request that is held.
	killed := func(r *replica, what string) {
		t.Helper()
		held(what)
		c.kill(r)
		faults.ClearAll()
		eventually(t, "nothing being held", func() bool { return faults.Held() == 0 })
	}

	v := c.visitor().open(c.link()).walk("review")
	setup := "/setup/" + v.setup()
	first := mortal()
	faults.SetOn(sandbox.IAMSlow, createProvider, 1)
	v.send(nil).at("review")
	killed(first, "the request to create a provider")
	for range c.all {
		if v.get(setup + "/review"); v.page.Find("#waiting").Length() != 1 {
			t.Errorf("while the dead one's lease lasts, another acts: %s", v.text("main"))
		}
	}
	c.leasesEnd()
	v.get(setup + "/").register()
	if providers := c.held().Providers; len(providers) != 1 {
		t.Errorf("Aritma holds %+v", providers)
	}

	second := mortal()
	faults.Set(sandbox.CreateTokenAnswerLost, 1)
	before := c.held().Requests[listTokens]
	for look := 1; len(c.held().SCIMTokens) == 0; look++ { // the look after the act is the one that is held
		faults.SetOn(sandbox.IAMSlow, listTokens, 1)
		if look == 1 {
			v.send(map[string]string{"replaces": "0"})
		} else {
			faults.Release()
		}
		eventually(t, "the next look", func() bool { return c.held().Requests[listTokens] == before+look && faults.Held() == 1 })
	}
	killed(second, "the look after the act")
	orphan := c.held().SCIMTokens[0].ID
	c.leasesEnd()
	value := v.get(setup + "/").at("token").handOver().value()
	if tokens := c.held().SCIMTokens; len(tokens) != 1 || tokens[0].ID == orphan || !c.works(value) {
		t.Errorf("Aritma holds %+v; the token handed over works: %v", tokens, c.works(value))
	}
	if !strings.Contains(v.text("main"), "A token was made whose value nobody got") {
		t.Errorf("the admin is not told of the orphan: %s", v.text("main"))
	}
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
}

// TestStreamAcrossReplicas: whoever looks at the console on one program is told at once of what is done on another.
func TestStreamAcrossReplicas(t *testing.T) {
	c := newReplicas(t, 2, nil)
	here, there := c.all[0], c.all[1]
	c.pin(here)
	stream := c.guide().listen("/console/live")
	c.pin(there)
	customer := c.began("Nordlys Bygg AS", "nordlys")
	stream.row(customer.setup())
	began := time.Now()
	const times = 9
	var last int64
	for range times { // each waits for the one before to be told: were they found by looking each second, these took as many
		customer.saves()
		for told := false; !told; {
			e := stream.next()
			_, told = e.rows(t)[customer.setup()]
			last = max(last, e.id)
		}
	}
	if took := time.Since(began); took > (times-2)*time.Second {
		t.Errorf("%d changes one after the other took %v: nobody pokes the hub of the other program", times, took)
	}
	stream.stop()
	customer.saves()
	again := c.guide().listen("/console/live", "Last-Event-ID", strconv.FormatInt(last, 10)) // on the other program, from a place that the first one told
	again.row(customer.setup())
	if last == 0 {
		t.Error("the stream names no places")
	}
}

// TestSignOutAcrossReplicas: a copied cookie is dead on every program as soon as one of them was told.
func TestSignOutAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 2, nil)
	here, there := c.all[0], c.all[1]
	v := c.guide()
	copied := c.visitor()
	at, err := url.Parse(c.public)
	if err != nil {
		t.Fatal(err)
	}
	copied.client.Jar.SetCookies(at, v.client.Jar.Cookies(at))
	c.pin(there)
	if copied.get("/console"); copied.text("h1") != "Setups" {
		t.Fatalf("the copy does not work before: %s", copied.text("body"))
	}
	c.pin(here)
	v.get("/console").post("/signout", url.Values{})
	c.pin(there)
	if copied.get("/console"); copied.text("h1") == "Setups" {
		t.Error("signed out at one program, the copied cookie works at the other")
	}
}

// TestSlowMicrosoftAcrossReplicas: that Microsoft is asked about the client secret, and the verdict, are known to all programs;
// one asks.
func TestSlowMicrosoftAcrossReplicas(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 3, nil)
	sample := c.sandbox.Sample()
	v := c.visitor().open(c.link()).walk("secret")
	setup := "/setup/" + v.setup()
	c.sandbox.Faults().Set(sandbox.EntraSlow, 1)
	v.send(map[string]string{"secret": sample.ClientSecret.Expose(), "expires": time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}).at("secret")
	for range c.all {
		if v.get(setup + "/secret").at("secret"); strings.Contains(v.text("html"), sample.ClientSecret.Expose()) {
			t.Error("the page holds the secret")
		}
		if v.page.Find("#waiting").Length() != 1 {
			t.Errorf("a program does not know that Microsoft is asked: %s", v.text("main"))
		}
	}
	c.sandbox.Faults().Release()
	eventually(t, "the verdict", func() bool { return strings.HasSuffix(v.get(setup+"/").path, "/assign") })
	for range c.all {
		if v.get(setup + "/secret"); !strings.Contains(v.text("main"), "Accepted by Microsoft at") {
			t.Errorf("a program does not know the verdict: %s", v.text("main"))
		}
	}
}

// TestWebhookAcrossReplicas: all programs look for messages, and each message is sent by one of them.
func TestWebhookAcrossReplicas(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	c := newReplicas(t, 3, h.environ())
	opened := map[string]bool{}
	const setups = 8
	for range setups {
		c.visitor().open(c.link()).at("start")
	}
	for range setups {
		opened[h.next(webhook.Opened).body.Data.Setup] = true
	}
	if len(opened) != setups {
		t.Errorf("told of %d setups, want %d", len(opened), setups)
	}
	var left []webhook.Undelivered
	eventually(t, "nothing being left to tell", func() bool {
		store, err := postgres.Open(t.Context(), secret.New(c.environ["ONBOARD_DATABASE_URL"]))
		if err == nil {
			left, err = store.Undelivered(t.Context(), 100)
			err = errors.Join(err, store.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return len(left) == 0
	})
	if len(h.got) != 0 {
		t.Errorf("%d messages were sent twice", len(h.got))
	}
}

// TestDatabaseAway: while the database is away the service says so; it goes on by itself when the database is back, and what
// was acknowledged before is there, although the server ended as by a power cut.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := newSite(t, map[string]string{"ONBOARD_DATABASE_URL": server.Database(t)})
	v := s.visitor().open(s.link()).walk("directory")
	setup := "/setup/" + v.setup()
	ready := func() int { return v.tab().get("/readyz").status }
	if status := ready(); status != http.StatusOK {
		t.Fatalf("ready before: %d", status)
	}
	server.Crash(t)
	eventually(t, "the service being not ready", func() bool { return ready() == http.StatusServiceUnavailable })
	if away := v.tab().get(setup + "/directory"); away.status < http.StatusInternalServerError || away.text("main") == "" {
		t.Errorf("a page without a database is answered %d: %s", away.status, away.text("body"))
	}
	server.Again(t)
	back := time.Now()
	eventually(t, "the service being ready again", func() bool { return ready() == http.StatusOK })
	sample := s.sandbox.Sample()
	v.get(setup + "/").at("directory").send(map[string]string{"directory": sample.DirectoryID, "client": sample.ClientID}).at("signin")
	if took := time.Since(back); took > 10*time.Second {
		t.Errorf("back after %v", took)
	}
}
