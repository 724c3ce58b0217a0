package onboarding

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

// DefaultLinkLife is how long a setup link opens its setup unless said otherwise.
const DefaultLinkLife = 7 * 24 * time.Hour

// MakeLink makes a setup link and returns its secret: the only time that anybody sees it.
func (s *Service) MakeLink(ctx context.Context, setup, label string, actor Actor, life time.Duration) (secret.Secret, Link, error) {
	value, link := s.newLink(setup, label, life)
	err := s.Store.AddLink(ctx, link, linkEvent("link.created", link, actor, link.CreatedAt))
	return value, link, err
}

// ReplaceLink takes a link of the setup back and makes another for the same person. Who came by the old one loses access at
// the next request; the progress of the setup stays.
func (s *Service) ReplaceLink(ctx context.Context, setup, old string, actor Actor, life time.Duration) (secret.Secret, Link, error) {
	before, err := s.linkOf(ctx, setup, old)
	if err != nil {
		return secret.Secret{}, Link{}, err
	}
	value, link := s.newLink(setup, before.Label, life)
	err = s.Store.ReplaceLink(ctx, old, link,
		linkEvent("link.revoked", before, actor, link.CreatedAt), linkEvent("link.created", link, actor, link.CreatedAt))
	if errors.Is(err, ErrNotFound) {
		return secret.Secret{}, Link{}, fault.Wrap(err, fault.Conflict, "links.gone", nil)
	}
	return value, link, err
}

// RevokeLink takes a link of the setup back. Doing it twice is fine.
func (s *Service) RevokeLink(ctx context.Context, setup, id string, actor Actor) error {
	link, err := s.linkOf(ctx, setup, id)
	if err != nil {
		return err
	}
	now := s.Now().UTC()
	return s.Store.RevokeLink(ctx, id, now, linkEvent("link.revoked", link, actor, now))
}

// Links lists the links of a setup, oldest first.
func (s *Service) Links(ctx context.Context, setup string) ([]Link, error) {
	return s.Store.Links(ctx, setup)
}

// linkOf is the link of that id if it is one of the setup: nobody reaches the links of another by their ids.
func (s *Service) linkOf(ctx context.Context, setup, id string) (Link, error) {
	links, err := s.Store.Links(ctx, setup)
	if err != nil {
		return Link{}, err
	}
	i := slices.IndexFunc(links, func(l Link) bool { return l.ID == id })
	if i < 0 {
		return Link{}, fault.New(fault.Conflict, "links.gone", nil)
	}
	return links[i], nil
}

func (s *Service) newLink(setup, label string, life time.Duration) (secret.Secret, Link) {
	now := s.Now().UTC()
	value := newLinkSecret()
	return value, Link{ID: newID(), Setup: setup, Hash: HashLink(value), Label: label, CreatedAt: now, ExpiresAt: now.Add(life)}
}

func linkEvent(kind string, link Link, actor Actor, at time.Time) Event {
	detail := map[string]string{"link": link.ID, "label": link.Label}
	if kind == "link.created" {
		detail["expires"] = link.ExpiresAt.Format(time.RFC3339)
	}
	return Event{Setup: link.Setup, At: at, Actor: actor.Who, From: actor.From, Kind: kind, Detail: detail}
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
	if err := s.lost(link); err != nil {
		return Link{}, Setup{}, err
	}
	setup, err := s.Setup(ctx, link.Setup)
	return link, setup, err
}

// lost says why a link opens nothing any more; nil when it does.
func (s *Service) lost(link Link) error {
	switch {
	case !link.RevokedAt.IsZero():
		return fault.New(fault.Gone, "link.revoked", nil)
	case !link.Usable(s.Now()):
		return fault.New(fault.Gone, "link.expired", fault.Data{"Date": link.ExpiresAt.Format("2 January 2006")})
	}
	return nil
}
