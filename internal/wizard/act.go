package wizard

import (
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
)

// RegistrationIntended is stored before Aritma is asked to create, update, take over or remove the provider.
// Looked says that the list was read and showed no provider of this scheme.
type RegistrationIntended struct {
	Act       Act
	Operation string
	Looked    bool
	// Received is when the client secret came that is about to be sent; zero when none is. Another one that came meanwhile
	// must not count as sent.
	Received time.Time
}

func (e RegistrationIntended) apply(s *State, at time.Time) error {
	r := &s.Registration
	if r.Intent != "" && r.Intent != e.Act {
		return errBusy
	}
	if e.Act != Remove && s.Open() == Review && !s.ClientSecret.Held {
		return fault.New(fault.Conflict, "secret.gone", nil)
	}
	if !e.Received.IsZero() && !e.Received.Equal(s.ClientSecret.ReceivedAt) {
		return errSecretState
	}
	switch e.Act {
	case Create, Adopt:
		if r.Exists || s.Open() != Review || (e.Act == Adopt && r.Clash == nil) {
			return notOpen(Review)
		}
	case Update:
		if !r.Exists || s.Open() != Review {
			return notOpen(Review)
		}
	case Remove:
		if s.Token.Status == TokenIntended {
			return errBusy
		}
	default:
		return errNoIntent
	}
	r.Intent, r.Operation, r.IntendedAt, r.Looked, r.Problem = e.Act, e.Operation, at, e.Looked, nil
	return nil
}

// RegistrationDone is the outcome of create, update and adopt. ProviderID 0 means that Aritma did not tell it.
type RegistrationDone struct{ ProviderID int64 }

func (e RegistrationDone) apply(s *State, at time.Time) error {
	r := &s.Registration
	if r.Intent == "" || r.Intent == Remove {
		return errNoIntent
	}
	if !r.Exists {
		r.RegisteredAt = at
		r.Adopted = r.Intent == Adopt
	}
	if e.ProviderID != 0 {
		r.ProviderID = e.ProviderID
	}
	if r.Exists && (r.Sent.ClientID != s.Answers.ClientID || r.Sent.DirectoryID != s.Answers.DirectoryID) && !s.Answers.TwoApps {
		s.Arrivals = s.Arrivals.unseen() // they came by the other application
	}
	r.Exists, r.Intent, r.Clash, r.Problem = true, "", nil, nil
	r.Sent, r.Uncertain = s.Answers, false
	s.ClientSecret.Sent = true
	s.Marks[Review] = Mark{At: at, Revision: s.Marks[Review].Revision + 1}
	return nil
}

// RegistrationFailed ends an act. Unknown says that a PUT may have been done all the same; it can be repeated.
type RegistrationFailed struct {
	Problem Problem
	Unknown bool
}

func (e RegistrationFailed) apply(s *State, _ time.Time) error {
	if e.Unknown && s.Registration.Intent == Update {
		s.Registration.Uncertain = true
	}
	s.Registration.Intent = ""
	s.Registration.Problem = &e.Problem
	return nil
}

// RegistrationUnclear keeps the intent: whether the act happened is not known and must be looked up before the next.
type RegistrationUnclear struct{ Problem Problem }

func (e RegistrationUnclear) apply(s *State, _ time.Time) error {
	if s.Registration.Intent == "" {
		return errNoIntent
	}
	s.Registration.Problem = &e.Problem
	return nil
}

// SchemeTaken says that a provider of this scheme exists which this setup did not make.
type SchemeTaken struct{ Clash Clash }

func (e SchemeTaken) apply(s *State, _ time.Time) error {
	if s.Registration.Exists {
		return errSchemeFixed
	}
	if s.Registration.Intent == Remove {
		return errBusy
	}
	s.Registration.Intent, s.Registration.Problem = "", nil
	s.Registration.Clash = &e.Clash
	return nil
}

// Removed is the outcome of Remove: nothing of this setup is left in Aritma, and it begins again.
type Removed struct{}

func (Removed) apply(s *State, _ time.Time) error {
	if s.Registration.Intent != Remove {
		return errNoIntent
	}
	t := s.Token
	kept := SCIMToken{Generation: t.Generation, LostUnlisted: t.LostUnlisted, Before: t.Before, Listed: t.Listed}
	*s = State{Marks: map[Step]Mark{}, Token: kept, Arrivals: s.Arrivals.unseen()}
	return nil
}

// TokenAsked is stored before Aritma is asked for a SCIM token. Before lists the ids of all tokens that exist; Listed
// is false when Aritma would not say; both count the first time only. Replaces is the generation that the admin saw: 0 for the first token.
type TokenAsked struct {
	Operation string
	Before    []string
	Listed    bool
	Replaces  int
	Session   string
}

func (e TokenAsked) apply(s *State, at time.Time) error {
	t := &s.Token
	if s.Registration.Intent != "" {
		return errBusy
	}
	if !s.Registration.Exists || !s.Reachable(Token) {
		return notOpen(Token)
	}
	if t.Status != TokenNone && t.Status != TokenIntended && e.Replaces != t.Generation {
		return errTokenState
	}
	switch t.Status {
	case TokenSealed, TokenClaimed, TokenPasted:
		if t.ID == "" { // Aritma did not tell it, so nobody can remove it by id
			t.LostUnlisted = true
		} else if !slices.Contains(t.Old, t.ID) {
			t.Old = append(t.Old, t.ID)
		}
	}
	if (t.Status == TokenClaimed || t.Status == TokenPasted) && s.Arrivals.Since.IsZero() {
		s.Arrivals.Late = true
	}
	if t.Status != TokenIntended {
		t.Generation++
		t.OrphansRemoved = 0
	}
	if !t.Listed {
		t.Before, t.Listed = slices.Clone(e.Before), e.Listed
	}
	t.Status, t.Operation, t.IntendedAt, t.Problem = TokenIntended, e.Operation, at, nil
	t.ID, t.Session, t.Check = "", e.Session, Check{}
	t.CreatedAt, t.ClaimedAt, t.PastedAt = time.Time{}, time.Time{}, time.Time{}
	return nil
}

// TokenMade says that the token exists and that its value is sealed.
type TokenMade struct{ ID string }

func (e TokenMade) apply(s *State, at time.Time) error {
	t := &s.Token
	if t.Status != TokenIntended {
		return errTokenState
	}
	t.Status, t.ID, t.CreatedAt, t.Problem = TokenSealed, e.ID, at, nil
	t.forgetOld(e.ID) // Aritma may keep one id for a provider and renew its value: removing the old would remove the new
	return nil
}

// TokenFailed ends an intent that certainly made nothing, or whose orphan was removed.
type TokenFailed struct{ Problem Problem }

func (e TokenFailed) apply(s *State, _ time.Time) error {
	if s.Token.Status == TokenIntended {
		s.Token.Status = TokenNone
	}
	s.Token.Problem = &e.Problem
	return nil
}

// TokenUnclear keeps the intent: a token may exist whose value nobody has.
type TokenUnclear struct{ Problem Problem }

func (e TokenUnclear) apply(s *State, _ time.Time) error {
	s.Token.Problem = &e.Problem
	return nil
}

// OrphanFound names a token of this setup whose value nobody has: a lost or very late answer left it behind. It is to
// be removed.
type OrphanFound struct{ ID string }

func (e OrphanFound) apply(s *State, _ time.Time) error {
	t := &s.Token
	if t.Generation == 0 || e.ID == t.ID {
		return errTokenState
	}
	if !slices.Contains(t.Old, e.ID) {
		t.Old = append(t.Old, e.ID)
		t.OrphansRemoved++
	}
	return nil
}

// OrphanUnlisted says that an answer was lost and that Aritma does not list its tokens: one may be left over.
type OrphanUnlisted struct{}

func (OrphanUnlisted) apply(s *State, _ time.Time) error {
	s.Token.LostUnlisted = true
	return nil
}

// TokensRemoved says that these tokens no longer exist in Aritma.
type TokensRemoved struct{ IDs []string }

func (e TokensRemoved) apply(s *State, _ time.Time) error {
	t := &s.Token
	t.forgetOld(e.IDs...)
	if t.ID != "" && slices.Contains(e.IDs, t.ID) {
		t.Status, t.ID = TokenNone, ""
	}
	if t.Status == TokenPasted && len(t.Old) == 0 {
		t.Problem = nil // it was about these
	}
	return nil
}

// TokenShown is the claim: the one showing is given out with it, before the value is decrypted.
type TokenShown struct{}

func (TokenShown) apply(s *State, at time.Time) error {
	t := &s.Token
	if t.Status != TokenSealed {
		return errTokenState
	}
	t.Status, t.ClaimedAt = TokenClaimed, at
	return nil
}

// TokenInEntra says that the admin pasted the token, and names the generation that was on the screen.
type TokenInEntra struct{ Generation int }

func (e TokenInEntra) apply(s *State, at time.Time) error {
	t := &s.Token
	if e.Generation != t.Generation || (t.Status != TokenClaimed && t.Status != TokenPasted) {
		return errTokenState
	}
	t.Status, t.PastedAt = TokenPasted, at
	s.Marks[Token] = Mark{At: at, Revision: s.Marks[Token].Revision + 1}
	return nil
}
