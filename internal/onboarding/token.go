package onboarding

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// createTries is how often one act asks for a token when answers get lost.
const createTries = 2

// CreateToken makes a SCIM token and seals its value. Replaces is the generation of the token that the admin wants
// replaced, 0 for the first. The outcome, or the problem, is in the setup afterwards.
func (s *Service) CreateToken(ctx context.Context, id, operation string, replaces int, access Access) error {
	return s.act(ctx, id, access, func(ctx context.Context) {
		if err := s.createToken(ctx, id, operation, replaces, access); err != nil {
			s.storeProblem(ctx, id, access.Actor, "token", err, tokenFailed)
		}
	})
}

func tokenFailed(state wizard.State, p wizard.Problem, _ error) wizard.Event {
	if state.Token.Status == wizard.TokenIntended {
		return wizard.TokenUnclear{Problem: p}
	}
	return wizard.TokenFailed{Problem: p}
}

func isUsed(err error) bool { return errors.Is(err, ErrOperationUsed) }

func (s *Service) createToken(ctx context.Context, id, operation string, replaces int, access Access) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	status, generation := setup.State.Token.Status, setup.State.Token.Generation
	if status != wizard.TokenNone && status != wizard.TokenIntended && replaces != generation {
		return nil // another tab, or this very form before: the page tells what there is
	}
	token, err := access.token(ctx)
	if err != nil {
		return err
	}
	for try := range createTries {
		if setup, err = s.settleToken(ctx, setup, token, access.Actor); err != nil {
			return err
		}
		op := operation
		if try > 0 {
			op = "" // the same deliberate act, whose first answer was lost
		}
		if setup, err = s.intendToken(ctx, setup, op, replaces, token, access); err != nil {
			return err
		}
		var made iam.SCIMToken
		made, err = s.IAM.CreateSCIMToken(ctx, token, setup.State.Answers.Scheme, tokenName(setup))
		if err == nil {
			if setup, err = s.sealToken(ctx, setup, made, access.Actor); err == nil {
				s.proveToken(ctx, setup, made.Value, token, access.Actor)
			}
			return err
		}
		if iam.SurelyNotDone(err) {
			return s.tokenNotMade(ctx, setup, access.Actor, err)
		}
		if made.ID != "" { // made, but the answer holds no value
			if setup, err = s.record(ctx, setup.ID, access.Actor, "token.orphan-found", map[string]string{"token": made.ID}, wizard.OrphanFound{ID: made.ID}); err != nil {
				return err
			}
		}
		if !setup.State.Token.Listed {
			break // nothing can be looked up; the admin decides whether to make another
		}
		replaces = setup.State.Token.Generation
	}
	return fmt.Errorf("answer lost: %w", err)
}

// tokenName marks a token as this setup's, for people in Aritma and for finding it again.
func tokenName(setup Setup) string { return setup.State.Answers.DisplayName + tokenMark(setup) }

func tokenMark(setup Setup) string { return " (setup " + setup.Reference() + ")" }

// settleToken looks for tokens of this setup whose value nobody has: lost answers, and acts that Aritma finished long
// after it was given up on. They were not there before the setup's first token and bear its mark. All others are
// somebody else's: never touched.
func (s *Service) settleToken(ctx context.Context, setup Setup, token secret.Secret, actor Actor) (Setup, error) {
	t := setup.State.Token
	lost := t.Status == wizard.TokenIntended
	if t.Generation == 0 || (!lost && t.Status != wizard.TokenNone && t.ID == "") {
		return setup, nil // none was asked for, or the one in use cannot be told from others
	}
	list, err := s.IAM.SCIMTokens(ctx, token)
	if iam.NotOffered(err) || (err == nil && !t.Listed) {
		if !lost {
			return setup, nil
		}
		return s.record(ctx, setup.ID, actor, "token.unlisted", nil, wizard.OrphanUnlisted{})
	}
	if err != nil {
		return setup, err
	}
	var orphans []string
	for _, found := range list {
		if found.ID == t.ID || slices.Contains(t.Before, found.ID) || slices.Contains(t.Old, found.ID) || !strings.HasSuffix(found.ProviderDisplayName, tokenMark(setup)) {
			continue
		}
		setup, err = s.record(ctx, setup.ID, actor, "token.orphan-found", map[string]string{"token": found.ID}, wizard.OrphanFound{ID: found.ID})
		if err != nil {
			return setup, err
		}
		orphans = append(orphans, found.ID)
	}
	return s.remove(ctx, setup, orphans, token, actor)
}

// intendToken stores what exists now and that a token is about to be made. Before the first sync a replaced token is
// removed first; after it the old one goes on working until the new one was pasted.
func (s *Service) intendToken(ctx context.Context, setup Setup, operation string, replaces int, token secret.Secret, access Access) (Setup, error) {
	asked := wizard.TokenAsked{Operation: operation, Replaces: replaces, Session: access.Session}
	if !setup.State.Token.Listed {
		list, err := s.IAM.SCIMTokens(ctx, token)
		if err != nil && !iam.NotOffered(err) {
			return setup, err
		}
		asked.Listed = err == nil
		for _, t := range list {
			asked.Before = append(asked.Before, t.ID)
		}
	}
	detail := map[string]string{"operation": operation}
	if replaces > 0 {
		detail["replaces"] = strconv.Itoa(replaces)
	}
	setup, err := s.change(ctx, setup.ID, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, access.Actor, "token.intended", detail, asked)
		c.Operation, c.Drop = operation, []string{SCIMTokenName}
		return c, err
	})
	if err != nil || setup.State.Answers.FirstUserArrived {
		return setup, err
	}
	return s.remove(ctx, setup, setup.State.Token.Old, token, access.Actor)
}

// remove deletes tokens of this setup that are no longer wanted. Where Aritma does not offer deleting, they stay
// listed as old, and the page says so.
func (s *Service) remove(ctx context.Context, setup Setup, ids []string, token secret.Secret, actor Actor) (Setup, error) {
	for _, id := range slices.Clone(ids) {
		err := s.IAM.DeleteSCIMToken(ctx, token, id)
		if iam.NotOffered(err) {
			return setup, nil
		}
		if err != nil {
			return setup, fmt.Errorf("remove old token: %w", err)
		}
		setup, err = s.record(ctx, setup.ID, actor, "token.removed", map[string]string{"token": id}, wizard.TokensRemoved{IDs: []string{id}})
		if err != nil {
			return setup, err
		}
	}
	return setup, nil
}

func (s *Service) sealToken(ctx context.Context, setup Setup, made iam.SCIMToken, actor Actor) (Setup, error) {
	ctx = context.WithoutCancel(ctx)
	sealed := s.Keys.Seal(made.Value, SecretPlace(setup.ID, SCIMTokenName))
	return s.change(ctx, setup.ID, func(setup Setup, now time.Time) (Change, error) {
		c, err := recorded(setup, now, actor, "token.created", map[string]string{"token": made.ID}, wizard.TokenMade{ID: made.ID})
		c.Put = map[string]SealedSecret{SCIMTokenName: {Value: sealed}}
		return c, err
	})
}

func (s *Service) tokenNotMade(ctx context.Context, setup Setup, actor Actor, cause error) error {
	p := s.problem(ctx, setup.ID, "token", cause)
	_, err := s.record(context.WithoutCancel(ctx), setup.ID, actor, "token.failed",
		failureOf(p), wizard.TokenFailed{Problem: p})
	return err
}

// ErrShown says that the token's one showing was given out already.
var ErrShown = fault.New(fault.Gone, "token.shown", nil)

// ErrOtherSession says that another session had the token made.
var ErrOtherSession = fault.New(fault.Forbidden, "token.other-session", nil)

// RevealToken gives out the one showing of the SCIM token. The ciphertext is deleted and the showing recorded in one
// committed transaction before the value is decrypted, so a crash can lose a showing but never repeat it.
//
// Session is the browser session that asks: a token that one session had made with an access token of its own is not
// given to another, which may act under somebody else's.
func (s *Service) RevealToken(ctx context.Context, id, session string, actor Actor) (secret.Secret, Setup, error) {
	for range saveTries {
		setup, err := s.Setup(ctx, id)
		if err != nil {
			return secret.Secret{}, Setup{}, err
		}
		if setup.State.Token.Status != wizard.TokenSealed {
			return secret.Secret{}, setup, ErrShown
		}
		if owner := setup.State.Token.Session; owner != "" && owner != session {
			return secret.Secret{}, setup, ErrOtherSession
		}
		c, err := recorded(setup, s.Now().UTC(), actor, "token.revealed", map[string]string{"token": setup.State.Token.ID}, wizard.TokenShown{})
		if err != nil {
			return secret.Secret{}, setup, err
		}
		claimed, sealed, err := s.Store.Claim(ctx, c, SCIMTokenName)
		switch {
		case errors.Is(err, ErrConflict):
			continue
		case errors.Is(err, ErrClaimed):
			return secret.Secret{}, setup, ErrShown
		case err != nil:
			return secret.Secret{}, setup, err
		}
		value, err := s.Keys.Open(sealed, SecretPlace(id, SCIMTokenName))
		if err != nil {
			return secret.Secret{}, claimed, fault.Wrap(err, fault.Gone, "token.unreadable", nil)
		}
		return value, claimed, nil
	}
	return secret.Secret{}, Setup{}, fault.New(fault.Conflict, "setup.busy", nil)
}

// TokenPasted records that Entra has the token, and removes the one that it replaced.
func (s *Service) TokenPasted(ctx context.Context, id string, generation int, access Access) (Setup, error) {
	setup, err := s.record(ctx, id, access.Actor, "token.pasted", nil, wizard.TokenInEntra{Generation: generation})
	if err != nil || (access.Token == nil && len(setup.State.Token.Old) == 0) {
		return setup, err
	}
	if err = s.RemoveOldTokens(ctx, id, access); err != nil {
		return setup, err
	}
	return s.Setup(ctx, id)
}

// RemoveOldTokens removes what is left of replaced tokens, and any that appeared late.
func (s *Service) RemoveOldTokens(ctx context.Context, id string, access Access) error {
	return s.act(ctx, id, access, func(ctx context.Context) {
		setup, err := s.Setup(ctx, id)
		if err == nil && setup.State.Token.Status != wizard.TokenPasted {
			return // the old one may be the one that Entra uses
		}
		if err == nil {
			var token secret.Secret
			if token, err = access.token(ctx); err == nil {
				setup, err = s.settleToken(ctx, setup, token, access.Actor)
			}
			if err == nil {
				_, err = s.remove(ctx, setup, setup.State.Token.Old, token, access.Actor)
			}
		}
		if err != nil && len(setup.State.Token.Old) == 0 {
			s.Log.WarnContext(ctx, "late tokens not looked for", "setup", id, "error", err)
		} else if err != nil {
			s.storeProblem(ctx, id, access.Actor, "token", err, func(_ wizard.State, p wizard.Problem, _ error) wizard.Event {
				return wizard.TokenUnclear{Problem: p}
			})
		}
	})
}
