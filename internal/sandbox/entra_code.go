package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/aritma/entra-onboard/internal/secret"
)

const (
	entraCodeLife = 10 * time.Minute // Microsoft, "OAuth 2.0 authorization code flow": about ten minutes
	entraCodeKept = 24 * time.Hour   // so long an old one is answered by what happened to it
)

type codeDigest = [sha256.Size]byte

// signinCode is an authorization code. Its value is kept as a digest alone.
type signinCode struct {
	request  *signinRequest
	person   *person
	at       time.Time
	redeemed bool
}

// entraClaims are those of an ID token of Microsoft's.
type entraClaims struct {
	jwt.Claims
	Version           string `json:"ver"`
	TenantID          string `json:"tid"`
	ObjectID          string `json:"oid"`
	Name              string `json:"name,omitempty"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	Email             string `json:"email,omitempty"`
	Nonce             string `json:"nonce,omitempty"`
}

// giveCode makes a code that lets the request's application fetch the tokens once.
func (s *Sandbox) giveCode(q *signinRequest, p *person) string {
	now := s.now()
	for digest, code := range s.entra.codes {
		if now.Sub(code.at) > entraCodeKept {
			delete(s.entra.codes, digest)
		}
	}
	value := "1." + randomValue().Expose()
	s.entra.codes[sha256.Sum256([]byte(value))] = &signinCode{request: q, person: p, at: now}
	return value
}

// redeemEntraCode answers a request for tokens. A refused request leaves the code as it was.
func (s *Sandbox) redeemEntraCode(w http.ResponseWriter, r *http.Request, c directoryCall) {
	code, err := s.judgeCode(r, c)
	if err != nil {
		s.answerEntraError(w, r, err)
		return
	}
	code.redeemed = true
	tokens, failed := s.tokensOf(r, c.directory, code)
	if failed != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, typeJSON, tokens)
}

// judgeCode refuses in the order in which Microsoft does: request, application, secret, policy, code.
func (s *Sandbox) judgeCode(r *http.Request, c directoryCall) (*signinCode, *entraError) {
	clientID, value := clientOf(r, c.form)
	switch {
	case clientID == "":
		return nil, errParameterMissing("client_id")
	case c.form.Get("code") == "":
		return nil, errParameterMissing("code")
	case c.form.Get("redirect_uri") == "":
		return nil, errParameterMissing("redirect_uri")
	}
	a, err := s.clientAt(r, c.directory, clientID)
	if err != nil {
		return nil, err
	}
	if err := s.judgeSecret(r, a, value); err != nil {
		return nil, err
	}
	code, known := s.entra.codes[sha256.Sum256([]byte(c.form.Get("code")))]
	switch {
	case !known || code.request.application != a:
		return nil, errCodeUnknown()
	case code.redeemed:
		return nil, errCodeRedeemed()
	case !s.now().Before(code.at.Add(entraCodeLife)):
		return nil, errCodeExpired()
	case c.form.Get("redirect_uri") != code.request.redirectURI:
		return nil, errCodeAddress(c.form.Get("redirect_uri"), code.request.redirectURI)
	case !code.request.provenBy(c.form.Get("code_verifier")):
		return nil, errVerifier()
	}
	return code, nil
}

// provenBy holds a verifier against the challenge (RFC 7636, section 4.6). Without a challenge there must be none.
func (q *signinRequest) provenBy(verifier string) bool {
	if q.challenge == "" {
		return verifier == ""
	}
	digest := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(digest[:])), []byte(q.challenge)) == 1
}

// tokensOf is the answer: an access token for Microsoft Graph, and an ID token when openid was asked for.
func (s *Sandbox) tokensOf(r *http.Request, d *directory, code *signinCode) (map[string]any, error) {
	access, err := s.signer.sign(s.graphClaims(d, code.person.pairwise(code.request.application)))
	if err != nil {
		return nil, err
	}
	tokens := map[string]any{
		"token_type": "Bearer", "scope": strings.Join(code.request.scopes, " "), "expires_in": entraTokenLife, "ext_expires_in": entraTokenLife,
		"access_token": access.Expose(),
	}
	if !slices.Contains(code.request.scopes, "openid") {
		return tokens, nil
	}
	identity, err := s.signIdentity(s.identity(r, d, code))
	if err != nil {
		return nil, err
	}
	tokens["id_token"] = identity.Expose()
	return tokens, nil
}

// identity says who signed in. There is no claim email unless the application has it as an optional claim, and the person
// has a mailbox.
func (s *Sandbox) identity(r *http.Request, d *directory, code *signinCode) entraClaims {
	now, p, a := s.now(), code.person, code.request.application
	c := entraClaims{
		Claims: jwt.Claims{
			Issuer: s.EntraLoginURL() + "/" + d.id + "/v2.0", Subject: p.pairwise(a), Audience: jwt.Audience{a.clientID},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
		},
		Version: "2.0", TenantID: d.id, ObjectID: p.id, Nonce: code.request.nonce,
	}
	if slices.Contains(code.request.scopes, "profile") {
		c.Name, c.PreferredUsername = p.displayName, p.userPrincipalName
	}
	if a.emailClaim && p.mail != "" && !s.faults.take(MistakeNoEmailClaim, r.Pattern) {
		c.Email = p.mail
	}
	return c
}

// pairwise is the claim sub: another one for the same person at every application.
func (p *person) pairwise(a *application) string {
	digest := sha256.Sum256([]byte(a.clientID + " " + p.id))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// signIdentity signs with the sandbox's one key.
func (s *Sandbox) signIdentity(c entraClaims) (secret.Secret, error) {
	key := jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: s.signer.key, KeyID: s.signer.keyID}}
	identities, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return secret.Secret{}, fmt.Errorf("make signer of ID tokens: %w", err)
	}
	text, err := jwt.Signed(identities).Claims(c).Serialize()
	if err != nil {
		return secret.Secret{}, fmt.Errorf("sign ID token: %w", err)
	}
	return secret.New(text), nil
}
