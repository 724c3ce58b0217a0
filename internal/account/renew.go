package account

import (
	"context"
	"encoding/hex"
	"net/url"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/work"
)

// Kept is where a browser session keeps its account.
type Kept struct {
	// Name names the session; nobody else renews for it meanwhile.
	Name []byte
	// Load returns what is kept now, by whichever request or replica.
	Load func(ctx context.Context) (Account, error)
	Save func(ctx context.Context, a Account) error
}

// Renew makes sure that the access token of the kept account lasts for an act, and returns the account. Aritma ID is asked
// only when it is time, by one request at a time. It returns the account as it is when there is nothing to renew with, or
// Aritma ID did not answer in time: whether that suffices CanAct says. A refresh token that is refused is gone; one that could not be judged, since Aritma ID refused this client or everybody, stays.
func (s *Service) Renew(ctx context.Context, kept Kept) (Account, error) {
	account, err := kept.Load(ctx)
	if err != nil || !account.Due(s.Now()) {
		return account, err
	}
	name := "renew/" + hex.EncodeToString(kept.Name)
	err = s.work.Do(ctx, name, func(ctx context.Context) {
		now := s.Now().UTC()
		held, err := s.Store.AcquireLease(ctx, name, s.holder, now, now.Add(leaseLife))
		if err != nil {
			s.Log.ErrorContext(ctx, "lease of a session not acquired", "error", err)
		}
		if err != nil || !held {
			return
		}
		defer func() {
			if err := s.Store.ReleaseLease(context.WithoutCancel(ctx), name, s.holder); err != nil {
				s.Log.ErrorContext(ctx, "lease of a session not released", "error", err)
			}
		}()
		s.renew(ctx, kept)
	})
	if err != nil {
		return account, err
	}
	return kept.Load(ctx)
}

func (s *Service) renew(ctx context.Context, kept Kept) {
	account, err := kept.Load(ctx) // somebody else may have been faster
	if err != nil || !account.Due(s.Now()) {
		return
	}
	asking, cancel := context.WithTimeout(ctx, finishLimit)
	defer cancel()
	tokens, err := s.Signin.Refresh(asking, account.Tenant, account.Tokens)
	switch {
	case err == nil:
		account.Tokens = tokens
	case fault.Of(err).ID == "signin.person.token": // of all refusals the only one that concerns this person's token alone
		s.Log.InfoContext(ctx, "access token not renewed", "error", err)
		account.Tokens.Refresh = secret.Secret{}
	default:
		s.Log.WarnContext(ctx, "access token not renewed", "error", err)
		return
	}
	if err := kept.Save(context.WithoutCancel(ctx), account); err != nil {
		s.Log.WarnContext(ctx, "renewed access token not kept", "error", err)
	}
}

// SignOut is where a person signs out of Aritma ID and is led back from (OpenID Connect RP-Initiated Logout 1.0, section 2).
// No ID token goes with it as a hint, since it would stand in the address: so Aritma ID may ask whether it is meant. Nil when
// Aritma ID offers nothing of the kind, or cannot be asked in time.
func (s *Service) SignOut(ctx context.Context, a Account, back *url.URL) *url.URL {
	asking, cancel := context.WithTimeout(ctx, work.Patience)
	defer cancel()
	to, err := s.Signin.EndSession(asking, a.Tenant)
	if err != nil {
		s.Log.WarnContext(ctx, "where to sign out of Aritma ID is not known", "error", err)
	}
	if err != nil || to == nil {
		return nil
	}
	query := to.Query()
	query.Set("client_id", s.Signin.ClientID())
	query.Set("post_logout_redirect_uri", back.String())
	to.RawQuery = query.Encode()
	return to
}
