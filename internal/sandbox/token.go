package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	scopeIAM       = "services.iam"
	scopeOffline   = "offline_access"
	tokenLife      = time.Hour
	shortTokenLife = 30 * time.Second
	algorithm      = jose.ES256
)

// claims of an access token of Aritma ID. tid is documented; the rest is RFC 9068.
type claims struct {
	jwt.Claims
	TenantID string `json:"tid"`
	Scope    string `json:"scope"`
	ClientID string `json:"client_id,omitempty"`
	Email    string `json:"email,omitempty"`
	Name     string `json:"name,omitempty"`
}

func (c claims) hasScope(scope string) bool {
	for _, s := range strings.Fields(c.Scope) {
		if s == scope {
			return true
		}
	}
	return false
}

// signer signs and verifies with one key, made at start.
type signer struct {
	key     *ecdsa.PrivateKey
	keyID   string
	adminID string
	jws     jose.Signer // of access tokens (RFC 9068)
	idJWS   jose.Signer // of ID tokens
}

func newSigner() (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	k := &signer{key: key, keyID: uuid.NewString(), adminID: "user-" + uuid.NewString()}
	if k.jws, err = signWith(key, k.keyID, "at+jwt"); err != nil {
		return nil, err
	}
	if k.idJWS, err = signWith(key, k.keyID, "JWT"); err != nil {
		return nil, err
	}
	return k, nil
}

func signWith(key *ecdsa.PrivateKey, keyID, kind string) (jose.Signer, error) {
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(kind))
	jws, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, options)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return jws, nil
}

func (k *signer) keySet() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.key.Public(), KeyID: k.keyID, Algorithm: string(algorithm), Use: "sig"}}}
}

func (k *signer) sign(c claims) (secret.Secret, error) {
	text, err := jwt.Signed(k.jws).Claims(c).Serialize()
	if err != nil {
		return secret.Secret{}, fmt.Errorf("sign access token: %w", err)
	}
	return secret.New(text), nil
}

// signID signs the claims of an ID token.
func (k *signer) signID(idClaims any) (secret.Secret, error) {
	text, err := jwt.Signed(k.idJWS).Claims(idClaims).Serialize()
	if err != nil {
		return secret.Secret{}, fmt.Errorf("sign ID token: %w", err)
	}
	return secret.New(text), nil
}

// forge is signID with a key that nobody knows, under the id of the good one.
func (k *signer) forge(idClaims any) (secret.Secret, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return secret.Secret{}, fmt.Errorf("make forger's key: %w", err)
	}
	forger := &signer{}
	if forger.idJWS, err = signWith(key, k.keyID, "JWT"); err != nil {
		return secret.Secret{}, err
	}
	return forger.signID(idClaims)
}

var errToken = errors.New("access token is not good")

// verify checks signature, life, audience, issuer and that the issuer's tenant is the one in tid. An ID token is no
// access token: its audience is a client.
func (s *Sandbox) verify(token string) (claims, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return claims{}, errToken
	}
	var c claims
	if err := parsed.Claims(s.signer.key.Public(), &c); err != nil {
		return claims{}, errToken
	}
	expected := jwt.Expected{Issuer: s.issuer(c.TenantID), AnyAudience: jwt.Audience{scopeIAM}, Time: s.now()}
	if !tenantName.MatchString(c.TenantID) || c.Expiry == nil || c.ValidateWithLeeway(expected, 0) != nil {
		return claims{}, errToken
	}
	return c, nil
}

func (s *Sandbox) issuer(tenant string) string { return s.IDURL() + "/" + tenant }

// issue makes an access token for tenant that was issued at the given time.
func (s *Sandbox) issue(tenant, subject, scope string, at time.Time) claims {
	return claims{
		Claims: jwt.Claims{
			Issuer: s.issuer(tenant), Subject: subject, Audience: jwt.Audience{scopeIAM}, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(at), NotBefore: jwt.NewNumericDate(at), Expiry: jwt.NewNumericDate(at.Add(tokenLife)),
		},
		TenantID: tenant, Scope: scope,
	}
}

// AccessToken returns an access token of a tenant admin, to be pasted: valid for an hour, scope services.iam,
// tid = tenant. It is empty when tenant cannot be the name of a tenant (letters, digits, "-", at most 64).
func (s *Sandbox) AccessToken(tenant string) secret.Secret {
	if !tenantName.MatchString(tenant) {
		return secret.Secret{}
	}
	c := s.issue(tenant, s.signer.adminID, "openid profile email "+scopeIAM, s.now())
	c.Email, c.Name = s.sample.Person, personName
	token, err := s.signer.sign(c)
	if err != nil {
		s.log.Error("sandbox: sign access token", "error", err) // our own key failed: nothing a caller could mend
	}
	return token
}
