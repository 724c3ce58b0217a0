package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Detail is one setup as customer success sees it.
type Detail struct {
	Row
	Domain, Scheme string
	Reference      string // of its SCIM tokens
	OpenedAt       time.Time
	ClosedAt       time.Time
	// ForgottenAt is when personal data was removed; zero: never.
	ForgottenAt time.Time
	// Began says how it came about.
	Began Began
	// DomainFixed is true when a directory was chosen by the domain.
	DomainFixed bool
	// MayLink is true where customer success may make links.
	MayLink bool
	// SharingScreen is what the customer answered; true until they did.
	SharingScreen bool

	// Refusal is why the customer's last form was refused; nil when it was not.
	Refusal *Trouble
	// Moment is what the customer does now: the open step, or what comes within it.
	Moment Moment

	Steps  []Step
	Checks []Check
	Links  []Link
	Notes  []Note
	Trail  []onboarding.Event // oldest first
}

// Began is how a setup came about.
type Began string

// The ways a setup comes about.
const (
	ByLink  Began = "link"   // customer success made it
	ByToken Began = "token"  // somebody pasted an access token
	ByAdmin Began = "signin" // an administrator signed in
)

// Moment is an open step, or what comes within it.
type Moment string

// What comes within steps.
const (
	TokenShown     Moment = "token.shown" // the token is there; it is to be pasted
	PeopleArrived  Moment = "provisioning.arrived"
	SigninPassed   Moment = "signin-test.passed"
	SecretExamined Moment = "secret.examined" // Microsoft has been asked; what it said is on the page
)

// Moments lists all that there are.
func Moments() []Moment {
	moments := []Moment{TokenShown, PeopleArrived, SigninPassed, SecretExamined}
	for _, step := range wizard.Steps() {
		moments = append(moments, Moment(step))
	}
	return moments
}

func momentOf(s wizard.State) Moment {
	step := s.Open()
	switch {
	case step == wizard.Token && (s.Token.Status == wizard.TokenSealed || s.Token.Status == wizard.TokenClaimed):
		return TokenShown
	case step == wizard.Provisioning && s.Arrivals.Somebody():
		return PeopleArrived
	case step == wizard.SigninTest && s.Trial.Outcome == wizard.Good && !s.Trial.Running():
		return SigninPassed
	case step == wizard.Secret && s.ClientSecret.Check.Outcome != wizard.Unchecked:
		return SecretExamined
	}
	return Moment(step)
}

// refusalOf is why the last form was refused, unless the customer has gone on since.
func refusalOf(trail []onboarding.Event) *Trouble {
	for _, e := range slices.Backward(trail) {
		who, _, _ := strings.Cut(e.Actor, ":")
		switch {
		case e.Kind == "form.refused":
			return &Trouble{ID: e.Detail["problem"], At: e.At}
		case who != "console" && who != "operator" && who != "system" && !strings.HasPrefix(e.Kind, "watching."):
			return nil
		}
	}
	return nil
}

// Step is how far the customer is with a step.
type Step struct {
	Step wizard.Step
	Done bool
	At   time.Time // of the last answer; zero: none
}

// Check is one thing that was tried.
type Check struct {
	Name    CheckName
	Outcome wizard.Outcome // Unchecked: not tried yet
	At      time.Time
	Problem *Trouble // why it is not good
}

// CheckName names a check.
type CheckName string

// The checks, in the order of the steps.
const (
	CheckDirectory CheckName = "directory"
	CheckSecret    CheckName = "secret"
	CheckRegister  CheckName = "register"
	CheckRedirect  CheckName = "redirect"
	CheckToken     CheckName = "token"
	CheckPeople    CheckName = "people"
	CheckTrial     CheckName = "signin"
)

// Checks lists them.
func Checks() []CheckName {
	return []CheckName{CheckDirectory, CheckSecret, CheckRegister, CheckRedirect, CheckToken, CheckPeople, CheckTrial}
}

// Trouble is a problem that the customer sees, too. Data fills the sentence: words and numbers, no values of other kinds.
type Trouble struct {
	ID        string
	Data      map[string]string
	At        time.Time
	Reference string
	// Correlation is Microsoft's number for it; empty when there is none.
	Correlation string
}

// Fault is the trouble as package message prints it.
func (t Trouble) Fault() *fault.Error {
	data := fault.Data{}
	for name, value := range t.Data {
		data[name] = value
	}
	return &fault.Error{ID: t.ID, Data: data}
}

// Link is a setup link; neither its secret nor a digest of it.
type Link struct {
	ID, Label                       string
	CreatedAt, ExpiresAt, RevokedAt time.Time
}

// Usable reports whether the link still opens its setup.
func (l Link) Usable(now time.Time) bool { return l.RevokedAt.IsZero() && now.Before(l.ExpiresAt) }

// Setup is one setup with all that customer success may know. While the customer does not want to be looked at, that is
// neither steps nor checks nor what they do.
func (s *Service) Setup(ctx context.Context, id string) (Detail, error) {
	row, err := s.store.Row(ctx, id)
	if err != nil {
		return Detail{}, known(err)
	}
	setup, err := s.setups.Setup(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{
		Row: row.told(s.now()), Domain: setup.Domain, Scheme: setup.ProposedScheme(), Reference: setup.Reference(),
		OpenedAt: setup.OpenedAt, ClosedAt: setup.ClosedAt, ForgottenAt: setup.State.ForgottenAt, Began: beganOf(setup), MayLink: mayLink(setup) == nil, DomainFixed: setup.DomainFixed(), SharingScreen: setup.State.Answers.SharingScreen,
	}
	links, err := s.setups.Links(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	for _, l := range links {
		d.Links = append(d.Links, Link{ID: l.ID, Label: l.Label, CreatedAt: l.CreatedAt, ExpiresAt: l.ExpiresAt, RevokedAt: l.RevokedAt})
	}
	if d.Notes, err = s.store.Notes(ctx, id); err != nil {
		return Detail{}, err
	}
	if d.Trail, err = s.Trail(ctx, id); err != nil || row.Unwatched {
		return d, err
	}
	for _, step := range wizard.Steps() {
		d.Steps = append(d.Steps, Step{Step: step, Done: setup.State.Complete(step), At: setup.State.Marks[step].At})
	}
	d.Checks, d.Moment, d.Refusal = checksOf(setup.State), momentOf(setup.State), refusalOf(d.Trail)
	return d, nil
}

// Why customer success may not make a link.
var (
	errNotOurs    = fault.New(fault.Forbidden, "console.link.not-ours", nil)
	errLookedAway = fault.New(fault.Forbidden, "console.link.unwatched", nil)
	errClosed     = fault.New(fault.Conflict, "console.closed", nil)
)

// mayLink says why customer success makes no links to a setup; nil when it does. A link may let in whoever opens it: so not to
// what somebody began with an access token of their own, and not where the customer does not want to be looked at.
func mayLink(s onboarding.Setup) error {
	switch {
	case !s.ClosedAt.IsZero():
		return errClosed
	case s.SelfBegun:
		return errNotOurs
	case s.Unwatched:
		return errLookedAway
	}
	return nil
}

// MayLink says why customer success makes no links to a setup; nil when it does.
func (s *Service) MayLink(ctx context.Context, id string) error {
	setup, err := s.setups.Setup(ctx, id)
	if err != nil {
		return err
	}
	return mayLink(setup)
}

func beganOf(s onboarding.Setup) Began {
	switch {
	case s.BegunBySignin:
		return ByAdmin
	case s.SelfBegun:
		return ByToken
	}
	return ByLink
}

// told is the row without what the customer does not want to show.
func (r Row) told(now time.Time) Row {
	if r.Stand = r.At(now); r.Unwatched {
		r.Step, r.Problem = "", ""
	}
	return r
}

// watched are the events of customer success and the operator alone.
func watched(events []onboarding.Event) []onboarding.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e onboarding.Event) bool {
		who, _, _ := strings.Cut(e.Actor, ":")
		return who != "console" && who != "operator" && !strings.HasPrefix(e.Kind, "watching.")
	})
}

func checksOf(s wizard.State) []Check {
	var found wizard.Check
	if mark := s.Marks[wizard.Directory]; !mark.At.IsZero() {
		if found = (wizard.Check{Outcome: wizard.Doubt, At: mark.At}); s.Answers.Proven {
			found.Outcome = wizard.Good
		}
	}
	registered := wizard.Check{At: s.Registration.RegisteredAt, Problem: s.Registration.Problem}
	switch {
	case registered.Problem != nil:
		registered.Outcome, registered.At = wizard.Bad, registered.Problem.At
	case s.Registration.Exists:
		registered.Outcome = wizard.Good
	}
	token := s.Token.Check
	if s.Token.Problem != nil {
		token = wizard.Check{Outcome: wizard.Bad, At: s.Token.Problem.At, Problem: s.Token.Problem}
	}
	people := wizard.Check{At: s.Arrivals.CheckedAt, Problem: s.Arrivals.Problem}
	switch {
	case s.Arrivals.Somebody():
		people.Outcome = wizard.Good
	case people.Problem != nil:
		people.Outcome = wizard.Doubt
	}
	all := map[CheckName]wizard.Check{
		CheckDirectory: found, CheckSecret: s.ClientSecret.Check, CheckRegister: registered, CheckRedirect: s.Registration.Redirect.Check,
		CheckToken: token, CheckPeople: people, CheckTrial: s.Trial.Check,
	}
	checks := make([]Check, 0, len(all))
	for _, name := range Checks() {
		c := all[name]
		checks = append(checks, Check{Name: name, Outcome: c.Outcome, At: c.At, Problem: troubleOf(c.Problem)})
	}
	return checks
}

// troubleOf keeps of a problem numbers, and words that are nobody's.
func troubleOf(p *wizard.Problem) *Trouble {
	if p == nil {
		return nil
	}
	t := &Trouble{ID: p.ID, Data: map[string]string{}, At: p.At, Reference: p.Reference}
	for name, value := range p.Data {
		switch v := value.(type) {
		case string:
			if t.Data[name] = "…"; wizard.Tellable(name) {
				t.Data[name] = v
			}
		case bool:
			if v { // a sentence asks whether there is something
				t.Data[name] = "true"
			}
		case float64, int, int64:
			t.Data[name] = fmt.Sprint(v)
		}
	}
	t.Correlation = t.Data["Correlation"]
	return t
}
