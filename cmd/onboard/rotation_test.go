package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
)

const keysVariable = "ONBOARD_SEALING_KEYS"

// reseals runs "onboard reseal" beside the service.
func (s *site) reseals(args ...string) (status int, out, said string) {
	s.t.Helper()
	var printed, log bytes.Buffer
	environ := maps.Clone(s.environ)
	environ["ONBOARD_PUBLIC_URL"] = s.public
	status = run(context.Background(), process{args: append([]string{"reseal"}, args...), environ: environ, out: &printed, log: &log})
	for key := range strings.SplitSeq(environ[keysVariable], ",") {
		if strings.Contains(printed.String()+log.String(), key) {
			s.t.Error("it prints a key")
		}
	}
	return status, printed.String(), log.String()
}

// moves demands that resealing goes well, and returns how many values moved.
func (s *site) moves() (moved int) {
	s.t.Helper()
	status, out, said := s.reseals()
	lines := regexp.MustCompile(`(?m)^(setup secrets|sign-ins|sessions|key proof) +(\d+) moved, \d+ under the first key already, 0 could not be opened$`).FindAllStringSubmatch(out, -1)
	if status != 0 || len(lines) != 4 {
		s.t.Fatalf("status %d, printed:\n%s%s", status, out, said)
	}
	for _, line := range lines {
		var n int
		_, _ = fmt.Sscan(line[2], &n)
		moved += n
	}
	return moved
}

// rekey ends every program and starts one with other sealing keys, at the same public address.
func (c *replicas) rekey(keys ...string) {
	c.t.Helper()
	for _, r := range c.all {
		r.stop()
	}
	c.all = nil
	c.environ[keysVariable] = strings.Join(keys, ",")
	c.add((*site).start)
}

// inAFile are the changes for a program on SQLite.
func inAFile(t *testing.T) map[string]string {
	return map[string]string{"ONBOARD_DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "onboard.db")}
}

// kept is what was sealed before the keys were changed.
type kept struct {
	secret *visitor // whose client secret is held, and was not sent yet
	token  *visitor // whose SCIM token waits to be shown
	signin *visitor // who is on the way back from Aritma ID
	answer *url.URL // with this
}

// keeps brings visitors to where something of theirs is sealed.
func (s *site) keeps() kept {
	s.t.Helper()
	k := kept{token: s.visitor().open(s.link()).walk("review").register()}
	s.sandbox.Faults().SetOn(sandbox.IAMSlow, "POST /core/iam/v1/scim", 1)
	k.token.send(map[string]string{"replaces": "0"}).at("token")
	s.sandbox.Faults().Release()
	if k.token.idle("token").page.Find("form[action$='/token/show']").Length() != 1 {
		s.t.Fatalf("no token waits: %s", k.token.text("main"))
	}
	k.secret = s.visitor().open(s.link("--company", "Nordlys Bygg AS", "--tenant", "nordlys")).walk("review")
	k.signin = s.visitor().get("/console").send(nil)
	k.answer = k.signin.answered(sandbox.Guide)
	return k
}

// stillOpens demands that everything that was kept is there, and the token is shown once.
func (k kept) stillOpens(s *site) {
	s.t.Helper()
	if v := k.signin.get(k.answer.RequestURI()); v.text("h1") != "Setups" {
		s.t.Errorf("the sign-in that was under way ends at %s (%d): %s", v.path, v.status, v.text("main"))
	}
	k.secret.get("/setup/" + k.secret.setup() + "/review").register()
	path := "/setup/" + k.token.setup() + "/token"
	v := k.token.get(path)
	action, values := v.form(nil)
	shown := 0
	for _, tab := range v.atOnce(4, action, values) {
		if value := tab.value(); value != "" {
			shown++
			if !s.works(value) {
				s.t.Error("the token that is shown does not work")
			}
		}
	}
	if v.get(path); shown != 1 || v.value() != "" {
		s.t.Errorf("the token was shown %d times, want 1", shown)
	}
}

// busy has people use the site until the returned function is called: each round walks through a setup of its own up to
// Microsoft's word on the sealed client secret and on, or signs in. A page that is not as it should be fails the test.
func (s *site) busy() (rest func()) {
	ended := make(chan struct{})
	var people sync.WaitGroup
	rounds := make([]int, 3)
	for i := range rounds {
		people.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				if i == 0 {
					s.guide()
				} else {
					s.visitor().open(s.link()).walk("review").get("/")
				}
				rounds[i]++
			}
		})
	}
	return func() {
		s.t.Helper()
		close(ended)
		people.Wait()
		for i, n := range rounds {
			if n == 0 {
				s.t.Errorf("visitor %d never came through", i)
			}
		}
		s.t.Logf("rounds of traffic: %v", rounds)
	}
}

// TestRotationUnderLoad changes the sealing key of replicas in the order that the handbook gives, while people use them.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 2, nil)
	old, fresh := c.environ[keysVariable], seal.Generate().Expose()
	k := c.keeps()
	rest := c.busy()
	for _, list := range []string{old + "," + fresh, fresh + "," + old} {
		c.environ[keysVariable] = list
		c.roll()
	}
	if moved := c.moves(); moved < 5 { // secret, token, sign-in, sessions, proof
		t.Errorf("%d moved", moved)
	}
	if moved := c.moves(); moved != 0 {
		t.Errorf("%d moved the second time", moved)
	}
	if _, out, _ := c.reseals("--check"); !strings.Contains(out, "All of it is sealed with the first key") {
		t.Errorf("--check says:\n%s", out)
	}
	c.environ[keysVariable] = fresh
	c.roll()
	rest()
	k.stillOpens(c.site)
}

// TestRotationInAFile is the same with one program on SQLite, which is restarted for each list of keys.
func TestRotationInAFile(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 1, inAFile(t))
	old, fresh := c.environ[keysVariable], seal.Generate().Expose()
	k := c.keeps()
	c.rekey(fresh, old)
	c.all[0].stop()
	before := c.files()
	status, out, _ := c.reseals("--check")
	if status != 1 || !regexp.MustCompile(`(?m)^setup secrets +[0-9a-f]{8} +2 +\d+$`).MatchString(out) || !strings.Contains(out, "sealed with other keys than the first") {
		t.Errorf("--check says:\n%s", out)
	}
	if !maps.EqualFunc(before, c.files(), bytes.Equal) {
		t.Error("--check writes")
	}
	c.rekey(fresh, old)
	rest := c.busy()
	if moved := c.moves(); moved < 5 {
		t.Errorf("%d moved", moved)
	}
	if moved := c.moves(); moved != 0 {
		t.Errorf("%d moved the second time", moved)
	}
	rest()
	if _, out, _ = c.reseals(); !strings.Contains(out, "key 2 of ONBOARD_SEALING_KEYS (") || !strings.Contains(out, "can be taken out") {
		t.Errorf("which key can go is not said:\n%s", out)
	}
	c.rekey(fresh)
	k.stillOpens(c.site)
	if status, out, _ = c.reseals("--check"); status != 0 || !strings.Contains(out, "All of it is sealed with the first key") {
		t.Errorf("--check ends with %d and says:\n%s", status, out)
	}
}

// TestKeyTakenOutTooEarly: the service is not ready rather than losing what it cannot open; nothing is written over, and with
// the key put back all is there.
func TestKeyTakenOutTooEarly(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 1, inAFile(t))
	old, fresh := c.environ[keysVariable], seal.Generate().Expose()
	k := c.keeps()
	c.rekey(fresh, old)
	c.rekey(fresh)
	if v := c.visitor().get("/readyz"); v.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answered %d", v.status)
	}
	for _, path := range []string{"/", "/console", "/setup/" + k.secret.setup() + "/review"} {
		if v := c.visitor().get(path); v.status != http.StatusServiceUnavailable || !strings.Contains(v.text("main"), "changes nothing") {
			t.Errorf("%s answered %d: %s", path, v.status, v.text("main"))
		}
	}
	status, out, said := c.reseals()
	if status != 1 || out != "" || !strings.Contains(said, "ONBOARD_SEALING_KEYS are not the keys of this database") {
		t.Errorf("reseal: status %d, printed %q, said %q", status, out, said)
	}
	if _, out, _ = c.reseals("--check"); !strings.Contains(out, "not in ONBOARD_SEALING_KEYS: nothing else opens") {
		t.Errorf("--check says:\n%s", out)
	}
	c.rekey(fresh, old)
	if v := c.visitor().get("/readyz"); v.status != http.StatusOK {
		t.Fatalf("with the key put back /readyz answers %d", v.status)
	}
	k.stillOpens(c.site)
}

// TestResealSaysWhatDoesNotOpen: values of a key that is not there keep it from going well, and stay.
func TestResealSaysWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 1, inAFile(t))
	first, late, next := c.environ[keysVariable], seal.Generate().Expose(), seal.Generate().Expose()
	c.rekey(late, first) // sealed with the late one, while the key proof stays under the first
	v := c.visitor().open(c.link()).walk("assign")
	c.rekey(next, first)
	for range 2 {
		status, out, said := c.reseals()
		if status != 1 || !regexp.MustCompile(`(?m)^setup secrets +0 moved, 0 under the first key already, 1 could not be opened$`).MatchString(out) ||
			!strings.Contains(out, "put it at the end of the list and run this again") || !strings.Contains(said, "could not be opened") {
			t.Errorf("status %d, printed:\n%s%s", status, out, said)
		}
	}
	e := c.doctor(nil)
	e.demand(t, "sealing keys", "warning", "names the keys that are missing")
	c.rekey(next, first, late)
	e = c.doctor(nil)
	e.demand(t, "sealing keys", "ok", "are still sealed with other keys than the first")
	c.moves()
	c.rekey(next)
	v.get("/setup/" + v.setup() + "/").at("assign").send(map[string]string{"person": c.sandbox.Sample().Person}).register()
}

// TestReplicasOfDifferentKeys: of two that start at once on an empty database the first one wins, and the other is not ready.
func TestReplicasOfDifferentKeys(t *testing.T) {
	t.Parallel()
	c := newReplicas(t, 0, nil)
	empty := postgrestest.Database(t)
	all := make([]*site, 2)
	race(len(all), func(i int) {
		s := &site{t: t, sandbox: c.sandbox, environ: maps.Clone(c.environ), log: &lockedBuffer{}}
		s.environ[keysVariable] = seal.Generate().Expose()
		s.environ["ONBOARD_PUBLIC_URL"], s.environ["ONBOARD_DATABASE_URL"] = "", empty
		s.start()
		all[i] = s
	})
	ready := map[int]int{}
	for _, s := range all {
		t.Cleanup(s.stop)
		ready[s.visitor().get("/readyz").status]++
	}
	if ready[http.StatusOK] != 1 || ready[http.StatusServiceUnavailable] != 1 {
		t.Errorf("answers of /readyz: %v, want one that is ready", ready)
	}
}
