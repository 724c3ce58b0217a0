package wizard

import (
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

// Event is something that happened to a setup. The concrete types of this package are the only ones.
type Event interface {
	apply(s *State, at time.Time) error
}

// Apply returns the state after e happened at the given time, or s itself and a fault of kind Conflict when e may
// not happen now.
func (s State) Apply(e Event, at time.Time) (State, error) {
	next := s.clone()
	if err := e.apply(&next, at); err != nil {
		return s, err
	}
	return next, nil
}

// notOpen is the fault of an event whose step is not open yet.
func notOpen(step Step) error {
	return fault.New(fault.Conflict, "wizard.not-open", fault.Data{"Step": string(step)})
}

var (
	errBusy        = fault.New(fault.Conflict, "wizard.busy", nil)
	errSchemeFixed = fault.New(fault.Conflict, "wizard.scheme-fixed", nil)
	errNoIntent    = fault.New(fault.Conflict, "wizard.no-intent", nil)
	errUncertain   = fault.New(fault.Conflict, "wizard.uncertain", nil)
	errTokenState  = fault.New(fault.Conflict, "wizard.token-state", nil)
)

// submit marks a step as submitted when its page may be seen and no outside act is under way that it could disturb.
func (s *State) submit(step Step, at time.Time) error {
	if !s.Reachable(step) {
		return notOpen(step)
	}
	if s.Registration.Intent != "" && step.Before(Review) {
		return errBusy
	}
	s.Marks[step] = Mark{At: at, Revision: s.Marks[step].Revision + 1}
	return nil
}

// reopen asks for a step again when it had been submitted.
func (s *State) reopen(steps ...Step) {
	for _, step := range steps {
		if mark, ok := s.Marks[step]; ok {
			mark.Open = true
			s.Marks[step] = mark
		}
	}
}

// Started answers the start step.
type Started struct{ SharingScreen, TwoApps bool }

func (e Started) apply(s *State, at time.Time) error {
	if err := s.submit(Start, at); err != nil {
		return err
	}
	if e.TwoApps != s.Answers.TwoApps {
		s.reopen(Application) // other clicks
	}
	s.Answers.SharingScreen, s.Answers.TwoApps = e.SharingScreen, e.TwoApps
	return nil
}

// ApplicationCreated says that the application exists in Entra.
type ApplicationCreated struct{}

func (ApplicationCreated) apply(s *State, at time.Time) error { return s.submit(Application, at) }

// DirectoryGiven names the directory and the application. Another application has another secret, other redirect
// URIs and other assignments, so those steps open again.
type DirectoryGiven struct {
	DirectoryID, ClientID, Authority, Region string
	Proven                                   bool
}

func (e DirectoryGiven) apply(s *State, at time.Time) error {
	if err := s.submit(Directory, at); err != nil {
		return err
	}
	a := &s.Answers
	if a.ClientID != "" && (a.ClientID != e.ClientID || a.DirectoryID != e.DirectoryID) {
		s.reopen(Redirect, Secret, Assign)
		s.ClientSecret = ClientSecret{}
		a.SecretExpires = ""
		s.reopenProven()
	}
	a.DirectoryID, a.ClientID, a.Authority, a.Region, a.Proven = e.DirectoryID, e.ClientID, e.Authority, e.Region, e.Proven
	return nil
}

// reopenProven asks again for what was done with another application: the sign-in has to be tried with this one, and
// where one application carries both, it needs a token of its own.
func (s *State) reopenProven() {
	s.reopen(SigninTest)
	s.Trial = SigninTrial{}
	if s.Answers.TwoApps {
		return
	}
	s.reopen(Provisioning)
	if s.Token.Status == TokenPasted {
		s.Token.Status = TokenClaimed
	}
}

// SigninChosen answers the signin step. Another scheme is another Redirect URI; a registered one stays.
type SigninChosen struct {
	DisplayName, Scheme       string
	AutoProvision, HoldButton bool
}

func (e SigninChosen) apply(s *State, at time.Time) error {
	if e.Scheme != s.Answers.Scheme && s.SchemeFixed() {
		return errSchemeFixed
	}
	if err := s.submit(Signin, at); err != nil {
		return err
	}
	if e.Scheme != s.Answers.Scheme {
		s.reopen(Redirect)
		s.Registration.Clash, s.Registration.Problem = nil, nil
	}
	a := &s.Answers
	a.DisplayName, a.Scheme, a.AutoProvision, a.HoldButton = e.DisplayName, e.Scheme, e.AutoProvision, e.HoldButton
	return nil
}

// RedirectAdded says that the Redirect URI stands in Entra.
type RedirectAdded struct{}

func (RedirectAdded) apply(s *State, at time.Time) error {
	if err := s.submit(Redirect, at); err != nil {
		return err
	}
	s.Registration.Redirect.Differs = false
	return nil
}

// SecretReceived says that a client secret was sealed. The step is not submitted by it: the rest of the form may
// still be wrong, and what is right is kept. Expires is an ISO date or empty.
type SecretReceived struct{ Session, Expires string }

func (e SecretReceived) apply(s *State, at time.Time) error {
	if !s.Reachable(Secret) {
		return notOpen(Secret)
	}
	if s.Registration.Intent != "" {
		return errBusy
	}
	s.ClientSecret = ClientSecret{Held: true, ReceivedAt: at, Session: e.Session}
	s.reopen(Secret) // until it is proven, or the admin goes on without proof
	s.Answers.SecretExpires = e.Expires
	return nil
}

// SecretGiven submits the secret step; Expires is an ISO date or empty.
type SecretGiven struct{ Expires string }

func (e SecretGiven) apply(s *State, at time.Time) error {
	if err := s.submit(Secret, at); err != nil {
		return err
	}
	if s.NeedsSecret() {
		return fault.New(fault.Conflict, "secret.missing", nil)
	}
	if s.ClientSecret.Held && s.ClientSecret.Check.Outcome == Bad {
		return fault.New(fault.Conflict, "secret.refused", nil)
	}
	s.Answers.SecretExpires = e.Expires
	return nil
}

// SecretDropped says that the sealed client secret was deleted: too old, no longer needed, or unreadable.
type SecretDropped struct{}

func (SecretDropped) apply(s *State, _ time.Time) error {
	s.ClientSecret.Held = false
	return nil
}

// Assigned answers the assign step.
type Assigned struct{ FirstPerson string }

func (e Assigned) apply(s *State, at time.Time) error {
	if err := s.submit(Assign, at); err != nil {
		return err
	}
	if e.FirstPerson != s.Answers.FirstPerson {
		s.Arrivals.named(e.FirstPerson)
	}
	s.Answers.FirstPerson = e.FirstPerson
	return nil
}

// ProvisioningSeen ends the provisioning step: the admin saw the first user, or goes on without and says why.
type ProvisioningSeen struct {
	Arrived bool
	Reason  string
}

func (e ProvisioningSeen) apply(s *State, at time.Time) error {
	if !e.Arrived && e.Reason == "" {
		return fault.New(fault.Invalid, "provisioning.reason.missing", nil)
	}
	if err := s.submit(Provisioning, at); err != nil {
		return err
	}
	s.Answers.FirstUserArrived, s.Answers.WithoutReason = e.Arrived, e.Reason
	return nil
}

// SigninSeen ends the signin-test step.
type SigninSeen struct{}

func (SigninSeen) apply(s *State, at time.Time) error { return s.submit(SigninTest, at) }

// ChangesDiscarded returns to the answers that Aritma holds.
type ChangesDiscarded struct{}

func (ChangesDiscarded) apply(s *State, _ time.Time) error {
	if s.Registration.Intent != "" {
		return errBusy
	}
	if !s.Registration.Exists {
		return errNoIntent
	}
	if s.Registration.Uncertain {
		return errUncertain
	}
	sent := s.Registration.Sent
	a := &s.Answers
	a.DirectoryID, a.ClientID, a.Authority, a.Region, a.Proven = sent.DirectoryID, sent.ClientID, sent.Authority, sent.Region, sent.Proven
	a.DisplayName, a.Scheme, a.AutoProvision, a.HoldButton = sent.DisplayName, sent.Scheme, sent.AutoProvision, sent.HoldButton
	a.SecretExpires = sent.SecretExpires
	s.ClientSecret.Held, s.ClientSecret.Sent = false, true
	for _, step := range []Step{Redirect, Secret, Assign, Provisioning, SigninTest} {
		if mark, ok := s.Marks[step]; ok {
			mark.Open = step == Redirect && s.Registration.Redirect.Differs
			s.Marks[step] = mark
		}
	}
	if s.Token.Status == TokenClaimed && !s.Token.PastedAt.IsZero() {
		s.Token.Status = TokenPasted
	}
	s.Registration.Problem = nil
	return nil
}

// forgetOld removes ids from the tokens that are to be removed.
func (t *SCIMToken) forgetOld(ids ...string) {
	t.Old = slices.DeleteFunc(t.Old, func(id string) bool { return slices.Contains(ids, id) })
}
