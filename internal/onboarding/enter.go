package onboarding

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

// maxFound bounds how many setups of a tenant are listed.
const maxFound = 50

// Visitor is who asks for a setup.
type Visitor struct {
	Session []byte // SHA-256 of the session id
	// Tenant is that of the administrator who is signed in with Aritma in this session, and whom the IAM API has accepted;
	// empty when nobody is.
	Tenant string
}

// Role is what a visitor is in a setup.
type Role string

// Roles. A visitor without one does not learn that the setup exists.
const (
	RoleNone     Role = ""
	RoleHolder   Role = "holder"   // holds a setup link that itself lets people in
	RoleBeginner Role = "beginner" // began the setup with an access token, in this session
	RoleAdmin    Role = "admin"    // is signed in with Aritma as an administrator of the tenant
)

// RoleOf says what a visitor with a grant is in the setup.
func (s *Service) RoleOf(setup Setup, grant Grant, v Visitor) Role {
	began := !grant.Signin && grant.Link == ""
	switch {
	case s.finds(setup, v) && (grant.Signin || grant.Link != ""), began && v.Tenant != "" && sameTenant(v.Tenant, setup.Tenant):
		return RoleAdmin
	case began:
		return RoleBeginner
	case grant.Link != "" && s.LinkLetsIn(setup):
		return RoleHolder
	}
	return RoleNone
}

// finds reports whether somebody who is signed in finds the setup without a link: not one that an access token began, which
// shows nothing about the tenant.
func (s *Service) finds(setup Setup, v Visitor) bool {
	return v.Tenant != "" && sameTenant(v.Tenant, setup.Tenant) && !setup.SelfBegun
}

func sameTenant(a, b string) bool { return strings.EqualFold(a, b) }

// LinkLetsIn reports whether a link to the setup itself lets people in. One to a setup that an access token began does: it
// leads back to answers, and acting needs a token again.
func (s *Service) LinkLetsIn(setup Setup) bool {
	return setup.SelfBegun || (s.LinksAct && !setup.BegunBySignin)
}

// NewSetup is what customer success, or an admin, says of a setup to be made.
type NewSetup struct {
	Company, Tenant, Domain, Contact, Scheme string
	SelfBegun, BegunBySignin                 bool
	Actor                                    Actor
	// Operation is the single-use id of the form; sent twice with the same company and tenant, it makes one setup. Empty:
	// always a new one.
	Operation string
}

// id tells who begins as well: a form of one way in never names a setup of another.
func (n NewSetup) id() string {
	kind := "setup"
	switch {
	case n.SelfBegun:
		kind = "setup begun with a token"
	case n.BegunBySignin:
		kind = "setup begun by signing in"
	}
	return madeID(kind, n.Operation, n.Company, n.Tenant)
}

// CreateSetup stores a new setup.
func (s *Service) CreateSetup(ctx context.Context, n NewSetup) (Setup, error) {
	now := s.Now().UTC()
	setup := Setup{
		ID: n.id(), Version: 1, Company: n.Company, Tenant: n.Tenant, Domain: n.Domain, Contact: n.Contact, Scheme: n.Scheme,
		SelfBegun: n.SelfBegun, BegunBySignin: n.BegunBySignin, CreatedAt: now, ChangedAt: now,
	}
	setup.State.Answers.SharingScreen = true // the safe choice is preselected
	err := s.Store.CreateSetup(ctx, setup, Event{Setup: setup.ID, At: now, Actor: n.Actor.Who, From: n.Actor.From, Kind: "setup.created"})
	if errors.Is(err, ErrConflict) && n.Operation != "" {
		return s.Setup(ctx, setup.ID)
	}
	return setup, err
}

// ErrSignIn says that the link only finds its setup: an administrator of the tenant has to sign in with Aritma.
var ErrSignIn = fault.New(fault.Unauthorized, "link.sign-in", nil)

// OpenLink lets a session into the setup of a link that itself lets people in; ErrSignIn when it does not.
func (s *Service) OpenLink(ctx context.Context, value secret.Secret, session []byte, from string) (Setup, error) {
	link, setup, err := s.FindLink(ctx, value)
	if err != nil {
		return Setup{}, err
	}
	if !s.LinkLetsIn(setup) {
		return Setup{}, ErrSignIn
	}
	grant := Grant{Session: session, Setup: setup.ID, Link: link.ID}
	return s.enter(ctx, grant, Actor{Who: "link:" + link.Label, From: from}, map[string]string{"link": link.ID})
}

// Begin lets the session that made a setup into it.
func (s *Service) Begin(ctx context.Context, setup string, session []byte, actor Actor) (Setup, error) {
	return s.enter(ctx, Grant{Session: session, Setup: setup}, actor, nil)
}

// Open lets an administrator who is signed in into a setup of the tenant, or answers as if it did not exist. Link is the id
// of the setup link that led to it, or empty.
func (s *Service) Open(ctx context.Context, id string, v Visitor, actor Actor, link string) (Setup, error) {
	if _, err := s.Findable(ctx, id, v); err != nil {
		return Setup{}, err
	}
	var detail map[string]string
	if link != "" {
		detail = map[string]string{"link": link}
	}
	return s.enter(ctx, Grant{Session: v.Session, Setup: id, Signin: true}, actor, detail)
}

// Findable returns a setup that the visitor finds by being signed in, or a fault of kind NotFound.
func (s *Service) Findable(ctx context.Context, id string, v Visitor) (Setup, error) {
	setup, err := s.Setup(ctx, id)
	switch {
	case err != nil:
	case !s.finds(setup, v):
		err = errUnknown(nil)
	case !setup.ClosedAt.IsZero():
		err = ErrClosed
	}
	return setup, err
}

// Found lists the setups that an administrator finds by being signed in, last changed first.
func (s *Service) Found(ctx context.Context, v Visitor) ([]Setup, error) {
	if v.Tenant == "" {
		return nil, nil
	}
	setups, err := s.Store.SetupsOfTenant(ctx, v.Tenant, maxFound)
	return slices.DeleteFunc(setups, func(s Setup) bool { return !s.ClosedAt.IsZero() }), err
}

func (s *Service) enter(ctx context.Context, grant Grant, actor Actor, detail map[string]string) (Setup, error) {
	grant.At = s.Now().UTC()
	err := s.Store.AddGrant(ctx, grant)
	if errors.Is(err, ErrNotFound) { // the session ended, or the link was taken back, meanwhile
		return Setup{}, errUnknown(err)
	}
	if err != nil {
		return Setup{}, err
	}
	return s.change(ctx, grant.Setup, func(setup Setup, now time.Time) (Change, error) {
		if setup.OpenedAt.IsZero() {
			setup.OpenedAt = now
		}
		return recorded(setup, now, actor, "setup.opened", detail)
	})
}

func errUnknown(cause error) error { return fault.Wrap(cause, fault.NotFound, "setup.unknown", nil) }

// Enter returns the setup that the visitor may enter and what they are in it, or a fault of kind NotFound: the same whether
// it does not exist or belongs to somebody else. Who came by a link that is no longer good is told so, with kind Gone.
func (s *Service) Enter(ctx context.Context, v Visitor, id string) (Setup, Grant, Role, error) {
	grant, err := s.Store.Granted(ctx, v.Session, id, s.Now().UTC())
	if errors.Is(err, ErrNotFound) {
		return Setup{}, Grant{}, RoleNone, s.whyOut(ctx, v, id, err)
	}
	if err != nil {
		return Setup{}, Grant{}, RoleNone, err
	}
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return Setup{}, Grant{}, RoleNone, err
	}
	role := s.RoleOf(setup, grant, v)
	switch {
	case role == RoleNone:
		return Setup{}, Grant{}, RoleNone, errUnknown(nil)
	case !setup.ClosedAt.IsZero():
		return Setup{}, Grant{}, RoleNone, ErrClosed
	}
	return setup, grant, role, nil
}

// whyOut tells a session that came by a link what has become of it.
func (s *Service) whyOut(ctx context.Context, v Visitor, id string, cause error) error {
	link, err := s.Store.LostLink(ctx, v.Session, id)
	if err == nil {
		if err := s.lost(link); err != nil {
			return err
		}
	}
	return errUnknown(cause)
}

// Entered lists the setups that the visitor has entered and may enter, newest first.
func (s *Service) Entered(ctx context.Context, v Visitor) ([]Setup, error) {
	grants, err := s.Store.Grants(ctx, v.Session, s.Now().UTC())
	if err != nil {
		return nil, err
	}
	setups := make([]Setup, 0, len(grants))
	for _, g := range grants {
		setup, err := s.Setup(ctx, g.Setup)
		if err != nil {
			return nil, err
		}
		if s.RoleOf(setup, g, v) != RoleNone && setup.ClosedAt.IsZero() {
			setups = append(setups, setup)
		}
	}
	return setups, nil
}

// Trail lists what happened in a setup, oldest first.
func (s *Service) Trail(ctx context.Context, id string) ([]Event, error) {
	return s.Store.Events(ctx, id)
}

// SignedIn records in a setup that somebody signed in to act in it.
func (s *Service) SignedIn(ctx context.Context, id string, actor Actor) error {
	_, err := s.record(ctx, id, actor, "person.signed-in", nil)
	return err
}
