package onboarding_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// provision creates a person, or a group, as Entra does.
func (w *world) provision(token secret.Secret, kind, body string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.box.IDURL()+"/"+tenant+"/api/scim/v2/"+kind, bytes.NewBufferString(body))
	w.fatal(err)
	r.Header.Set("Authorization", "Bearer "+token.Expose())
	r.Header.Set("Content-Type", "application/scim+json")
	answer, err := http.DefaultClient.Do(r)
	w.fatal(err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		w.t.Fatalf("SCIM answered %d", answer.StatusCode)
	}
}

func (w *world) person(token secret.Secret, userName, email string) {
	w.t.Helper()
	w.provision(token, "Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+userName+`","active":true,"displayName":"Somebody","emails":[{"type":"work","value":"`+email+`","primary":true}]}`)
}

// lookNow presses Check again, a while after the last look.
func (w *world) lookNow(id string) wizard.Arrivals {
	w.t.Helper()
	w.ahead.Add(int64(10 * time.Second))
	w.fatal(w.LookForArrivals(w.t.Context(), id, true, w.access()))
	w.Await(id)
	return w.setup(id).State.Arrivals
}

func TestFirstPersonArrives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, token := w.pasted()
	if a := w.setup(id).State.Arrivals; a.Since.IsZero() || a.Users != 0 || a.PersonBefore {
		t.Fatalf("counted before: %+v", a)
	}
	if a := w.lookNow(id); a.Somebody() || a.Checks != 1 || a.Cost(time.Now()) == 0 {
		t.Fatalf("before anybody came: %+v", a)
	}
	other := "ola@nordlysbygg.example"
	w.person(token, other, other)
	if a := w.lookNow(id); !a.Somebody() || a.Person != nil || a.People != 1 || onboarding.Arrived(w.setup(id).State) {
		t.Errorf("after somebody else came: %+v", a)
	}
	first := w.box.Sample().Person
	w.person(token, "kn0417@nordlysbygg.example", first)
	a := w.lookNow(id)
	if a.Person == nil || a.Person.Email != first || a.Person.UserName == first || a.Person.SubjectID == "" || !onboarding.Arrived(w.setup(id).State) {
		t.Errorf("after the first person came: %+v", a.Person)
	}
	w.provision(token, "Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Aritma users"}`)
	if a = w.lookNow(id); a.Group == nil || a.Group.Name != "Aritma users" {
		t.Errorf("after the group came: %+v", a.Group)
	}
	if !w.setup(id).State.Answers.FirstUserArrived {
		t.Error("the setup does not know that somebody arrived")
	}
}

func TestPersonWhoWasThereProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.pasted() // another setup of the tenant, by whose token the person comes
	first := w.box.Sample().Person
	w.person(token, first, first)
	id := w.create()
	for w.setup(id).State.Open() != wizard.Review {
		setup := w.setup(id)
		answer := w.answers("Acme")[setup.State.Open()]
		if setup.State.Open() == wizard.Signin {
			answer = wizard.SigninChosen{DisplayName: "Acme", Scheme: "acme-two"}
		}
		if setup.State.Open() == wizard.Secret {
			_, err := w.ReceiveSecret(t.Context(), id, "", admin, secret.New(clientValue), "")
			w.fatal(err)
		}
		_, err := w.Submit(t.Context(), id, setup.State.Open(), 0, admin, answer)
		w.fatal(err)
	}
	w.register(w.Service, id, onboarding.Registration{}, w.access())
	w.token(w.Service, id, w.access())
	_, setup, err := w.RevealToken(t.Context(), id, "", admin)
	w.fatal(err)
	_, err = w.TokenPasted(t.Context(), id, setup.State.Token.Generation, w.access())
	w.fatal(err)
	if a := w.lookNow(id); a.Person == nil || !a.PersonBefore || a.Somebody() {
		t.Errorf("arrivals are %+v", a)
	}
}

func TestLookThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.pasted()
	w.box.Faults().Set(sandbox.IAMUnavailable, sandbox.UntilCleared)
	before := w.requests("GET /core/iam/v1/subjects/users")
	a := w.lookNow(id)
	w.wantTold(a.Problem)
	if a.Problem == nil || a.Problem.ID != "iam.unavailable" {
		t.Errorf("problem is %+v", a.Problem)
	}
	if n := w.requests("GET /core/iam/v1/subjects/users") - before; n > 1 {
		t.Errorf("a look that failed was repeated: %d requests", n)
	}
	w.box.Faults().ClearAll()
	if a := w.lookNow(id); a.Problem != nil {
		t.Errorf("the problem stays: %+v", a.Problem)
	}
}

// TestWaitingADayIsCheap lets a page ask every five seconds for a day and a night and counts what reached Aritma.
func TestWaitingADayIsCheap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.pasted()
	subjects := func() int {
		return w.requests("GET /core/iam/v1/subjects/users") + w.requests("GET /core/iam/v1/subjects/groups")
	}
	before, looks := subjects(), 0
	start, seen := time.Now().Add(time.Duration(w.ahead.Load())), w.setup(id).State.Arrivals
	for passed := time.Duration(0); passed < 24*time.Hour; passed += 5 * time.Second {
		w.ahead.Store(int64(time.Until(start.Add(passed))))
		if next := onboarding.NextLook(seen, start.Add(passed)); next.IsZero() || next.After(start.Add(passed)) {
			continue // as the service itself decides, without 17,000 calls
		}
		looks++
		w.fatal(w.LookForArrivals(t.Context(), id, false, w.access()))
		w.Await(id)
		seen = w.setup(id).State.Arrivals
	}
	cost := subjects() - before
	t.Logf("a day of waiting: %d looks, %d requests", looks, cost)
	if cost > 200 || looks < 40 {
		t.Errorf("%d looks cost %d requests, want 40 looks or more for 200 requests or fewer", looks, cost)
	}
}

// TestImpatienceIsBounded presses Check again as fast as it is answered to, for three days: no day of them costs more.
func TestImpatienceIsBounded(t *testing.T) {
	w := newWorld(t)
	id, _ := w.pasted()
	state, now := w.setup(id).State, time.Date(2026, 11, 24, 22, 30, 0, 0, time.UTC)
	var spent []time.Time
	for end := now.Add(72 * time.Hour); now.Before(end); now = now.Add(5 * time.Second) {
		if onboarding.NextLook(state.Arrivals, now).IsZero() {
			continue
		}
		next, err := state.Apply(wizard.ArrivalsChecked{Users: 0, Requests: 3}, now)
		w.fatal(err)
		state, spent = next, append(spent, now, now, now)
	}
	worst := 0
	for i, from := range spent {
		n := 0
		for _, at := range spent[i:] {
			if at.Sub(from) < 24*time.Hour {
				n++
			}
		}
		worst = max(worst, n)
	}
	t.Logf("%d requests in three days, at most %d in 24 hours", len(spent), worst)
	if worst > 200 {
		t.Errorf("%d requests in 24 hours", worst)
	}
}
