package signin

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/secret"
)

// compactForm is a signed token as it travels (RFC 7515 section 3.1). The JSON form has headers that nobody signed.
var compactForm = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// watched keeps what a key set found, since go-oidc makes text of it.
type watched struct {
	oidc.KeySet
	payload []byte
	err     error
}

// VerifySignature implements oidc.KeySet.
func (w *watched) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	w.payload, w.err = w.KeySet.VerifySignature(ctx, token)
	if w.err != nil && errors.Unwrap(w.err) == nil {
		// No key fits. go-oidc may have looked among keys that it was just done fetching for somebody else: once more.
		w.payload, w.err = w.KeySet.VerifySignature(ctx, token)
	}
	return w.payload, w.err
}

// verify returns the claims of an ID token that Aritma ID signed for this attempt (OpenID Connect Core, section 3.1.3.7).
func (c *Client) verify(ctx context.Context, at *provider, a Attempt, answer *oauth2.Token) (claims, error) {
	raw, _ := answer.Extra("id_token").(string)
	if !compactForm.MatchString(raw) {
		return nil, finishing.errToken("no ID token in compact form")
	}
	keys := &watched{KeySet: at.keys}
	// Times are checked here, with the same leeway for all.
	verifier := oidc.NewVerifier(at.issuer, keys, &oidc.Config{ClientID: c.clientID, SupportedSigningAlgs: at.signatures, SkipExpiryCheck: true})
	token, refused := verifier.Verify(ctx, raw)
	if keys.payload == nil {
		return nil, explainKeys(keys.err)
	}
	var found claims
	if err := json.Unmarshal(keys.payload, &found); err != nil {
		return nil, finishing.errToken("claims are no JSON object")
	}
	if cause := c.distrust(found, at, a); cause != "" {
		return nil, finishing.errToken(cause)
	}
	if refused != nil {
		return nil, finishing.errToken("claims cannot be understood")
	}
	if _, has := found["at_hash"]; has && token.VerifyAccessToken(answer.AccessToken) != nil {
		return nil, finishing.errToken("at_hash is of another access token")
	}
	return found, ofTenant(found, a.Tenant)
}

// explainKeys tells a signature that does not fit from keys that could not be had. The text of err may hold an answer.
func explainKeys(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return finishing.errGivenUp(context.Canceled)
	}
	if lost := discovery.lost(err); lost != nil {
		return lost
	}
	if errors.Unwrap(err) != nil { // of go-oidc's key set, which wraps only what went wrong in getting the keys
		return discovery.errGarbled("keys cannot be understood")
	}
	return finishing.errToken("algorithm, key or signature is not Aritma ID's")
}

// distrust says why the signed claims are not an answer to the attempt; "" when they are.
func (c *Client) distrust(found claims, at *provider, a Attempt) string {
	audience, party := found.texts("aud"), found.text("azp")
	_, hasParty := found["azp"]
	switch {
	case found.text("iss") != at.issuer:
		return "iss is another issuer"
	case !slices.Contains(audience, c.clientID):
		return "aud is another client"
	case (hasParty || len(audience) > 1) && party != c.clientID:
		return "azp is another client"
	case !secret.New(found.text("nonce")).Equal(a.Nonce):
		return "nonce is another one"
	case !isSubject(found.text("sub")):
		return "sub is missing"
	}
	return distrustTimes(found, a, c.now())
}

// distrustTimes demands a sign-in of this attempt, unless a session from before will do.
func distrustTimes(found claims, a Attempt, now time.Time) string {
	expires, hasExpiry := found.time("exp")
	issued, hasIssue := found.time("iat")
	notBefore, hasStart := found.time("nbf")
	signedIn, hasSignIn := found.time("auth_time")
	switch {
	case !hasExpiry || expires.IsZero() || now.After(expires.Add(leeway)):
		return "exp is over"
	case !hasIssue || issued.IsZero() || issued.After(now.Add(leeway)):
		return "iat is to come"
	case hasStart && (notBefore.IsZero() || notBefore.After(now.Add(leeway))):
		return "nbf is to come"
	case hasSignIn && (signedIn.IsZero() || signedIn.After(now.Add(leeway)) || (!a.AnySession && signedIn.Before(a.BeganAt.Add(-leeway)))):
		return "auth_time is of an earlier sign-in"
	}
	return ""
}

// ofTenant demands that the person is of the tenant. Aritma documents that its tokens carry tid.
func ofTenant(found claims, tenant string) error {
	switch tid := found.text("tid"); {
	case tid == "":
		return finishing.errToken("tid is missing")
	case !strings.EqualFold(tid, tenant):
		return errOtherTenant()
	}
	return nil
}

// isSubject holds sub to its form (OpenID Connect Core, section 2).
func isSubject(s string) bool {
	return s != "" && len(s) <= 255 && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// claims are those of a token by their exact names; encoding/json would take "NONCE" for "nonce".
type claims map[string]json.RawMessage

// text is the claim when it is a string.
func (c claims) text(name string) string {
	var s string
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// texts is the claim when it is a string or several.
func (c claims) texts(name string) []string {
	if s := c.text(name); s != "" {
		return []string{s}
	}
	var several []string
	if json.Unmarshal(c[name], &several) != nil {
		return nil
	}
	return several
}

// maxTime is the last second of the year 9999.
const maxTime = 253402300799

// time is the claim as a time in seconds since 1970, and whether it is there. One that is no such time is the zero time.
func (c claims) time(name string) (time.Time, bool) {
	raw, has := c[name]
	var seconds float64
	if !has || json.Unmarshal(raw, &seconds) != nil || seconds <= 0 || seconds > maxTime {
		return time.Time{}, has
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true
}
