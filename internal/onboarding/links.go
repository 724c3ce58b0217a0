package onboarding

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

// DefaultLinkLife is how long a setup link opens its setup unless said otherwise.
const DefaultLinkLife = 7 * 24 * time.Hour

// NewSetup is what customer success, or an admin with a token, says of a setup to be made.
type NewSetup struct {
	Company, Tenant, Domain, Contact, Scheme string
	SelfBegun                                bool
	Actor                                    string
	// Operation is the single-use id of the form; sent twice with the same company and tenant, it makes one setup. Empty:
	// always a new one.
	Operation string
}

// CreateSetup stores a new setup.
func (s *Service) CreateSetup(ctx context.Context, n NewSetup) (Setup, error) {
	now := s.Now().UTC()
	setup := Setup{
		ID: setupID(n), Version: 1, Company: n.Company, Tenant: n.Tenant, Domain: n.Domain, Contact: n.Contact, Scheme: n.Scheme,
		SelfBegun: n.SelfBegun,
		CreatedAt: now, ChangedAt: now,
	}
	setup.State.Answers.SharingScreen = true // the safe choice is preselected
	err := s.Store.CreateSetup(ctx, setup, Event{Setup: setup.ID, At: now, Actor: n.Actor, Kind: "setup.created"})
	if errors.Is(err, ErrConflict) && n.Operation != "" {
		return s.Setup(ctx, setup.ID)
	}
	return setup, err
}

// MakeLink makes a setup link and returns its secret: the only time that anybody sees it.
func (s *Service) MakeLink(ctx context.Context, setup, label, actor string, life time.Duration) (secret.Secret, Link, error) {
	now := s.Now().UTC()
	value := newLinkSecret()
	link := Link{ID: newID(), Setup: setup, Hash: HashLink(value), Label: label, CreatedAt: now, ExpiresAt: now.Add(life)}
	err := s.Store.AddLink(ctx, link, Event{
		Setup: setup, At: now, Actor: actor, Kind: "link.created",
		Detail: map[string]string{"link": link.ID, "label": label, "expires": link.ExpiresAt.Format(time.RFC3339)},
	})
	return value, link, err
}

// FindLink returns the link and its setup without changing anything, or a fault: NotFound, or Gone when it expired or was
// taken back.
func (s *Service) FindLink(ctx context.Context, value secret.Secret) (Link, Setup, error) {
	link, err := s.Store.LinkByHash(ctx, HashLink(value))
	if errors.Is(err, ErrNotFound) {
		return Link{}, Setup{}, fault.Wrap(err, fault.NotFound, "link.unknown", nil)
	}
	if err != nil {
		return Link{}, Setup{}, err
	}
	if !link.RevokedAt.IsZero() {
		return Link{}, Setup{}, fault.New(fault.Gone, "link.revoked", nil)
	}
	if !link.Usable(s.Now()) {
		return Link{}, Setup{}, fault.New(fault.Gone, "link.expired", fault.Data{"Date": link.ExpiresAt.Format("2 January 2006")})
	}
	setup, err := s.Setup(ctx, link.Setup)
	return link, setup, err
}

// OpenLink lets a session into the setup of a link.
func (s *Service) OpenLink(ctx context.Context, value secret.Secret, session []byte) (Setup, error) {
	link, setup, err := s.FindLink(ctx, value)
	if err != nil {
		return Setup{}, err
	}
	return s.enter(ctx, setup.ID, session, link.ID, "link:"+link.Label)
}

// Begin lets the session that made a setup into it.
func (s *Service) Begin(ctx context.Context, setup string, session []byte, actor string) (Setup, error) {
	return s.enter(ctx, setup, session, "", actor)
}

func (s *Service) enter(ctx context.Context, id string, session []byte, link, actor string) (Setup, error) {
	grant := Grant{Session: session, Setup: id, Link: link, At: s.Now().UTC()}
	if err := s.Store.AddGrant(ctx, grant); err != nil {
		return Setup{}, err
	}
	return s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
		if setup.OpenedAt.IsZero() {
			setup.OpenedAt = now
		}
		return recorded(setup, now, actor, "setup.opened", nil)
	})
}

// Enter returns the setup that the session may enter, or a fault of kind NotFound: the same whether it does not exist
// or belongs to somebody else.
func (s *Service) Enter(ctx context.Context, session []byte, id string) (Setup, Grant, error) {
	grant, err := s.Store.Granted(ctx, session, id, s.Now().UTC())
	if errors.Is(err, ErrNotFound) {
		return Setup{}, Grant{}, fault.Wrap(err, fault.NotFound, "setup.unknown", nil)
	}
	if err != nil {
		return Setup{}, Grant{}, err
	}
	setup, err := s.Setup(ctx, id)
	return setup, grant, err
}

// Entered lists the setups that the session may enter, newest first.
func (s *Service) Entered(ctx context.Context, session []byte) ([]Setup, error) {
	grants, err := s.Store.Grants(ctx, session, s.Now().UTC())
	if err != nil {
		return nil, err
	}
	setups := make([]Setup, 0, len(grants))
	for _, g := range grants {
		setup, err := s.Setup(ctx, g.Setup)
		if err != nil {
			return nil, err
		}
		setups = append(setups, setup)
	}
	return setups, nil
}
