package onboarding_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const session = "the session that began it"

// atTrial is a setup whose open step is the sign-in test; in Entra everything is done that the steps ask for.
func (w *world) atTrial() string {
	w.t.Helper()
	w.value = w.box.Sample().ClientSecret
	return w.prepareTrial(w.registered())
}

// prepareTrial goes on from a registered setup to the sign-in test.
func (w *world) prepareTrial(id string) string {
	w.t.Helper()
	w.token(w.Service, id, w.access())
	_, setup, err := w.RevealToken(w.t.Context(), id, "", admin)
	w.fatal(err)
	_, err = w.TokenPasted(w.t.Context(), id, setup.State.Token.Generation, w.access())
	w.fatal(err)
	w.fatal(w.answer(w.Service, w.setup(id)))
	client := w.box.Sample().ClientID
	if !w.box.RegisterRedirectURI(client, w.RedirectURI(w.setup(id))) || !w.box.AddEmailClaim(client) || !w.box.GrantConsent(client) || !w.box.Assign(client, w.box.Sample().Person) {
		w.t.Fatal("Entra does not know the sample")
	}
	return id
}

// signIn goes where the trial leads and picks the first account of Microsoft's page; it returns the answer's query, or
// nil when a page in between says no.
func (w *world) signIn(to *url.URL) url.Values {
	w.t.Helper()
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == callback.Host {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, to.String(), nil)
	for range 3 {
		w.fatal(err)
		answer, err := client.Do(request)
		w.fatal(err)
		if back, err := answer.Location(); err == nil && back.Host == callback.Host {
			_ = answer.Body.Close()
			return back.Query()
		}
		page, err := goquery.NewDocumentFromReader(answer.Body)
		_ = answer.Body.Close()
		w.fatal(err)
		form := page.Find("main form").First()
		if form.Length() == 0 {
			return nil
		}
		values := url.Values{}
		form.Find("input").Each(func(_ int, in *goquery.Selection) { values.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
		button := form.Find("button").First()
		values.Set(button.AttrOr("name", ""), button.AttrOr("value", ""))
		action, err := answer.Request.URL.Parse(form.AttrOr("action", ""))
		w.fatal(err)
		request, err = http.NewRequestWithContext(w.t.Context(), http.MethodPost, action.String(), strings.NewReader(values.Encode()))
		w.fatal(err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", action.Scheme+"://"+action.Host)
	}
	w.t.Fatal("the sign-in comes to no end")
	return nil
}

// try makes a test sign-in from beginning to verdict.
func (w *world) try(id string) wizard.SigninTrial {
	w.t.Helper()
	to, err := w.BeginTrial(w.t.Context(), id, session, admin)
	w.fatal(err)
	if !w.setup(id).State.Trial.Running() {
		w.t.Error("the setup does not know that a trial runs")
	}
	w.fatal(w.FinishTrial(w.t.Context(), id, session, w.signIn(to), w.access()))
	w.Await(id)
	return w.setup(id).State.Trial
}

func TestTrialFindsTheSamePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atTrial()
	trial := w.try(id)
	if trial.Outcome != wizard.Doubt || trial.Match != wizard.MatchNone || trial.Name != "Kari Nordmann" || trial.Provider != scheme || trial.Lacks("email") {
		t.Errorf("before Aritma knows her: %+v", trial)
	}
	setup := w.setup(id)
	w.token(w.Service, id, w.access())
	value, _, err := w.RevealToken(t.Context(), id, "", admin)
	w.fatal(err)
	_, err = w.TokenPasted(t.Context(), id, setup.State.Token.Generation+1, w.access())
	w.fatal(err)
	w.person(value, w.box.Sample().Person, w.box.Sample().Person)
	trial = w.try(id)
	if trial.Outcome != wizard.Good || trial.Match != wizard.MatchSubject || trial.Known == nil || trial.Known.Email != w.box.Sample().Person {
		t.Errorf("after she was provisioned: %+v, known %+v", trial, trial.Known)
	}
	if trial.Running() {
		t.Error("the trial still runs")
	}
}

// TestAnswerCountsOnceAndInItsSession: a foreign, made-up or repeated answer changes nothing, and does not end the trial.
func TestAnswerCountsOnceAndInItsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atTrial()
	to, err := w.BeginTrial(t.Context(), id, session, admin)
	w.fatal(err)
	answer := w.signIn(to)
	if onboarding.SetupOfState(answer.Get("state")) != id {
		t.Errorf("state %q does not name the setup", answer.Get("state"))
	}
	before := w.setup(id).Version
	other := url.Values{"state": {id + ".made-up"}, "code": {"x"}}
	for name, refused := range map[string]func() error{
		"another session":   func() error { return w.FinishTrial(t.Context(), id, "another", answer, w.access()) },
		"no session":        func() error { return w.FinishTrial(t.Context(), id, "", answer, w.access()) },
		"a made-up state":   func() error { return w.FinishTrial(t.Context(), id, session, other, w.access()) },
		"no state":          func() error { return w.FinishTrial(t.Context(), id, session, url.Values{}, w.access()) },
		"another setup":     func() error { return w.FinishTrial(t.Context(), w.create(), session, answer, w.access()) },
		"no setup anywhere": func() error { return w.FinishTrial(t.Context(), "nowhere", session, answer, w.access()) },
	} {
		if err := refused(); !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.setup(id).Version != before {
		t.Error("a refused answer changed the setup")
	}
	w.fatal(w.FinishTrial(t.Context(), id, session, answer, w.access()))
	w.Await(id)
	if err := w.FinishTrial(t.Context(), id, session, answer, w.access()); !fault.Is(err, fault.Gone) {
		t.Errorf("the same answer again: %v", err)
	}
	if trial := w.setup(id).State.Trial; trial.Name == "" {
		t.Errorf("the trial did not survive the attacks: %+v", trial)
	}
}

func TestTrialThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		fault   sandbox.Switch
		problem string
	}{
		"wrong nonce":            {sandbox.IDTokenWrongNonce, "signin.person.token"},
		"wrong key":              {sandbox.IDTokenWrongKey, "signin.person.token"},
		"foreign tenant":         {sandbox.IDTokenWrongTenant, "signin.person.tenant"},
		"stale":                  {sandbox.IDTokenStale, "signin.person.token"},
		"secret refused later":   {sandbox.EntraSecretUnknown, "signin.person.refused"},
		"unknown people refused": {sandbox.IDRefusesUnknown, "signin.person.refused"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			id := w.atTrial()
			w.box.Faults().Set(c.fault, sandbox.UntilCleared)
			trial := w.try(id)
			w.wantTold(trial.Problem)
			if trial.Outcome != wizard.Bad || trial.Problem.ID != c.problem {
				t.Fatalf("trial is %+v, problem %+v", trial, trial.Problem)
			}
			if c.fault == sandbox.EntraSecretUnknown && w.Diagnose(trial.Shown).Code != 7000215 {
				t.Errorf("what Microsoft said is lost: %q", trial.Shown)
			}
			w.box.Faults().ClearAll()
			if trial = w.try(id); trial.Outcome == wizard.Bad {
				t.Errorf("after it was mended: %+v", trial.Problem)
			}
		})
	}
}

func TestEmailClaimIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atTrial()
	w.box.Faults().Set(sandbox.MistakeNoEmailClaim, sandbox.UntilCleared)
	if trial := w.try(id); !trial.Lacks("email") || trial.Lacks("name") || trial.Email != "" {
		t.Errorf("claims are %v", trial.Claims)
	}
}

func TestAbandonedTrialIsSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atTrial()
	to, err := w.BeginTrial(t.Context(), id, session, admin)
	w.fatal(err)
	w.ahead.Store(int64(onboarding.TrialLife + time.Minute))
	w.fatal(w.Sweep(t.Context()))
	if err := w.FinishTrial(t.Context(), id, session, w.signIn(to), w.access()); !fault.Is(err, fault.Gone) {
		t.Errorf("an answer after its time: %v", err)
	}
	if !w.setup(id).State.ClientSecret.Held {
		t.Error("the sweep took the client secret")
	}
}

func TestRedirectURIIsReadOffTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		fault   sandbox.Switch
		outcome wizard.Outcome
		problem string
		open    wizard.Step
	}{
		"the one on the card": {"", wizard.Good, "", wizard.Token},
		"another one":         {sandbox.IDRedirectDiffers, wizard.Good, "", wizard.Redirect},
		"not to be asked":     {sandbox.IDAsksForPage, wizard.Doubt, "signin.redirect.unproven", wizard.Token},
		"asked at /common":    {sandbox.MistakeCommonAuthority, wizard.Bad, "redirect.other-directory", wizard.Token},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			id := w.review()
			if c.fault != "" {
				w.box.Faults().Set(c.fault, sandbox.UntilCleared)
			}
			asked := w.box.Snapshot("").Requests["GET /login/{directory}/oauth2/v2.0/authorize"]
			setup := w.register(w.service(w.store, w.client(0)), id, onboarding.Registration{}, w.access())
			proof := setup.State.Registration.Redirect
			w.wantTold(proof.Problem)
			if proof.Outcome != c.outcome || (proof.Problem != nil && proof.Problem.ID != c.problem) || setup.State.Open() != c.open {
				t.Errorf("proof is %+v, problem %+v, open %s", proof, proof.Problem, setup.State.Open())
			}
			if c.fault == sandbox.IDRedirectDiffers && !strings.HasSuffix(w.RedirectURI(setup), "/callback") {
				t.Errorf("the card shows %s", w.RedirectURI(setup))
			}
			if n := w.box.Snapshot("").Requests["GET /login/{directory}/oauth2/v2.0/authorize"]; n != asked {
				t.Error("Microsoft was asked")
			}
		})
	}
}

// TestSigninThatCreatesPeopleProvesNothing: where Aritma creates people at their first sign-in, the one who is found was made by
// the test itself.
func TestSigninThatCreatesPeopleProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.value = w.box.Sample().ClientSecret
	id := w.review()
	seen := w.setup(id).State.Marks[wizard.Signin].Revision
	_, err := w.Submit(t.Context(), id, wizard.Signin, seen, admin, wizard.SigninChosen{DisplayName: "Acme", Scheme: scheme, AutoProvision: true})
	w.fatal(err)
	w.register(w.Service, id, onboarding.Registration{}, w.access())
	w.prepareTrial(id)
	trial := w.try(id)
	w.wantTold(trial.Problem)
	if trial.Match != wizard.MatchSubject || trial.Outcome != wizard.Doubt || trial.Problem.ID != "signin-test.autoprovisioned" {
		t.Errorf("trial is %+v, problem %+v", trial, trial.Problem)
	}
	if a := w.lookNow(id); a.Person == nil || a.Somebody() {
		t.Errorf("who was made by the sign-in counts as provisioned: %+v", a)
	}
}

// TestVerdictOnAnotherApplicationCountsForNothing: the answer to a test of the old application comes after the new one was
// registered.
func TestVerdictOnAnotherApplicationCountsForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.atTrial()
	to, err := w.BeginTrial(t.Context(), id, session, admin)
	w.fatal(err)
	answer := w.signIn(to)
	moved := w.answers("Acme")[wizard.Directory].(wizard.DirectoryGiven)
	moved.ClientID = "0a0a0a0a-1111-4222-8333-444444444444"
	_, err = w.Submit(t.Context(), id, wizard.Directory, w.setup(id).State.Marks[wizard.Directory].Revision, admin, moved)
	w.fatal(err)
	_, err = w.DiscardChanges(t.Context(), id, admin)
	w.fatal(err)
	if err := w.FinishTrial(t.Context(), id, session, answer, w.access()); err != nil && !fault.Is(err, fault.Gone) {
		t.Fatal(err)
	}
	w.Await(id)
	if trial := w.setup(id).State.Trial; trial.Outcome != wizard.Unchecked {
		t.Errorf("the old answer is a verdict: %+v", trial)
	}
}

// TestWaitingCostsWhatItCosts: going back and forth does not make looks free.
func TestWaitingCostsWhatItCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.pasted()
	for range 3 {
		w.lookNow(id)
	}
	before := w.setup(id).State.Arrivals
	moved := w.answers("Acme")[wizard.Directory].(wizard.DirectoryGiven)
	moved.ClientID = "0a0a0a0a-1111-4222-8333-444444444444"
	_, err := w.Submit(t.Context(), id, wizard.Directory, w.setup(id).State.Marks[wizard.Directory].Revision, admin, moved)
	w.fatal(err)
	_, err = w.DiscardChanges(t.Context(), id, admin)
	w.fatal(err)
	after := w.setup(id).State.Arrivals
	if now := w.Now(); after.Cost(now) != before.Cost(now) || after.Cost(now) == 0 || !after.Since.Equal(before.Since) {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
