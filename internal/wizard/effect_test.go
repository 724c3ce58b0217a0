package wizard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// incomplete lists the steps before review that have to be done, again or for the first time.
func incomplete(s wizard.State) (steps []wizard.Step) {
	for _, step := range wizard.Steps() {
		if step.Before(wizard.Review) && !s.Complete(step) {
			steps = append(steps, step)
		}
	}
	return steps
}

func TestWhatAChangeReopens(t *testing.T) {
	otherDirectory := directoryGiven
	otherDirectory.DirectoryID = otherClient
	for _, c := range []struct {
		name   string
		change wizard.Event
		want   []wizard.Step
	}{
		{"the same directory and application", directoryGiven, nil},
		{"another application", otherApplication, []wizard.Step{wizard.Redirect, wizard.Secret, wizard.Assign}},
		{"another directory", otherDirectory, []wizard.Step{wizard.Redirect, wizard.Secret, wizard.Assign}},
		{"another name", otherName, nil},
		{"another scheme", otherScheme, []wizard.Step{wizard.Redirect}},
		{"two applications", wizard.Started{TwoApps: true}, []wizard.Step{wizard.Application}},
		{"another person", wizard.Assigned{FirstPerson: "ola@nordlys.example"}, nil},
		{"a newer secret", wizard.SecretReceived{}, []wizard.Step{wizard.Secret}},
		{"secret gone", wizard.SecretDropped{}, []wizard.Step{wizard.Secret}},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := apply(t, at(t, "assigned"), began, c.change)
			if got := incomplete(state); !slices.Equal(got, c.want) {
				t.Errorf("%v are open, want %v", got, c.want)
			}
		})
	}
}

func TestAnotherApplicationHasAnotherSecret(t *testing.T) {
	state := apply(t, at(t, "assigned"), began, otherApplication)
	if state.ClientSecret != (wizard.ClientSecret{}) || state.Answers.SecretExpires != "" {
		t.Errorf("the secret of the other application is still there: %+v, %q", state.ClientSecret, state.Answers.SecretExpires)
	}
	if same := apply(t, at(t, "assigned"), began, directoryGiven); !same.ClientSecret.Held || same.Answers.SecretExpires == "" {
		t.Error("the same application lost its secret")
	}
}

func TestRegistrationRecordsWhatWasSent(t *testing.T) {
	state := at(t, "registered")
	want := state.Answers
	r := state.Registration
	if diff := cmp.Diff(want, r.Sent); diff != "" {
		t.Errorf("sent answers differ:\n%s", diff)
	}
	if !r.Exists || r.Adopted || r.ProviderID != 12 || r.RegisteredAt.IsZero() || r.Intent != "" || !state.ClientSecret.Sent || state.Pending() {
		t.Errorf("registration is %+v", r)
	}
	if r := at(t, "adopted").Registration; !r.Adopted || r.ProviderID != 7 || r.Clash != nil {
		t.Errorf("taken over is %+v", r)
	}
	untold := apply(t, at(t, "updating"), began, wizard.RegistrationDone{})
	if untold.Registration.ProviderID != 12 || !untold.Registration.RegisteredAt.Equal(r.RegisteredAt) {
		t.Errorf("an update made it %+v", untold.Registration)
	}
}

func TestProblemStaysUntilTheNextAttempt(t *testing.T) {
	failed := at(t, "failed")
	if failed.Registration.Problem == nil || failed.Registration.Problem.Reference != problem.Reference || failed.SchemeFixed() {
		t.Errorf("after a failure: %+v", failed.Registration)
	}
	if unclear := at(t, "unclear"); unclear.Registration.Problem == nil || !unclear.SchemeFixed() {
		t.Errorf("after an unclear outcome: %+v", unclear.Registration)
	}
	if again := apply(t, failed, began, intended(wizard.Create)); again.Registration.Problem != nil {
		t.Error("the problem of the last attempt is still told")
	}
	if again := apply(t, at(t, "lost"), began, asked(1)); again.Token.Problem != nil {
		t.Error("the token problem of the last attempt is still told")
	}
	if other := apply(t, at(t, "clash"), began, otherScheme); other.Registration.Clash != nil {
		t.Error("another scheme still clashes")
	}
}

func TestDiscardedChanges(t *testing.T) {
	for _, from := range []string{"renamed", "moved", "changed"} {
		state := at(t, from)
		if !state.Pending() {
			t.Fatalf("%s: nothing is pending", from)
		}
		state = apply(t, state, began, wizard.ChangesDiscarded{})
		if state.Pending() || state.NeedsSecret() || state.ClientSecret.Held || len(incomplete(state)) > 0 {
			t.Errorf("%s: still open after discarding: %v, %+v", from, incomplete(state), state.ClientSecret)
		}
		if a := state.Answers; a.ClientID != clientID || a.DisplayName != signinChosen.DisplayName {
			t.Errorf("%s: answers are %+v", from, a)
		}
	}
}

func TestReplacedTokenIsKeptUntilRemoved(t *testing.T) {
	state := at(t, "replaced")
	if state.Token.ID != "token-2" || state.Token.Generation != 2 || !slices.Equal(state.Token.Old, []string{"token-1"}) {
		t.Errorf("token is %+v", state.Token)
	}
	state = apply(t, state, began, wizard.TokensRemoved{IDs: []string{"token-1", "foreign"}})
	if len(state.Token.Old) != 0 || state.Token.ID != "token-2" || !state.Finished() {
		t.Errorf("after the removal token is %+v", state.Token)
	}
}

func TestRemovedTokenIsNoLongerInEntra(t *testing.T) {
	state := apply(t, at(t, "finished"), began, wizard.TokensRemoved{IDs: []string{"token-1"}})
	if state.Token.ID != "" || state.Token.Status != wizard.TokenNone || state.Open() != wizard.Token {
		t.Errorf("token is %+v, open is %s", state.Token, state.Open())
	}
}

func TestOrphansAreCountedOnce(t *testing.T) {
	state := apply(t, at(t, "lost"), began, wizard.OrphanFound{ID: "a"}, wizard.OrphanFound{ID: "a"}, wizard.OrphanFound{ID: "b"})
	if state.Token.OrphansRemoved != 2 || !slices.Equal(state.Token.Old, []string{"a", "b"}) {
		t.Errorf("token is %+v", state.Token)
	}
	state = apply(t, state, began, asked(1), wizard.TokenMade{ID: "token-1"}, wizard.TokenShown{})
	if state.Token.OrphansRemoved != 2 || state.Token.Generation != 1 {
		t.Errorf("the page that shows the token cannot tell what happened before: %+v", state.Token)
	}
	if state = apply(t, state, began, asked(1)); state.Token.OrphansRemoved != 0 {
		t.Errorf("a new token begins with %d orphans", state.Token.OrphansRemoved)
	}
}

func TestStartingOverKeepsWhatMustNotComeBack(t *testing.T) {
	state := apply(t, at(t, "claimed"), began, wizard.OrphanUnlisted{}, intended(wizard.Remove), wizard.Removed{})
	want := wizard.State{Marks: map[wizard.Step]wizard.Mark{}, Token: wizard.SCIMToken{Generation: 1, LostUnlisted: true, Before: []string{"foreign"}, Listed: true}}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("started over is different:\n%s", diff)
	}
	for state.Token.Status != wizard.TokenIntended {
		if state.Open() == wizard.Token {
			state = apply(t, state, began, asked(0))
			continue
		}
		state = apply(t, state, began, onward(state)...)
	}
	if state.Token.Generation != 2 {
		t.Errorf("a tab from before could take token %d for the one it saw", state.Token.Generation)
	}
}

func TestAskingKeepsItsOwnList(t *testing.T) {
	before := []string{"foreign"}
	state := apply(t, at(t, "registered"), began, wizard.TokenAsked{Before: before, Listed: true})
	before[0] = "changed"
	if state.Token.Before[0] != "foreign" {
		t.Error("the list in the state is the caller's")
	}
}

func TestMarksTellTabsApart(t *testing.T) {
	state := at(t, "signin")
	first := state.Marks[wizard.Signin]
	later := began.Add(time.Hour)
	state = apply(t, state, later, otherName)
	if mark := state.Marks[wizard.Signin]; mark.Revision != first.Revision+1 || !mark.At.Equal(later) || mark.Open {
		t.Errorf("mark is %+v after %+v", mark, first)
	}
}

func TestSteps(t *testing.T) {
	steps := wizard.Steps()
	for i, step := range steps {
		if step.Number() != i+1 || (i > 0 && !steps[i-1].Before(step)) {
			t.Errorf("%s has number %d", step, step.Number())
		}
	}
	if steps[0] = "x"; wizard.Steps()[0] != wizard.Start || wizard.Step("x").Number() != 0 {
		t.Error("the order can be changed from outside")
	}
	state := at(t, "signin")
	for step, want := range map[wizard.Step]bool{wizard.Start: true, wizard.Redirect: true, wizard.Secret: false, wizard.Done: false, "x": false, "": false} {
		if state.Reachable(step) != want {
			t.Errorf("Reachable(%q) = %v", step, !want)
		}
	}
}

func TestArrivalsAreProvenOnlyByWhoWasNotThereBefore(t *testing.T) {
	kari, first := &wizard.Arrived{Name: "Kari Nordmann", SubjectID: "user-1"}, "kari@nordlys.example"
	for _, c := range []struct {
		name    string
		counted *wizard.ArrivalsCounted
		looks   []wizard.ArrivalsChecked
		want    bool
	}{
		{"nobody", &wizard.ArrivalsCounted{Users: 3}, []wizard.ArrivalsChecked{{Users: 3}}, false},
		{"the first person", &wizard.ArrivalsCounted{Users: 3, Person: first}, []wizard.ArrivalsChecked{{Person: kari, Users: -1}}, true},
		{"somebody else", &wizard.ArrivalsCounted{Users: 3}, []wizard.ArrivalsChecked{{Users: 4}}, true},
		{"the first person, uncounted", nil, []wizard.ArrivalsChecked{{Person: kari, Users: -1}}, false},
		{"the first person, who was there before", &wizard.ArrivalsCounted{Users: 3, Person: first, PersonBefore: true}, []wizard.ArrivalsChecked{{Person: kari, Users: 3}}, false},
		{"gone again", &wizard.ArrivalsCounted{Users: 3}, []wizard.ArrivalsChecked{{Users: 4}, {Users: 3}}, true},
		{"not counted before", nil, []wizard.ArrivalsChecked{{Users: 9}}, false},
		{"no answer", &wizard.ArrivalsCounted{Users: 3}, []wizard.ArrivalsChecked{{Users: -1, Problem: &problem}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := at(t, "pasted")
			if c.counted != nil {
				state = apply(t, state, began, *c.counted)
			}
			for _, look := range c.looks {
				state = apply(t, state, began.Add(time.Minute), look)
			}
			if state.Arrivals.Somebody() != c.want || state.Answers.FirstUserArrived != c.want {
				t.Errorf("proven: %v, want %v: %+v", state.Arrivals.Somebody(), c.want, state.Arrivals)
			}
		})
	}
}

func TestRequestsOfADayAreCounted(t *testing.T) {
	late := time.Date(2026, 11, 24, 23, 59, 0, 0, time.UTC)
	state := apply(t, at(t, "pasted"), late, wizard.ArrivalsChecked{Users: -1, Requests: 2})
	now := late.Add(24*time.Hour - time.Second)
	state = apply(t, state, now, wizard.ArrivalsChecked{Users: -1, Requests: 3}, wizard.ArrivalsChecked{Users: -1, Requests: 1})
	if state.Arrivals.Cost(now) != 6 || state.Arrivals.Checks != 3 || len(state.Arrivals.Spent) != 2 {
		t.Errorf("counted %+v", state.Arrivals)
	}
	if cost := state.Arrivals.Cost(late.Add(26 * time.Hour)); cost != 4 {
		t.Errorf("a day later %d still count", cost)
	}
	for _, forget := range []wizard.Event{wizard.ArrivalsCounted{Users: 3}, otherApplication} {
		if cost := apply(t, state, now, forget).Arrivals.Cost(now); cost != 6 {
			t.Errorf("after %T %d count", forget, cost)
		}
	}
	if again := apply(t, state, now, intended(wizard.Remove), wizard.Removed{}); again.Arrivals.Cost(now) != 6 {
		t.Error("starting over makes waiting free")
	}
}

func TestAnotherPersonIsNotTheOneWhoWasCounted(t *testing.T) {
	counted := wizard.ArrivalsCounted{Users: 3, Person: "kari@nordlys.example"}
	state := apply(t, at(t, "pasted"), began, counted, wizard.Assigned{FirstPerson: "ola@nordlys.example"}, wizard.ArrivalsChecked{Person: &wizard.Arrived{Name: "Ola"}, Users: 3})
	if state.Arrivals.Somebody() {
		t.Error("somebody whom nobody looked for before counts as new")
	}
	state = apply(t, state, began, wizard.Assigned{FirstPerson: "kari@nordlys.example"})
	if state.Arrivals.Person != nil || state.Arrivals.PersonBefore {
		t.Errorf("back at the first name: %+v", state.Arrivals)
	}
	if state = apply(t, state, began, wizard.ArrivalsChecked{Person: &arrived, Users: 3}); !state.Arrivals.Somebody() {
		t.Error("the person who was counted and came is not proven")
	}
}

func TestSecondTokenIsTooLateForACount(t *testing.T) {
	if state := apply(t, at(t, "pasted"), began, asked(1)); !state.Arrivals.Late {
		t.Error("people of the first token would be counted as older")
	}
	if state := apply(t, at(t, "pasted"), began, wizard.ArrivalsCounted{}, asked(1)); state.Arrivals.Late {
		t.Error("what was counted in time is called late")
	}
	if state := apply(t, at(t, "sealed"), began, asked(1)); state.Arrivals.Late {
		t.Error("a token that nobody got has brought nobody")
	}
}

func TestSigninThatMakesPeopleProvesNobody(t *testing.T) {
	state := at(t, "provisioned")
	state.Registration.Sent.AutoProvision, state.Answers.AutoProvision = true, true
	state = apply(t, state, began, wizard.ArrivalsCounted{}, wizard.TestBegan{ID: "1"}, wizard.TestEnded{Trial: wizard.SigninTrial{ID: "1", Claims: []string{"sub"}}})
	if state = apply(t, state, began, wizard.ArrivalsChecked{Person: &arrived, Users: 1}); state.Arrivals.Somebody() {
		t.Error("whom the sign-in made counts as provisioned")
	}
}

func TestRefusedSecretIsGone(t *testing.T) {
	state := apply(t, at(t, "received"), began, secretChecked(at(t, "received"), wizard.Bad))
	if state.ClientSecret.Held || state.ClientSecret.Check.Outcome != wizard.Bad || !state.NeedsSecret() {
		t.Errorf("a refused secret is %+v", state.ClientSecret)
	}
	if state = apply(t, state, began, wizard.SecretReceived{}); state.ClientSecret.Check != (wizard.Check{}) {
		t.Errorf("the next secret begins with %+v", state.ClientSecret.Check)
	}
	kept := wizard.SecretChecked{Received: at(t, "assigned").ClientSecret.ReceivedAt, Check: wizard.Check{Outcome: wizard.Bad}, Keep: true}
	if state := apply(t, at(t, "assigned"), began, kept); !state.ClientSecret.Held || state.Open() != wizard.Secret {
		t.Errorf("a secret whose application was refused leads to %s", state.Open())
	}
}

func TestAnotherRedirectURIAsksForTheStepAgain(t *testing.T) {
	state := apply(t, at(t, "finished"), began, redirectDiffers, wizard.ChangesDiscarded{})
	if state.Open() != wizard.Redirect {
		t.Errorf("open is %s although the URI in Entra is another one", state.Open())
	}
	if state = apply(t, state, began, wizard.RedirectAdded{}); state.Open() != wizard.Done || state.Registration.Redirect.Differs {
		t.Errorf("open is %s after it was added", state.Open())
	}
}

func TestTrialRunsUntilItsVerdict(t *testing.T) {
	state := apply(t, at(t, "provisioned"), began, wizard.TestBegan{ID: "1"})
	if !state.Trial.Running() {
		t.Error("a trial that was begun does not run")
	}
	verdict := wizard.SigninTrial{ID: "1", Check: wizard.Check{Outcome: wizard.Doubt}, Claims: []string{"Email"}}
	ended := apply(t, state, began.Add(time.Minute), wizard.TestEnded{Trial: verdict})
	if ended.Trial.Running() || ended.Trial.Outcome != wizard.Doubt || ended.Trial.Lacks("email") || !ended.Trial.Lacks("name") {
		t.Errorf("trial is %+v", ended.Trial)
	}
	if moved := apply(t, ended, began, otherApplication); !cmp.Equal(moved.Trial, wizard.SigninTrial{}) {
		t.Error("the verdict on another application is still there")
	}
	for name, later := range map[string]wizard.State{"a newer trial": apply(t, state, began, wizard.TestBegan{ID: "2"})} {
		if _, err := later.Apply(wizard.TestEnded{Trial: verdict}, began); err == nil {
			t.Errorf("%s is ended by the verdict on an older one", name)
		}
	}
}
