package onboarding_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
)

// TestRoles is ADR 10: what somebody is follows from who began the setup, how they came, and as whom they are signed in.
func TestRoles(t *testing.T) {
	t.Parallel()
	var (
		operators = onboarding.Setup{ID: "o", Tenant: "Nordlys"}
		bySignin  = onboarding.Setup{ID: "s", Tenant: "Nordlys", BegunBySignin: true}
		byToken   = onboarding.Setup{ID: "t", Tenant: "Nordlys", SelfBegun: true}

		nobody, own, other = onboarding.Visitor{}, onboarding.Visitor{Tenant: "nordlys"}, onboarding.Visitor{Tenant: "fjordkraft"}

		began, byLink, signedIn = onboarding.Grant{}, onboarding.Grant{Link: "l"}, onboarding.Grant{Signin: true}
	)
	const none, holder, beginner, admin = onboarding.RoleNone, onboarding.RoleHolder, onboarding.RoleBeginner, onboarding.RoleAdmin
	for name, c := range map[string]struct {
		setup onboarding.Setup
		grant onboarding.Grant
		who   onboarding.Visitor
		find  onboarding.Role // where links only find setups
		act   onboarding.Role // where links act
	}{
		"operator's, by link":                             {operators, byLink, nobody, none, holder},
		"operator's, by link, signed in":                  {operators, byLink, own, admin, admin},
		"operator's, by link, signed in elsewhere":        {operators, byLink, other, none, holder},
		"operator's, by signing in":                       {operators, signedIn, own, admin, admin},
		"operator's, signed out since":                    {operators, signedIn, nobody, none, none},
		"operator's, signed in elsewhere since":           {operators, signedIn, other, none, none},
		"begun by signing in, by link":                    {bySignin, byLink, nobody, none, none},
		"begun by signing in, by link, signed in":         {bySignin, byLink, own, admin, admin},
		"begun by signing in, still signed in":            {bySignin, signedIn, own, admin, admin},
		"begun by signing in, signed in elsewhere since":  {bySignin, signedIn, other, none, none},
		"begun with a token, here":                        {byToken, began, nobody, beginner, beginner},
		"begun with a token, here, signed in since":       {byToken, began, own, admin, admin},
		"begun with a token, here, signed in elsewhere":   {byToken, began, other, beginner, beginner},
		"begun with a token, by link":                     {byToken, byLink, nobody, holder, holder},
		"begun with a token, by link, signed in":          {byToken, byLink, own, holder, holder},
		"begun with a token, by signing in (none can be)": {byToken, signedIn, own, none, none},
	} {
		for links, want := range map[bool]onboarding.Role{false: c.find, true: c.act} {
			s := onboarding.New(onboarding.Options{LinksAct: links})
			if got := s.RoleOf(c.setup, c.grant, c.who); got != want {
				t.Errorf("%s, links act %v: %q, want %q", name, links, got, want)
			}
		}
	}
}

// TestLinksOfAnotherSetup are not reached by their ids: not shown, not replaced, not taken back.
func TestLinksOfAnotherSetup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	made := func(company string) (onboarding.Setup, secret.Secret, onboarding.Link) {
		setup, err := w.CreateSetup(ctx, onboarding.NewSetup{Company: company, Tenant: tenant, Actor: admin})
		if err != nil {
			t.Fatal(err)
		}
		value, link, err := w.MakeLink(ctx, onboarding.NewLink{Setup: setup.ID, Label: onboarding.LinkAdmin, Actor: admin, Life: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		return setup, value, link
	}
	mine, _, own := made("Mine AS")
	_, value, foreign := made("Other AS")
	if err := w.RevokeLink(ctx, mine.ID, foreign.ID, admin); !errors.Is(err, onboarding.ErrLinkGone) {
		t.Errorf("taken back: %v", err)
	}
	if _, _, err := w.ReplaceLink(ctx, foreign.ID, onboarding.NewLink{Setup: mine.ID, Actor: admin, Life: time.Hour}); !errors.Is(err, onboarding.ErrLinkGone) {
		t.Errorf("replaced: %v", err)
	}
	if _, err := w.Link(ctx, mine.ID, foreign.ID); !errors.Is(err, onboarding.ErrLinkGone) {
		t.Errorf("looked at: %v", err)
	}
	if _, _, err := w.FindLink(ctx, value); err != nil {
		t.Errorf("the other setup's link opens nothing any more: %v", err)
	}
	if err := w.RevokeLink(ctx, mine.ID, own.ID, admin); err != nil {
		t.Errorf("its own link: %v", err)
	}
}
