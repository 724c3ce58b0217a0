package onboarding

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/wizard"
)

const (
	// TrialLife is how long a test sign-in may take before its answer is no longer believed.
	TrialLife = signin.AttemptLife

	trialName = "signin-trial" // of the sealed attempt; a newer one replaces it
)

// sealedTrial is an attempt with the browser session that began it.
type sealedTrial struct {
	Attempt string `json:"attempt"`
	Session string `json:"session"`
}

// CanTry reports whether the wizard has a client of its own for test sign-ins.
func (s *Service) CanTry() bool { return s.Signin != nil }

// BeginTrial makes a test sign-in through the setup's own provider and returns where to send the browser of that session. A
// trial that is under way is replaced.
func (s *Service) BeginTrial(ctx context.Context, id, session string, actor Actor) (*url.URL, error) {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.Signin == nil {
		return nil, fault.New(fault.Conflict, "signin-test.no-client", nil)
	}
	if !setup.State.Reachable(wizard.SigninTest) {
		return nil, fault.New(fault.Conflict, "wizard.not-open", fault.Data{"Step": string(wizard.SigninTest)})
	}
	asking, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	attempt, to, err := s.Signin.Begin(asking, setup.Tenant, setup.State.Registration.Sent.Scheme, id)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(sealedTrial{Attempt: attempt.Seal().Expose(), Session: session})
	if err != nil {
		return nil, err
	}
	sealed := s.Keys.Seal(secret.New(string(raw)), SecretPlace(id, trialName))
	_, err = s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, actor, "signin.test-begun", nil, wizard.TestBegan{ID: trialID(attempt)})
		c.Put = map[string]SealedSecret{trialName: {Value: sealed, DropAt: now.Add(TrialLife)}}
		return c, err
	})
	return to, err
}

// trialID names an attempt without giving it away.
func trialID(a signin.Attempt) string {
	sum := sha256.Sum256([]byte(a.State))
	return hex.EncodeToString(sum[:8])
}

// SetupOfState is the setup that a state parameter names; it gives no access.
func SetupOfState(state string) string {
	id, _, _ := strings.Cut(state, ".")
	return id
}

// FinishTrial takes the answer of Aritma ID, once, and stores the verdict. The answer has to belong to the newest trial of
// the setup and to the browser session that began it; any other is refused with a fault and changes nothing.
func (s *Service) FinishTrial(ctx context.Context, id, session string, query url.Values, access Access) error {
	attempt, err := s.openTrial(ctx, id, session, query.Get("state"))
	if err != nil {
		return err
	}
	if err := s.takeTrial(ctx, id, access.Actor); err != nil {
		return err
	}
	return s.look(ctx, id, lookTrial+attempt.State, func(ctx context.Context) {
		trial := s.judgeTrial(ctx, id, attempt, query, access)
		trial.ID = trialID(attempt)
		facts := factsOf(trial.Check)
		facts["match"] = string(trial.Match)
		_, err := s.record(context.WithoutCancel(ctx), id, access.Actor, "signin.tested",
			facts, wizard.TestEnded{Trial: trial})
		if err != nil && !fault.Is(err, fault.Conflict) {
			s.Log.ErrorContext(ctx, "verdict on test sign-in not stored", "setup", id, "error", err)
		}
	})
}

// ErrForeignTrial says that an answer belongs to no trial of this setup and session.
var ErrForeignTrial = fault.New(fault.Gone, "signin-test.foreign-answer", nil)

// openTrial reads the attempt without taking it out: an answer that somebody made up must not end it.
func (s *Service) openTrial(ctx context.Context, id, session, state string) (signin.Attempt, error) {
	sealed, err := s.Store.Sealed(ctx, id, trialName)
	if errors.Is(err, ErrNotFound) {
		return signin.Attempt{}, ErrForeignTrial
	}
	if err != nil {
		return signin.Attempt{}, err
	}
	value, err := s.Keys.Open(sealed, SecretPlace(id, trialName))
	if err != nil {
		return signin.Attempt{}, fault.Wrap(err, fault.Gone, "signin-test.foreign-answer", nil)
	}
	var held sealedTrial
	if err := json.Unmarshal([]byte(value.Expose()), &held); err != nil {
		return signin.Attempt{}, errors.New("sealed trial cannot be read")
	}
	attempt, err := signin.OpenAttempt(secret.New(held.Attempt))
	if err != nil {
		return signin.Attempt{}, err
	}
	if held.Session != session || subtle.ConstantTimeCompare([]byte(attempt.State), []byte(state)) != 1 {
		return signin.Attempt{}, ErrForeignTrial
	}
	return attempt, nil
}

// takeTrial makes sure that an answer counts once.
func (s *Service) takeTrial(ctx context.Context, id string, actor Actor) error {
	for range saveTries {
		setup, err := s.Setup(ctx, id)
		if err != nil {
			return err
		}
		c, err := recorded(setup, s.Now().UTC(), actor, "signin.test-returned", nil)
		if err != nil {
			return err
		}
		_, _, err = s.Store.Claim(ctx, c, trialName)
		switch {
		case errors.Is(err, ErrConflict):
			continue
		case errors.Is(err, ErrClaimed):
			return ErrForeignTrial
		}
		return err
	}
	return fault.New(fault.Conflict, "setup.busy", nil)
}

// judgeTrial finds out who signed in and whether Aritma knows them.
func (s *Service) judgeTrial(ctx context.Context, id string, attempt signin.Attempt, query url.Values, access Access) wizard.SigninTrial {
	person, err := s.Signin.Finish(ctx, attempt, query)
	if err != nil {
		trial := wizard.SigninTrial{Check: s.checkOf(ctx, id, "test-signin", err)}
		if shown, ok := fault.Of(err).Data["Description"].(string); ok {
			trial.Shown = shown
			delete(trial.Problem.Data, "Description")
		}
		return trial
	}
	trial := wizard.SigninTrial{
		Name: person.Name, Email: person.Email, UserName: person.UserName, Provider: person.Provider, Claims: person.Claims,
	}
	if person.Provider != "" && person.Provider != attempt.Scheme {
		trial.Check = s.checkOf(ctx, id, "test-signin", fault.New(fault.Forbidden, "signin-test.other-provider", fault.Data{"Provider": person.Provider, "Scheme": attempt.Scheme}))
		return trial
	}
	trial.Match, trial.Known, err = s.join(ctx, person, access)
	switch {
	case err != nil:
		p := s.problem(ctx, id, "join-identity", err)
		trial.Check = wizard.Check{Outcome: wizard.Doubt, Problem: &p}
	case trial.Match == wizard.MatchNone:
		trial.Check = wizard.Check{Outcome: wizard.Doubt}
	default:
		trial.Check = s.checkOf(ctx, id, "join-identity", s.sure(ctx, id, person, trial.Known))
	}
	return trial
}

// sure says why somebody who was found in Aritma may be another person than the one who signed in; nil when nothing does. Where
// Aritma creates people at their first sign-in, only who came by provisioning before is sure.
func (s *Service) sure(ctx context.Context, id string, person signin.Person, known *wizard.Arrived) error {
	const ours = "user-" // subjectId and sub are of one kind
	if strings.HasPrefix(person.Subject, ours) && strings.HasPrefix(known.SubjectID, ours) && person.Subject != known.SubjectID {
		return fault.New(fault.Unavailable, "signin-test.another-person", fault.Data{"Name": known.Name})
	}
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	came := setup.State.Arrivals
	if setup.State.Registration.Sent.AutoProvision && (!came.Somebody() || came.Person == nil || came.Person.SubjectID != known.SubjectID) {
		return fault.New(fault.Unavailable, "signin-test.autoprovisioned", nil)
	}
	return nil
}

// join finds the person who signed in among those whom Aritma knows. Aritma's own id goes before every name; among names, the
// surer goes first.
func (s *Service) join(ctx context.Context, person signin.Person, access Access) (wizard.Match, *wizard.Arrived, error) {
	token, err := access.token(ctx)
	if err != nil {
		return wizard.MatchNone, nil, err
	}
	ctx = outbound.Once(ctx)
	var found []iam.Subject
	asked := map[string]bool{"": true}
	for _, name := range []string{person.Email, person.UserName, person.Subject, person.ExternalID, person.Name} {
		if asked[strings.ToLower(name)] {
			continue
		}
		asked[strings.ToLower(name)] = true
		page, err := s.IAM.Users(ctx, token, name)
		if err != nil {
			return wizard.MatchNone, nil, err
		}
		found = append(found, page.Found...)
		if match, known := matched(person, found); match == wizard.MatchSubject {
			return match, arrived(known, s.Now().UTC()), nil
		}
	}
	match, known := matched(person, found)
	if match == wizard.MatchNone {
		return match, nil, nil
	}
	return match, arrived(known, s.Now().UTC()), nil
}

// matched is the surest match among the subjects.
func matched(person signin.Person, found []iam.Subject) (wizard.Match, iam.Subject) {
	for _, way := range []struct {
		match wizard.Match
		of    func(iam.Subject) bool
	}{
		{wizard.MatchSubject, func(s iam.Subject) bool { return s.SubjectID != "" && s.SubjectID == person.Subject }},
		{wizard.MatchEmail, func(s iam.Subject) bool { return same(s.Email, person.Email) }},
		{wizard.MatchUserName, func(s iam.Subject) bool {
			return same(s.UserName, person.UserName) || same(s.UserName, person.Email) || same(s.Email, person.UserName)
		}},
		{wizard.MatchExternalID, func(s iam.Subject) bool { return same(s.ExternalID, person.ExternalID) }},
	} {
		for _, each := range found {
			if way.of(each) {
				return way.match, each
			}
		}
	}
	return wizard.MatchNone, iam.Subject{}
}

func same(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
