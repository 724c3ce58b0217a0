package wizard

import (
	"slices"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

// Outcome is what a check found.
type Outcome string

// The outcomes. Doubt is "could not be proven", which never stops anybody, or half a pass.
const (
	Unchecked Outcome = ""
	Good      Outcome = "good"
	Doubt     Outcome = "doubt"
	Bad       Outcome = "bad"
)

// Check is one thing that was tried, and what came of it. Problem says why it is not good.
type Check struct {
	Outcome Outcome   `json:"outcome,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Problem *Problem  `json:"problem,omitempty"`
}

// RedirectCheck is the Redirect URI that Aritma ID really sends to Microsoft, read off the wire.
type RedirectCheck struct {
	Check
	URI string `json:"uri,omitempty"` // on Aritma ID's own host; empty when it was not proven
	// Differs is true until the admin has added a URI that is another one than the card had shown.
	Differs bool `json:"differs,omitempty"`
}

// Arrived is somebody, or a group, that Aritma has come to know.
type Arrived struct {
	Name      string    `json:"name,omitempty"`
	UserName  string    `json:"userName,omitempty"`
	Email     string    `json:"email,omitempty"`
	SubjectID string    `json:"subjectId,omitempty"` // Aritma's own name for them, the sub of a sign-in
	At        time.Time `json:"at"`
}

// Arrivals are what was seen in Aritma since the SCIM token was made: nobody can have been provisioned with it before.
type Arrivals struct {
	Since  time.Time `json:"since,omitzero"`  // the count was taken; zero: nothing to compare with, so nobody is proven
	Users  int       `json:"users,omitempty"` // in Aritma at that time
	Groups int       `json:"groups,omitempty"`
	// Late is true when a token had been given out before a count was taken: a count would take its people for older.
	Late bool `json:"late,omitempty"`
	// Counted is whom the count looked for, and CountedBefore whether Aritma knew them already then.
	Counted       string `json:"counted,omitempty"`
	CountedBefore bool   `json:"countedBefore,omitempty"`
	// PersonBefore is true when the first person was known to Aritma before, or may have been: meeting them proves nothing.
	PersonBefore bool `json:"personBefore,omitempty"`

	CheckedAt time.Time `json:"checkedAt,omitzero"`
	Checks    int       `json:"checks,omitempty"` // since the waiting began; they grow rarer
	Spent     []Spent   `json:"spent,omitempty"`  // what looks have cost, of the last day

	Person *Arrived  `json:"person,omitempty"` // the one named in assign
	First  time.Time `json:"first,omitzero"`   // somebody, whoever it was, is there who was not before
	People int       `json:"people,omitempty"` // how many more than before, at the last look
	Group  *Arrived  `json:"group,omitempty"`
	// Problem says why the last look told nothing.
	Problem *Problem `json:"problem,omitempty"`
}

// Spent is how many requests the looks of one hour have cost. Hour counts from 1970.
type Spent struct {
	Hour     int64 `json:"hour"`
	Requests int   `json:"requests"`
}

// hours is over how many hours the cost of looks is counted: a day, and the hour that has begun.
const hours = 25

// Cost is how many requests looks have cost in the day before now, rounded up to whole hours.
func (a Arrivals) Cost(now time.Time) (requests int) {
	for _, s := range a.Spent {
		if s.Hour > hourOf(now)-hours {
			requests += s.Requests
		}
	}
	return requests
}

// spend counts the cost of a look. What is older than a day is forgotten.
func (a *Arrivals) spend(requests int, at time.Time) {
	now := hourOf(at)
	kept := make([]Spent, 0, len(a.Spent)+1)
	for _, s := range a.Spent {
		if s.Hour == now {
			requests += s.Requests
		} else if s.Hour > now-hours {
			kept = append(kept, s)
		}
	}
	a.Spent = append(kept, Spent{Hour: now, Requests: requests})
}

func hourOf(at time.Time) int64 { return at.Unix() / int64(time.Hour/time.Second) }

// unseen forgets who was seen and what was counted, but not what looks have cost.
func (a Arrivals) unseen() Arrivals {
	return Arrivals{CheckedAt: a.CheckedAt, Checks: a.Checks, Spent: a.Spent}
}

// named says that another person is waited for. Whether Aritma knew them before is known of the counted one alone.
func (a *Arrivals) named(person string) {
	a.Person = nil
	a.PersonBefore = a.CountedBefore || !strings.EqualFold(person, a.Counted)
}

// Somebody reports whether provisioning is proven: a person came who was not there before.
func (a Arrivals) Somebody() bool {
	return !a.Since.IsZero() && (!a.First.IsZero() || (a.Person != nil && !a.PersonBefore))
}

// SigninTrial is the newest test sign-in. Outcome Good means the same person: who signed in is who was provisioned;
// Doubt that Microsoft accepted them and Aritma does not know them, or not surely; Bad that it failed.
type SigninTrial struct {
	Check
	// ID tells one trial from the next; a verdict on any but the newest counts for nothing.
	ID      string    `json:"id,omitempty"`
	BeganAt time.Time `json:"beganAt,omitzero"`
	Name    string    `json:"name,omitempty"`
	Email   string    `json:"email,omitempty"`
	// UserName is preferred_username, the name at sign-in.
	UserName string   `json:"userName,omitempty"`
	Provider string   `json:"provider,omitempty"` // the scheme that Aritma ID says was used; empty when it does not say
	Claims   []string `json:"claims,omitempty"`   // names of the claims that arrived
	// Match is by what the person was found in Aritma; Known is who that is there.
	Match Match    `json:"match,omitempty"`
	Known *Arrived `json:"known,omitempty"`
	// Shown is the text with which Aritma ID refused, for diagnosis.
	Shown string `json:"shown,omitempty"`
}

// Match is by what the identity join found a person, surest first.
type Match string

// The ways to match.
const (
	MatchNone       Match = ""
	MatchSubject    Match = "subject" // sub is Aritma's subjectId
	MatchEmail      Match = "email"
	MatchUserName   Match = "username"
	MatchExternalID Match = "external"
)

// Running reports whether a test sign-in was begun and has not come back.
func (t SigninTrial) Running() bool { return t.BeganAt.After(t.At) }

// Lacks reports whether a claim did not arrive.
func (t SigninTrial) Lacks(claim string) bool {
	return !slices.ContainsFunc(t.Claims, func(c string) bool { return strings.EqualFold(c, claim) })
}

var (
	errSecretState = fault.New(fault.Conflict, "wizard.secret-state", nil)
	errTrialState  = fault.New(fault.Conflict, "wizard.trial-state", nil)
)

// SecretChecked says what Microsoft made of the client secret that was received at that time. A bad one is dropped with
// it, unless something else than the secret was at fault. Another secret that came meanwhile is not judged by it.
type SecretChecked struct {
	Received time.Time
	Check    Check
	Keep     bool // the secret itself was not refused
}

func (e SecretChecked) apply(s *State, at time.Time) error {
	if !s.ClientSecret.Held || !s.ClientSecret.ReceivedAt.Equal(e.Received) {
		return errSecretState
	}
	s.ClientSecret.Check = e.Check.stamped(at)
	if e.Check.Outcome == Bad {
		s.ClientSecret.Held = e.Keep
		if s.Registration.Intent == "" { // an act without an outcome is settled first
			s.reopen(Secret)
		}
	}
	return nil
}

func (c Check) stamped(at time.Time) Check {
	c.At = at
	return c
}

// RedirectProven says which Redirect URI Aritma ID sends. When it differs from the one that the card had shown, the
// redirect step opens again.
type RedirectProven struct {
	Check   Check
	URI     string
	Differs bool
}

func (e RedirectProven) apply(s *State, at time.Time) error {
	switch {
	case !s.Registration.Exists:
		return errNoIntent
	case s.Registration.Intent != "":
		return errBusy
	}
	s.Registration.Redirect = RedirectCheck{Check: e.Check.stamped(at), URI: e.URI, Differs: e.Differs}
	if e.Differs {
		s.reopen(Redirect)
	}
	return nil
}

// TokenProbed says how the SCIM endpoint answered Entra's Test Connection with the token of that generation.
type TokenProbed struct {
	Generation int
	Check      Check
}

func (e TokenProbed) apply(s *State, at time.Time) error {
	t := &s.Token
	if t.Generation != e.Generation || t.Status == TokenNone || t.Status == TokenIntended {
		return errTokenState
	}
	t.Check = e.Check.stamped(at)
	return nil
}

// ArrivalsCounted says what was in Aritma when nobody could have been provisioned yet. Person is whom it looked for.
type ArrivalsCounted struct {
	Users, Groups int
	Person        string
	PersonBefore  bool
}

func (e ArrivalsCounted) apply(s *State, at time.Time) error {
	if s.Token.Status == TokenNone || s.Token.Status == TokenIntended {
		return errTokenState
	}
	a := s.Arrivals.unseen()
	a.Since, a.Users, a.Groups, a.Counted, a.CountedBefore = at, e.Users, e.Groups, e.Person, e.PersonBefore
	a.named(s.Answers.FirstPerson)
	s.Arrivals = a
	return nil
}

// ArrivalsChecked is what one look at Aritma showed. Who was seen once stays seen. Requests is what the look cost.
type ArrivalsChecked struct {
	Person, Group *Arrived
	Users         int // in Aritma now; less than 0: not counted
	Requests      int
	Problem       *Problem
}

func (e ArrivalsChecked) apply(s *State, at time.Time) error {
	if !s.Reachable(Provisioning) {
		return notOpen(Provisioning)
	}
	a := &s.Arrivals
	a.spend(e.Requests, at)
	a.CheckedAt, a.Problem = at, e.Problem
	a.Checks++
	if a.Person == nil {
		a.Person = e.Person
	}
	if a.Group == nil {
		a.Group = e.Group
	}
	if e.Users >= 0 && !a.Since.IsZero() {
		a.People = max(e.Users-a.Users, 0)
		if a.First.IsZero() && a.People > 0 {
			a.First = at
		}
	}
	if a.Somebody() {
		s.Answers.FirstUserArrived = true
	}
	return nil
}

// TestBegan says that somebody was sent to sign in. A test that was under way no longer counts.
type TestBegan struct{ ID string }

func (e TestBegan) apply(s *State, at time.Time) error {
	if !s.Reachable(SigninTest) {
		return notOpen(SigninTest)
	}
	s.Trial.BeganAt, s.Trial.ID = at, e.ID
	return nil
}

// TestEnded is the verdict on the test sign-in of that id.
type TestEnded struct{ Trial SigninTrial }

func (e TestEnded) apply(s *State, at time.Time) error {
	switch {
	case !s.Reachable(SigninTest):
		return notOpen(SigninTest)
	case e.Trial.ID != s.Trial.ID:
		return errTrialState
	}
	began := s.Trial.BeganAt
	s.Trial = e.Trial
	s.Trial.BeganAt, s.Trial.Check = began, e.Trial.stamped(at)
	if s.Registration.Sent.AutoProvision && len(e.Trial.Claims) > 0 && !s.Arrivals.Somebody() {
		s.Arrivals.Since = time.Time{} // the sign-in itself may have made the person who is found from now on
	}
	return nil
}
