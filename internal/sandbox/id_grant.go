package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/aritma/entra-onboard/internal/secret"
)

// grant is what a code or a refresh token stands for.
type grant struct {
	family                        string // of every token that came of one code
	redirectURI, nonce, challenge string
	subject                       string
	scopes                        []string
	session                       session
}

func newGrant(a ask, who session, subject string) grant {
	return grant{
		family: uuid.NewString(), redirectURI: a.redirectURI, nonce: a.nonce, challenge: a.challenge,
		subject: subject, scopes: who.permitted(a.scopes), session: who,
	}
}

// challengeOf is the S256 challenge of a verifier (RFC 7636 §4.2).
func challengeOf(verifier string) string {
	digest := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// exchangeCode is the grant authorization_code. Whatever is wrong, the code is used up; a code that comes twice takes the
// refresh tokens with it (RFC 6749 §4.1.2).
func (s *Sandbox) exchangeCode(w http.ResponseWriter, r *http.Request, tenant string, form url.Values) {
	g, state := s.id.codes.take(form.Get("code"), s.now())
	if state == ticketUsed {
		s.withdraw(g.family)
	}
	right := state == ticketFresh && g.session.tenant == tenant && g.redirectURI == form.Get("redirect_uri") &&
		secret.New(g.challenge).Equal(secret.New(challengeOf(form.Get("code_verifier"))))
	if !right {
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_grant"})
		return
	}
	s.giveTokens(w, r, g, g.scopes)
}

// renew is the grant refresh_token. A refresh token is good once; the answer brings the next one. One that comes twice
// ends all of its family, and so does a refusal.
func (s *Sandbox) renew(w http.ResponseWriter, r *http.Request, tenant string, form url.Values) {
	g, state := s.id.renewals.take(form.Get("refresh_token"), s.now())
	if state == ticketUsed {
		s.withdraw(g.family)
	}
	if s.faults.take(IDRefreshRefused, r.Pattern) {
		s.withdraw(g.family)
		state = ticketUnknown
	}
	if state != ticketFresh || g.session.tenant != tenant {
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_grant"})
		return
	}
	subject, refusal := s.admit(r, g.session)
	if refusal != nil || subject != g.subject {
		s.withdraw(g.family)
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_grant"})
		return
	}
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		scopes = g.scopes
	}
	if slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(g.scopes, scope) }) {
		s.withdraw(g.family)
		answer(w, http.StatusBadRequest, typeJSON, oauthError{"invalid_scope"})
		return
	}
	g.nonce = "" // belongs to the sign-in alone
	s.giveTokens(w, r, g, scopes)
}

// withoutOffline are the scopes of tokens that cannot be renewed.
func withoutOffline(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return scope == scopeOffline })
}

func (s *Sandbox) withdraw(family string) {
	s.id.renewals.withdraw(func(g grant) bool { return g.family == family })
}

// giveTokens answers with an access token, an ID token, and a refresh token when offline_access was granted.
func (s *Sandbox) giveTokens(w http.ResponseWriter, r *http.Request, g grant, scopes []string) {
	renewable := slices.Contains(g.scopes, scopeOffline)
	if renewable && s.faults.take(IDNoRefresh, r.Pattern) {
		renewable, scopes = false, withoutOffline(scopes)
	}
	life := tokenLife
	if s.faults.take(IDShortTokens, r.Pattern) {
		life = shortTokenLife
	}
	who, scope, at := g.session.profile(), strings.Join(scopes, " "), s.now()
	c := s.issue(g.session.tenant, g.subject, scope, at)
	c.ClientID, c.Email, c.Name, c.Expiry = SigninClientID, who.email, who.name, jwt.NewNumericDate(at.Add(life))
	access, err := s.signer.sign(c)
	if err != nil {
		answer(w, http.StatusInternalServerError, typeJSON, oauthError{"server_error"})
		return
	}
	idToken, err := s.signIDToken(r, g, scopes, access)
	if err != nil {
		answer(w, http.StatusInternalServerError, typeJSON, oauthError{"server_error"})
		return
	}
	tokens := map[string]any{
		"access_token": access.Expose(), "id_token": idToken.Expose(), "token_type": "Bearer", "expires_in": int(life.Seconds()), "scope": scope,
	}
	if renewable {
		tokens["refresh_token"] = s.id.renewals.issue(g, s.now(), renewalLife).Expose()
	}
	answer(w, http.StatusOK, typeJSON, tokens)
}

// idClaims are the claims of an ID token of Aritma ID. tid is documented; how the foreign identity is passed on is not:
// here idp is the scheme, external_id Microsoft's oid. Local people have the idp "local" and no external_id.
type idClaims struct {
	jwt.Claims
	TenantID   string           `json:"tid"`
	Nonce      string           `json:"nonce,omitempty"`
	Provider   string           `json:"idp"`
	Methods    []string         `json:"amr"`
	AuthTime   *jwt.NumericDate `json:"auth_time"`
	AccessHash string           `json:"at_hash"`
	ExternalID string           `json:"external_id,omitempty"`
	Name       string           `json:"name,omitempty"`
	UserName   string           `json:"preferred_username,omitempty"`
	Email      string           `json:"email,omitempty"`
	Roles      []string         `json:"role,omitempty"`
}

// signIDToken makes the ID token, wrong in the way that is switched on.
func (s *Sandbox) signIDToken(r *http.Request, g grant, scopes []string, access secret.Secret) (secret.Secret, error) {
	who, told := g.session, g.session.profile()
	c := idClaims{
		Claims:   s.issue(who.tenant, g.subject, "", s.now()).Claims,
		TenantID: who.tenant, Nonce: g.nonce, Provider: who.scheme, Methods: []string{"external"}, AuthTime: jwt.NewNumericDate(who.at),
		AccessHash: accessHash(access), ExternalID: who.foreigner.oid,
	}
	if who.local != nil {
		c.Provider, c.Methods, c.Roles = localProvider, []string{"pwd"}, who.local.roles
	}
	c.Audience = jwt.Audience{SigninClientID}
	if slices.Contains(scopes, "profile") {
		c.Name, c.UserName = told.name, told.userName
	}
	if slices.Contains(scopes, "email") {
		c.Email = told.email
	}
	s.spoil(&c, r.Pattern)
	if s.faults.take(IDTokenWrongKey, r.Pattern) {
		return s.signer.forge(c)
	}
	return s.signer.signID(c)
}

// spoil lets the switches change the claims.
func (s *Sandbox) spoil(c *idClaims, operation string) {
	if s.faults.take(IDTokenWrongNonce, operation) {
		c.Nonce = uuid.NewString()
	}
	if s.faults.take(IDTokenWrongIssuer, operation) {
		c.Issuer = s.issuer("somebody-else")
	}
	if s.faults.take(IDTokenWrongAudience, operation) {
		c.Audience = jwt.Audience{ServiceClientID}
	}
	if s.faults.take(IDTokenWrongTenant, operation) {
		c.TenantID = "somebody-else"
	}
	if s.faults.take(IDTokenStale, operation) {
		for _, date := range []**jwt.NumericDate{&c.IssuedAt, &c.NotBefore, &c.Expiry} {
			*date = jwt.NewNumericDate((*date).Time().Add(-2 * tokenLife))
		}
	}
}

// accessHash is the claim at_hash: the left half of the digest that goes with ES256 (OpenID Connect Core §3.1.3.6).
func accessHash(access secret.Secret) string {
	digest := sha256.Sum256([]byte(access.Expose()))
	return base64.RawURLEncoding.EncodeToString(digest[:sha256.Size/2])
}

// isIDToken reports whether text is an ID token of this tenant, expired or not.
func (s *Sandbox) isIDToken(text, tenant string) bool {
	var c jwt.Claims
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{algorithm})
	if err != nil || parsed.Claims(s.signer.key.Public(), &c) != nil {
		return false
	}
	return c.Issuer == s.issuer(tenant) && c.Audience.Contains(SigninClientID)
}
