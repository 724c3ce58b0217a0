package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/work"
)

const (
	// prefix begins the state of every sign-in here; a setup's test sign-in begins with the setup's id.
	prefix = "signin"
	// outcomeLife is how long an outcome waits for its session, counted from the beginning of the longest sign-in.
	outcomeLife = 5 * time.Minute
	// finishLimit ends looking into an answer.
	finishLimit = 20 * time.Second
	// leaseLife outlasts a renewal.
	leaseLife = 30 * time.Second
)

// Options are what a Service needs.
type Options struct {
	Store  Store
	Signin *signin.Client
	Keys   *seal.Keyring
	Log    *slog.Logger
	Now    func() time.Time
	// ConsoleTenant and ConsoleRoles say who may sign in to the console: people of the tenant with one of the roles.
	ConsoleTenant string
	ConsoleRoles  []string
	// Accepted asks the IAM API whether it accepts an access token: a fault of kind Unauthorized or Forbidden when not.
	Accepted func(ctx context.Context, token secret.Secret) error
}

// Service signs people in with Aritma. It may be shared by any number of goroutines.
type Service struct {
	Options
	holder string // names this process in leases
	work   *work.Group
}

// New returns a Service. Close it to let sign-ins under way finish.
func New(o Options) *Service {
	return &Service{Options: o, holder: rand.Text(), work: work.New(o.Log)}
}

// Close waits until the work under way has ended, at most until ctx ends.
func (s *Service) Close(ctx context.Context) { s.work.Close(ctx) }

// Working is how much work is under way in this process.
func (s *Service) Working() int { return s.work.Running() }

// Purpose is where a person wanted to go when they signed in.
type Purpose struct {
	Setup string `json:"setup,omitempty"` // id; empty: the first page
	Page  string `json:"page,omitempty"`  // of the setup, such as a step; empty: the open step
	Link  string `json:"link,omitempty"`  // id of the setup link that led here
	// Console is true for who wants to see the console.
	Console bool `json:"console,omitempty"`
}

// ErrForeign says that an answer belongs to no sign-in that this browser session began, or came a second time.
var ErrForeign = fault.New(fault.Gone, "account.foreign-answer", nil)

// begun is what is kept of a sign-in while the person is at Aritma ID.
type begun struct {
	Attempt string  `json:"attempt"`
	Purpose Purpose `json:"purpose"`
}

// ended is what came of it: an account, or what went wrong.
type ended struct {
	Account string     `json:"account,omitempty"`
	Purpose Purpose    `json:"purpose"`
	Fault   string     `json:"fault,omitempty"` // message id
	Kind    fault.Kind `json:"kind,omitempty"`
	Data    fault.Data `json:"data,omitempty"`
}

// Begin begins a sign-in and returns where to send the browser. Only when Aritma ID knows the tenant is the browser session
// asked for, which has to be stored: it gives the SHA-256 of its id. Its faults
// are those of signin.Client.Begin. With somebodyElse a session at Aritma ID from before is not taken for an answer.
func (s *Service) Begin(ctx context.Context, tenant string, session func() ([]byte, error), p Purpose, somebodyElse bool) (*url.URL, error) {
	asking, cancel := context.WithTimeout(ctx, work.Patience)
	defer cancel()
	begin := s.Signin.BeginToAct
	if p.Console {
		begin = s.Signin.BeginToSee
	}
	attempt, to, err := begin(asking, tenant, prefix, somebodyElse)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(begun{Attempt: attempt.Seal().Expose(), Purpose: p})
	if err != nil {
		return nil, err
	}
	hash, err := session()
	if err != nil {
		return nil, err
	}
	id := idOf(attempt.State)
	err = s.Store.BeginSignin(ctx, Signin{
		ID: id, Session: hash, Sealed: s.Keys.Seal(secret.New(string(raw)), Place(id, Begun)),
		ExpiresAt: attempt.BeganAt.Add(signin.AttemptLife + outcomeLife),
	})
	if errors.Is(err, ErrNotFound) { // signed out meanwhile
		err = fault.Wrap(err, fault.Unauthorized, "session.ended", nil)
	}
	return to, err
}

// IsSignin reports whether an answer is one to a sign-in here, by its state, rather than to a setup's test sign-in.
func IsSignin(query url.Values) bool { return strings.HasPrefix(query.Get("state"), prefix+".") }

// Answer takes the answer of Aritma ID, once, and looks into it. It waits at most work.Patience; the name of the sign-in that
// it returns tells Ended and Enter which one it is. ErrForeign when the answer belongs to no sign-in of this session.
func (s *Service) Answer(ctx context.Context, session []byte, query url.Values) (name string, err error) {
	id := idOf(query.Get("state"))
	sealed, err := s.Store.TakeAttempt(ctx, id, session, s.Now().UTC())
	if errors.Is(err, ErrNotFound) {
		return "", ErrForeign
	}
	if err != nil {
		return "", err
	}
	value, err := s.Keys.Open(sealed, Place(id, Begun))
	if err != nil {
		return "", fault.Wrap(err, fault.Gone, "account.foreign-answer", nil)
	}
	var held begun
	if err := json.Unmarshal([]byte(value.Expose()), &held); err != nil {
		return "", errors.New("sealed sign-in cannot be read")
	}
	attempt, err := signin.OpenAttempt(secret.New(held.Attempt))
	if err != nil {
		return "", err
	}
	name = hex.EncodeToString(id)
	return name, s.work.Do(ctx, "signin/"+name, func(ctx context.Context) { s.finish(ctx, id, attempt, held.Purpose, query) })
}

// finish finds out who signed in and whether the IAM API accepts them, and stores what came of it.
func (s *Service) finish(ctx context.Context, id []byte, attempt signin.Attempt, p Purpose, query url.Values) {
	asking, cancel := context.WithTimeout(ctx, finishLimit)
	defer cancel()
	result := ended{Purpose: p}
	account, err := s.whoSignedIn(asking, attempt, p, query)
	if err != nil {
		f := fault.Of(err)
		result.Fault, result.Kind, result.Data = f.ID, f.Kind, forPage(f.Data)
		s.Log.WarnContext(ctx, "sign-in failed", "kind", f.Kind.String(), "error", err)
	} else {
		result.Account = account.Pack().Expose()
	}
	raw, err := json.Marshal(result)
	if err == nil {
		err = s.Store.EndSignin(context.WithoutCancel(ctx), id, s.Keys.Seal(secret.New(string(raw)), Place(id, Ended)))
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "outcome of sign-in not stored", "error", err)
	}
}

// forPage drops what only a diagnosis wants: text of somebody else's.
func forPage(data fault.Data) fault.Data {
	kept := fault.Data{}
	for name, value := range data {
		if name != "Description" {
			kept[name] = value
		}
	}
	return kept
}

// whoSignedIn is the account of an answer. Whom the IAM API does not accept is not signed in.
func (s *Service) whoSignedIn(ctx context.Context, attempt signin.Attempt, p Purpose, query url.Values) (Account, error) {
	if p.Console {
		return s.whoSees(ctx, attempt, query)
	}
	person, tokens, err := s.Signin.FinishToAct(ctx, attempt, query)
	if err != nil {
		return Account{}, err
	}
	account := Account{Tenant: attempt.Tenant, Subject: person.Subject, Name: person.Name, Email: person.Email, At: s.Now().UTC(), Tokens: tokens}
	switch err := s.Accepted(ctx, tokens.Access); {
	case err == nil:
		account.Accepted = s.Now().UTC()
		return account, nil
	case fault.Is(err, fault.Unauthorized), fault.Is(err, fault.Forbidden):
		return Account{}, fault.Wrap(err, fault.Forbidden, "account.not-admin", fault.Data{"Name": account.Label(), "Tenant": account.Tenant})
	default:
		return Account{}, fault.Wrap(err, fault.Unavailable, "account.unasked", nil)
	}
}

// whoSees is the account of somebody of customer success: of the console's tenant, with one of its roles.
func (s *Service) whoSees(ctx context.Context, attempt signin.Attempt, query url.Values) (Account, error) {
	person, err := s.Signin.Finish(ctx, attempt, query)
	if err != nil {
		return Account{}, err
	}
	account := Account{Tenant: attempt.Tenant, Subject: person.Subject, Name: person.Name, Email: person.Email, At: s.Now().UTC(), Console: true}
	may := slices.ContainsFunc(person.Roles, func(role string) bool { return slices.Contains(s.ConsoleRoles, role) })
	if s.ConsoleTenant == "" || !strings.EqualFold(attempt.Tenant, s.ConsoleTenant) || !may {
		return Account{}, fault.New(fault.Forbidden, "account.not-console", fault.Data{"Name": account.Label()})
	}
	return account, nil
}

// Outcome is what came of a sign-in.
type Outcome struct {
	Ended bool // false: it is still looked into
	// Fault says why nobody was signed in; nil when somebody was.
	Fault   *fault.Error
	Purpose Purpose
}

// Look tells what came of a sign-in of the session, and takes nothing. A sign-in of which nothing is left is ErrForeign.
func (s *Service) Look(ctx context.Context, session []byte, name string) (Outcome, error) {
	id, err := hex.DecodeString(name)
	if err != nil {
		return Outcome{}, ErrForeign
	}
	stage, sealed, err := s.Store.SigninStage(ctx, id, session, s.Now().UTC())
	switch {
	case err != nil:
		return Outcome{}, err
	case stage == Taken:
		return Outcome{}, nil
	case stage != Ended:
		return Outcome{}, ErrForeign
	}
	result, err := s.openEnded(id, sealed)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{Ended: true, Purpose: result.Purpose}
	if result.Fault != "" {
		outcome.Fault = fault.New(result.Kind, result.Fault, result.Data)
	}
	return outcome, nil
}

// Enter takes the account of a sign-in that went well, once. Any other is ErrForeign.
func (s *Service) Enter(ctx context.Context, session []byte, name string) (Account, Purpose, error) {
	id, err := hex.DecodeString(name)
	if err != nil {
		return Account{}, Purpose{}, ErrForeign
	}
	sealed, err := s.Store.TakeOutcome(ctx, id, session, s.Now().UTC())
	if errors.Is(err, ErrNotFound) {
		return Account{}, Purpose{}, ErrForeign
	}
	if err != nil {
		return Account{}, Purpose{}, err
	}
	result, err := s.openEnded(id, sealed)
	if err != nil {
		return Account{}, Purpose{}, err
	}
	if result.Fault != "" {
		return Account{}, Purpose{}, ErrForeign
	}
	account, err := Unpack(secret.New(result.Account))
	return account, result.Purpose, err
}

func (s *Service) openEnded(id []byte, sealed seal.Sealed) (ended, error) {
	value, err := s.Keys.Open(sealed, Place(id, Ended))
	if err != nil {
		return ended{}, fault.Wrap(err, fault.Gone, "account.foreign-answer", nil)
	}
	var result ended
	if err := json.Unmarshal([]byte(value.Expose()), &result); err != nil {
		return ended{}, errors.New("sealed outcome cannot be read")
	}
	return result, nil
}

// Sweep deletes sign-ins that never came back.
func (s *Service) Sweep(ctx context.Context) error {
	return s.Store.DeleteExpiredSignins(ctx, s.Now().UTC())
}

// idOf is under what a sign-in is stored.
func idOf(state string) []byte {
	sum := sha256.Sum256([]byte(state))
	return sum[:]
}

// Place is what a sign-in's attempt (Begun) and outcome (Ended) are sealed for.
func Place(id []byte, stage Stage) []byte {
	return seal.Place("signin", base64.RawURLEncoding.EncodeToString(id), string(stage))
}
