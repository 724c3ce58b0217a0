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

// NewLink is what is said of a setup link to be made.
type NewLink struct {
	Setup, Label string
	Actor        Actor
	Life         time.Duration
	// Operation is the single-use id of the form; sent twice, it makes one link, which is shown once. Empty: always a new one.
	Operation string
}

// ErrLinkMade says that the form made its link before: its secret was shown then, and nobody can show it again.
var ErrLinkMade = fault.New(fault.Conflict, "links.made", nil)

// ErrLinkGone says that the setup has no such link any more, or that it opens nothing any more.
var ErrLinkGone = fault.New(fault.Conflict, "links.gone", nil)

// MakeLink makes a setup link and returns its secret: the only time that anybody sees it. ErrLinkMade when the operation
// made one before.
func (s *Service) MakeLink(ctx context.Context, n NewLink) (secret.Secret, Link, error) {
	value, link := s.newLink("link", n)
	err := s.Store.AddLink(ctx, link, linkEvent("link.created", link, n.Actor, link.CreatedAt))
	if errors.Is(err, ErrConflict) {
		err = ErrLinkMade
	}
	return value, link, err
}

// ReplaceLink takes a link of the setup back and makes another for the same person, with the same label. Who came by the old
// one loses access at the next request; the progress of the setup stays.
func (s *Service) ReplaceLink(ctx context.Context, old string, n NewLink) (secret.Secret, Link, error) {
	before, err := s.linkOf(ctx, n.Setup, old)
	if err != nil {
		return secret.Secret{}, Link{}, err
	}
	n.Label = before.Label
	value, link := s.newLink("replacement of "+old, n)
	err = s.Store.ReplaceLink(ctx, old, link,
		linkEvent("link.revoked", before, n.Actor, link.CreatedAt), linkEvent("link.created", link, n.Actor, link.CreatedAt))
	if errors.Is(err, ErrConflict) {
		return secret.Secret{}, Link{}, ErrLinkMade
	}
	if errors.Is(err, ErrNotFound) {
		if _, made := s.linkOf(ctx, n.Setup, link.ID); made == nil {
			return secret.Secret{}, Link{}, ErrLinkMade
		}
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

// Link is the link of that id, whatever has become of it; ErrLinkGone when the setup has none.
func (s *Service) Link(ctx context.Context, setup, id string) (Link, error) {
	return s.linkOf(ctx, setup, id)
}

// linkOf is the link of that id if it is one of the setup: nobody reaches the links of another by their ids.
func (s *Service) linkOf(ctx context.Context, setup, id string) (Link, error) {
	links, err := s.Store.Links(ctx, setup)
	if err != nil {
		return Link{}, err
	}
	i := slices.IndexFunc(links, func(l Link) bool { return l.ID == id })
	if i < 0 {
		return Link{}, ErrLinkGone
	}
	return links[i], nil
}

func (s *Service) newLink(kind string, n NewLink) (secret.Secret, Link) {
	now := s.Now().UTC()
	value := newLinkSecret()
	return value, Link{
		ID: madeID(kind, n.Operation, n.Setup), Setup: n.Setup, Hash: HashLink(value), Label: n.Label, CreatedAt: now, ExpiresAt: now.Add(n.Life),
	}
}

func linkEvent(kind string, link Link, actor Actor, at time.Time) Event {
	detail := map[string]string{"link": link.ID, "label": link.Label}
	if kind == "link.created" {
		detail["expires"] = link.ExpiresAt.Format(time.RFC3339)
	}
	return Event{Setup: link.Setup, At: at, Actor: actor.Who, From: actor.From, Kind: kind, Detail: detail}
}

// FindLink returns the link and its setup without changing anything, or a fault: NotFound, or Gone when it expired, was
// taken back, or leads to a setup that is closed.
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
	if err == nil && !setup.ClosedAt.IsZero() {
		err = ErrClosed
	}
	return link, setup, err
}

// lost says why a link opens nothing any more; nil when it does.
func (s *Service) lost(link Link) error {
	switch {
	case !link.RevokedAt.IsZero():
		return fault.New(fault.Gone, "link.revoked", nil)
	case !link.Usable(s.Now()):
		return fault.New(fault.Gone, "link.expired", fault.Data{"Date": link.ExpiresAt})
	}
	return nil
}

// Days is a life of so many days.
func Days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
