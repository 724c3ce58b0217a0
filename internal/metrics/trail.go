package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

// checkOf names the checks that entries tell of.
var checkOf = map[string]string{
	"secret.checked": "client_secret", "token.probed": "scim_endpoint", "redirect.proven": "redirect_uri", "signin.tested": "signin",
}

// Outcomes of changes and claims.
const (
	saved    = "saved"
	conflict = "conflict" // somebody else was faster: it is tried again
	repeated = "repeated" // the form was sent twice: it counted once
	taken    = "taken"    // the value had been given out already
	failed   = "failed"   // the database
)

// Setups returns a store that works as next does, and counts what it commits.
func (m *Metrics) Setups(next onboarding.Store) onboarding.Store { return &observed{next, m} }

type observed struct {
	onboarding.Store
	m *Metrics
}

// CreateSetup implements onboarding.Store.
func (o *observed) CreateSetup(ctx context.Context, setup onboarding.Setup, events ...onboarding.Event) error {
	return o.m.note(o.Store.CreateSetup(ctx, setup, events...), events)
}

// Save implements onboarding.Store.
func (o *observed) Save(ctx context.Context, c onboarding.Change) (onboarding.Setup, error) {
	setup, err := o.Store.Save(ctx, c)
	o.changed(ctx, c, err)
	return setup, err
}

// Claim implements onboarding.Store.
func (o *observed) Claim(ctx context.Context, c onboarding.Change, name string) (onboarding.Setup, seal.Sealed, error) {
	setup, value, err := o.Store.Claim(ctx, c, name)
	o.changed(ctx, c, err)
	o.m.add(1, claims, name, outcomeOf(err))
	return setup, value, err
}

// AddLink implements onboarding.Store.
func (o *observed) AddLink(ctx context.Context, link onboarding.Link, events ...onboarding.Event) error {
	return o.m.note(o.Store.AddLink(ctx, link, events...), events)
}

// ReplaceLink implements onboarding.Store.
func (o *observed) ReplaceLink(ctx context.Context, old string, link onboarding.Link, events ...onboarding.Event) error {
	return o.m.note(o.Store.ReplaceLink(ctx, old, link, events...), events)
}

// RevokeLink implements onboarding.Store.
func (o *observed) RevokeLink(ctx context.Context, id string, at time.Time, events ...onboarding.Event) error {
	return o.m.note(o.Store.RevokeLink(ctx, id, at, events...), events)
}

// changed counts a change; one that nobody waited for any more says nothing of the database.
func (o *observed) changed(ctx context.Context, c onboarding.Change, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	o.m.add(1, changes, outcomeOf(err))
	if o.m.note(err, c.Events) == nil && happened(c.Events, "setup.completed") {
		o.m.observe(c.Setup.CompletedAt.Sub(c.Setup.OpenedAt), completionBuckets, completion)
	}
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return saved
	case errors.Is(err, onboarding.ErrConflict):
		return conflict
	case errors.Is(err, onboarding.ErrOperationUsed):
		return repeated
	case errors.Is(err, onboarding.ErrClaimed):
		return taken
	}
	return failed
}

func happened(entries []onboarding.Event, kind string) bool {
	for _, e := range entries {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

// note counts entries when they were committed, and returns err.
func (m *Metrics) note(err error, entries []onboarding.Event) error {
	if err != nil {
		return err
	}
	for _, e := range entries {
		m.add(1, events, m.known.word(e.Kind))
		if check, ok := checkOf[e.Kind]; ok {
			m.add(1, checks, check, m.known.word(e.Detail["outcome"]))
		}
		if problem := e.Detail["problem"]; problem != "" {
			m.add(1, problems, m.known.word(problem))
		}
		switch {
		case e.Kind == "token.revealed":
			m.add(1, reveals)
		case e.Kind == "token.intended" && e.Detail["replaces"] != "":
			m.add(1, replacements)
		}
	}
	return nil
}
