package web

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/templates/page"
	"github.com/aritma/entra-onboard/web/session"
)

const tokenKey = "access-token/"

// errRenewing says that a new access token did not come in time.
var errRenewing = fault.New(fault.Unavailable, "account.renewing", nil)

// access is the authority under which this visitor acts: who is signed in acts with their own token and no other; else a
// token pasted for this very setup, or the operator's own client for setups that came by an operator's link. A setup that
// somebody began by themselves never gets the latter.
func (s *Server) access(v *visit) onboarding.Access {
	a := onboarding.Access{Actor: v.actor()}
	pasted, isPasted := v.session.Values[tokenKey+v.setup.ID].(secret.Secret)
	switch {
	case v.role == onboarding.RoleAdmin:
		if !v.account.CanAct(s.Now()) {
			return a
		}
		own := v.account
		if v.setup.SelfBegun { // whoever came by a link to it belongs to nobody who could be told
			a.Session = v.sessionTag()
		}
		a.Token = func(context.Context) (secret.Secret, error) {
			if !own.Usable(s.Now()) {
				return secret.Secret{}, errRenewing
			}
			return own.Tokens.Access, nil
		}
	case isPasted:
		a.Token = func(context.Context) (secret.Secret, error) { return pasted, nil }
		a.Session = v.sessionTag()
	case s.serves(v):
		tenant := v.setup.Tenant
		var given secret.Secret
		a.Token = func(ctx context.Context) (_ secret.Secret, err error) {
			given, err = s.Service.Token(ctx, tenant)
			return given, err
		}
		a.Refused = func() { s.Service.Forget(tenant, given) }
	}
	return a
}

// serves reports whether the operator's own client acts for the visitor.
func (s *Server) serves(v *visit) bool {
	return s.Service != nil && v.role == onboarding.RoleHolder && !v.setup.SelfBegun && !v.setup.BegunBySignin
}

// mayPaste reports whether an access token may be pasted for the setup: not where somebody acts with their own sign-in, nor
// where the operator's client acts.
func (s *Server) mayPaste(v *visit) bool {
	return v.role != onboarding.RoleAdmin && !s.serves(v)
}

// sessionTag names the session in a setup, without telling how to enter it.
func (v *visit) sessionTag() string { return hex.EncodeToString(session.Hash(v.session)) }

// needsAccess reports whether there is nothing to act with.
func (s *Server) needsAccess(v *visit) bool { return s.access(v).Token == nil }

// vouches reports whether an administrator may do what concerns others now: with a sign-in that has not run out, and that the
// IAM API still accepts. Others are judged by the table alone.
func (s *Server) vouches(v *visit) error {
	if v.role != onboarding.RoleAdmin {
		return nil
	}
	token := s.access(v).Token
	if token == nil {
		return fault.New(fault.Unauthorized, "account.again", nil)
	}
	own, err := token(v.ctx())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(v.ctx(), onboarding.Patience-doubleClick) // which is waited for as well
	defer cancel()
	switch err := s.CheckToken(ctx, own); {
	case err == nil:
		return s.noteAccepted(v, s.Now().UTC())
	case fault.Is(err, fault.Unauthorized):
		return errors.Join(fault.Wrap(err, fault.Unauthorized, "account.refused", nil), s.refuseAccount(v))
	case fault.Is(err, fault.Forbidden):
		return errors.Join(errDenied, s.noteAccepted(v, time.Time{}))
	default:
		return fault.Wrap(err, fault.Unavailable, "account.unasked", nil)
	}
}

// vouchesLately is vouches for what makes nothing in Aritma: while Aritma cannot be asked, it is enough that it accepted the
// administrator lately.
func (s *Server) vouchesLately(v *visit) error {
	err := s.vouches(v)
	if fault.Is(err, fault.Unavailable) && v.account.AcceptedLately(s.Now()) {
		return nil
	}
	return err
}

// accessNeed is what the visitor has to do before an act, and then goes on at a page of the setup; nothing when there is
// something to act with.
func (s *Server) accessNeed(v *visit, back wizard.Step) page.AccessNeed {
	switch {
	case v.guide != nil, !s.needsAccess(v):
		return page.AccessNeed{}
	case v.role == onboarding.RoleAdmin:
		return page.AccessNeed{Again: &page.SignInView{Tenant: v.setup.Tenant, Setup: v.setup.ID, Page: string(back)}}
	}
	return page.AccessNeed{URL: v.url("access?back=" + string(back))}
}

// forgetRefused drops an access token that Aritma refused: a pasted one is asked for again, that of a sign-in renewed.
func (s *Server) forgetRefused(v *visit, problem *wizard.Problem) error {
	if problem == nil || (problem.Kind != fault.Unauthorized && problem.Kind != fault.Forbidden) {
		return nil
	}
	key := tokenKey + v.setup.ID
	switch _, pasted := v.session.Values[key]; {
	case v.role == onboarding.RoleAdmin:
		if problem.Kind == fault.Forbidden {
			return s.noteAccepted(v, time.Time{}) // another token says the same
		}
		return s.refuseAccount(v)
	case pasted:
		delete(v.session.Values, key)
	default:
		return nil
	}
	return v.session.Save(v.r, v.w)
}
