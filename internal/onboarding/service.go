package onboarding

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/scim"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/signin"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/internal/work"
)

// Limits of outside work.
const (
	// Patience is how long a request waits for the work it began before it answers "under way".
	Patience = work.Patience
	// leaseLife outlasts work.Limit, so that a lease can only expire when its holder is dead.
	leaseLife = work.Limit + 15*time.Second
	// lookLease is how long a look that its process did not live to end is taken for one that is under way. One that takes longer
	// may be made twice, which harms nobody.
	lookLease = 20 * time.Second
	// saveTries bounds how often a change is tried again after somebody else changed the setup.
	saveTries = 40
)

// Options are what a Service needs.
type Options struct {
	Store     Store
	IAM       *iam.Client
	Directory *entra.Client
	SCIM      *scim.Prober
	// Signin is the wizard's own client at Aritma ID; nil when the operator configured none.
	Signin *signin.Client
	// MicrosoftHosts are where Aritma ID may send people to.
	MicrosoftHosts []*url.URL
	Keys           *seal.Keyring
	Log            *slog.Logger
	Now            func() time.Time
	// SCIMURLTemplate with {tenant}, RedirectURITemplate with {tenant} and {scheme}.
	SCIMURLTemplate, RedirectURITemplate string
	// LinksAct is true when a setup link itself lets people in; otherwise it only finds the setup, and an administrator of
	// the tenant signs in with Aritma.
	LinksAct bool
}

// Service does what happens at a step.
type Service struct {
	Options
	holder string // names this process in leases
	work   *work.Group
}

// New returns a Service. Shut it down to let work under way finish.
func New(o Options) *Service {
	return &Service{Options: o, holder: newID(), work: work.New(o.Log)}
}

// Shutdown waits until the work under way has ended, at most until ctx ends; then it is cut off.
func (s *Service) Shutdown(ctx context.Context) { s.work.Close(ctx) }

// Working is how much outside work is under way in this process.
func (s *Service) Working() int { return s.work.Running() }

// Access is the authority under which an act on Aritma happens, and who is to be named for it.
type Access struct {
	Actor Actor
	// Token returns an access token of scope services.iam for the setup's tenant; nil when there is no authority.
	Token func(ctx context.Context) (secret.Secret, error)
	// Session names the browser session whose own access token it is; empty for the operator's client.
	Session string
	// Refused is told that Aritma refused the token of the act; may be nil.
	Refused func()
}

// ErrNoAccess says that the act needs an access token and none is there.
var ErrNoAccess = fault.New(fault.Unauthorized, "access.missing", nil)

func (a Access) token(ctx context.Context) (secret.Secret, error) {
	if a.Token == nil {
		return secret.Secret{}, ErrNoAccess
	}
	return a.Token(ctx)
}

// Setup returns a setup, or a fault of kind NotFound.
func (s *Service) Setup(ctx context.Context, id string) (Setup, error) {
	setup, err := s.Store.Setup(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Setup{}, fault.Wrap(err, fault.NotFound, "setup.unknown", nil)
	}
	return setup, err
}

// TenantURL is the portal's name for the SCIM endpoint of the setup's tenant.
func (s *Service) TenantURL(setup Setup) string {
	return strings.ReplaceAll(s.SCIMURLTemplate, "{tenant}", url.PathEscape(setup.Tenant))
}

// RedirectURI is where Entra sends people back to Aritma ID. It depends on the scheme. The one that Aritma ID was seen to
// send goes before the one that was configured.
func (s *Service) RedirectURI(setup Setup) string {
	if seen := setup.State.Registration.Redirect.URI; seen != "" {
		return seen
	}
	return s.configuredRedirectURI(setup)
}

func (s *Service) configuredRedirectURI(setup Setup) string {
	return strings.NewReplacer("{tenant}", url.PathEscape(setup.Tenant), "{scheme}", url.PathEscape(setup.State.Answers.Scheme)).
		Replace(s.RedirectURITemplate)
}

// change loads the setup, lets build make the change, and saves it; when somebody else was faster it does so again.
// build may run several times and touches nothing but its arguments.
func (s *Service) change(ctx context.Context, id string, build func(setup Setup, now time.Time) (Change, error)) (Setup, error) {
	var err error
	for range saveTries {
		var setup Setup
		if setup, err = s.Setup(ctx, id); err != nil {
			return Setup{}, err
		}
		var c Change
		if c, err = build(setup, s.Now().UTC()); err != nil {
			return setup, err
		}
		if setup, err = s.Store.Save(ctx, c); !errors.Is(err, ErrConflict) {
			return setup, err
		}
	}
	return Setup{}, fault.Wrap(err, fault.Conflict, "setup.busy", nil)
}

// record applies wizard events and writes one audit entry.
func (s *Service) record(ctx context.Context, id string, actor Actor, kind string, detail map[string]string, events ...wizard.Event) (Setup, error) {
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		return recorded(setup, now, actor, kind, detail, events...)
	})
}

// recorded is the change that record saves; acts add secrets or an operation to it.
func recorded(setup Setup, now time.Time, actor Actor, kind string, detail map[string]string, events ...wizard.Event) (Change, error) {
	for _, e := range events {
		if !setup.ClosedAt.IsZero() && begins(e) {
			return Change{}, ErrClosed
		}
		next, err := setup.State.Apply(e, now)
		if err != nil {
			return Change{}, err
		}
		setup.State = next
	}
	setup.ChangedAt = now
	return Change{Setup: setup, Events: []Event{{Setup: setup.ID, At: now, Actor: actor.Who, From: actor.From, Kind: kind, Detail: detail}}}, nil
}

// FormRefused records that a page's form was refused with a message; nothing else of the form is kept.
func (s *Service) FormRefused(ctx context.Context, id string, actor Actor, page, problem string) error {
	_, err := s.record(ctx, id, actor, "form.refused", map[string]string{"page": page, "problem": problem})
	return err
}

// begins reports whether an event answers something or begins an act: nothing of the kind happens in a setup that is closed.
// What becomes of an act that was under way is kept all the same.
func begins(e wizard.Event) bool {
	switch e.(type) {
	case wizard.RegistrationDone, wizard.RegistrationFailed, wizard.RegistrationUnclear, wizard.SchemeTaken, wizard.Removed,
		wizard.TokenMade, wizard.TokenFailed, wizard.TokenUnclear, wizard.OrphanFound, wizard.OrphanUnlisted, wizard.TokensRemoved, wizard.TokenProbed,
		wizard.SecretChecked, wizard.SecretDropped, wizard.RedirectProven, wizard.ArrivalsCounted, wizard.ArrivalsChecked, wizard.TestEnded:
		return false
	}
	return true
}

// factsOf are what the trail says of a check, for whoever counts mistakes.
func factsOf(c wizard.Check) map[string]string {
	facts := map[string]string{"outcome": string(c.Outcome)}
	if c.Outcome == wizard.Bad && c.Problem != nil {
		facts["problem"], facts["reference"] = c.Problem.ID, c.Problem.Reference
	}
	return facts
}

// failureOf is what the trail says of an act that failed.
func failureOf(p wizard.Problem) map[string]string {
	return map[string]string{"reference": p.Reference, "problem": p.ID}
}

// act runs work as the only one on this setup, here or in another process, and waits for it at most Patience. It
// joins work that is under way already. The work goes on when the wait or the request ends.
func (s *Service) act(ctx context.Context, id string, access Access, work func(ctx context.Context)) error {
	return s.alone(ctx, id, leaseLife, func(ctx context.Context) {
		work(ctx)
		if setup, err := s.Setup(ctx, id); access.Refused != nil && err == nil && refused(setup.State.Registration.Problem, setup.State.Token.Problem) {
			access.Refused()
		}
	})
}

// look runs a check that changes nothing outside, beside whatever else is under way on the setup, and waits for it at most
// Patience. One of each kind runs at a time, here or in another process; it joins one that does. The check goes on when the
// wait or the request ends.
func (s *Service) look(ctx context.Context, id, kind string, work func(ctx context.Context)) error {
	return s.alone(ctx, id+"/"+kind, lookLease, work)
}

// Kinds of look.
const (
	lookProof    = "proof/" // and when the secret came
	lookArrivals = "arrivals"
	lookTrial    = "trial/" // and which one
)

// proofOf is the kind of look that proves the client secret that is held: another secret is another proof.
func proofOf(setup Setup) string {
	return lookProof + strconv.FormatInt(setup.State.ClientSecret.ReceivedAt.UnixNano(), 10)
}

// alone does the work of that name while it holds the lease of it. Where another process has it there is nothing to do.
func (s *Service) alone(ctx context.Context, name string, life time.Duration, work func(ctx context.Context)) error {
	return s.work.Do(ctx, name, func(ctx context.Context) {
		now := s.Now().UTC()
		held, err := s.Store.AcquireLease(ctx, name, s.holder, now, now.Add(life))
		if err != nil {
			s.Log.ErrorContext(ctx, "lease not acquired", "work", name, "error", err)
			return
		}
		if !held {
			return
		}
		defer func() {
			if err := s.Store.ReleaseLease(context.WithoutCancel(ctx), name, s.holder); err != nil {
				s.Log.ErrorContext(ctx, "lease not released", "work", name, "error", err)
			}
		}()
		work(ctx)
	})
}

func refused(problems ...*wizard.Problem) bool {
	return slices.ContainsFunc(problems, func(p *wizard.Problem) bool {
		return p != nil && (p.Kind == fault.Unauthorized || p.Kind == fault.Forbidden)
	})
}

// Busy reports whether outside work on the setup is under way, here or in another process.
func (s *Service) Busy(ctx context.Context, id string) (bool, error) {
	if s.work.Runs(id) {
		return true, nil
	}
	return s.Store.Leased(ctx, id, s.Now().UTC())
}

// Proving reports whether Microsoft is being asked about the client secret that the setup holds, here or in another process.
func (s *Service) Proving(ctx context.Context, setup Setup) (bool, error) {
	if !setup.State.ClientSecret.Held {
		return false, nil
	}
	return s.Busy(ctx, setup.ID+"/"+proofOf(setup))
}

// Looking reports whether Aritma is being asked who has arrived, here or in another process.
func (s *Service) Looking(ctx context.Context, id string) (bool, error) {
	return s.Busy(ctx, id+"/"+lookArrivals)
}

// checkOf turns the end of a check into what is stored: nil is good, what could not be asked is doubt, a refusal is bad.
func (s *Service) checkOf(ctx context.Context, id, action string, err error) wizard.Check {
	if err == nil {
		return wizard.Check{Outcome: wizard.Good}
	}
	p := s.problem(ctx, id, action, err)
	check := wizard.Check{Outcome: wizard.Bad, Problem: &p}
	if p.Kind == fault.Unavailable || p.Kind == fault.Unknown {
		check.Outcome = wizard.Doubt
	}
	return check
}

// problem turns an error into what is stored and shown, and logs it once under the same reference.
func (s *Service) problem(ctx context.Context, id, action string, err error) wizard.Problem {
	f := fault.Of(err)
	p := wizard.Problem{ID: f.ID, Kind: f.Kind, Data: f.Data, At: s.Now().UTC(), Reference: newReference()}
	s.Log.WarnContext(ctx, "act failed", "setup", id, "action", action, "reference", p.Reference, "kind", f.Kind.String(), "error", err)
	return p
}

// newReference returns 8 characters that a person can read out on the phone.
func newReference() string {
	raw := make([]byte, 5)
	_, _ = rand.Read(raw)
	return base32.NewEncoding("ABCDEFGHJKMNPQRSTVWXYZ0123456789").EncodeToString(raw)
}
