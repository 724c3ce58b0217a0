package console

import (
	"context"
	"strings"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// Values that stand for the customer's own. Names end in .example (RFC 2606).
const (
	sampleID        = "sample" // of no setup: nothing is found under it
	sampleDirectory = "11111111-2222-4333-8444-555555555555"
	sampleClient    = "66666666-7777-4888-8999-aaaaaaaaaaaa"
	samplePerson    = "Kari Nordmann"
	sampleEmail     = "kari.nordmann@company.example"
	sampleGroup     = "Everybody"
	sampleReason    = "The customer's reason"
	sampleTokenID   = "sample-token"
)

// Sample is a setup as far as the customer has come and as they chose, with sample values in place of everything that they
// entered. ErrUnwatched when they do not want to be looked at.
func (s *Service) Sample(ctx context.Context, id string) (onboarding.Setup, error) {
	setup, err := s.setups.Setup(ctx, id)
	switch {
	case err != nil:
		return onboarding.Setup{}, err
	case !setup.ClosedAt.IsZero():
		return onboarding.Setup{}, errClosed
	case setup.Unwatched:
		return onboarding.Setup{}, ErrUnwatched
	}
	return sampleOf(setup), nil
}

func sampleOf(of onboarding.Setup) onboarding.Setup {
	state := of.State
	scheme := of.ProposedScheme()
	sample := onboarding.Setup{
		ID: sampleID + strings.Repeat("-", 26-len(sampleID)), Company: of.Company, Tenant: of.Tenant, Domain: of.Domain, Contact: of.Contact, Scheme: scheme,
		CreatedAt: of.CreatedAt, ChangedAt: of.ChangedAt, OpenedAt: of.OpenedAt, CompletedAt: of.CompletedAt,
	}
	r, t, a, trial := state.Registration, state.Token, state.Arrivals, state.Trial
	sample.State = wizard.State{
		Answers: answers(state.Answers, of.Company, scheme), Marks: state.Marks,
		ClientSecret: wizard.ClientSecret{
			Held: state.ClientSecret.Held, ReceivedAt: state.ClientSecret.ReceivedAt, Sent: state.ClientSecret.Sent, Check: check(state.ClientSecret.Check),
		},
		Registration: wizard.Registration{
			Intent: r.Intent, IntendedAt: r.IntendedAt, Exists: r.Exists, RegisteredAt: r.RegisteredAt, Sent: answers(r.Sent, of.Company, scheme),
			Uncertain: r.Uncertain, Redirect: wizard.RedirectCheck{Check: check(r.Redirect.Check), Differs: r.Redirect.Differs}, Problem: problem(r.Problem),
		},
		Token: wizard.SCIMToken{
			Status: t.Status, CreatedAt: t.CreatedAt, ClaimedAt: t.ClaimedAt, PastedAt: t.PastedAt, Generation: t.Generation,
			OrphansRemoved: t.OrphansRemoved, LostUnlisted: t.LostUnlisted, Problem: problem(t.Problem), Check: check(t.Check),
		},
		Arrivals: wizard.Arrivals{
			Since: a.Since, Late: a.Late, PersonBefore: a.PersonBefore, CheckedAt: a.CheckedAt, Checks: a.Checks, Person: arrived(a.Person, samplePerson),
			First: a.First, People: a.People, Group: arrived(a.Group, sampleGroup), Problem: problem(a.Problem),
		},
		Trial: wizard.SigninTrial{Check: check(trial.Check), BeganAt: trial.BeganAt, Claims: trial.Claims, Match: trial.Match, Known: arrived(trial.Known, samplePerson)},
	}
	if trial.Provider != "" {
		sample.State.Trial.Provider = scheme
	}
	if r.Clash != nil {
		sample.State.Registration.Clash = &wizard.Clash{Scheme: scheme, DisplayName: of.Company, Perhaps: r.Clash.Perhaps}
	}
	for range t.Old {
		sample.State.Token.Old = append(sample.State.Token.Old, sampleTokenID)
	}
	for into, from := range map[*string]string{&sample.State.Trial.Name: trial.Name, &sample.State.Trial.Email: trial.Email, &sample.State.Trial.UserName: trial.UserName} {
		if from != "" { // what did not arrive is missing on this screen, too
			*into = sampleEmail
		}
	}
	if trial.Name != "" {
		sample.State.Trial.Name = samplePerson
	}
	return sample
}

// answers keeps what was chosen, and replaces what was entered.
func answers(a wizard.Answers, company, scheme string) wizard.Answers {
	for value, sample := range map[*string]string{
		&a.DisplayName: company, &a.Scheme: scheme, &a.FirstPerson: sampleEmail, &a.WithoutReason: sampleReason,
		&a.ClientID: sampleClient,
	} {
		if *value != "" {
			*value = sample
		}
	}
	a.SecretExpires = ""     // a date of ours would read like theirs
	if a.DirectoryID != "" { // the cloud stays: links lead to the same portal
		a.Authority = strings.ReplaceAll(a.Authority, a.DirectoryID, sampleDirectory)
		a.DirectoryID = sampleDirectory
	}
	return a
}

func check(c wizard.Check) wizard.Check {
	c.Problem = problem(c.Problem)
	return c
}

// problem keeps of a problem what its sentence needs.
func problem(p *wizard.Problem) *wizard.Problem {
	t := troubleOf(p)
	if t == nil {
		return nil
	}
	return &wizard.Problem{ID: p.ID, Kind: p.Kind, Data: t.Fault().Data, At: p.At, Reference: p.Reference}
}

func arrived(a *wizard.Arrived, name string) *wizard.Arrived {
	if a == nil {
		return nil
	}
	return &wizard.Arrived{Name: name, UserName: sampleEmail, Email: sampleEmail, At: a.At}
}
