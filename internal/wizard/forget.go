package wizard

import (
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

// redacted stands where a word was.
const redacted = "…"

// tellable are the words in a problem that are nobody's: Microsoft's code and number for it, and dates. Whatever else stands
// there may be what the customer entered, or comes from their directory.
var tellable = []string{"Code", "Correlation", "Date"}

// Tellable reports whether a word in a problem's data is nobody's.
func Tellable(name string) bool { return slices.Contains(tellable, name) }

// Forget is the state without personal data (GDPR, article 5(1)(c) and (e)): who was to be provisioned first, who arrived, who
// tried to sign in, and what people wrote in their own words. What was set up, and what every check showed, stays. The sealed
// values go with it: the client secret is not held any more, and a SCIM token that nobody fetched is one to be removed.
func (s State) Forget(at time.Time) State {
	s = s.clone()
	s.ForgottenAt = at
	for _, a := range []*Answers{&s.Answers, &s.Registration.Sent} {
		a.FirstPerson, a.WithoutReason = "", ""
	}
	s.ClientSecret.Session, s.Token.Session, s.ClientSecret.Held = "", "", false
	s.Arrivals.Counted = ""
	s.Arrivals.Person, s.Arrivals.Group = s.Arrivals.Person.nameless(), s.Arrivals.Group.nameless()
	t := s.Trial
	s.Trial = SigninTrial{Check: t.Check, ID: t.ID, BeganAt: t.BeganAt, Provider: t.Provider, Claims: t.Claims, Match: t.Match}
	for _, p := range []**Problem{
		&s.ClientSecret.Check.Problem, &s.Registration.Problem, &s.Registration.Redirect.Problem, &s.Token.Problem, &s.Token.Check.Problem,
		&s.Arrivals.Problem, &s.Trial.Problem,
	} {
		*p = (*p).nameless()
	}
	if s.Token.Status == TokenSealed {
		s.Token.Old = append(s.Token.Old, s.Token.ID)
		s.Token.Status, s.Token.ID, s.Token.Check = TokenNone, "", Check{}
	}
	return s
}

// Unsettled reports whether something was begun in Aritma whose outcome is not known.
func (s State) Unsettled() bool {
	return s.Registration.Intent != "" || s.Token.Status == TokenIntended
}

func (a *Arrived) nameless() *Arrived {
	if a == nil {
		return nil
	}
	return &Arrived{At: a.At}
}

func (p *Problem) nameless() *Problem {
	if p == nil {
		return nil
	}
	kept := *p
	kept.Data = fault.Data{}
	for name, value := range p.Data {
		switch value.(type) {
		case bool, int, int64, float64:
			kept.Data[name] = value
		default:
			if kept.Data[name] = redacted; Tellable(name) {
				kept.Data[name] = value
			}
		}
	}
	return &kept
}
