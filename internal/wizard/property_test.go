package wizard_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aritma/entra-onboard/internal/wizard"
)

const (
	sequences = 20_000
	length    = 30
)

// deepCopy shares nothing with s that an event could change in place.
func deepCopy(s wizard.State) wizard.State {
	s.Marks = maps.Clone(s.Marks)
	s.Token.Before = slices.Clone(s.Token.Before)
	s.Token.Old = slices.Clone(s.Token.Old)
	if s.Registration.Clash != nil {
		clash := *s.Registration.Clash
		s.Registration.Clash = &clash
	}
	for _, p := range []**wizard.Problem{&s.Registration.Problem, &s.Token.Problem} {
		if *p != nil {
			stored := **p
			stored.Data = maps.Clone(stored.Data)
			*p = &stored
		}
	}
	return s
}

// walk is one random sequence of events, with what must be remembered beside the state.
type walk struct {
	random  *rand.Rand
	state   wizard.State
	trail   []string
	tokens  map[string]bool // ids of tokens that exist in Aritma
	made    int
	claimed map[int]int // showings by generation
}

func startWalk(random *rand.Rand, from string, state wizard.State) *walk {
	w := &walk{random: random, state: state, trail: []string{"from " + from}, tokens: map[string]bool{}, claimed: map[int]int{}}
	for _, id := range append(slices.Clone(state.Token.Old), state.Token.ID) {
		if id != "" {
			w.tokens[id] = true
		}
	}
	if !state.Token.ClaimedAt.IsZero() {
		w.claimed[state.Token.Generation] = 1
	}
	return w
}

// next is an event of the tables, or one with values that the tables do not have.
func (w *walk) next() (name string, e wizard.Event) {
	h := happenings[w.random.IntN(len(happenings))]
	switch e := h.of(w.state).(type) {
	case wizard.TokenMade:
		w.made++
		return h.name, wizard.TokenMade{ID: fmt.Sprintf("made-%d", w.made)}
	case wizard.OrphanFound:
		w.made++
		return h.name, wizard.OrphanFound{ID: fmt.Sprintf("found-%d", w.made)}
	case wizard.TokensRemoved:
		ids := slices.Sorted(maps.Keys(w.tokens))
		w.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return h.name, wizard.TokensRemoved{IDs: ids[:min(len(ids), w.random.IntN(3))]}
	case wizard.TokenAsked:
		e.Replaces = w.random.IntN(w.state.Token.Generation + 2)
		return h.name, e
	case wizard.TokenInEntra:
		return h.name, wizard.TokenInEntra{Generation: w.random.IntN(w.state.Token.Generation + 2)}
	default:
		return h.name, e
	}
}

// step applies one event and returns what is wrong with its outcome, or nothing.
func (w *walk) step(now time.Time) string {
	name, e := w.next()
	before := w.state
	// Comparing whole states is slow; one in eight of a million is plenty, and the tables compare all of theirs.
	compared := w.random.IntN(8) == 0
	var kept wizard.State
	if compared {
		kept = deepCopy(before)
	}
	after, err := before.Apply(e, now)
	w.trail = append(w.trail, name)
	if compared && !reflect.DeepEqual(before, kept) {
		return "the receiver was changed"
	}
	if err != nil {
		w.trail[len(w.trail)-1] += " (refused)"
		if compared && !reflect.DeepEqual(after, kept) {
			return "a refused event changed the state"
		}
		return ""
	}
	w.state = after
	for _, wrong := range []string{
		schemeChanged(before, after, e), sentSomethingElse(before, after, e), w.claimedTwice(e),
		w.tokenForgotten(e), wentBack(before, after, e), intendedTooEarly(before, e),
	} {
		if wrong != "" {
			return wrong
		}
	}
	return ""
}

// schemeChanged: a scheme that is registered, or perhaps registered, stays until all was removed.
func schemeChanged(before, after wizard.State, e wizard.Event) string {
	if _, removed := e.(wizard.Removed); removed || !before.SchemeFixed() {
		return ""
	}
	if before.Answers.Scheme != after.Answers.Scheme {
		return "the scheme changed from " + before.Answers.Scheme + " to " + after.Answers.Scheme
	}
	if before.Registration.Exists && before.Registration.Sent.Scheme != after.Registration.Sent.Scheme {
		return "the registered scheme changed"
	}
	return ""
}

// sentSomethingElse: while an act is under way its answers stay, since they become what Aritma holds.
func sentSomethingElse(before, after wizard.State, e wizard.Event) string {
	if _, removed := e.(wizard.Removed); removed || before.Registration.Intent == "" {
		return ""
	}
	if before.Answers != after.Answers {
		return "an answer changed during " + string(before.Registration.Intent)
	}
	if after.ClientSecret.Held && before.ClientSecret.ReceivedAt != after.ClientSecret.ReceivedAt {
		return "another secret came during " + string(before.Registration.Intent)
	}
	return ""
}

// claimedTwice: one showing for each generation, for ever.
func (w *walk) claimedTwice(e wizard.Event) string {
	if _, shown := e.(wizard.TokenShown); shown {
		w.claimed[w.state.Token.Generation]++
	}
	for generation, times := range w.claimed {
		if times > 1 {
			return fmt.Sprintf("generation %d was claimed %d times", generation, times)
		}
	}
	return ""
}

// tokenForgotten: every token that exists in Aritma is the current one or is to be removed.
func (w *walk) tokenForgotten(e wizard.Event) string {
	switch e := e.(type) {
	case wizard.TokenMade:
		w.tokens[e.ID] = true
	case wizard.OrphanFound:
		w.tokens[e.ID] = true
	case wizard.TokensRemoved:
		for _, id := range e.IDs {
			delete(w.tokens, id)
		}
	case wizard.Removed:
		clear(w.tokens)
	}
	t := w.state.Token
	seen := slices.Clone(t.Old)
	if t.ID != "" {
		seen = append(seen, t.ID)
	}
	slices.Sort(seen)
	if want := slices.Sorted(maps.Keys(w.tokens)); !slices.Equal(seen, want) {
		return fmt.Sprintf("tokens %v exist, known are %v", want, seen)
	}
	if (t.ID != "") != (t.Status == wizard.TokenSealed || t.Status == wizard.TokenClaimed || t.Status == wizard.TokenPasted) {
		return fmt.Sprintf("token %q has status %q", t.ID, t.Status)
	}
	return ""
}

// wentBack: the open step moves back only for a reason that the person or the operator gave.
func wentBack(before, after wizard.State, e wizard.Event) string {
	if !after.Open().Before(before.Open()) {
		return ""
	}
	switch e := e.(type) {
	case wizard.Started, wizard.DirectoryGiven, wizard.SigninChosen:
		if before.Answers != after.Answers {
			return ""
		}
	case wizard.SecretReceived: // a newer secret, which Aritma does not hold yet
		return ""
	case wizard.SecretChecked:
		if e.Check.Outcome == wizard.Bad {
			return ""
		}
	case wizard.SecretDropped: // it is needed and has to be given again
		if after.NeedsSecret() {
			return ""
		}
	case wizard.RegistrationFailed, wizard.SchemeTaken: // the act is over, and its secret was dropped meanwhile
		if after.NeedsSecret() {
			return ""
		}
	case wizard.TokenAsked, wizard.TokensRemoved, wizard.Removed:
		return ""
	case wizard.RedirectProven: // another URI has to be added in Entra
		if e.Differs {
			return ""
		}
	case wizard.RegistrationIntended:
		if e.Act == wizard.Remove {
			return ""
		}
	}
	return fmt.Sprintf("the open step went back from %s to %s", before.Open(), after.Open())
}

// intendedTooEarly: Aritma is never sent a provider without a secret, nor before the answers are complete.
func intendedTooEarly(before wizard.State, e wizard.Event) string {
	intent, ok := e.(wizard.RegistrationIntended)
	if !ok || intent.Act == wizard.Remove {
		return ""
	}
	a := before.Answers
	if !before.ClientSecret.Held || a.Scheme == "" || a.ClientID == "" || a.Authority == "" || a.DisplayName == "" {
		return "an act was intended without all that it sends"
	}
	return ""
}

func TestRandomSequences(t *testing.T) {
	built := make([]wizard.State, len(stages))
	for i, s := range stages {
		built[i] = at(t, s.name)
	}
	random := rand.New(rand.NewPCG(2026, 11))
	finished := 0
	for n := range sequences {
		i := n % len(stages)
		w := startWalk(random, stages[i].name, built[i])
		for minute := range length {
			if wrong := w.step(began.Add(24*time.Hour + time.Duration(minute)*time.Minute)); wrong != "" {
				t.Fatalf("sequence %d: %s\nafter %v", n, wrong, w.trail)
			}
		}
		if n%20 == 0 {
			roundTrip(t, w.state)
		}
		if w.state.Finished() {
			finished++
		}
	}
	if finished == 0 {
		t.Error("no sequence came to its end: the test walks in a corner")
	}
}

// TestNeverStuck: from wherever a sequence stops, a person with a secret and an Aritma that answers come to the end.
func TestNeverStuck(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 2026))
	for n := range 2_000 {
		from := stages[n%len(stages)].name
		w := startWalk(random, from, at(t, from))
		for range length {
			if wrong := w.step(began.Add(24 * time.Hour)); wrong != "" {
				t.Fatalf("%s\nafter %v", wrong, w.trail)
			}
		}
		state := w.state
		for turns := 0; !state.Finished(); turns++ {
			if turns > 40 {
				t.Fatalf("stuck at %s\nafter %v", state.Open(), w.trail)
			}
			state = apply(t, state, began.Add(48*time.Hour), onward(state)...)
		}
	}
}

// onward is what happens next when all goes well.
func onward(s wizard.State) []wizard.Event {
	r := s.Registration
	if r.Intent != "" {
		return []wizard.Event{wizard.RegistrationFailed{Problem: problem}}
	}
	switch s.Open() {
	case wizard.Start:
		return []wizard.Event{wizard.Started{}}
	case wizard.Application:
		return []wizard.Event{wizard.ApplicationCreated{}}
	case wizard.Directory:
		return []wizard.Event{directoryGiven}
	case wizard.Signin:
		return []wizard.Event{signinChosen}
	case wizard.Redirect:
		return []wizard.Event{wizard.RedirectAdded{}}
	case wizard.Secret:
		return []wizard.Event{wizard.SecretReceived{}, wizard.SecretGiven{}}
	case wizard.Assign:
		return []wizard.Event{wizard.Assigned{}}
	case wizard.Review:
		act := wizard.Create
		if r.Exists {
			act = wizard.Update
		}
		return []wizard.Event{intended(act), wizard.RegistrationDone{ProviderID: 12}}
	case wizard.Token:
		if s.Token.Status == wizard.TokenSealed {
			return []wizard.Event{wizard.TokenShown{}}
		}
		if s.Token.Status == wizard.TokenClaimed {
			return []wizard.Event{wizard.TokenInEntra{Generation: s.Token.Generation}}
		}
		return []wizard.Event{asked(s.Token.Generation), wizard.TokenMade{ID: "token-last"}}
	case wizard.Provisioning:
		return []wizard.Event{wizard.ProvisioningSeen{Arrived: true}}
	default:
		return []wizard.Event{wizard.SigninSeen{}}
	}
}

// roundTrip: what is stored is what comes back.
func roundTrip(t *testing.T, state wizard.State) {
	t.Helper()
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	var back wizard.State
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if diff := cmp.Diff(state, back, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("another state came back:\n%s", diff)
	}
	if again, _ := json.Marshal(back); string(again) != string(text) {
		t.Errorf("written again it differs:\n%s\n%s", text, again)
	}
	if back.Open() != state.Open() || back.Pending() != state.Pending() || back.SchemeFixed() != state.SchemeFixed() {
		t.Errorf("the state that came back behaves otherwise: %s", text)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	for _, s := range stages {
		state := at(t, s.name)
		roundTrip(t, state)
		text, _ := json.Marshal(state)
		var back wizard.State
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		for _, h := range happenings {
			a, errA := state.Apply(h.of(state), began)
			b, errB := back.Apply(h.of(back), began)
			if fmt.Sprint(errA) != fmt.Sprint(errB) || !cmp.Equal(a, b, cmpopts.EquateEmpty()) {
				t.Errorf("%s, stored and read, then %s: %v, want %v", s.name, h.name, errB, errA)
			}
		}
	}
}
